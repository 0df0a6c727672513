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
from naxs_assets.pages.messages import message
from naxs_assets.pages.numbers import ABSENT, count
from naxs_assets.reports.tear_sheet_inputs import TearSheet

_FEW_ROWS = 16


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
    """Every version this report stands on, searchable."""
    rows = inputs.lineage
    if rows.is_empty():
        note = Note(message("tear_sheet.no_lineage"))
        return Section("lineage", message("tear_sheet.lineage"), (note,))
    table = Table(
        (
            Column(message("table.asset"), numeric=False),
            Column(message("table.partition"), numeric=False),
            Column(message("table.version"), numeric=False, code=True),
            Column(message("table.rows")),
        ),
        [
            (
                row["asset"],
                row["partition"] or "",
                row["version"],
                count(row["rows"]),
            )
            for row in rows.to_dicts()
        ],
        searchable=True,
    )
    summary = message("tear_sheet.lineage_rows", versions=rows.height)
    return Section(
        "lineage",
        message("tear_sheet.lineage"),
        (Details(summary, (table,), opened=rows.height <= _FEW_ROWS),),
    )
