"""However a history is cut into runs, the results have the same bits."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from naxs_assets.errors import DataError
from naxs_assets.lineage.reader import NotMadeError
from naxs_assets.partitions import add_months, last_day
from naxs_tests.graph.conftest import Opener
from naxs_tests.graph.small import (
    ASSETS,
    FIRST,
    LAST,
    LAST_DAY,
    MONTHS,
    Hashes,
    close,
    currents,
    hashes,
    make_planned,
    make_without_dagster,
    materialize,
    open_home,
    planned,
    version_count,
    write_home,
    write_settings,
)

pytestmark = pytest.mark.xdist_group("graph")


def test_one_range_run_makes_every_month_of_everything(finished_home: Path, opener: Opener) -> None:
    versions = currents(opener(finished_home))
    assert {asset for asset, _ in versions} == set(ASSETS)
    for asset in {asset for asset, partition in versions if partition}:
        assert [month for name, month in versions if name == asset] == MONTHS
    assert versions["tiny/model", "2021-09"].metadata["status"] == "warm_up"
    assert versions["tiny/backtest", "2021-09"].metadata["status"] == "warm_up"
    assert versions["tiny/model", "2021-10"].metadata["trained_for"] == "2021-10"
    assert versions["tiny/model", "2021-11"].metadata["trained_for"] == "2021-10"
    assert versions["tiny/backtest", "2021-10"].metadata["status"] == "traded"
    assert versions["tiny/dataset", LAST].rows


def test_dagster_adds_nothing_to_the_results(
    folder: Path, opener: Opener, finished_hashes: Hashes
) -> None:
    platform = opener(write_home(folder / "plain"))
    make_without_dagster(platform, MONTHS)
    assert hashes(platform) == finished_hashes


@pytest.mark.slow
def test_a_home_that_grows_by_nightly_runs_ends_with_the_same_bits(
    folder: Path, instance: dg.DagsterInstance, finished_hashes: Hashes
) -> None:
    home = write_home(folder / "growing")
    begun = MONTHS[5]
    for month in MONTHS[5:]:
        # One more month of the market, and one run for the previous and the current month.
        write_settings(home, last=min(last_day(month), LAST_DAY))
        platform = open_home(home)
        first = FIRST if month == begun else add_months(month, -1)
        materialize(platform, first, month, instance=instance)
        found = hashes(platform)
        close(platform)
    assert found == finished_hashes


@pytest.mark.slow
def test_runs_of_one_month_each_end_with_the_same_bits_once_labels_have_matured(
    folder: Path, opener: Opener, instance: dg.DagsterInstance, finished_hashes: Hashes
) -> None:
    platform = opener(write_home(folder / "monthly"))
    months = MONTHS[:7]
    for month in months:
        materialize(platform, month, instance=instance)

    def differing() -> set[tuple[str, str]]:
        found = hashes(platform).items()
        return {place for place, content in found if place[1] and content != finished_hashes[place]}

    # The labels of a month's last days need the month after it, and what learned from them too.
    assert {asset for asset, _ in differing()}.isdisjoint({"market/prices", "features/few"})
    assert {month for asset, month in differing() if asset == "labels/next_day"} == set(months)
    materialize(platform, months[0], months[-1], instance=instance)
    matured = ("labels/next_day", "tiny/dataset", "tiny/evaluation")
    assert differing() == {(asset, months[-1]) for asset in matured}


@pytest.mark.slow
def test_a_later_range_waits_for_the_earlier_one_and_ends_with_the_same_bits(
    folder: Path, opener: Opener, instance: dg.DagsterInstance, finished_hashes: Hashes
) -> None:
    platform = opener(write_home(folder / "ranges"))
    without_report = [asset for asset in ASSETS if asset != "tiny/report"]
    with pytest.raises(DataError) as raised:
        materialize(platform, "2022-04", LAST, without_report, instance=instance)
    assert "has not been made yet" in str(raised.value)
    materialize(platform, FIRST, "2022-04", without_report, instance=instance)
    materialize(platform, "2022-04", LAST, without_report, instance=instance)
    make_planned(platform, instance)
    assert hashes(platform) == finished_hashes


def test_making_everything_again_records_nothing(
    copied: Path, opener: Opener, instance: dg.DagsterInstance, finished_hashes: Hashes
) -> None:
    platform = opener(copied)
    before = version_count(platform)
    assert materialize(platform, FIRST, LAST, instance=instance) == {}
    assert materialize(platform, "2021-11", instance=instance) == {}
    assert planned(platform).batches == ()
    assert version_count(platform) == before
    assert hashes(platform) == finished_hashes


@pytest.mark.parametrize(
    ("asset", "needed"),
    [
        ("market/prices", "market/calendar"),
        ("tiny/dataset", "features/few[2021-10]"),
        ("tiny/predictions", "tiny/model[2021-10]"),
        ("tiny/backtest", "tiny/backtest[2021-09]"),
    ],
)
def test_an_asset_without_what_it_needs_is_refused_by_name(
    asset: str, needed: str, folder: Path, opener: Opener, instance: dg.DagsterInstance
) -> None:
    platform = opener(write_home(folder / "empty"))
    with pytest.raises(NotMadeError) as raised:
        materialize(platform, "2021-10", "2021-11", [asset], instance=instance)
    assert raised.value.where == needed
    assert hashes(platform) == {}


def test_each_month_carries_its_own_facts_in_dagsters_timeline(
    copied: Path, opener: Opener, instance: dg.DagsterInstance
) -> None:
    platform = opener(copied)
    materialize(platform, "2021-10", "2021-11", ["tiny/backtest"], instance=instance)
    records = instance.fetch_materializations(dg.AssetKey(["tiny", "backtest"]), limit=10).records
    shown = {r.asset_materialization.partition: r.asset_materialization.metadata for r in records}  # type: ignore[union-attr]
    versions = currents(platform)
    assert sorted(shown) == ["2021-10", "2021-11"]  # type: ignore[type-var]
    for month, facts in shown.items():
        version = versions["tiny/backtest", str(month)]
        assert facts["naxs/version_id"].value == str(version.id)
        assert facts["dagster/partition_row_count"].value == version.rows
        assert facts["naxs/outcome"].value == "up to date"
        assert facts["nav"].value == version.metadata["nav"]
