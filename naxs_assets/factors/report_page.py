"""The page of a factor report: a table over all factors that sorts, and pictures of the best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from naxs_assets.catalog.models import FeatureSet, Label, Universe
from naxs_assets.factors.report import GROUPS, FactorReport
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
    signed_percent,
)
from naxs_assets.pages.figures import (
    SERIES_COLOURS,
    Series,
    ValueFormat,
    category_figure,
    time_figure,
)
from naxs_assets.pages.frame import MarketLabel, Page, render_page
from naxs_assets.pages.messages import message
from naxs_assets.pages.numbers import count, decimal, percent

_SHOWN = 6


@dataclass(frozen=True)
class Subject:
    """What a report is about: a feature set, among whom, against what, in which market."""

    name: str
    description: str
    universe: str
    label: str
    days: str
    names: float
    market: MarketLabel


def subject_of(
    feature_set: FeatureSet,
    universe: Universe,
    label: Label,
    days: pl.Series,
    names: float,
    market: MarketLabel,
) -> Subject:
    """The subject of a report on ``feature_set`` over ``days`` (dates), of ``names`` each."""
    return Subject(
        name=feature_set.name,
        description=feature_set.description,
        universe=universe.name,
        label=f"{label.name}: {label.expression}",
        days=f"{days[0]} – {days[-1]} · {len(days):,}",
        names=names,
        market=market,
    )


def strongest(report: FactorReport, most: int = _SHOWN) -> list[str]:
    """The factor of the largest |RankIC| of each cluster, of the strongest clusters."""
    known = report.factors.filter(pl.col("rank_ic").is_not_null())
    ordered = known.sort(pl.col("rank_ic").abs(), descending=True, maintain_order=True)
    best = ordered.unique("cluster", keep="first", maintain_order=True)
    return best["factor"].head(most).to_list()


def render_factor_report(report: FactorReport, subject: Subject) -> str:
    """The page as one HTML text that needs no network, the same bytes for the same numbers."""
    best = strongest(report)
    return render_page(
        Page(
            title=message("factor_report.title"),
            name=subject.name,
            description=subject.description,
            market=subject.market,
            facts=(
                (message("factor_report.universe"), f"{subject.universe} · {subject.names:.0f}"),
                (message("factor_report.label"), subject.label),
                (message("factor_report.days"), subject.days),
            ),
            sections=(
                Section("factors", message("factor_report.factors"), _factors(report)),
                Section("strongest", message("factor_report.strongest"), _pictures(report, best)),
                Section("years", message("factor_report.years"), (_years(report),)),
                Section("industries", message("factor_report.industries"), _within(report, best)),
                Section("clusters", message("factor_report.clusters"), _clusters(report)),
            ),
        )
    )


def _factors(report: FactorReport) -> tuple[Block, ...]:
    keys = ("ic", "icir", "rank_ic", "rank_icir", "t", "spread")
    rest = ("turnover", "autocorrelation", "coverage", "cluster")
    columns = (
        Column(message("factor_report.factor"), numeric=False, code=True),
        *(Column(message(f"factor_report.{key}")) for key in (*keys, *rest)),
    )
    rows = [
        (
            row["factor"],
            signed_decimal(row["ic"], decimals=4),
            signed_decimal(row["icir"], decimals=3),
            signed_decimal(row["rank_ic"], decimals=4),
            signed_decimal(row["rank_icir"], decimals=3),
            signed_decimal(row["t"]),
            signed_percent(row["spread"], decimals=3),
            percent(row["turnover"], decimals=1),
            decimal(row["autocorrelation"], decimals=3),
            percent(row["coverage"], decimals=1),
            count(row["cluster"]),
        )
        for row in report.factors.to_dicts()
    ]
    return (
        Table(columns, rows, searchable=True, sortable=True),
        Note(message("factor_report.note", tested=len(rows))),
    )


def _coloured(names: Sequence[str]) -> list[tuple[str, str]]:
    return list(zip(names, SERIES_COLOURS, strict=False))


def _pictures(report: FactorReport, best: Sequence[str]) -> tuple[Block, ...]:
    if not best:
        return (Note(message("factor_report.nothing")),)
    over_time, by_lag = [], []
    for name, colour in _coloured(best):
        daily = report.daily.filter(factor=name)
        run = daily["rank_ic"].fill_null(0).cum_sum().to_list()
        over_time.append(Series(name, daily["date"].to_list(), run, colour))
        decay = report.decay.filter(factor=name)
        lags = [str(lag) for lag in decay["lag"]]
        by_lag.append(Series(name, lags, decay["rank_ic"].to_list(), colour))
    rows: dict[str, dict[str, Any]] = {row["factor"]: row for row in report.factors.to_dicts()}
    places = range(1, GROUPS + 1)
    groups = [
        Series(
            name,
            [f"Q{place}" for place in places],
            [rows[name][f"q{place}"] for place in places],
            colour,
            mark="bar",
        )
        for name, colour in _coloured(best)
    ]
    return (
        Chart(
            "cumulative",
            message("factor_report.cumulative"),
            time_figure(over_time, ValueFormat.DECIMAL, reference=0.0),
            message("factor_report.cumulative_caption"),
            height=360,
        ),
        Side(
            (
                Chart(
                    "decay",
                    message("factor_report.decay"),
                    category_figure(
                        by_lag, ValueFormat.DECIMAL, category_name=message("factor_report.lag")
                    ),
                ),
                Chart(
                    "groups",
                    message("factor_report.groups"),
                    category_figure(
                        groups,
                        ValueFormat.FINE_PERCENT,
                        category_name=message("factor_report.group"),
                    ),
                ),
            )
        ),
    )


def _years(report: FactorReport) -> Block:
    years = report.yearly["year"].unique().sort().to_list()
    wide = report.yearly.pivot("year", index="factor", values="rank_ic", maintain_order=True)
    rows = [
        (row["factor"], *(signed_decimal(row[str(year)], decimals=3) for year in years))
        for row in wide.to_dicts()
    ]
    columns = (
        Column(message("factor_report.factor"), numeric=False, code=True),
        *(Column(str(year)) for year in years),
    )
    table = Table(columns, rows, title=message("factor_report.rank_ic"), sortable=True)
    return Details(message("factor_report.years_summary"), (table,), opened=len(rows) <= _SHOWN)


def _within(report: FactorReport, best: Sequence[str]) -> tuple[Block, ...]:
    shown = report.industry.filter(pl.col("factor").is_in(best))
    if shown.is_empty():
        return (Note(message("factor_report.no_industries")),)
    found = {(row["industry"], row["factor"]): row["rank_ic"] for row in shown.to_dicts()}
    industries = shown["industry"].unique().sort().to_list()
    columns = (
        Column(message("factor_report.industry"), numeric=False),
        *(Column(name) for name in best),
    )
    rows = [
        (each, *(signed_decimal(found.get((each, name)), decimals=4) for name in best))
        for each in industries
    ]
    table = Table(columns, rows, title=message("factor_report.rank_ic"), sortable=True)
    if not report.look_ahead:
        return (table,)
    return (Note(message("factor_report.look_ahead"), warning=True), table)


def _clusters(report: FactorReport) -> tuple[Block, ...]:
    members = (
        report.factors.sort(pl.col("rank_ic").abs(), descending=True, nulls_last=True)
        .group_by("cluster", maintain_order=True)
        .agg("factor", pl.col("rank_ic").first())
    )
    columns = (
        Column(message("factor_report.cluster")),
        Column(message("factor_report.size")),
        Column(message("factor_report.factor"), numeric=False, code=True),
        Column(message("factor_report.rank_ic")),
        Column(message("factor_report.members"), numeric=False, wide=True),
    )
    rows: list[tuple[Cell | str, ...]] = [
        (
            count(row["cluster"]),
            count(len(row["factor"])),
            row["factor"][0],
            signed_decimal(row["rank_ic"], decimals=4),
            ", ".join(row["factor"]),
        )
        for row in members.to_dicts()
    ]
    return (
        Note(message("factor_report.clusters_note")),
        Table(columns, rows, sortable=True),
    )
