"""Three processes together keep one rate."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from naxs_assets.market.fetching.calls import Family
from naxs_assets.market.fetching.rates import RATES_FILE, Turnstile

MILLISECONDS = 40
EACH = 12

# Places are dropped from the bucket once they no longer matter: each process tells its own.
PASSING = f"""
import sys, time
from pathlib import Path
from naxs_assets.market.fetching.calls import Family
from naxs_assets.market.fetching.rates import Turnstile

turnstile = Turnstile(Path(sys.argv[1]), Family.SINA, {MILLISECONDS / 1000})
for _ in range({EACH}):
    turnstile.wait(lambda: None)
    print(turnstile.last_taken)
"""


def test_three_processes_together_keep_one_rate(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PASSING, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    outputs = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    taken = sorted(int(line) for output in outputs for line in output.split())
    assert len(taken) == 3 * EACH
    assert min(later - earlier for earlier, later in pairwise(taken)) >= MILLISECONDS


class GaveUpError(Exception):
    pass


def test_waiting_is_told(tmp_path: Path) -> None:
    def give_up() -> None:
        raise GaveUpError

    turnstile = Turnstile(tmp_path, Family.SINA, 3600)
    turnstile.wait(give_up)
    with pytest.raises(GaveUpError):
        turnstile.wait(give_up)


def test_families_do_not_wait_for_each_other(tmp_path: Path) -> None:
    told: list[str] = []
    for family in Family:
        Turnstile(tmp_path, family, 3600).wait(lambda: told.append("waiting"))
    assert told == []


def test_only_places_that_matter_are_kept(tmp_path: Path) -> None:
    turnstile = Turnstile(tmp_path, Family.SINA, 0.001)
    for _ in range(50):
        turnstile.wait(lambda: None)
    with sqlite3.connect(tmp_path / RATES_FILE) as database:
        kept = database.execute("SELECT count(*) FROM akshare_sina").fetchone()[0]
    assert kept < 10
