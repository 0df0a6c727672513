"""The one table of all quality rules."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from naxs_assets.market.quality.months import MONTH_QUESTIONS
from naxs_assets.market.quality.registry import (
    MONTH_RULES,
    ROW_RULES,
    RULES,
    Rule,
    Scope,
    Severity,
    Verdict,
)
from naxs_assets.market.quality.tables import TABLE_QUESTIONS

DOCUMENT = Path(__file__).parents[3] / "docs" / "quality-rules.md"


def test_the_rules_are_those_of_the_reference() -> None:
    assert set(RULES) == {
        "schema", "key", "ohlc", "vwap", "unit", "zero", "limit", "preclose", "calendar",
        "missing", "rowcount", "index_size", "stale", "partial_bar", "factor", "raw_only",
        "point_in_time", "survivor", "life", "recon", "restated", "fresh", "horizon", "time",
    }  # fmt: skip


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_is_whole(rule: Rule) -> None:
    assert re.fullmatch("[a-z]+(_[a-z]+)+", rule.check)
    assert rule.text_zh
    assert rule.text_en
    assert (rule.critical is None) <= (rule.severity is Severity.WARNING)
    assert rule.warning is not None or rule.critical is not None
    if rule.warning is not None and rule.critical is not None:
        assert (rule.critical < rule.warning) == rule.below


def test_checks_have_names_of_their_own() -> None:
    assert len({rule.check for rule in RULES.values()}) == len(RULES)


def test_every_rule_beyond_rows_is_asked() -> None:
    asked = [question.rule for question in (*MONTH_QUESTIONS, *TABLE_QUESTIONS)]
    assert sorted(asked) == sorted(set(RULES) - set(ROW_RULES))
    assert {question.rule for question in MONTH_QUESTIONS} == set(MONTH_RULES)
    assert all(RULES[rule].scope is Scope.ROW for rule in ROW_RULES)


@pytest.mark.parametrize(
    ("rule", "observed", "rows", "verdict"),
    [
        ("vwap", 0.0, 0, Verdict.PASS),
        ("vwap", 0.004, 40, Verdict.WARN),
        ("vwap", 0.006, 60, Verdict.CRITICAL),
        ("vwap", 0.5, 3, Verdict.WARN),  # a handful of rows is never critical
        ("rowcount", 0.96, 1, Verdict.WARN),
        ("rowcount", 0.89, 1, Verdict.CRITICAL),
        ("life", 0.0001, 1, Verdict.CRITICAL),
        ("preclose", 1.0, 1000, Verdict.WARN),
        ("horizon", 29, 1, Verdict.WARN),
        ("horizon", 4, 1, Verdict.CRITICAL),
        ("index_size", 2, 1, Verdict.WARN),
        ("index_size", 3, 1, Verdict.CRITICAL),
    ],
)
def test_a_figure_is_judged_by_its_thresholds(
    rule: str, observed: float, rows: int, verdict: Verdict
) -> None:
    assert RULES[rule].judge(observed, rows) is verdict


def test_the_document_lists_every_rule_with_its_texts() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for rule in RULES.values():
        assert f"| `{rule.id}` | {rule.scope.value} | {rule.text_zh} <br> {rule.text_en} |" in text
