"""The tear sheet's view of trading: turnover, holdings, costs and rejected orders."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from naxs_assets.backtest.journal import COSTS
from naxs_assets.pages.blocks import (
    Cell,
    Chart,
    Column,
    Note,
    Section,
    Side,
    Table,
)
from naxs_assets.pages.figures import (
    SERIES_COLOURS,
    Series,
    ValueFormat,
    time_figure,
)
from naxs_assets.pages.messages import message, message_or_name
from naxs_assets.pages.numbers import cny, count, percent
from naxs_assets.reports import performance
from naxs_assets.reports.tear_sheet_inputs import TearSheet


def trading(inputs: TearSheet, daily: pl.DataFrame, summary: Mapping[str, Any]) -> Section:
    """Turnover, holdings and cash, and what trading cost."""
    months = performance.monthly_performance(daily)
    costs = performance.monthly_costs(inputs.account)
    days = daily["date"].to_list()
    turnover = Chart(
        "turnover",
        message("chart.turnover"),
        time_figure(
            [
                Series(
                    message("table.turnover"),
                    months["month"].to_list(),
                    months["turnover"].to_list(),
                    "var(--strategy)",
                    mark="bar",
                )
            ],
            ValueFormat.PERCENT,
        ),
        height=260,
    )
    holdings = Chart(
        "holdings",
        message("chart.holdings"),
        time_figure(
            [
                Series(
                    message("chart.holdings_count"),
                    days,
                    inputs.account["holdings"].to_list(),
                    "var(--strategy)",
                    mark="area",
                    width=1.2,
                    steps=True,
                ),
                Series(
                    message("chart.cash_share"),
                    days,
                    daily["cash_share"].to_list(),
                    "var(--series-2)",
                    width=1.2,
                    right=True,
                ),
            ],
            ValueFormat.COUNT,
            right_format=ValueFormat.PERCENT,
        ),
        height=260,
        linked=True,
    )
    stacked = Chart(
        "costs",
        message("chart.costs"),
        time_figure(
            [
                Series(
                    message(f"cost.{name}"),
                    costs["month"].to_list(),
                    costs[name].to_list(),
                    colour,
                    mark="bar",
                )
                for name, colour in zip(COSTS, SERIES_COLOURS, strict=False)
            ],
            ValueFormat.CNY,
            stacked=True,
        ),
        message("chart.costs_caption"),
        height=320,
    )
    figures = summary["trading"]
    table = Table(
        (
            Column(message("table.cost"), numeric=False),
            Column(message("table.amount")),
            Column(message("table.share")),
            Column(message("table.annual")),
        ),
        [
            *(
                (
                    Cell(message(f"cost.{name}")),
                    cny(cost["amount"]),
                    percent(cost["of_costs"]),
                    percent(cost["annual"]),
                )
                for name, cost in figures["costs"].items()
            ),
            (
                Cell(message("table.total")),
                cny(figures["total_cost"]),
                percent(1.0 if figures["total_cost"] else None),
                percent(figures["annual_cost"]),
            ),
        ],
        title=message("table.costs"),
        stacked=False,
        last_row_is_total=True,
    )
    return Section(
        "trading",
        message("tear_sheet.trading"),
        (Side((turnover, holdings)), Side((stacked, table)), *_yearly_costs(inputs)),
    )


def _yearly_costs(inputs: TearSheet) -> tuple[Table, Table]:
    """Each component's costs by year, in CNY and as a ratio of the NAV."""
    years = performance.yearly_costs(inputs).to_dicts()
    columns = (
        Column(message("table.year"), numeric=False),
        *(Column(message(f"cost.{name}")) for name in COSTS),
        Column(message("table.total")),
    )

    def row(year: Mapping[str, Any], suffix: str, show: Callable[[float], str]) -> list[str]:
        paid = [year[f"{name}{suffix}"] for name in COSTS]
        return [str(year["year"]), *map(show, paid), show(sum(paid))]

    return (
        Table(columns, [row(year, "", cny) for year in years], title=message("table.yearly_costs")),
        Table(
            columns,
            [row(year, "_ratio", lambda paid: percent(paid, decimals=3)) for year in years],
            title=message("table.yearly_cost_ratios"),
        ),
    )


def rejections(inputs: TearSheet, summary: Mapping[str, Any]) -> Section:
    """Orders that were not filled, by month and cause."""
    counts = summary["rejections"]
    if not counts:
        note = Note(message("tear_sheet.no_rejections"))
        return Section("rejections", message("tear_sheet.rejections"), (note,))
    months = performance.monthly_rejections(inputs.rejections)
    total = sum(counts.values())
    colours = dict(zip(sorted(counts), SERIES_COLOURS * len(counts), strict=False))
    by_cause = sorted(counts, key=lambda cause: (-counts[cause], cause))
    series = []
    for cause in by_cause:
        of_cause = months.filter(pl.col("cause") == cause)
        series.append(
            Series(
                message_or_name(f"cause.{cause}", cause),
                of_cause["month"].to_list(),
                of_cause["orders"].to_list(),
                colours[cause],
                mark="bar",
            )
        )
    chart = Chart(
        "rejections",
        message("chart.rejections"),
        time_figure(series, ValueFormat.COUNT, stacked=True),
        height=320,
    )
    rows: list[tuple[Cell | str, ...]] = [
        (
            Cell(message_or_name(f"cause.{cause}", cause)),
            count(counts[cause]),
            percent(counts[cause] / total),
        )
        for cause in by_cause
    ]
    table = Table(
        (
            Column(message("table.cause"), numeric=False),
            Column(message("table.orders")),
            Column(message("table.share")),
        ),
        [*rows, (Cell(message("table.total")), count(total), percent(1.0))],
        title=message("table.by_cause"),
        stacked=False,
        last_row_is_total=True,
    )
    return Section(
        "rejections",
        message("tear_sheet.rejections"),
        (Side((chart, table)), _yearly_rejections(inputs.rejections, by_cause)),
    )


def _yearly_rejections(rejections: pl.DataFrame, causes: Sequence[str]) -> Table:
    """Rejected orders by year and cause; a year without any has no row."""
    rows = performance.yearly_rejections(rejections).rows()
    orders = {(year, cause): number for year, cause, number in rows}
    return Table(
        (
            Column(message("table.year"), numeric=False),
            *(Column(message_or_name(f"cause.{cause}", cause)) for cause in causes),
            Column(message("table.total")),
        ),
        [
            (
                str(year),
                *(count(orders.get((year, cause), 0)) for cause in causes),
                count(sum(orders.get((year, cause), 0) for cause in causes)),
            )
            for year in sorted({year for year, _ in orders})
        ],
        title=message("table.rejections_by_year"),
    )
