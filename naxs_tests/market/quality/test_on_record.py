"""What the ledger knows of each month: what was found, why it was refused, or that nothing is."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from naxs_assets.lineage.events import Event
from naxs_assets.lineage.publishing import Lineage, place_of_refused
from naxs_assets.lineage.reader import NotMadeError
from naxs_assets.market.quality.on_record import NotJudged, OnRecord, on_record
from naxs_tests.lineage.support import a_claim, a_draft, at, record, small_home

PRICES, INDEX = "market/prices", "market/index_prices"
MONTHS = ["2020-01", "2020-02", "2020-03", "2020-04", "2020-05"]


@pytest.fixture
def lineage(tmp_path: Path) -> Lineage:
    """A home whose run set out to make five months of prices."""
    home = small_home(tmp_path)
    a_claim(home.ledger, "first", PRICES, MONTHS)
    return home


def finding(verdict: str, rows: int = 0) -> dict[str, Any]:
    return {
        "rule": "unit", "severity": "critical", "verdict": verdict, "rows": rows, "judged": 9,
        "share": rows / 9, "observed": 1.0, "threshold": 1.25, "sample": "", "note": "",
    }  # fmt: skip


def made(lineage: Lineage, month: str, asset: str = PRICES) -> None:
    told = {"findings": [finding("pass")]}
    record(lineage.ledger, a_draft(asset, month, metadata=told))


def refused(lineage: Lineage, month: str, asset: str = PRICES) -> None:
    told = {
        "findings": [finding("refused", 1)],
        "failures": [{"rule": "unit", "date": f"{month}-06", "symbol": "600519.SH"}],
    }
    record(lineage.ledger, a_draft(place_of_refused(asset), month, metadata=told))
    event = Event("refuse", asset, month, actor="ann", run_id="first", at=at(0), reason="lots")
    lineage.ledger.record_event(event)


def known(lineage: Lineage) -> OnRecord:
    return on_record(lineage, lineage.ledger.refusals())


def verdicts(found: OnRecord) -> dict[str, str]:
    return dict(found.findings.select("month", "verdict").iter_rows())


def test_before_anything_was_judged_it_says_what_to_run(lineage: Lineage) -> None:
    with pytest.raises(NotMadeError, match="no month of prices has been judged") as caught:
        known(lineage)
    assert "naxs run" in caught.value.remedy


def test_a_first_month_that_is_refused_is_told_with_its_rows(lineage: Lineage) -> None:
    refused(lineage, "2020-01")
    found = known(lineage)
    assert verdicts(found) == {"2020-01": "refused"}
    assert found.refused == {(PRICES, "2020-01")}
    (failure,) = found.failures.to_dicts()
    assert (failure["month"], failure["symbol"]) == ("2020-01", "600519.SH")
    assert failure["date"] == date(2020, 1, 6)


def test_months_after_a_refused_one_wait_for_it(lineage: Lineage) -> None:
    made(lineage, "2020-01")
    refused(lineage, "2020-02")
    refused(lineage, "2020-04")
    found = known(lineage)
    assert found.not_judged == (NotJudged(PRICES, ("2020-03", "2020-05"), behind="2020-02"),)
    assert "2020-02 was refused" in found.not_judged[0].reason_en


def test_months_after_one_of_which_a_version_stands_do_not_wait_for_it(lineage: Lineage) -> None:
    for month in MONTHS[:3]:
        made(lineage, month)
    refused(lineage, "2020-02")
    found = known(lineage)
    assert verdicts(found) == {"2020-01": "pass", "2020-02": "refused", "2020-03": "pass"}
    assert found.not_judged == (NotJudged(PRICES, ("2020-04", "2020-05"), behind=""),)
    assert found.not_judged[0].reason_en == "no run has finished them yet"


def test_months_of_index_prices_wait_for_none(lineage: Lineage) -> None:
    a_claim(lineage.ledger, "first", INDEX, MONTHS[:2])
    for month in MONTHS:
        made(lineage, month)
    refused(lineage, "2020-01", INDEX)
    found = known(lineage)
    assert found.not_judged == (NotJudged(INDEX, ("2020-02",), behind=""),)
    assert found.findings.filter(asset=INDEX)["verdict"].to_list() == ["refused"]


def test_a_run_that_stopped_at_the_index_has_not_judged_the_prices(tmp_path: Path) -> None:
    home = small_home(tmp_path)
    a_claim(home.ledger, "first", INDEX, MONTHS)
    for month in MONTHS[1:]:
        made(home, month, INDEX)
    refused(home, "2020-01", INDEX)
    assert known(home).not_judged == (NotJudged(PRICES, tuple(MONTHS), behind=""),)


def test_a_refusal_that_is_over_is_not_told(lineage: Lineage) -> None:
    refused(lineage, "2020-01")
    made(lineage, "2020-01")
    found = known(lineage)
    assert verdicts(found) == {"2020-01": "pass"}
    assert found.failures.is_empty()


def test_months_in_a_row_are_named_by_their_ends() -> None:
    months = ("2020-01", "2020-11", "2020-12", "2021-01", "2021-03")
    assert NotJudged(PRICES, months, "").spans == "2020-01, 2020-11 to 2021-01, 2021-03"
