"""Our expression trees as plain lists, for the engines of the peers, which know nothing of ours.

A tree is a number, a field such as ``"$close"``, or a list of an operator's name and its arguments.
Only the standard library is used, for peers run this in their own environments.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from naxs_assets.factors.tree import Node

Plain: TypeAlias = "float | str | list[Any]"

OVER_TIME = frozenset(
    {"Ref", "Mean", "Sum", "Std", "Max", "Min", "Quantile", "Rank", "IdxMax", "IdxMin"}
    | {"Slope", "Rsquare", "Resi", "Corr"}
)
"""The operators of Alpha158 that read other days of the symbol."""


def plain(node: Node) -> Plain:
    """The plain form of a parsed tree."""
    if hasattr(node, "operator"):
        return [node.operator.name, *map(plain, node.arguments)]
    return node.value if hasattr(node, "value") else node.text


def read_trees(folder: Path) -> dict[str, Plain]:
    """The trees of an input, by the name of the feature."""
    found: dict[str, Plain] = json.loads((folder / "trees.json").read_text())
    return found


def key(tree: Plain) -> str:
    """Equal for equal trees."""
    return json.dumps(tree)


def calls(tree: Plain) -> Iterator[list[Any]]:
    """Every call in the tree, each after those in its arguments."""
    if isinstance(tree, list):
        for argument in tree[1:]:
            yield from calls(argument)
        yield tree


def expressible(
    trees: Mapping[str, Plain], operators: Collection[str]
) -> tuple[dict[str, Plain], list[str]]:
    """The features of which every operator is among those given, and the names of the others."""
    kept = {
        name: tree
        for name, tree in trees.items()
        if all(call[0] in operators for call in calls(tree))
    }
    return kept, [name for name in trees if name not in kept]


def layers(trees: Mapping[str, Plain]) -> list[list[list[Any]]]:
    """The calls that must be columns, in layers of which each reads the ones before alone.

    Columns are the operators over time, and what they are applied to; the rest of an expression is
    written out where it is used. Equal calls are one column.
    """
    found: dict[str, list[Any]] = {}
    for tree in trees.values():
        for call in calls(tree):
            if call[0] in OVER_TIME:
                read = [part for part in call[1:] if isinstance(part, list)]
                found |= {key(each): each for each in (*read, call)}
    depth = {each: _depth(call, found) for each, call in found.items()}
    deepest = max(depth.values(), default=0)
    return [
        [call for each, call in found.items() if depth[each] == number]
        for number in range(1, deepest + 1)
    ]


def _depth(tree: Plain, columns: Mapping[str, Plain]) -> int:
    if not isinstance(tree, list):
        return 0
    below = max(_depth(part, columns) for part in tree[1:])
    return below + (key(tree) in columns)
