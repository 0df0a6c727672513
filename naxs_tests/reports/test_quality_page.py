"""The quality report: what a person sees first, and the same facts as JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from naxs_assets.market.quality.on_record import NotJudged
from naxs_assets.pages.blocks import Banner
from naxs_assets.reports.quality_facts import Overall, QualityReport
from naxs_assets.reports.quality_page import quality_page, render_quality_report
from naxs_tests.reports.sample_quality import MARKET, bad_day, outcome

FILE = "failures.parquet"


def clean_day() -> QualityReport:
    return replace(
        bad_day(),
        rules=(outcome("key"),),
        blocked=(),
        freshness=(),
        taken=(),
        health=(),
        restated=(),
        waivers=(),
    )


def banner(report: QualityReport) -> Banner:
    block = quality_page(report, MARKET, FILE).sections[0].blocks[0]
    assert isinstance(block, Banner)
    return block


@pytest.mark.parametrize(
    ("overall", "code"), [(Overall.PASS, 0), (Overall.WARN, 3), (Overall.FAIL, 1)]
)
def test_each_verdict_has_its_exit_code(overall: Overall, code: int) -> None:
    report = replace(clean_day(), rules=(outcome("key", overall),))
    assert report.overall is overall
    assert report.document()["exit_code"] == code
    assert banner(report).tone == overall.value


def test_a_blocked_result_fails_the_day_whatever_the_rules_say() -> None:
    report = replace(clean_day(), blocked=bad_day().blocked)
    assert report.overall is Overall.FAIL


def behind_a_refused_month() -> QualityReport:
    """The first run of a market refused a month, and could not come to later ones."""
    (blocked,) = bad_day().blocked
    return replace(
        clean_day(),
        blocked=(replace(blocked, partition="2023-09", kept=None),),
        not_judged=(NotJudged("market/prices", ("2023-10", "2023-12"), behind="2023-09"),),
    )


def test_months_that_were_not_judged_fail_the_day() -> None:
    assert replace(behind_a_refused_month(), blocked=()).overall is Overall.FAIL


def test_months_that_were_not_judged_are_named_after_what_blocks_them() -> None:
    report = behind_a_refused_month()
    blocked, not_judged, *_ = map(str, banner(report).lines)
    assert "market/prices 2023-09" in blocked
    assert "nothing stands in its place" in blocked
    assert "market/prices 2023-10, 2023-12" in not_judged
    assert "2023-09 was refused" in not_judged
    told = report.document()["not_judged"]
    assert told == [
        {"asset": "market/prices", "months": ["2023-10", "2023-12"], "behind": "2023-09"}
    ]
    html = render_quality_report(report, MARKET, FILE)
    assert "尚未判定的月份" in html
    assert "而 2023-09 被拒收" in html


def test_the_banner_says_what_was_blocked_what_is_served_and_what_is_late_first() -> None:
    first, second, third, *_ = map(str, banner(bad_day()).lines)
    assert "market/prices 2023-12" in first
    assert "3f9c1a2b" in first
    assert "features/basic" in first
    assert "2023-12-28" in second
    assert "+0:15:00" in second
    assert "unit" in third
    assert "600519.SH 2023-12-28" in third


def test_the_banner_names_five_problems_and_counts_the_rest() -> None:
    rules = tuple(outcome(f"rule{number}", Overall.WARN, rows=number) for number in range(1, 9))
    lines = [str(line) for line in banner(replace(clean_day(), rules=rules)).lines]
    assert [line.split(" · ")[0] for line in lines[:5]] == [f"rule{n}" for n in (8, 7, 6, 5, 4)]
    assert "3" in lines[5]
    assert len(lines) == 7


def test_rules_that_do_not_apply_are_counted_apart() -> None:
    counts = bad_day().counts()
    assert counts == {
        "evaluated": 3,
        "passed": 1,
        "warned": 1,
        "failed": 1,
        "not_applicable": 1,
        "waived": 1,
    }


def test_the_page_is_the_same_bytes_every_time() -> None:
    assert render_quality_report(bad_day(), MARKET, FILE) == render_quality_report(
        bad_day(), MARKET, FILE
    )


def test_the_page_names_the_fallback_the_restatement_and_the_expired_waiver() -> None:
    html = render_quality_report(bad_day(), MARKET, FILE)
    for told in (
        "akshare.tencent: throttled (429)",
        "1700.10",
        "1700.01",
        "vendor ticket 12",
        FILE,
    ):
        assert told in html
    assert "已过期" in html


def test_a_clean_day_says_so() -> None:
    html = render_quality_report(clean_day(), MARKET, FILE)
    assert "没有规则被违反。" in html
    assert "没有结果被拒绝" in html


def test_the_document_holds_json_values_only() -> None:
    document = json.loads(json.dumps(bad_day().document()))
    assert document["verdict"] == "fail"
    assert document["day"] == "2023-12-28"
    assert document["rules"][0]["rule"] == "unit"
    assert document["freshness"][0]["due"] == "2023-12-28T10:30:00+00:00"
    assert document["health"][0]["failures"] == {"throttled": 3}
