"""Every planted fault is found under its rule, and nothing else is critical."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache

import polars as pl
import pytest

from naxs_assets.market.calendar import trading_days
from naxs_assets.market.prices import MonthOfPrices, build_month
from naxs_assets.market.quality.engine import Answer
from naxs_assets.market.quality.months import judge_month, judge_months
from naxs_assets.market.quality.registry import HARMLESS, RULES, Verdict
from naxs_assets.market.quality.tables import (
    clock_table,
    fetched_table,
    judge_tables,
    span_table,
)
from naxs_assets.market.reference import index_members_table, instruments_table
from naxs_assets.market.sources.base import Source
from naxs_assets.market.sources.synthetic import SyntheticSource
from naxs_assets.market.synthetic import SyntheticMarket
from naxs_assets.market.synthetic.faulty import WHOLE, Fault, FaultySource
from naxs_assets.partitions import first_day, last_day, month_of, months_between

FIRST, LAST = date(2021, 7, 1), date(2022, 12, 29)
CLEAN = SyntheticSource(SyntheticMarket(seed=7, names=400, first=FIRST, last=LAST))
FAULTY = FaultySource(CLEAN)
CALENDAR = trading_days(None, date(2023, 12, 31))


def built_months(source: Source) -> Iterator[tuple[str, MonthOfPrices]]:
    previous: pl.DataFrame | None = None
    for month in months_between(month_of(FIRST), month_of(LAST)):
        built = build_month(
            source.bars(first_day(month), last_day(month)),
            month=month,
            calendar=CALENDAR,
            instruments=instruments_table(source.instruments()),
            previous=previous,
            gaps=source.gaps,
            policy=source.factor_policy,
        )
        yield month, built
        previous = built.frame


def judged_alone(source: Source) -> Iterator[tuple[str, MonthOfPrices, Answer]]:
    """Each month as it is built, and what the rules of months find in it alone."""
    listed = instruments_table(source.instruments())
    previous: pl.DataFrame | None = None
    for month, built in built_months(source):
        yield (
            month,
            built,
            judge_month(
                built.frame, month=month, instruments=listed, previous=previous, gaps=source.gaps
            ),
        )
        previous = built.frame


def judged(source: Source, tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """The findings of every rule, by month and of the whole."""
    found, spans = [], []
    for month, built, answer in judged_alone(source):
        both = pl.concat([built.findings, answer.findings])
        found.append(both.with_columns(month=pl.lit(month)))
        spans.append(built.frame.select("symbol", "date"))
    known = {
        "spans": pl.concat(spans)
        .group_by("symbol")
        .agg(first=pl.col("date").min(), last=pl.col("date").max()),
        "span": span_table(FIRST, LAST),
        "instruments": instruments_table(source.instruments()),
        "index_members": index_members_table(source.index_members()),
        "calendar": CALENDAR,
    }
    whole = judge_tables(known | tables, month=WHOLE)
    return pl.concat([*found, whole.findings.with_columns(month=pl.lit(WHOLE))])


@cache
def of_faulty() -> pl.DataFrame:
    pulled = FAULTY.pulled()
    short = CALENDAR.filter(pl.col("date") <= FAULTY.now().date())
    return judged(
        FAULTY,
        {
            **pulled,
            "fetched": fetched_table(pulled["fetched"]),
            "columns": FAULTY.columns(),
            "calendar": short,
            "clock": clock_table(FAULTY.now(), short),
        },
    )


def broken(findings: pl.DataFrame) -> pl.DataFrame:
    return findings.filter(~pl.col("verdict").is_in([verdict.value for verdict in HARMLESS]))


def test_one_fault_is_planted_for_every_rule() -> None:
    rules = [fault.rule for fault in FAULTY.manifest]
    assert sorted(rules) == sorted(RULES)


@pytest.mark.parametrize("fault", FAULTY.manifest, ids=lambda fault: fault.rule)
def test_a_planted_fault_is_found_under_its_rule(fault: Fault) -> None:
    found = broken(of_faulty()).filter(rule=fault.rule, month=fault.month)
    assert found.height == 1, fault
    sample = found["sample"][0]
    assert fault.symbol is None or fault.symbol in sample
    assert fault.day is None or fault.rule == "survivor" or str(fault.day) in sample


def test_nothing_else_is_found() -> None:
    planted = {(fault.rule, fault.month) for fault in FAULTY.manifest}
    planted |= {(rule, fault.month) for fault in FAULTY.manifest for rule in fault.also}
    assert set(broken(of_faulty()).select("rule", "month").rows()) == planted


def test_a_fault_beyond_the_critical_threshold_is_critical() -> None:
    critical = of_faulty().filter(verdict=Verdict.CRITICAL.value)["rule"]
    assert {"unit", "life", "survivor", "index_size", "point_in_time", "raw_only"} <= set(critical)
    assert {"time", "partial_bar", "fresh", "horizon"} <= set(critical)


def test_the_clean_market_breaks_no_rule() -> None:
    assert broken(judged(CLEAN, {})).is_empty()


def test_months_judged_together_find_what_each_finds_alone() -> None:
    """A whole market is judged several months at a time, a run judges one."""
    alone = list(judged_alone(FAULTY))
    together = judge_months(
        [(month, built.frame) for month, built, _ in alone[1:]],
        instruments=instruments_table(FAULTY.instruments()),
        previous=alone[0][1].frame,
        gaps=FAULTY.gaps,
    )
    for (month, _, expected), answer in zip(alone[1:], together, strict=True):
        assert answer.findings.equals(expected.findings), month
        assert answer.failures.equals(expected.failures), month
