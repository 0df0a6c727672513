"""The tear sheet's headline, its paths of value, and its calendar of returns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from naxs_assets.backtest.metrics import DAYS_A_YEAR
from naxs_assets.pages.blocks import (
    Block,
    Cell,
    Chart,
    Column,
    Details,
    Facts,
    HeatCell,
    HeatGrid,
    HeatRow,
    KeyFigure,
    KeyFigures,
    Note,
    Section,
    Side,
    Table,
    Text,
    signed_decimal,
    signed_percent,
)
from naxs_assets.pages.figures import (
    Series,
    ValueFormat,
    time_figure,
)
from naxs_assets.pages.messages import message
from naxs_assets.pages.numbers import count, decimal, percent
from naxs_assets.reports import performance
from naxs_assets.reports.tear_sheet_inputs import TearSheet

_SHADED_FULLY_AT = 0.10  # a month of ten percent has the heat grid's full colour


def headline(summary: Mapping[str, Any]) -> Section:
    """The figures one looks at first, and the table of all four return series."""
    net, excess, trading = summary["net"], summary["excess"], summary["trading"]
    prediction = summary["prediction"]["rank_ic"]
    figures = KeyFigures(
        (
            KeyFigure(
                message("measure.total_return"),
                signed_percent(net["total_return"]),
                message("measure.net"),
            ),
            KeyFigure(
                message("measure.annual_return"),
                signed_percent(net["annual_return"]),
                message("measure.net"),
            ),
            KeyFigure(
                message("measure.annual_excess"),
                signed_percent(excess["annual_return"]),
                summary["index_name"],
            ),
            KeyFigure(message("measure.max_drawdown"), signed_percent(net["max_drawdown"])),
            KeyFigure(message("measure.sharpe"), Cell(decimal(net["sharpe"]))),
            KeyFigure(
                message("measure.information_ratio"), Cell(decimal(summary["information_ratio"]))
            ),
            KeyFigure(
                message("measure.rank_ic_mean"), signed_decimal(prediction["mean"], decimals=4)
            ),
            KeyFigure(message("measure.icir"), Cell(decimal(prediction["icir"]))),
            KeyFigure(
                message("measure.annual_turnover"),
                Cell(percent(trading["annual_turnover"], decimals=0)),
            ),
            KeyFigure(message("measure.annual_cost"), Cell(percent(trading["annual_cost"]))),
        )
    )
    return Section(
        "headline", message("tear_sheet.headline"), (figures, _measures(summary), _definitions())
    )


def _measures(summary: Mapping[str, Any]) -> Table:
    sides = ("net", "gross", "index", "excess")
    rows: list[tuple[Cell, ...]] = []
    for name, show in (
        ("total_return", signed_percent),
        ("annual_return", signed_percent),
        ("annual_volatility", lambda value: Cell(percent(value))),
        ("max_drawdown", signed_percent),
        ("sharpe", lambda value: Cell(decimal(value))),
        ("sortino", lambda value: Cell(decimal(value))),
        ("calmar", lambda value: Cell(decimal(value))),
        ("win_rate", lambda value: Cell(percent(value))),
    ):
        rows.append(
            (Cell(message(f"measure.{name}")), *(show(summary[side][name]) for side in sides))
        )
    return Table(
        (
            Column(message("table.metric"), numeric=False),
            *(Column(message(f"measure.{side}")) for side in sides),
        ),
        rows,
        stacked=False,
    )


def _definitions() -> Details:
    names = {
        "net": "measure.net",
        "gross": "measure.gross",
        "index": "measure.index",
        "excess": "measure.excess",
        "total_return": "measure.total_return",
        "annual_return": "measure.annual_return",
        "annual_volatility": "measure.annual_volatility",
        "max_drawdown": "measure.max_drawdown",
        "sharpe": "measure.sharpe",
        "sortino": "measure.sortino",
        "calmar": "measure.calmar",
        "win_rate": "measure.win_rate",
        "information_ratio": "measure.information_ratio",
        "turnover": "measure.annual_turnover",
        "annual_cost": "measure.annual_cost",
        "rank_ic": "measure.rank_ic_mean",
        "icir": "measure.icir",
    }
    return Details(
        message("measure.definitions"),
        (
            Facts(
                [
                    (message(label), message(f"definition.{name}", days=DAYS_A_YEAR))
                    for name, label in names.items()
                ]
            ),
        ),
    )


def path(inputs: TearSheet, daily: pl.DataFrame) -> Section:
    """NAV against the index, excess NAV and drawdown."""
    days = daily["date"].to_list()
    missing = daily["index"].null_count()
    has_index = missing < daily.height

    def line(name: Text, column: str, colour: str, **style: Any) -> Series:
        return Series(name, days, daily[column].to_list(), colour, **style)

    net_name = message("chart.strategy_net")
    nav = [
        line(net_name, "net_level", "var(--strategy)", width=2.2),
        line(message("chart.strategy_gross"), "gross_level", "var(--gross)", width=1.3),
    ]
    drawdown = [line(net_name, "drawdown", "var(--strategy)", mark="area", width=1.4)]
    blocks: list[Block] = []
    if has_index:
        nav.append(line(inputs.index_name, "index_level", "var(--index)"))
        drawdown.append(line(inputs.index_name, "index_drawdown", "var(--index)", width=1.3))
        if missing:
            blocks.append(Note(message("tear_sheet.index_gaps", missing=missing)))
    else:
        blocks.append(Note(message("tear_sheet.no_index"), warning=True))
    blocks.append(
        Chart(
            "nav",
            message("chart.nav"),
            time_figure(nav, ValueFormat.DECIMAL, reference=1.0),
            message("chart.nav_caption"),
            height=380,
            linked=True,
        )
    )
    below: list[Block] = []
    if has_index:
        excess = line(message("chart.excess"), "excess_level", "var(--excess)", width=2.0)
        below.append(
            Chart(
                "excess",
                message("chart.excess"),
                time_figure([excess], ValueFormat.DECIMAL, reference=1.0),
                message("chart.excess_caption"),
                height=260,
                linked=True,
            )
        )
    below.append(
        Chart(
            "drawdown",
            message("chart.drawdown"),
            time_figure(drawdown, ValueFormat.PERCENT),
            height=260,
            linked=True,
        )
    )
    blocks.append(Side(below))
    return Section("path", message("tear_sheet.path"), blocks)


def calendar(daily: pl.DataFrame) -> Section:
    """Monthly net returns as a heat grid; the years, and on a click the months, as tables."""
    monthly = performance.monthly_performance(daily)
    months = dict(monthly.select("month", "net").rows())
    years = performance.yearly_performance(daily).to_dicts()
    headings = [f"{number:02d}" for number in range(1, 13)]

    def heat(label: str, value: float, scale: float) -> HeatCell:
        return HeatCell(label, signed_percent(value), min(abs(value) / scale, 1.0))

    grid = HeatGrid(
        message("table.month_returns"),
        headings,
        message("table.whole_year"),
        [
            HeatRow(
                str(year["year"]),
                [
                    None if value is None else heat(number, value, _SHADED_FULLY_AT)
                    for number in headings
                    for value in (months.get(f"{year['year']}-{number}"),)
                ],
                heat(str(message("table.whole_year")), year["net"], 4 * _SHADED_FULLY_AT),
            )
            for year in years
        ],
    )
    table = Table(
        (
            Column(message("table.year"), numeric=False),
            Column(message("measure.net")),
            Column(message("measure.gross")),
            Column(message("measure.index")),
            Column(message("measure.excess")),
            Column(message("measure.max_drawdown")),
            Column(message("table.turnover")),
            Column(message("table.cost")),
            Column(message("table.days")),
        ),
        [
            (
                str(year["year"]),
                signed_percent(year["net"]),
                signed_percent(year["gross"]),
                signed_percent(year["index"]),
                signed_percent(year["excess"]),
                signed_percent(year["drawdown"]),
                percent(year["turnover"], decimals=0),
                percent(year["cost"]),
                count(year["days"]),
            )
            for year in years
        ],
        title=message("table.years"),
    )
    details = Details(
        message("tear_sheet.month_rows", months=monthly.height), (_month_table(monthly),)
    )
    return Section("calendar", message("tear_sheet.calendar"), (grid, table, details))


def _month_table(monthly: pl.DataFrame) -> Table:
    return Table(
        (
            Column(message("table.month"), numeric=False),
            Column(message("measure.net")),
            Column(message("measure.gross")),
            Column(message("measure.index")),
            Column(message("measure.excess")),
            Column(message("table.turnover")),
            Column(message("table.cost")),
        ),
        [
            (
                row["month"],
                *(signed_percent(row[name]) for name in ("net", "gross", "index", "excess")),
                percent(row["turnover"], decimals=1),
                percent(row["cost"]),
            )
            for row in monthly.to_dicts()
        ],
    )
