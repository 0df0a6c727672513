"""The tear sheet's view of how many of the universe's names had a score."""

from __future__ import annotations

from naxs_assets.pages.blocks import Block, Cell, Chart, Column, Note, Section, Side, Table
from naxs_assets.pages.figures import Series, ValueFormat, time_figure
from naxs_assets.pages.messages import message
from naxs_assets.pages.numbers import count, percent
from naxs_assets.reports.prediction_quality import WHOLE, daily_coverage, yearly_coverage
from naxs_assets.reports.tear_sheet_inputs import TearSheet


def coverage(inputs: TearSheet) -> Section:
    """Names with a score each day, and their share of the universe's members by year."""
    blocks: list[Block] = []
    if not inputs.coverage.is_empty():
        daily = daily_coverage(inputs.coverage, inputs.members)
        days = daily["date"].to_list()
        scored = Series(
            message("chart.names"),
            days,
            daily["names"].to_list(),
            "var(--strategy)",
            mark="area",
            width=1.4,
        )
        members = Series(
            message("chart.members"), days, daily["members"].to_list(), "var(--series-2)", width=1.2
        )
        blocks.append(
            Chart(
                "coverage",
                message("chart.coverage"),
                time_figure([scored, members], ValueFormat.COUNT),
                message("chart.coverage_caption"),
                height=260,
            )
        )
    years = yearly_coverage(inputs.members).to_dicts()
    if years:
        blocks.append(
            Table(
                (
                    Column(message("table.year"), numeric=False),
                    Column(message("table.member_days")),
                    Column(message("table.scored")),
                    Column(message("table.share")),
                    Column(message("table.months")),
                ),
                [
                    (
                        Cell(message("table.whole_period"))
                        if row["year"] == WHOLE
                        else row["year"],
                        count(row["members"]),
                        count(row["scored"]),
                        percent(row["share"]),
                        count(row["months"]),
                    )
                    for row in years
                ],
                title=message("table.coverage"),
                stacked=False,
                last_row_is_total=True,
            )
        )
    if not blocks:
        blocks.append(Note(message("tear_sheet.no_coverage")))
    shown = (Side(blocks),) if len(blocks) > 1 else tuple(blocks)
    return Section("coverage", message("tear_sheet.coverage"), shown)
