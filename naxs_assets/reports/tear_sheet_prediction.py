"""The tear sheet's view of the model: how well it predicts, and what was retrained when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from naxs_assets.pages.blocks import (
    Block,
    Cell,
    Chart,
    Column,
    Details,
    Note,
    Section,
    Side,
    Table,
    signed_decimal,
)
from naxs_assets.pages.figures import (
    Series,
    Span,
    ValueFormat,
    span_figure,
    time_figure,
)
from naxs_assets.pages.messages import message
from naxs_assets.pages.numbers import count, decimal, percent
from naxs_assets.reports import performance
from naxs_assets.reports.tear_sheet_inputs import TearSheet

ROLLING_DAYS = 60
"""Days of the rolling RankIC, about a quarter."""

_FEW_ROWS = 16


def prediction(inputs: TearSheet, summary: Mapping[str, Any]) -> Section:
    """RankIC by month, cumulative and rolling; ICIR; names with a prediction."""
    blocks: list[Block] = []
    known = inputs.information_coefficient.drop_nulls("rank_ic")
    if known.is_empty():
        blocks.append(Note(message("tear_sheet.no_ic")))
    else:
        blocks.append(_ic_table(summary["prediction"]))
        months = performance.monthly_rank_ic(known)
        blocks.append(
            Chart(
                "rank-ic",
                message("chart.rank_ic"),
                time_figure(
                    [
                        Series(
                            message("chart.rank_ic_monthly"),
                            months["month"].to_list(),
                            months["rank_ic"].to_list(),
                            "var(--up)",
                            mark="bar",
                            signed=True,
                        ),
                        Series(
                            message("chart.rank_ic_cumulative"),
                            known["date"].to_list(),
                            known["rank_ic"].cum_sum().to_list(),
                            "var(--strategy)",
                            right=True,
                        ),
                    ],
                    ValueFormat.DECIMAL,
                ),
                height=320,
            )
        )
    side: list[Block] = []
    if known.height >= ROLLING_DAYS:
        rolled = known.with_columns(
            pl.col("ic", "rank_ic").rolling_mean(ROLLING_DAYS, min_samples=ROLLING_DAYS)
        )
        side.append(
            Chart(
                "rolling-ic",
                message("chart.rank_ic_rolling"),
                time_figure(
                    [
                        Series(
                            label,
                            rolled["date"].to_list(),
                            rolled[name].to_list(),
                            colour,
                            width=width,
                        )
                        for name, label, colour, width in (
                            ("rank_ic", "RankIC", "var(--strategy)", 2.0),
                            ("ic", "IC", "var(--gross)", 1.4),
                        )
                    ],
                    ValueFormat.DECIMAL,
                    reference=0.0,
                ),
                message("chart.rank_ic_rolling_caption", window=ROLLING_DAYS),
                height=260,
            )
        )
    if not inputs.coverage.is_empty():
        side.append(
            Chart(
                "coverage",
                message("chart.coverage"),
                time_figure(
                    [
                        Series(
                            message("chart.names"),
                            inputs.coverage["date"].to_list(),
                            inputs.coverage["names"].to_list(),
                            "var(--strategy)",
                            mark="area",
                            width=1.4,
                        )
                    ],
                    ValueFormat.COUNT,
                ),
                message("chart.coverage_caption"),
                height=260,
            )
        )
    if side:
        blocks.append(Side(side))
    return Section("prediction", message("tear_sheet.prediction"), blocks)


def _ic_table(figures: Mapping[str, Any]) -> Table:
    return Table(
        (
            Column(message("table.metric"), numeric=False),
            Column(message("table.mean")),
            Column(message("table.deviation")),
            Column(message("table.icir")),
            Column(message("table.positive_days")),
            Column(message("table.days")),
        ),
        [
            (
                name,
                signed_decimal(figures[key]["mean"], decimals=4),
                decimal(figures[key]["deviation"], decimals=4),
                decimal(figures[key]["icir"]),
                percent(figures[key]["positive_days"]),
                count(figures[key]["days"]),
            )
            for name, key in (("RankIC", "rank_ic"), ("IC", "ic"))
        ],
    )


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
