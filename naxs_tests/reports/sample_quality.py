"""A bad day, made by hand: what the tests of the quality report draw."""

from __future__ import annotations

from datetime import UTC, date, datetime

from naxs_assets.pages.frame import MarketLabel
from naxs_assets.reports.quality_facts import (
    Blocked,
    Coverage,
    Freshness,
    Health,
    Overall,
    QualityReport,
    Restated,
    RuleOutcome,
    Taken,
    WaiverUse,
)

MARKET = MarketLabel("csi300", False, "live", "2023-01-03 – 2023-12-28")
NO_DAYS = (0,) * 20


def outcome(rule: str, overall: Overall = Overall.PASS, **changes: object) -> RuleOutcome:
    """An outcome of ``rule``; broken ones name what is changed."""
    facts: dict[str, object] = {
        "rule": rule,
        "asset": "market/prices",
        "month": "2023-12",
        "severity": "critical",
        "verdict": "pass",
        "overall": overall,
        "text_zh": f"规则 {rule}",
        "text_en": f"the text of {rule}",
        "unit": "ratio",
        "observed": 0.0,
        "threshold": 0.05,
        "rows": 0,
        "judged": 5_700,
        "waived": 0,
        "sample": (),
        "note": "",
        "daily": NO_DAYS,
    }
    return RuleOutcome(**{**facts, **changes})  # type: ignore[arg-type]


def bad_day() -> QualityReport:
    """A refused month, a warning, a late table, a fallback, a restatement and two waivers."""
    seen = datetime(2023, 12, 28, 10, 45, tzinfo=UTC)
    return QualityReport(
        day=date(2023, 12, 28),
        as_of=seen,
        rules=(
            outcome(
                "unit",
                Overall.FAIL,
                verdict="refused",
                unit="CNY/CNY",
                observed=0.01,
                threshold=0.8,
                rows=300,
                sample=("600519.SH 2023-12-28", "000001.SZ 2023-12-28"),
                daily=(*NO_DAYS[:19], 300),
                note="median of amount / (volume x close) on the main board",
            ),
            outcome(
                "limit",
                Overall.WARN,
                severity="warning",
                verdict="warn",
                observed=0.0004,
                threshold=0.001,
                rows=2,
                waived=1,
                sample=("000792.SZ 2023-12-27",),
                daily=(0, 1, *NO_DAYS[:16], 0, 2),
            ),
            outcome("key"),
            outcome("zero", verdict="not_applicable", note="declared gap: amount"),
        ),
        blocked=(
            Blocked(
                asset="market/prices",
                partition="2023-12",
                reason="refused by rule unit: 300 of 5,700 rows break it",
                at="2023-12-28T10:40:00+00:00",
                kept="3f9c1a2b",
                downstream=("features/basic", "labels/ret_5d", "csi300_topk/backtest"),
            ),
        ),
        not_judged=(),
        freshness=(
            Freshness(
                asset="market/prices",
                newest=date(2023, 12, 27),
                expected=date(2023, 12, 28),
                due=datetime(2023, 12, 28, 10, 30, tzinfo=UTC),
                latency_seconds=900.0,
                overall=Overall.FAIL,
            ),
        ),
        coverage=(Coverage("market/prices", "2023-01", "2023-12", 12, 70_512, "3f9c1a2b"),),
        taken=(
            Taken(
                table="day",
                source="baostock",
                source_version="baostock 0.9.4",
                fetched_first=seen,
                fetched_last=seen,
                parts=1,
                rows=300,
                instead_of=("akshare.tencent: throttled (429)",),
            ),
        ),
        health=(
            Health("akshare.tencent", 3, {"throttled": 3}, "open", None),
            Health("baostock", 1, {}, "closed", seen),
        ),
        restated=(
            Restated("bars", "600519.SH", date(2023, 12, 20), "close", "1700.10", "1700.01", seen),
        ),
        waivers=(
            WaiverUse("limit", "000792.SZ", "relisting", "ann", date(2024, 1, 31), False, 1),
            WaiverUse("vwap", "", "vendor ticket 12", "bo", date(2023, 6, 30), True, 0),
        ),
        gaps=("turnover: not read",),
    )
