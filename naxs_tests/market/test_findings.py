"""The findings of every month side by side, one row for each rule."""

from __future__ import annotations

from naxs_assets.market.contracts import QUALITY_FINDINGS
from naxs_assets.market.findings import findings_table

REPAIRED = {
    "rule": "factor",
    "severity": "critical",
    "verdict": "repaired",
    "rows": 1,
    "judged": 1000,
    "share": 0.001,
    "observed": 0.001,
    "threshold": 0.0,
    "sample": "000001.SZ 2020-12-31",
    "note": "adj_factor contradicts the change, rebuilt from the change",
}
PASSED = {**REPAIRED, "rule": "key", "verdict": "pass", "rows": 0, "share": 0.0, "sample": ""}


def test_every_rule_of_every_month_is_a_row_that_meets_the_contract() -> None:
    found = [
        ("market/prices", "2020-12", [REPAIRED, PASSED]),
        ("market/index_prices", "2020-12", [PASSED]),
    ]
    table = QUALITY_FINDINGS.validate(findings_table(found), "market/findings")
    assert table.select("asset", "month", "rule", "verdict").rows() == [
        ("market/index_prices", "2020-12", "key", "pass"),
        ("market/prices", "2020-12", "factor", "repaired"),
        ("market/prices", "2020-12", "key", "pass"),
    ]
    assert table["sample"].to_list()[1] == "000001.SZ 2020-12-31"


def test_a_market_without_months_has_no_findings() -> None:
    assert findings_table([]).equals(QUALITY_FINDINGS.empty())
