"""A month that breaks a rule across rows beyond its critical threshold is not published."""

from __future__ import annotations

import polars as pl
import pytest

from naxs_assets.market.quality.publication import accepted_repairs, publishable
from naxs_assets.market.rules import FINDINGS, MonthRefused
from naxs_assets.market.sources.base import DeclaredGaps, FactorPolicy
from naxs_tests.market.hand_made import MARCH, MonthOfPrices, bar, build, instruments, raw

LISTED = instruments().with_columns(board=pl.lit("main"))


def held(built: MonthOfPrices, gaps: DeclaredGaps | None = None) -> pl.DataFrame:
    return publishable(
        built.frame,
        built.findings,
        month=MARCH,
        instruments=LISTED,
        previous=None,
        gaps=gaps or DeclaredGaps(),
    )


def test_a_clean_month_passes_with_a_finding_for_every_rule_of_rows_and_months() -> None:
    found = held(build(raw(bar(0, 10.0), bar(1, 10.5, 10.0))))
    assert dict(found.schema) == FINDINGS
    assert found.height == 14
    assert set(found["verdict"]) <= {"pass", "not_applicable"}


def test_lots_for_shares_refuse_the_month_and_the_findings_say_so() -> None:
    close = [10.0 + 0.1 * number for number in range(6)]
    rows = [bar(0, close[0])]
    rows += [bar(n, close[n], close[n - 1], volume=10) for n in range(1, 6)]
    with pytest.raises(MonthRefused, match="2021-03 refused by rule vwap") as refused:
        held(build(raw(*rows)))
    verdicts = dict(refused.value.findings.select("rule", "verdict").iter_rows())
    assert verdicts["vwap"] == "refused"
    assert verdicts["unit"] == "refused"
    assert verdicts["stale"] == "pass"


def test_a_rule_on_a_gap_that_some_rows_fill_is_judged_on_those() -> None:
    rows = raw(bar(0, 10.0), bar(1, 10.5, 10.0, amount=None))
    gaps = DeclaredGaps(frozenset({"amount"}))
    vwap = held(build(rows, gaps=gaps), gaps).row(by_predicate=pl.col("rule") == "vwap", named=True)
    assert (vwap["verdict"], vwap["judged"]) == ("partly", 1)


def test_the_record_says_what_was_repaired_and_who_accepted_it() -> None:
    built = build(raw(bar(0, 10.0), bar(1, 10.5, 10.0, adj_factor=2.2)))
    record = accepted_repairs(built.frame, FactorPolicy.REBUILD)["repairs"]
    assert isinstance(record, dict)
    assert record["accepted_by"] == "policy factor: rebuild_from_change"
    assert record["keys"] == ["600519.SH 2021-03-02"]
    assert accepted_repairs(build(raw(bar(0, 10.0))).frame, FactorPolicy.KEEP) == {}


def suspended_on_the_last_day(lost: int) -> dict[str, object]:
    """What ``rowcount`` finds when so many of twenty stocks have no row on the last day."""
    symbols = [f"{600_000 + number}.SH" for number in range(20)]
    rows = [
        bar(day, 10.0 + 0.1 * day, 10.0 + 0.1 * (day - 1) if day else None, symbol=symbol)
        for symbol in symbols
        for day in range(7)
        if day < 6 or symbol not in symbols[:lost]
    ]
    gaps = DeclaredGaps(suspended_rows=True)
    try:
        found = held(build(raw(*rows), gaps=gaps), gaps)
    except MonthRefused as refused:
        found = refused.findings
    return found.row(by_predicate=pl.col("rule") == "rowcount", named=True)


def test_a_source_without_rows_of_suspended_days_that_lost_half_of_them_is_refused() -> None:
    assert suspended_on_the_last_day(2)["verdict"] == "pass"
    third = suspended_on_the_last_day(7)
    assert (third["verdict"], third["note"]) == (
        "warn", "13 of 20 rows were traded, the usual number is 20",
    )  # fmt: skip
    assert suspended_on_the_last_day(11)["verdict"] == "refused"
