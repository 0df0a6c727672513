"""The ``dagster`` command on a home, from a shell, with DAGSTER_HOME and NAXS_HOME set."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from naxs_tests.graph.small import (
    close,
    currents,
    make_without_dagster,
    open_home,
    version_count,
    write_home,
)

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).resolve().parents[2]
MODULE = ("-m", "naxs_assets.definitions")


def dagster(home: Path, *arguments: str) -> str:
    """Run the ``dagster`` command in the project's folder; returns all that it printed."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith("NAXS_")}
    done = subprocess.run(
        [str(Path(sys.executable).with_name("dagster")), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
        cwd=PROJECT,
        env=environment | {"DAGSTER_HOME": str(PROJECT), "NAXS_HOME": str(home)},
    )
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout


@pytest.fixture
def home(folder: Path) -> Path:
    """An empty home with the small strategy in its catalogue."""
    return write_home(folder / "by-dagster", names=20, last=date(2021, 9, 30))


def test_the_definitions_validate(home: Path) -> None:
    said = dagster(home, "definitions", "validate", "-w", "workspace.yaml")
    assert "Validation successful for code location naxs" in said


def test_ranges_of_months_are_made_by_selection_and_by_job(home: Path) -> None:
    platform = open_home(home)
    make_without_dagster(platform, ["2021-07", "2021-08"])
    before = version_count(platform)
    close(platform)

    # One asset alone, and nothing new to make.
    months = ("--partition-range", "2021-07...2021-08")
    said = dagster(home, "asset", "materialize", *MODULE, "--select", "tiny/backtest", *months)
    assert "2 up to date" in said
    platform = open_home(home)
    assert version_count(platform) == before
    close(platform)

    # The strategy's job; Dagster takes its range from these two tags.
    tags = {
        "dagster/asset_partition_range_start": "2021-08",
        "dagster/asset_partition_range_end": "2021-09",
    }
    dagster(home, "job", "execute", *MODULE, "-j", "tiny", "--tags", json.dumps(tags))
    platform = open_home(home)
    months_made = [month for asset, month in currents(platform) if asset == "tiny/backtest"]
    assert months_made == ["2021-07", "2021-08", "2021-09"]
    assert version_count(platform) > before
    close(platform)
    assert (home / "dagster/storage/history/runs.db").exists()
