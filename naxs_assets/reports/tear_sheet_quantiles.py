"""The tear sheet's view of what names of high scores earned beside names of low ones."""

from __future__ import annotations

from naxs_assets.learning.score_quantiles import QUANTILES, quantile_spread
from naxs_assets.pages.blocks import (
    Cell,
    Chart,
    Column,
    Note,
    Section,
    Side,
    Table,
    signed_percent,
)
from naxs_assets.pages.figures import Series, ValueFormat, category_figure, time_figure
from naxs_assets.pages.messages import message
from naxs_assets.pages.numbers import count, percent
from naxs_assets.reports.prediction_quality import WHOLE, yearly_quantiles
from naxs_assets.reports.tear_sheet_inputs import TearSheet


def quantiles(inputs: TearSheet) -> Section:
    """Mean label return of each score quantile, and the spread of top less bottom over time."""
    title = message("tear_sheet.quantiles")
    years = yearly_quantiles(inputs.quantiles, QUANTILES).to_dicts()
    if not years:
        return Section("quantiles", title, (Note(message("tear_sheet.no_quantiles")),))
    whole = years[-1]
    spread = quantile_spread(inputs.quantiles, QUANTILES)
    places = range(1, QUANTILES + 1)
    means = Chart(
        "quantiles",
        message("chart.quantiles"),
        category_figure(
            [
                Series(
                    message("chart.quantile_mean"),
                    [f"Q{place}" for place in places],
                    [whole[f"q{place}"] for place in places],
                    "var(--up)",
                    mark="bar",
                    signed=True,
                )
            ],
            ValueFormat.FINE_PERCENT,
            category_name=message("chart.quantile_axis"),
        ),
        height=300,
    )
    over_time = Chart(
        "spread",
        message("chart.spread"),
        time_figure(
            [
                Series(
                    message("table.spread"),
                    spread["date"].to_list(),
                    spread["spread"].cum_sum().to_list(),
                    "var(--excess)",
                    width=2.0,
                )
            ],
            ValueFormat.PERCENT,
            reference=0.0,
        ),
        message("chart.spread_caption"),
        height=300,
    )

    table = Table(
        (
            Column(message("table.year"), numeric=False),
            *(Column(f"Q{place}") for place in places),
            Column(message("table.spread")),
            Column(message("table.positive_days")),
            Column(message("table.days")),
        ),
        [
            (
                Cell(message("table.whole_period")) if row["year"] == WHOLE else row["year"],
                *(signed_percent(row[f"q{place}"], decimals=3) for place in places),
                signed_percent(row["spread"], decimals=3),
                percent(row["positive_days"], decimals=1),
                count(row["days"]),
            )
            for row in years
        ],
        title=message("table.quantiles"),
        last_row_is_total=True,
    )
    note = Note(message("tear_sheet.quantile_note", quantiles=QUANTILES))
    return Section("quantiles", title, (Side((means, over_time)), table, note))
