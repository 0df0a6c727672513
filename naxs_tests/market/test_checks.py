"""What a person sees of the quality rules on the page of the prices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dagster as dg
import polars as pl
import pytest

from naxs_assets.lineage.publishing import Lineage
from naxs_assets.market.checks import price_checks
from naxs_assets.market.quality.registry import RULES, Verdict
from naxs_assets.market.rules import Findings
from naxs_assets.market.sources.base import DeclaredGaps
from naxs_tests.lineage.support import a_draft, record, small_home

KEYS = pl.DataFrame({"date": ["2021-03-01", "2021-03-02"], "symbol": ["600519.SH", "000001.SZ"]})
PRICES = dg.AssetKey(["market", "prices"])


@pytest.fixture
def lineage(tmp_path: Any) -> Iterator[Lineage]:
    home = small_home(tmp_path / "home")
    yield home
    home.ledger.database.close()


def month_of_prices(lineage: Lineage, month: str, findings: Findings) -> None:
    facts = {"findings": findings.frame().to_dicts()}
    record(lineage.ledger, a_draft(partition=month, content=month, metadata=facts))


def evaluations(
    lineage: Lineage, names: list[str] | None = None
) -> dict[str, dg.AssetCheckEvaluation]:
    """The evaluations by name, of all checks or of those that were asked for."""
    checks = dg.AssetSelection.checks_for_assets(PRICES)
    if names is not None:
        checks = dg.AssetSelection.checks(*(dg.AssetCheckKey(PRICES, name) for name in names))
    job = dg.Definitions(
        assets=[dg.AssetSpec(PRICES)],
        asset_checks=[price_checks(lineage, tuple)],
        jobs=[dg.define_asset_job("checks", selection=checks)],
    ).resolve_job_def("checks")
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance)
    return {one.check_name: one for one in result.get_asset_check_evaluations()}


def test_every_rule_is_a_check_with_a_name_of_its_own(lineage: Lineage) -> None:
    month_of_prices(lineage, "2021-03", Findings("here", 100))
    found = evaluations(lineage)
    assert set(found) == {rule.check for rule in RULES.values()}
    assert all(one.passed for one in found.values())
    assert found["prices_stay_within_limits"].description == "1 个月均符合 met in all of 1 months"


def test_a_check_can_be_run_alone(lineage: Lineage) -> None:
    assert set(evaluations(lineage, ["cells_are_readable"])) == {"cells_are_readable"}


def test_rows_that_break_a_rule_are_a_warning_with_its_worst_months(lineage: Lineage) -> None:
    month_of_prices(lineage, "2021-02", Findings("here", 1000))
    for month, rows in (("2021-03", 1), ("2021-04", 2)):
        findings = Findings("here", 1000)
        findings.add("ohlc", Verdict.QUARANTINED, KEYS.head(rows), note="above the high")
        month_of_prices(lineage, month, findings)
    found = evaluations(lineage)
    broken = found["prices_within_low_and_high"]
    assert not broken.passed
    assert broken.severity is dg.AssetCheckSeverity.WARN
    assert broken.description == "3 个月中 2 个月有 3 行不符 3 rows break it in 2 of 3 months"
    shown: Any = broken.metadata["worst months"]
    assert [dict(row.data) for row in shown.records] == [
        {
            "month": "2021-04",
            "verdict": "quarantined",
            "rows": 2,
            "judged": 1000,
            "share": 0.002,
            "observed": 0.002,
            "sample": "600519.SH 2021-03-01, 000001.SZ 2021-03-02",
            "note": "above the high",
        },
        {
            "month": "2021-03",
            "verdict": "quarantined",
            "rows": 1,
            "judged": 1000,
            "share": 0.001,
            "observed": 0.001,
            "sample": "600519.SH 2021-03-01",
            "note": "above the high",
        },
    ]
    assert [name for name, one in found.items() if not one.passed] == [broken.check_name]


def test_a_rule_that_the_source_cannot_meet_says_so(lineage: Lineage) -> None:
    gaps = DeclaredGaps(frozenset({"amount"}))
    month_of_prices(lineage, "2021-03", Findings("here", 100, gaps=gaps))
    check = evaluations(lineage)["no_volume_means_suspended"]
    assert str(check.description).startswith("不适用")
    assert check.metadata["applies to"].value == "0 of 1 months"
