"""``naxs dq report``: the verdict of a home, its exit code and its three files."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
import yaml

from naxs_assets.market.waivers import WAIVERS_FILE
from naxs_tests.cli.conftest import Naxs
from naxs_tests.cli.csv_market import write_csv_market
from naxs_tests.graph.small import FEATURES, TINY, write_entry

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
    assert "materialize it first" in naxs.refusal("dq", "report", code=1)


def own_market(root: Path) -> Naxs:
    """A home of CSV files, which lie in ``bars``; nothing is made yet."""
    data = write_csv_market(root)
    naxs = Naxs(root / "home")
    naxs("init", "--source", "files", "--mapping", data / "mapping.yaml", "--data", data)
    write_entry(naxs.home, "features", FEATURES)
    write_entry(naxs.home, "strategies", TINY)
    return naxs


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
    for file in (tmp_path / "bars").iterdir():
        lots = pl.col("volume") // pl.when(pl.col("日期") == DAY).then(100).otherwise(1)
        pl.read_csv(file).with_columns(volume=lots).write_csv(file)
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
    settings = yaml.safe_load((bad.home / "naxs.yaml").read_text())
    for file in (Path(settings["market"]["files"]["data"]) / "bars").iterdir():
        shares = pl.col("volume") * pl.when(pl.col("日期") == DAY).then(100).otherwise(1)
        pl.read_csv(file).with_columns(volume=shares).write_csv(file)
    bad("run", "tiny")
    bad("dq", "report", "--json")
    assert facts_of(bad, DAY)["blocked"] == []
