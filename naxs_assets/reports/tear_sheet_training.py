"""The tear sheet's view of the model: what was retrained when, and on what."""

from __future__ import annotations

from naxs_assets.pages.blocks import Block, Cell, Chart, Column, Details, Note, Section, Table
from naxs_assets.pages.figures import Span, span_figure
from naxs_assets.pages.messages import message
from naxs_assets.pages.numbers import count
from naxs_assets.reports.tear_sheet_inputs import TearSheet

_FEW_ROWS = 16


def training(inputs: TearSheet) -> Section:
    """Which month's model was trained anew, and on what."""
    rows = inputs.training.to_dicts()
    trained = [row for row in rows if row["trained"]]
    if not rows:
        note = Note(message("tear_sheet.no_training"))
        return Section("training", message("tear_sheet.training"), (note,))
    blocks: list[Block] = []
    spans = [
        Span(
            row["month"],
            row["first_train_date"],
            row["last_train_date"],
            f"{count(row['train_rows'])} {message('page.rows')}",
        )
        for row in trained
        if row["first_train_date"] and row["last_train_date"]
    ]
    if spans:
        blocks.append(
            Chart(
                "training",
                message("chart.training"),
                span_figure(spans),
                message("chart.training_caption"),
                height=min(90 + 15 * len(spans), 480),
            )
        )
    table = Table(
        (
            Column(message("table.month"), numeric=False),
            Column(message("table.trained"), numeric=False),
            Column(message("table.train_rows")),
            Column(message("table.first_train")),
            Column(message("table.last_train")),
        ),
        [
            (
                row["month"],
                Cell(message("table.retrained"))
                if row["trained"]
                else Cell(message("table.carried"), "muted"),
                count(row["train_rows"]),
                str(row["first_train_date"] or ""),
                str(row["last_train_date"] or ""),
            )
            for row in rows
        ],
    )
    summary = message("tear_sheet.training_rows", months=len(rows), trained=len(trained))
    blocks.append(Details(summary, (table,), opened=len(rows) <= _FEW_ROWS))
    return Section("training", message("tear_sheet.training"), blocks)
