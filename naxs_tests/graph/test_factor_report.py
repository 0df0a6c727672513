"""The report of a feature set as an asset: made when asked for, of exactly what it read."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from naxs_assets.automation.restatements import stale_plans
from naxs_assets.definitions import Platform
from naxs_assets.factors.bench_home import open_bench
from naxs_assets.factors.report_page import render_factor_report, subject_of
from naxs_assets.lineage.records import Outcome
from naxs_tests.graph.conftest import Opener
from naxs_tests.graph.small import close, copy_home, materialize, open_home, planned, write_home

pytestmark = pytest.mark.xdist_group("graph")

REPORT = "features/few/report"
NEEDED = ("market/calendar", "market/instruments", "market/index_members", "market/industry",
          "market/prices", "features/few", "labels/next_day")  # fmt: skip
MONTHS = ["2021-07", "2021-08", "2021-09", "2021-10"]


@pytest.fixture(scope="module")
def with_features(memory: Path) -> Path:
    """A small market with four months of features and of the label. Not to be changed."""
    home = write_home(memory / "with-features", names=30, last=date(2021, 11, 30))
    platform = open_home(home)
    materialize(platform, MONTHS[0], MONTHS[-1], NEEDED)
    close(platform)
    return home


@pytest.fixture
def platform(with_features: Path, folder: Path, opener: Opener) -> Platform:
    """A copy of that market."""
    return opener(copy_home(with_features, folder / "home"))


def made(platform: Platform, instance: dg.DagsterInstance | None = None) -> Outcome | None:
    """Ask for the report alone; its outcome, None where it was up to date."""
    found = materialize(platform, MONTHS[0], assets=[REPORT], instance=instance)
    return found.get((REPORT, ""))


def test_it_is_the_page_that_the_command_writes(platform: Platform) -> None:
    assert made(platform) is Outcome.NEW
    catalogue = platform.catalogue
    judged, among = catalogue.feature_sets["few"], catalogue.universes["csi300"]
    bench = open_bench(platform.settings, "csi300", "next_day", None, None)
    label, market = catalogue.labels["next_day"], platform.market_label
    subject = subject_of(judged, among, label, bench.days, bench.names, market)
    expected = render_factor_report(bench.report(judged.expressions), subject)
    assert platform.lineage.reader(REPORT).whole().text() == expected


def test_it_records_what_it_read(platform: Platform) -> None:
    made(platform)
    version = platform.lineage.ledger.current(REPORT, "")
    assert version is not None
    read = {(each.asset, each.partition) for each in platform.lineage.ledger.reads(version.id)}
    monthly = ("features/few", "labels/next_day", "market/prices")
    whole = ("market/index_members", "market/industry")
    assert read == {(asset, month) for asset in monthly for month in MONTHS} | {
        (asset, "") for asset in whole
    }


def test_a_further_month_makes_it_anew_and_only_then(platform: Platform) -> None:
    assert made(platform) is Outcome.NEW
    assert made(platform) is None
    materialize(platform, "2021-11", assets=NEEDED)
    assert stale_plans(platform) == [], "the sensor of restatements leaves it to people"
    assert made(platform) is Outcome.NEW
    assert made(platform) is None


def test_the_panel_shows_the_strongest_factors_with_pictures(
    platform: Platform, instance: dg.DagsterInstance
) -> None:
    made(platform, instance)
    event = instance.get_latest_materialization_event(dg.AssetKey(REPORT.split("/")))
    assert event is not None
    assert event.asset_materialization is not None
    shown = event.asset_materialization.metadata["strongest"]
    assert isinstance(shown, dg.MarkdownMetadataValue)
    headings, _, *rows = (shown.md_str or "").splitlines()
    assert "RankIC" in headings
    assert len(rows) == len(platform.catalogue.feature_sets["few"].names)
    assert all(row.count("data:image/svg+xml") == 2 for row in rows)
    assert {row.count("|") for row in rows} == {headings.count("|")}


def test_a_strategy_runs_without_it(platform: Platform) -> None:
    assert REPORT not in planned(platform).needed


def test_without_features_it_says_what_to_make(folder: Path, opener: Opener) -> None:
    empty = opener(write_home(folder / "empty", names=30, last=date(2021, 11, 30)))
    with pytest.raises(Exception, match="no month of features/few has been made"):
        made(empty)
