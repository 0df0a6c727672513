"""The lineage browser: from a result back to what lies outside the platform, one click a step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from naxs_assets.pages.embedding import script_json
from naxs_assets.pages.messages import Message, message

if TYPE_CHECKING:
    from naxs_assets.lineage.graph import Graph, Node

_SHORT = 12
_TEXTS = (
    "absent",
    "back",
    "code",
    "digest",
    "made_from",
    "nothing",
    "outside",
    "rows",
    "trail",
    "until",
    "version",
)


@dataclass(frozen=True)
class LineageBrowser:
    """A graph to walk, from what ``start`` (the name of the page's result) was made from.

    Without scripts and in print there is nothing to see: put a table of the same beside it.
    """

    kind: ClassVar[str] = "lineage_browser"
    identifier: str
    start: Message | str
    graph: Graph

    def to_json(self) -> str:
        """The graph by numbers, safe inside an HTML script element.

        ``nodes`` are [asset, partition, hash] with, for versions, rows and code; ``inputs`` has for
        each node the numbers of what it was made from, [number, day] where it was read up to a day.
        Assets and codes are numbers into lists of their own; hashes are their first 12 digits.
        """
        assets = sorted({node.asset for node in self.graph.nodes})
        codes = sorted({node.code_hash[:_SHORT] for node in self.graph.nodes if node.code_hash})
        asset_number = {asset: number for number, asset in enumerate(assets)}
        code_number = {code: number for number, code in enumerate(codes)}

        def packed(node: Node) -> list[Any]:
            row: list[Any] = [asset_number[node.asset], node.partition, node.content_hash[:_SHORT]]
            if node.code_hash:
                row += [node.rows, code_number[node.code_hash[:_SHORT]]]
            return row

        return script_json(
            {
                "assets": assets,
                "codes": codes,
                "nodes": [packed(node) for node in self.graph.nodes],
                "inputs": [
                    [read.node if not read.cut else [read.node, read.cut] for read in reads]
                    for reads in self.graph.inputs
                ],
                "roots": self.graph.roots,
                "start": _both(self.start),
                "texts": {name: _both(message(f"lineage_browser.{name}")) for name in _TEXTS},
            }
        )


def _both(text: Message | str) -> Mapping[str, str]:
    return {"zh": text, "en": ""} if isinstance(text, str) else {"zh": text.zh, "en": text.en}
