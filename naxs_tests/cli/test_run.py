"""``naxs run``: makes what is not up to date, once, and says how it ended by its exit code."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from naxs_assets.errors import EXIT_BUSY, EXIT_FAILED, EXIT_USAGE
from naxs_assets.learning.models import ModelDocument
from naxs_assets.lineage.ledger import Claim, Ledger
from naxs_assets.lineage.records import Draft, Published
from naxs_assets.market.sources.synthetic import SyntheticSource
from naxs_tests.cli.conftest import MARKET, MONTHS, Naxs
from naxs_tests.graph.small import (
    FEATURES,
    TINY,
    Restated,
    open_home,
    settings_of,
    write_entry,
    write_home,
)

OWN = ("dataset", "model", "predictions", "evaluation", "backtest")
PROJECT = Path(__file__).resolve().parents[2]


def test_a_dry_run_says_what_it_would_make_and_makes_nothing(naxs: Naxs) -> None:
    write_home(naxs.home, **MARKET)
    facts = naxs.facts("run", "tiny", "--dry-run")
    assert facts["needed"] == 5 + 9 * len(MONTHS)
    assert facts["reused"] == 0
    assert facts["to_make"]["tiny/model"] == dict.fromkeys(MONTHS, "not made yet")
    assert facts["to_make"]["tiny/report"] == {"": "not made yet"}
    assert naxs.version_count() == 0
    said = naxs("run", "tiny", "--dry-run").output
    assert "tiny/backtest 2021-07..2021-12: 6 to make, first because not made yet" in said


def test_a_run_up_to_a_month_needs_prices_of_the_month_after_it(naxs: Naxs) -> None:
    write_home(naxs.home, **MARKET)
    facts = naxs.facts("run", "tiny", "--from", "2021-10", "--to", "2021-11", "--dry-run")
    # A backtest month starts from where the month before ended, back to the first.
    for asset in ("tiny/backtest", "tiny/predictions", "tiny/dataset", "market/index_prices"):
        assert list(facts["to_make"][asset]) == MONTHS[:5]
    assert list(facts["to_make"]["market/prices"]) == MONTHS


def test_a_second_run_makes_nothing(copied: Naxs) -> None:
    before, results = copied.version_count(), copied.hashes()
    facts = copied.facts("run", "tiny")
    assert facts["made"] == {}
    assert facts["up_to_date"] == facts["needed"] == len(results)
    assert copied.version_count() == before
    assert copied.hashes() == results


def test_the_report_lies_at_a_place_that_stays(copied: Naxs) -> None:
    said = copied("run", "tiny").output
    assert f"reused {len(copied.hashes())} that were up to date" in said
    report = copied.home / "reports/tiny.html"
    assert f"report: {report}" in said
    page = open_home(copied.home).lineage.reader("tiny/report").whole().text()
    assert report.read_text(encoding="utf-8") == page
    assert [file.name for file in report.parent.iterdir()] == ["tiny.html"]


def test_a_run_clears_away_what_killed_ones_left_and_nothing_else(copied: Naxs) -> None:
    yesterday = time.time() - 25 * 60 * 60
    left = [copied.home / "store/staging/left", copied.home / "reports/.tiny.html.left.new"]
    live = [copied.home / "store/staging/live", copied.home / "reports/.tiny.html.live.new"]
    for file in (*left, *live):
        file.write_text("half")
    for file in left:
        os.utime(file, (yesterday, yesterday))
    copied("run", "tiny")
    assert not any(file.exists() for file in left)
    assert all(file.exists() for file in live)


def test_dagsters_timeline_lies_in_the_home(finished: Naxs) -> None:
    with closing(sqlite3.connect(finished.home / "dagster/storage/history/runs.db")) as runs:
        (statuses,) = runs.execute("SELECT DISTINCT status FROM runs").fetchall()
    assert statuses == ("SUCCESS",)


def test_a_changed_strategy_makes_anew_only_what_it_touches(copied: Naxs) -> None:
    changed = {"expression": "Mean($close,4)/$close"}
    write_entry(
        copied.home, "features", FEATURES | {"features": FEATURES["features"] | {"MA5": changed}}
    )
    planned = copied.facts("run", "tiny", "--dry-run")
    facts = copied.facts("run", "tiny")
    assert set(facts["made"]) == set(planned["to_make"])
    assert not any(asset.startswith("market/") for asset in facts["made"])
    assert facts["made"]["features/few"] == {"new": len(MONTHS)}
    assert facts["up_to_date"] == facts["needed"] - sum(
        sum(counts.values()) for counts in facts["made"].values()
    )


@pytest.mark.slow
def test_a_strategy_and_its_null_control_are_a_file_each(copied: Naxs) -> None:
    linear = TINY | {"name": "linear", "model": {"kind": "ridge", "penalty": 0.1}}
    null = TINY | {"name": "null", "model": linear["model"] | {"shuffle_labels": True}}
    for strategy in (linear, null):
        write_entry(copied.home, "strategies", strategy)
        made = copied.facts("run", strategy["name"])["made"]
        assert made == {
            **{f"{strategy['name']}/{asset}": {"new": len(MONTHS)} for asset in OWN},
            f"{strategy['name']}/report": {"new": 1},
        }
    reader = open_home(copied.home).lineage.reader
    # Both learn from the same rows, but not the same, and are asked about the same rows.
    assert (
        reader("linear/dataset")["2021-10"]
        .frame()
        .equals(reader("null/dataset")["2021-10"].frame())
    )
    learned, control = (
        ModelDocument.from_text(reader(f"{name}/model")["2021-12"].text())
        for name in ("linear", "null")
    )
    assert learned.kind == control.kind == "ridge"
    assert learned.trained_on == control.trained_on
    assert learned.fitted["coefficients"] != control.fitted["coefficients"]
    assert learned.fitted["means"] == control.fitted["means"]


# --- Refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nope",), ("there is no strategy 'nope'", "known: csi300_linear, csi300_topk, tiny")),
        (("tiny", "--from", "2021-13"), ("'2021-13' is not a month where --from", "YYYY-MM")),
        (("tiny", "--to", "202112"), ("'202112' is not a month",)),
        (("tiny", "--from", "2020-01"), ("do not lie within the market", "2021-07 to 2021-12")),
        (("tiny", "--from", "2021-09", "--to", "2021-08"), ("do not lie within",)),
        (("tiny", "--nonsense"), ("No such option",)),
        ((), ("Missing argument",)),
    ],
)
def test_wrong_arguments_end_with_2(
    finished: Naxs, arguments: tuple[str, ...], said: tuple[str, ...]
) -> None:
    refusal = finished.refusal("run", *arguments, code=EXIT_USAGE)
    for part in said:
        assert part in refusal


def test_without_a_home_it_names_the_way_to_one(naxs: Naxs) -> None:
    said = naxs.refusal("run", "tiny", code=EXIT_USAGE)
    assert "there is no home here" in said
    assert "naxs init" in said
    assert not naxs.home.exists()


def test_a_home_below_a_file_is_no_home(folder: Path) -> None:
    (folder / "file").touch()
    assert "no home" in Naxs(folder / "file/home").refusal("run", "tiny", code=EXIT_USAGE)


def test_another_market_is_refused_in_an_existing_home(copied: Naxs) -> None:
    settings = settings_of(**MARKET)
    settings["market"]["synthetic"]["seed"] = 8
    (copied.home / "naxs.yaml").write_text(yaml.safe_dump(settings))
    said = copied.refusal("run", "tiny", code=EXIT_USAGE)
    assert "this home holds another market" in said
    assert "seed was 7 and is now 8" in said
    assert "make another home" in said


def test_a_longer_market_is_the_same_market(copied: Naxs) -> None:
    settings = settings_of(names=30, last=date(2022, 1, 28))
    (copied.home / "naxs.yaml").write_text(yaml.safe_dump(settings))
    made = copied.facts("run", "tiny")["made"]
    assert made["market/prices"] == {"new": 1}
    assert made["labels/next_day"] == {"new": 2}  # the last ones of December have matured
    assert made["tiny/backtest"] == {"new": 1}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("treads: 2", "treads: no such setting"),
        ("market: {synthetic: {name: 3}}", "market.synthetic.name: no such setting"),
        ("threads: none", "threads"),
        ("now: 2022-01-01T00:00:00", "timezone"),
        ("[1, 2]", "must be a mapping"),
        ("a: b: c", "not valid YAML"),
    ],
)
def test_unusable_settings_are_named_with_their_file(naxs: Naxs, text: str, said: str) -> None:
    naxs.home.mkdir()
    (naxs.home / "naxs.yaml").write_text(text)
    refusal = naxs.refusal("run", "tiny", code=EXIT_USAGE)
    assert said in refusal
    assert "naxs.yaml" in refusal


def test_an_unknown_setting_in_the_environment_is_named(
    finished: Naxs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NAXS_MARKET__SEED", "3")
    assert "market.seed: no such setting" in finished.refusal("run", "tiny", "--dry-run")


def test_a_broken_catalogue_is_named_with_file_and_key(copied: Naxs) -> None:
    write_entry(copied.home, "features", FEATURES | {"name": "broken", "colour": "red"})
    said = copied.refusal("run", "tiny", code=EXIT_USAGE)
    assert "colour: no such key" in said
    assert "broken.yaml" in said


# --- Failures -----------------------------------------------------------------------------------


class Broken(Restated):
    """A source whose bars of a whole month make no sense."""

    def bars(self, first: date, last: date) -> Any:
        bars = self._source.bars(first, last)
        if not first <= self._day <= last:
            return bars
        return bars.with_columns(high=bars["low"] / 2)


def test_a_refused_month_ends_with_1_and_keeps_the_months_before_it(
    naxs: Naxs, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_home(naxs.home, **MARKET)
    source = open_home(naxs.home).source
    assert isinstance(source, SyntheticSource)
    broken = Broken(source, "", date(2021, 9, 15))
    monkeypatch.setattr("naxs_assets.definitions.open_source", lambda _: broken)
    said = naxs.refusal("run", "tiny", code=EXIT_FAILED)
    assert "market/prices[2021-09] was refused" in said
    prices = [month for asset, month in naxs.hashes() if asset == "market/prices"]
    # Every later month starts from the refused one, so they wait.
    assert prices == ["2021-07", "2021-08"]
    assert not [asset for asset, _ in naxs.hashes() if asset.startswith("tiny/")]

    monkeypatch.undo()
    naxs("run", "tiny")


def test_an_overtaken_run_ends_with_4_and_names_the_other(
    naxs: Naxs, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_home(naxs.home, **MARKET)
    publish = Ledger.publish

    def overtaken(self: Ledger, draft: Draft, claim: Claim, at: str) -> Published:
        if draft.partition == "2021-08":
            places = [draft.partition]
            self.claim(draft.asset, places, run_id="a-later-run", actor="bob", at=at)
        return publish(self, draft, claim, at)

    monkeypatch.setattr(Ledger, "publish", overtaken)
    said = naxs.refusal("run", "tiny", code=EXIT_BUSY)
    assert "was overtaken by run a-later-run" in said


def test_an_unforeseen_error_ends_with_1_and_says_how_to_see_more(
    naxs: Naxs, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_home(naxs.home, **MARKET)

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("naxs_assets.learning.assets.build_dataset", fail)
    said = naxs.refusal("run", "tiny", code=EXIT_FAILED)
    assert "ZeroDivisionError: by zero" in said
    assert "--traceback" in said


def test_errors_are_json_when_json_is_asked_for(naxs: Naxs) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "naxs_assets.cli.main", "--home", naxs.home, "run", "x", "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=PROJECT,
    )
    assert done.returncode == EXIT_USAGE
    assert yaml.safe_load(done.stderr)["error"]["where"] == str(naxs.home)
    assert done.stdout == ""
