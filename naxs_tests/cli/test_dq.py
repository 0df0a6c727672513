"""``naxs dq report``: the verdict of a home, its exit code and its three files."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
import yaml

from naxs_assets.market.waivers import WAIVERS_FILE
from naxs_tests.cli.conftest import Naxs
from naxs_tests.cli.csv_market import bars_of, own_market, write_lots

DAY = "2021-11-30"
STOCK = "600001.SH"


def folder_of(naxs: Naxs, day: str) -> Path:
    return naxs.home / "reports" / "dq" / day


def facts_of(naxs: Naxs, day: str) -> dict[str, object]:
    facts: dict[str, object] = json.loads((folder_of(naxs, day) / "report.json").read_text())
    return facts


def test_a_clean_market_passes_with_code_0(copied: Naxs) -> None:
    day = "2021-12-31"
    said = copied("dq", "report").output
    assert f"{day}: pass" in said
    assert str(folder_of(copied, day) / "report.html") in said
    facts = facts_of(copied, day)
    assert facts["verdict"] == "pass"
    assert facts["blocked"] == []
    assert pl.read_parquet(folder_of(copied, day) / "failures.parquet").is_empty()
    rules = {rule["rule"] for rule in facts["rules"]}  # type: ignore[attr-defined]
    assert {"schema", "vwap", "survivor", "horizon", "recon"} <= rules


def test_the_same_home_on_a_frozen_clock_gives_the_same_bytes(copied: Naxs) -> None:
    copied("dq", "report")
    files = {file.name: file.read_bytes() for file in folder_of(copied, "2021-12-31").iterdir()}
    copied("dq", "report")
    again = {file.name: file.read_bytes() for file in folder_of(copied, "2021-12-31").iterdir()}
    assert again == files


def test_a_day_that_the_market_does_not_have_is_refused(finished: Naxs) -> None:
    assert "no day of it" in finished.refusal("dq", "report", "--date", "2020-01-02")


def test_a_home_without_results_says_what_to_do(naxs: Naxs) -> None:
    naxs("init", "--names", 30, "--from", "2021-07-01", "--to", "2021-07-30")
    said = naxs.refusal("dq", "report", code=1)
    assert "no month of prices has been judged yet" in said
    assert "naxs run STRATEGY" in said


@pytest.mark.slow
def test_a_warning_ends_with_code_3_and_counts_no_more_while_it_is_waived(tmp_path: Path) -> None:
    naxs = own_market(tmp_path)
    file = min((tmp_path / "bars").iterdir())
    torn = pl.when(pl.col("日期") == DAY).then(pl.col("low") / 2).otherwise("high")
    pl.read_csv(file).with_columns(high=torn).write_csv(file)
    naxs("run", "tiny")
    said = naxs("dq", "report", code=3).output
    assert "quarantined ohlc in market/prices 2021-11: 1 rows" in said

    waiver = {"rule": "ohlc", "symbols": [file.stem], "reason": "vendor ticket", "by": "ann"}
    (naxs.home / WAIVERS_FILE).write_text(yaml.safe_dump([{**waiver, "until": "2999-12-31"}]))
    naxs("dq", "report")
    (used,) = facts_of(naxs, DAY)["waivers"]  # type: ignore[misc]
    assert (used["findings"], used["expired"]) == (1, False)
    rules = facts_of(naxs, DAY)["rules"]
    of_prices = {r["rule"]: r for r in rules if r["asset"] == "market/prices"}  # type: ignore[attr-defined]
    rule = of_prices["ohlc"]
    assert (rule["verdict"], rule["overall"], rule["waived"]) == ("quarantined", "pass", 1)

    (naxs.home / WAIVERS_FILE).write_text(yaml.safe_dump([{**waiver, "until": "2021-01-01"}]))
    naxs("dq", "report", code=3)


@pytest.fixture
def bad(tmp_path: Path) -> Naxs:
    """A home of CSV files that was whole, and then got a day of lots for shares."""
    naxs = own_market(tmp_path)
    naxs("run", "tiny")
    write_lots(naxs, DAY)
    return naxs


@pytest.mark.slow
def test_a_bad_day_is_blocked_and_the_report_says_what_is_served(bad: Naxs) -> None:
    before = bad.hashes()
    bad("run", "tiny", code=1)
    said = bad("dq", "report", code=1).output
    assert "blocked  market/prices 2021-11: version" in said
    facts = facts_of(bad, DAY)
    assert facts["verdict"] == "fail"
    (blocked,) = facts["blocked"]  # type: ignore[misc]
    assert blocked["kept"] == before["market/prices", "2021-11"][:12]
    assert "tiny/report" in blocked["downstream"]
    refused = {rule["rule"] for rule in facts["rules"] if rule["verdict"] == "refused"}  # type: ignore[attr-defined]
    assert refused == {"unit", "vwap"}
    rows = pl.read_parquet(folder_of(bad, DAY) / "failures.parquet")
    assert set(rows.filter(rule="vwap")["date"].cast(pl.String)) == {DAY}
    assert {place: content for place, content in bad.hashes().items() if place in before} == before

    # The vendor sends the day again in shares: the next run publishes, and nothing is blocked.
    for file in bars_of(bad).iterdir():
        shares = pl.col("volume") * pl.when(pl.col("日期") == DAY).then(100).otherwise(1)
        pl.read_csv(file).with_columns(volume=shares).write_csv(file)
    bad("run", "tiny")
    bad("dq", "report", "--json")
    assert facts_of(bad, DAY)["blocked"] == []


@pytest.mark.slow
def test_a_month_is_no_longer_refused_when_its_files_are_what_they_were(tmp_path: Path) -> None:
    naxs = own_market(tmp_path)
    naxs("run", "tiny")
    whole = {file: file.read_bytes() for file in bars_of(naxs).iterdir()}
    write_lots(naxs, DAY)
    naxs("run", "tiny", code=1)
    naxs("dq", "report", code=1)
    assert "refused" in naxs("findings").output
    for file, text in whole.items():
        file.write_bytes(text)
    naxs("dq", "report")
    assert naxs("findings").output == "nothing found\n"


@pytest.mark.slow
def test_a_first_run_that_refuses_months_has_its_report(tmp_path: Path) -> None:
    naxs = own_market(tmp_path)
    whole = {file: file.read_bytes() for file in bars_of(naxs).iterdir()}
    write_lots(naxs, "2021-08", "2021-10")
    # The later month is judged though nothing stands before it; what it lacks is not held against
    # the others, of which nothing can be published.
    assert "2 months of market/prices were refused" in naxs.refusal("run", "tiny", code=1)
    assert {month for asset, month in naxs.hashes() if asset == "market/prices"} == {"2021-07"}

    verdict, first, second, waiting, *_ = naxs("dq", "report", code=1).output.splitlines()
    assert verdict.startswith(f"{DAY}: fail;")
    assert first == "  blocked  market/prices 2021-08: nothing is served"
    assert second == "  blocked  market/prices 2021-10: nothing is served"
    why = "each month starts from the one before, and 2021-08 was refused"
    assert waiting == f"  not judged market/prices 2021-09, 2021-11: {why}"
    facts = facts_of(naxs, DAY)
    assert facts["not_judged"] == [
        {"asset": "market/prices", "months": ["2021-09", "2021-11"], "behind": "2021-08"}
    ]
    refused = {
        (rule["month"], rule["rule"])
        for rule in facts["rules"]  # type: ignore[attr-defined]
        if rule["verdict"] == "refused"
    }
    assert refused == {(m, r) for m in ("2021-08", "2021-10") for r in ("unit", "vwap")}
    rows = pl.read_parquet(folder_of(naxs, DAY) / "failures.parquet").filter(rule="vwap")
    assert set(rows["date"].dt.strftime("%Y-%m")) == {"2021-08", "2021-10"}
    assert rows["symbol"].null_count() == 0
    # A day of a refused month, and one of a month that was not judged.
    naxs("dq", "report", "--date", "2021-08-20", code=1)
    naxs("dq", "report", "--date", "2021-09-10", code=1)

    for file, text in whole.items():
        file.write_bytes(text)
    naxs("run", "tiny")
    naxs("dq", "report")
    never_refused = own_market(tmp_path / "again")
    never_refused("run", "tiny")
    results = {place: found for place, found in naxs.hashes().items() if ".refused" not in place[0]}
    assert results == never_refused.hashes()


@pytest.mark.slow
def test_a_market_in_lots_from_its_first_day_is_refused_month_by_month(tmp_path: Path) -> None:
    naxs = own_market(tmp_path)
    write_lots(naxs, "2021")
    assert "5 months of market/prices were refused" in naxs.refusal("run", "tiny", code=1)
    said = naxs("dq", "report", code=1).output
    assert said.count("blocked  market/prices") == 5
    assert "market/prices is empty, 2021-11-30 is due" in said
    assert facts_of(naxs, DAY)["not_judged"] == []
