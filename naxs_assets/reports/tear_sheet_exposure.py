"""The tear sheet's view of where the money was: boards and cash."""

from __future__ import annotations

import polars as pl

from naxs_assets.pages.blocks import Chart, Column, Note, Section, Side, Table
from naxs_assets.pages.figures import SERIES_COLOURS, Series, ValueFormat, time_figure
from naxs_assets.pages.messages import message
from naxs_assets.pages.numbers import percent
from naxs_assets.reports.exposure import CASH, PLACES, mean_exposure
from naxs_assets.reports.tear_sheet_inputs import TearSheet

_COLOURS = {**dict(zip(PLACES, SERIES_COLOURS, strict=False)), CASH: "var(--series-5)"}


def exposure(inputs: TearSheet) -> Section:
    """Mean share of the NAV on each board and in cash, by month and by year."""
    title = message("tear_sheet.exposure")
    if inputs.exposure.is_empty():
        return Section("exposure", title, (Note(message("tear_sheet.no_exposure")),))
    months = mean_exposure(inputs.exposure, pl.col("date").dt.strftime("%Y-%m").alias("month"))
    years = mean_exposure(inputs.exposure, pl.col("date").dt.strftime("%Y").alias("year"))
    found = set(months["board"].unique())
    boards = [board for board in PLACES if board in found]
    bars = []
    for board in boards:
        of_board = months.filter(pl.col("board") == board)
        bars.append(
            Series(
                message(f"board.{board}"),
                of_board["month"].to_list(),
                of_board["share"].to_list(),
                _COLOURS[board],
                mark="bar",
            )
        )
    chart = Chart(
        "exposure",
        message("chart.exposure"),
        time_figure(bars, ValueFormat.PERCENT, stacked=True),
        message("chart.exposure_caption"),
        height=320,
    )
    shares = {(row["year"], row["board"]): row["share"] for row in years.to_dicts()}
    table = Table(
        (
            Column(message("table.year"), numeric=False),
            *(Column(message(f"board.{board}")) for board in boards),
        ),
        [
            (year, *(percent(shares[year, board], decimals=1) for board in boards))
            for year in sorted({year for year, _ in shares})
        ],
        title=message("table.exposure"),
        stacked=False,
    )
    return Section("exposure", title, (Side((chart, table)),))
