"""The tear sheet's record: its parameters and the versions that it stands on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from naxs_assets.pages.blocks import (
    Block,
    Column,
    Details,
    Facts,
    Note,
    Section,
    Table,
)
from naxs_assets.pages.lineage_browser import LineageBrowser
from naxs_assets.pages.messages import message
from naxs_assets.pages.numbers import ABSENT, count
from naxs_assets.reports.tear_sheet_inputs import TearSheet


def _flat(values: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Names with dots for what is nested, and values as text."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        elif isinstance(value, list | tuple):
            yield prefix + name, ", ".join(map(str, value)) or ABSENT
        else:
            yield prefix + name, ABSENT if value is None else str(value)


def parameters(inputs: TearSheet) -> Section:
    """The parameters as they were handed in, by name."""
    block: Block = Note(message("tear_sheet.no_parameters"))
    if inputs.parameters:
        block = Facts(sorted(_flat(inputs.parameters)), code=True)
    return Section("parameters", message("tear_sheet.parameters"), (block,))


def lineage(inputs: TearSheet) -> Section:
    """What this report was made from: a browser back to the sources, and a table of the inputs."""
    title = message("tear_sheet.lineage")
    nodes = [inputs.lineage.nodes[place] for place in inputs.lineage.roots]
    if not nodes:
        return Section("lineage", title, (Note(message("tear_sheet.no_lineage")),))
    start = message("tear_sheet.lineage_start")
    table = Table(
        (
            Column(message("table.asset"), numeric=False),
            Column(message("table.partition"), numeric=False),
            Column(message("table.version"), numeric=False, code=True),
            Column(message("table.rows")),
        ),
        [(node.asset, node.partition, node.content_hash[:12], count(node.rows)) for node in nodes],
        searchable=True,
    )
    return Section(
        "lineage",
        title,
        (
            LineageBrowser("report", start, inputs.lineage),
            Details(message("tear_sheet.lineage_rows", versions=len(nodes)), (table,)),
        ),
    )
