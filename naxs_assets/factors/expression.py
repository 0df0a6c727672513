"""A parsed expression, and the error of one that cannot be used."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

from naxs_assets.errors import ConfigurationError
from naxs_assets.factors.tree import Node, Read, evaluated_rows, reads_of, sources_of

_SHOWN_EACH_SIDE = 60
_LONGEST = 400


class ExpressionError(ConfigurationError):
    """An expression that cannot be used: what is wrong, at which column, how to write it instead.

    ``position`` counts characters from 0; the message shows the column counted from 1 and
    a caret below it. ``owner`` names what the expression belongs to, such as a feature.
    """

    def __init__(
        self, what: str, *, expression: str, position: int, remedy: str, owner: str = ""
    ) -> None:
        self.expression = expression
        self.position = position
        first = max(0, position - _SHOWN_EACH_SIDE)
        shown = expression[first : position + _SHOWN_EACH_SIDE]
        line = "".join(character if character.isprintable() else " " for character in shown)
        caret = " " * (position - first) + "^"
        place = f"{owner}, column {position + 1}" if owner else f"column {position + 1}"
        if len(what) > _LONGEST:
            what = f"{what[: _LONGEST // 2]} … {what[-_LONGEST // 2 :]}"
        super().__init__(what, where=f"{place}\n    {line}\n    {caret}", remedy=remedy)


@dataclass(frozen=True)
class Expression:
    """A parsed expression: the text as written, its tree, and its reach in trading days.

    ``mode`` is the name of the language whose meaning the tree has.
    """

    text: str
    root: Node
    owner: str = ""
    mode: str = "qlib"

    @property
    def canonical(self) -> str:
        """The one text of this tree: no spaces, no needless parentheses."""
        return self.root.text

    @property
    def code(self) -> str:
        """sha256 of the mode, the canonical text and researchers' operators in it, in hex."""
        parts = [self.mode, self.canonical, *map(str, sorted(self.sources.items()))]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    @property
    def sources(self) -> dict[str, str]:
        """Researchers' operators by name, with the digests of the files that define them."""
        return sources_of(self.root)

    @cached_property
    def reads(self) -> frozenset[Read]:
        """The fields read, each with the first and last day relative to the row computed."""
        return reads_of(self.root)

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(sorted({read.field for read in self.reads}))

    @cached_property
    def _rows(self) -> tuple[int, int]:
        return evaluated_rows(self.root)

    @property
    def look_back(self) -> int:
        """Days before a row that must be loaded to compute it."""
        return -self._rows[0]

    @property
    def look_ahead(self) -> int:
        """Days after a row that must be loaded to compute it."""
        return self._rows[1]

    def error(self, what: str, *, position: int, remedy: str) -> ExpressionError:
        """An error at ``position`` of this expression."""
        return ExpressionError(
            what, expression=self.text, position=position, remedy=remedy, owner=self.owner
        )
