"""A planted leak: an operator that reads tomorrow, by its own account only today."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import polars as pl
import pytest
from dagster._core.errors import DagsterAssetCheckFailedError

from naxs_assets.factors.checks import leak_keys
from naxs_tests.graph.conftest import Opener
from naxs_tests.graph.small import FEATURES, currents, materialize, write_entry, write_home

pytestmark = pytest.mark.xdist_group("graph")

TOMORROW = '''
import numpy as np

from naxs_assets.factors.user_operators import series_operator


@series_operator(look_back=0)
def Tomorrow(values):
    """The value of the next day."""
    later = np.full_like(values, np.nan)
    later[:-1] = values[1:]
    return later
'''
LEAKING = {
    **FEATURES,
    "features": {**FEATURES["features"], "NEXT": {"expression": "Tomorrow($close)"}},
}
MADE = ("market/calendar", "market/instruments", "market/index_members", "market/prices",
        "features/few", "labels/next_day", "tiny/dataset")  # fmt: skip


def plant(home: Path) -> Path:
    """Let the features of the small strategy read tomorrow; returns the file of the operator."""
    write_entry(home, "features", LEAKING)
    file = home / "catalog" / "operators" / "mine.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(TOMORROW, encoding="utf-8")
    return file


def evaluations(instance: dg.DagsterInstance) -> dict[str, dg.AssetCheckEvaluation]:
    """The newest evaluation of each leak check of the set, by name."""
    found = {}
    for key in leak_keys("few"):
        (record,) = instance.event_log_storage.get_asset_check_execution_history(key, 1)
        assert record.evaluation is not None
        found[key.name] = record.evaluation
    return found


def test_it_fails_the_check_by_name_and_blocks_what_is_downstream(
    folder: Path, opener: Opener, instance: dg.DagsterInstance
) -> None:
    home = write_home(folder / "home", names=30)
    plant(home)
    platform = opener(home)
    with pytest.raises(DagsterAssetCheckFailedError):
        materialize(platform, "2021-07", "2021-09", MADE, instance=instance)

    found = evaluations(instance)
    assert {name: one.passed for name, one in found.items()} == {
        "static_reach": True,  # what it says of itself is no help
        "truncation_invariance": False,
        "start_shift_invariance": False,  # the inputs of a month end with it
    }
    failed = found["truncation_invariance"]
    assert failed.metadata["months"].value == "2021-07, 2021-08, 2021-09"
    assert failed.metadata["features that leak"].value == 1
    # The first day at which history is cut is the middle of July: it is the first that is told.
    day = str(failed.metadata["days tested"].value).split(", ")[0]
    stored = platform.lineage.reader("features/few")["2021-07"].frame()
    row = stored.filter(stored["date"].cast(pl.String) == day).drop_nulls("NEXT").row(0, named=True)
    assert failed.description == (
        f"NEXT of {row['symbol']} on {day} is stored as {row['NEXT']}, and is None when computed "
        "again"
    )

    made = {asset for asset, _ in currents(platform)}
    assert "features/few" in made
    assert "tiny/dataset" not in made


def test_honest_features_pass_and_the_newest_month_is_judged_in_a_run_that_makes_none(
    folder: Path, opener: Opener, instance: dg.DagsterInstance
) -> None:
    platform = opener(write_home(folder / "home", names=30))
    materialize(platform, "2021-07", "2021-09", MADE, instance=instance)
    assert all(one.passed for one in evaluations(instance).values())
    assert ("tiny/dataset", "2021-09") in currents(platform)

    materialize(platform, "2021-07", "2021-09", ["features/few"], instance=instance)
    found = evaluations(instance)
    assert found["start_shift_invariance"].metadata["months"].value == "2021-09"
    assert all(one.passed for one in found.values())
