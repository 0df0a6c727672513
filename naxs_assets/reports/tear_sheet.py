"""The tear sheet: one strategy's backtest, predictions, costs and lineage on one offline page."""

from __future__ import annotations

from naxs_assets.pages.blocks import Note, Section
from naxs_assets.pages.frame import Page, render_page
from naxs_assets.pages.messages import Message, message
from naxs_assets.reports.performance import daily_performance
from naxs_assets.reports.summary import summarise, summary_of
from naxs_assets.reports.tear_sheet_coverage import coverage
from naxs_assets.reports.tear_sheet_exposure import exposure
from naxs_assets.reports.tear_sheet_inputs import SCHEMAS, TearSheet
from naxs_assets.reports.tear_sheet_performance import calendar, headline, path
from naxs_assets.reports.tear_sheet_prediction import prediction
from naxs_assets.reports.tear_sheet_quality import quality
from naxs_assets.reports.tear_sheet_quantiles import quantiles
from naxs_assets.reports.tear_sheet_record import lineage, parameters
from naxs_assets.reports.tear_sheet_trading import rejections, trading
from naxs_assets.reports.tear_sheet_training import training

__all__ = ["SCHEMAS", "TearSheet", "render_tear_sheet", "summarise"]


def tear_sheet_page(inputs: TearSheet) -> Page:
    """The tear sheet as blocks. Before the first backtest day it says so and shows the rest."""
    daily = daily_performance(inputs)
    summary = summary_of(inputs, daily)
    facts: list[tuple[Message | str, Message | str]] = []
    sections: list[Section] = []
    if daily.is_empty():
        note = Note(message("tear_sheet.warm_up"), warning=True)
        sections.append(Section("headline", message("tear_sheet.headline"), (note,)))
    else:
        facts.append(
            (
                message("tear_sheet.period"),
                message(
                    "tear_sheet.period_value",
                    first=summary["first_day"],
                    last=summary["last_day"],
                    days=f"{summary['days']:,d}",
                ),
            )
        )
        sections += [headline(summary), path(inputs, daily), calendar(daily)]
    sections += [prediction(inputs), quantiles(inputs), coverage(inputs)]
    if not daily.is_empty():
        sections += [
            trading(inputs, daily, summary),
            exposure(inputs),
            rejections(inputs, summary),
        ]
    sections += [training(inputs), quality(inputs), parameters(inputs), lineage(inputs)]
    return Page(
        title=message("tear_sheet.title"),
        name=inputs.strategy,
        description=inputs.description,
        market=inputs.market,
        facts=facts,
        sections=sections,
    )


def render_tear_sheet(inputs: TearSheet) -> str:
    """The tear sheet as one self-contained HTML text; the same inputs give the same bytes."""
    return render_page(tear_sheet_page(inputs))
