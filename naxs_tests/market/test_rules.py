"""The registry of quality rules and how their findings add up."""

from datetime import date

import polars as pl
import pytest

from naxs_assets.market.quality.registry import ALWAYS_ALLOWED, Verdict
from naxs_assets.market.rules import FINDINGS, Findings, MonthRefused
from naxs_assets.market.sources.base import DeclaredGaps

KEYS = pl.DataFrame({"date": [date(2021, 3, 2), date(2021, 3, 1)], "symbol": ["B", "A"]})


def test_nothing_found_is_a_pass_for_every_rule() -> None:
    frame = Findings("market/prices 2021-03", 100).frame()
    assert dict(frame.schema) == FINDINGS
    assert frame["verdict"].unique().to_list() == ["pass"]


@pytest.mark.parametrize(
    ("gaps", "rules"),
    [
        ({"amount"}, {"zero"}),
        ({"pre_close"}, set()),
        ({"adj_factor"}, {"factor"}),
        ({"pre_close", "change"}, {"factor", "limit"}),
        ({"is_st", "turnover"}, set()),
    ],
)
def test_a_rule_that_needs_a_declared_gap_never_passes(gaps: set[str], rules: set[str]) -> None:
    frame = Findings("here", 100, gaps=DeclaredGaps(frozenset(gaps))).frame()
    not_applicable = frame.filter(pl.col("verdict") == "not_applicable")["rule"]
    assert set(not_applicable) == rules


@pytest.mark.parametrize(
    ("gaps", "known", "notes"),
    [
        ({"amount"}, {"amount": 6210}, {"zero": "amount known for 6,210 of 12,345 rows"}),
        (
            {"pre_close", "change"},
            {"pre_close": 5, "change": 0},
            dict.fromkeys(("factor", "limit"), "pre_close known for 5 of 12,345 rows"),
        ),
        ({"amount"}, {"pre_close": 5}, {}),
        ({"adj_factor", "pre_close", "change"}, {"pre_close": 5},
         {"limit": "pre_close known for 5 of 12,345 rows"}),
    ],
)  # fmt: skip
def test_a_gap_that_is_known_on_some_rows_is_applied_to_them_and_told(
    gaps: set[str], known: dict[str, int], notes: dict[str, str]
) -> None:
    frame = Findings("here", 12_345, gaps=DeclaredGaps(frozenset(gaps)), known=known).frame()
    told = frame.filter(pl.col("note").str.contains("known for"))
    assert dict(told.select("rule", "note").iter_rows()) == notes
    assert set(told["verdict"]) <= {"partly"}


def test_a_finding_adds_up_and_keeps_the_harshest_verdict() -> None:
    findings = Findings("here", 1000)
    findings.add("key", Verdict.QUARANTINED, KEYS, note="first")
    findings.add("key", Verdict.WARN, KEYS.head(1), note="second", counted=False)
    row = findings.frame().row(by_predicate=pl.col("rule") == "key", named=True)
    assert row == {
        "rule": "key", "severity": "critical", "verdict": "quarantined", "rows": 3,
        "judged": 1000, "share": 0.003, "observed": 0.003, "threshold": 0.0,
        "sample": "A 2021-03-01, B 2021-03-02", "note": "first; second",
    }  # fmt: skip


def test_the_sample_holds_twenty_keys() -> None:
    many = pl.concat([KEYS] * 15)
    findings = Findings("here", 1000)
    findings.add("ohlc", Verdict.QUARANTINED, many)
    sample = findings.frame().filter(pl.col("rule") == "ohlc")["sample"][0]
    assert len(sample.split(", ")) == 20


def test_a_handful_of_rows_never_refuses() -> None:
    findings = Findings("here", 1)
    for _ in range(ALWAYS_ALLOWED):
        findings.add("ohlc", Verdict.QUARANTINED, KEYS.head(1))
    with pytest.raises(MonthRefused):
        findings.add("ohlc", Verdict.QUARANTINED, KEYS.head(1))
