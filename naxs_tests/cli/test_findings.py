"""``naxs findings`` lists what each quality rule found, month by month."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from naxs_assets.cli.findings import found_by_rules
from naxs_assets.market.quality.on_record import on_record
from naxs_assets.market.quality.registry import MONTH_RULES, ROW_RULES
from naxs_tests.cli.conftest import MONTHS, Naxs
from naxs_tests.cli.csv_market import bars_of, own_market, write_lots
from naxs_tests.graph.small import open_home


def listed(naxs: Naxs, *arguments: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(naxs("findings", *arguments, "--json").stdout)
    return rows


def test_every_rule_of_every_month_is_on_record(finished: Naxs) -> None:
    rows = listed(finished, "--all")
    of_prices = {(row["month"], row["rule"]) for row in rows if row["asset"] == "market/prices"}
    assert of_prices == {(month, rule) for month in MONTHS for rule in (*ROW_RULES, *MONTH_RULES)}
    assert {row["asset"] for row in rows} == {"market/prices", "market/index_prices"}
    assert all(row["verdict"] in ("pass", "partly", "not_applicable") for row in rows)


def test_without_all_only_broken_rules_are_listed(finished: Naxs) -> None:
    assert listed(finished) == []
    assert "nothing found" in finished("findings").output


def test_a_rule_and_a_month_narrow_the_list(finished: Naxs) -> None:
    rows = listed(finished, "--all", "--rule", "factor", "--month", MONTHS[1])
    assert [(row["month"], row["rule"]) for row in rows] == [(MONTHS[1], "factor")]
    shown = finished("findings", "--all", "--rule", "factor").output
    assert f"{MONTHS[1]} market/prices factor" in " ".join(shown.split())


def test_sample_rows_and_notes_stand_unbroken_below_their_figures(
    finished: Naxs, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample, note = "600519.SH 2021-08-02, " * 9, "declared gap: adj_factor; " * 9
    record = on_record(open_home(finished.home).lineage, refusals=())
    table = found_by_rules(record, everything=True)
    told = table.head(1).with_columns(sample=pl.lit(sample), note=pl.lit(note))
    monkeypatch.setattr("naxs_assets.cli.findings.found_by_rules", lambda *_, **__: told)
    _heading, figures, *below = finished("findings").output.splitlines()
    assert figures.split()[:2] == list(told.select("month", "asset").row(0))
    assert [line.strip() for line in below] == [sample.strip(), note.strip()]


def test_what_cannot_be_listed_is_said(finished: Naxs, naxs: Naxs) -> None:
    said = finished.refusal("findings", "--rule", "facto")
    assert "there is no rule 'facto'" in said
    assert "schema" in said
    assert "is not a month" in finished.refusal("findings", "--month", "2021-13")
    assert "there is no home here" in naxs.refusal("findings")


def test_before_the_first_run_it_says_what_to_run(naxs: Naxs) -> None:
    naxs("init", "--names", 30, "--from", "2021-07-01", "--to", "2021-07-30")
    said = naxs.refusal("findings", code=1)
    assert "no month of prices has been judged yet" in said
    assert "naxs run STRATEGY" in said


@pytest.mark.slow
def test_what_a_first_run_refused_is_listed_and_what_waits_for_it(tmp_path: Path) -> None:
    naxs = own_market(tmp_path)
    write_lots(naxs, "2021-08")
    naxs("run", "tiny", code=1)
    shutil.rmtree(bars_of(naxs))  # the source is not asked

    rows = listed(naxs)
    refused = [row for row in rows if row["verdict"] == "refused"]
    assert [(row["month"], row["rule"]) for row in refused] == [
        ("2021-08", "unit"), ("2021-08", "vwap"),
    ]  # fmt: skip
    assert "000001.SZ 2021-08-02" in refused[1]["sample"]
    waiting = [row for row in rows if row["verdict"] == "not_judged"]
    assert [(row["month"], row["rule"]) for row in waiting] == [
        ("2021-09", None), ("2021-10", None), ("2021-11", None),
    ]  # fmt: skip

    why = "each month starts from the one before, and 2021-08 was refused"
    said = naxs("findings").output
    assert said.endswith(f"not judged: market/prices 2021-09 to 2021-11: {why}\n")
    said = naxs("findings", "--month", "2021-10").output
    assert said == f"not judged: market/prices 2021-10: {why}\n"
    assert naxs("findings", "--month", "2021-07").output == "nothing found\n"
    passed = listed(naxs, "--all", "--month", "2021-07")
    assert {row["asset"] for row in passed} == {"market/prices", "market/index_prices"}


@pytest.mark.slow
def test_without_a_source_a_month_of_which_a_version_stands_stays_refused(tmp_path: Path) -> None:
    naxs = own_market(tmp_path)
    naxs("run", "tiny")
    write_lots(naxs, "2021-11-30")
    naxs("run", "tiny", code=1)
    with_source = listed(naxs)
    assert {row["verdict"] for row in with_source} == {"refused"}
    shutil.rmtree(bars_of(naxs))
    assert listed(naxs) == with_source
