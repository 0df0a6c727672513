"""Two runs at once on the same months: nothing is mixed, and who comes second is told so."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from naxs_assets.errors import EXIT_BUSY, EXIT_OK
from naxs_assets.partitions import months_between
from naxs_tests.cli.conftest import Naxs
from naxs_tests.cli.process import ended, start
from naxs_tests.graph.small import (
    TINY,
    close,
    hashes,
    make_without_dagster,
    open_home,
    version_count,
    write_entry,
    write_home,
)

pytestmark = pytest.mark.slow

MARKET: dict[str, Any] = {"names": 20, "last": date(2021, 11, 30)}


@pytest.fixture(scope="module")
def undisturbed(memory: Path) -> dict[tuple[str, str], str]:
    """What a home holds in which only one run ever worked."""
    platform = open_home(write_home(memory / "undisturbed-by-others", **MARKET))
    make_without_dagster(platform, months_between("2021-07", "2021-11"))
    found = hashes(platform)
    close(platform)
    return found


@pytest.mark.parametrize("apart", [0.0, 3.0])
def test_two_runs_on_the_same_months_mix_nothing(
    folder: Path, undisturbed: dict[tuple[str, str], str], apart: float
) -> None:
    naxs = Naxs(write_home(folder / "home", **MARKET))
    first = start(naxs.home, "run", "tiny")
    time.sleep(apart)
    second = start(naxs.home, "run", "tiny")
    ends = [ended(run) for run in (first, second)]
    codes = [code for code, _ in ends]
    assert EXIT_OK in codes
    assert set(codes) <= {EXIT_OK, EXIT_BUSY}, ends
    for code, said in ends:
        assert "Traceback" not in said
        assert len(said.splitlines()) <= 12, said
        assert code == EXIT_OK or "was overtaken by run" in " ".join(said.split())
    naxs("lineage", "verify")
    assert naxs.hashes() == undisturbed
    platform = open_home(naxs.home)
    assert version_count(platform) == len(undisturbed)
    close(platform)
    assert naxs.facts("run", "tiny")["made"] == {}


def test_dagsters_records_held_by_another_program_end_a_run_as_busy(copied: Naxs) -> None:
    before = copied.hashes()
    other = TINY | {"portfolio": TINY["portfolio"] | {"top": 9}}
    write_entry(copied.home, "strategies", other)
    runs = copied.home / "dagster/storage/history/runs.db"
    with closing(sqlite3.connect(runs, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        said = copied.refusal("run", "tiny", code=EXIT_BUSY)
    assert "Dagster's records are held by another program" in said
    assert str(runs.parents[2]) in said
    assert copied.hashes() == before
    copied("run", "tiny")
