"""The tear sheet's view of the scores: IC and RankIC by time and by delay."""

from __future__ import annotations

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
from naxs_assets.pages.figures import Series, ValueFormat, category_figure, time_figure
from naxs_assets.pages.messages import message
from naxs_assets.pages.numbers import count, decimal, percent
from naxs_assets.reports import performance
from naxs_assets.reports.prediction_quality import WHOLE, yearly_correlations
from naxs_assets.reports.tear_sheet_inputs import TearSheet

ROLLING_DAYS = 60
"""Days of the rolling RankIC, about a quarter."""


def prediction(inputs: TearSheet) -> Section:
    """IC, RankIC and their ICIR by year; RankIC by month, cumulative, rolling and by delay."""
    blocks: list[Block] = []
    known = inputs.information_coefficient.drop_nulls("rank_ic")
    if known.is_empty():
        blocks.append(Note(message("tear_sheet.no_ic")))
        return Section("prediction", message("tear_sheet.prediction"), blocks)
    side: list[Block] = []
    if known.height >= ROLLING_DAYS:
        side.append(_rolling(known))
    if not inputs.decay.is_empty():
        side.append(_decay(inputs.decay))
    blocks += [_by_year(known), _by_month(known)]
    if side:
        blocks.append(Side(side))
    if not inputs.decay.is_empty():
        summary = message("tear_sheet.decay_rows", lags=inputs.decay.height)
        blocks.append(Details(summary, (_decay_table(inputs.decay),)))
    return Section("prediction", message("tear_sheet.prediction"), blocks)


def _by_year(known: pl.DataFrame) -> Table:
    return Table(
        (
            Column(message("table.year"), numeric=False),
            Column(message("table.rank_ic")),
            Column(message("table.rank_icir")),
            Column(message("table.ic")),
            Column(message("table.icir")),
            Column(message("table.positive_days")),
            Column(message("table.days")),
        ),
        [
            (
                Cell(message("table.whole_period")) if row["year"] == WHOLE else row["year"],
                signed_decimal(row["rank_ic"], decimals=4),
                decimal(row["rank_ic_icir"]),
                signed_decimal(row["ic"], decimals=4),
                decimal(row["ic_icir"]),
                percent(row["positive_days"], decimals=1),
                count(row["days"]),
            )
            for row in yearly_correlations(known).to_dicts()
        ],
        title=message("table.correlations"),
        last_row_is_total=True,
    )


def _by_month(known: pl.DataFrame) -> Chart:
    months = performance.monthly_rank_ic(known)
    monthly = Series(
        message("chart.rank_ic_monthly"),
        months["month"].to_list(),
        months["rank_ic"].to_list(),
        "var(--up)",
        mark="bar",
        signed=True,
    )
    cumulative = Series(
        message("chart.rank_ic_cumulative"),
        known["date"].to_list(),
        known["rank_ic"].cum_sum().to_list(),
        "var(--strategy)",
        right=True,
    )
    figure = time_figure([monthly, cumulative], ValueFormat.DECIMAL)
    return Chart("rank-ic", message("chart.rank_ic"), figure, height=320)


def _rolling(known: pl.DataFrame) -> Chart:
    rolled = known.with_columns(
        pl.col("ic", "rank_ic").rolling_mean(ROLLING_DAYS, min_samples=ROLLING_DAYS)
    )
    days = rolled["date"].to_list()
    lines = [
        Series(label, days, rolled[name].to_list(), colour, width=width)
        for name, label, colour, width in (
            ("rank_ic", "RankIC", "var(--strategy)", 2.0),
            ("ic", "IC", "var(--gross)", 1.4),
        )
    ]
    return Chart(
        "rolling-ic",
        message("chart.rank_ic_rolling"),
        time_figure(lines, ValueFormat.DECIMAL, reference=0.0),
        message("chart.rank_ic_rolling_caption", window=ROLLING_DAYS),
        height=260,
    )


def _decay(decay: pl.DataFrame) -> Chart:
    lags = [str(lag) for lag in decay["lag"]]
    bars = [
        Series(label, lags, decay[name].to_list(), colour, mark="bar")
        for name, label, colour in (
            ("rank_ic", "RankIC", "var(--strategy)"),
            ("ic", "IC", "var(--gross)"),
        )
    ]
    return Chart(
        "decay",
        message("chart.decay"),
        category_figure(bars, ValueFormat.DECIMAL, category_name=message("table.lag")),
        message("chart.decay_caption"),
        height=260,
    )


def _decay_table(decay: pl.DataFrame) -> Table:
    return Table(
        (
            Column(message("table.lag"), numeric=False),
            Column(message("table.rank_ic")),
            Column(message("table.ic")),
            Column(message("table.days")),
        ),
        [
            (
                str(row["lag"]),
                signed_decimal(row["rank_ic"], decimals=4),
                signed_decimal(row["ic"], decimals=4),
                count(row["days"]),
            )
            for row in decay.to_dicts()
        ],
        stacked=False,
    )
