"""``naxs run`` killed at any moment, from its imports to its report, and started again.

``KILLS`` in the environment says how often in all: 60 before a release, in two homes at a time.
"""

from __future__ import annotations

import os
import select
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from naxs_assets.definitions import Platform
from naxs_assets.lineage import tables as t
from naxs_assets.lineage.events import broken_link
from naxs_assets.lineage.records import reads_hash
from naxs_assets.lineage.verifying import verify
from naxs_assets.partitions import months_between
from naxs_tests.graph.small import (
    FEATURES,
    close,
    currents,
    make_without_dagster,
    open_home,
    write_entry,
    write_home,
)

KILLS = int(os.environ.get("KILLS", "5"))
HOMES = 1 if KILLS < 20 else 2
SEED = 20220331
# The rest of the runs are killed when they have made so much.
SHARE_KILLED_BY_THE_CLOCK = 0.25
LONGEST = 8.0
"""Seconds: a whole run of a process of its own, imports included, on an idle machine."""

MARKET: dict[str, Any] = {"names": 20, "last": date(2022, 3, 31)}
LAST = "2022-03"
PROJECT = Path(__file__).resolve().parents[2]
# The feature set before and after a researcher changed it; prices and labels stay.
FEATURE_SETS = (
    FEATURES,
    FEATURES
    | {"features": FEATURES["features"] | {"MA5": {"expression": "Mean($close,4)/$close"}}},
)

# What a place holds, and a hash of what exactly it was made from, by content.
Makings = dict[tuple[str, str], tuple[str, str, str]]
Random = np.random.Generator


class Run:
    """``naxs run`` in a process of its own, from its first import."""

    def __init__(self, home: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "naxs_assets.cli.main", "--home", str(home), "run", "tiny"],
            stdout=subprocess.DEVNULL,
            cwd=PROJECT,
        )

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(timeout=60)

    def ended(self) -> int | None:
        return self._process.poll()


class Worker:
    """A process with everything imported, which runs ``naxs run`` in children."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "naxs_tests.graph.run_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=PROJECT,
        )

    def run(self, home: Path) -> Run:
        """Start a child that works on a home."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{home}\n")
        self._process.stdin.flush()
        return ForkedRun(self._process, self.number())

    def number(self) -> int:
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)


class ForkedRun(Run):
    """``naxs run`` in a child of a worker, which tells its end."""

    def __init__(self, worker: subprocess.Popen[str], child: int) -> None:
        assert worker.stdout is not None
        self._child, self._told = child, worker.stdout

    def kill(self) -> None:
        os.kill(self._child, signal.SIGKILL)
        assert int(self._told.readline()) in (-signal.SIGKILL, 0)

    def ended(self) -> int | None:
        is_told, _, _ = select.select([self._told], [], [], 0)
        return int(self._told.readline()) if is_told else None


@dataclass
class Killer:
    """Kills the runs of one home; when both feature sets are done, of another empty one."""

    folder: Path
    seed: int
    undisturbed: list[Makings]
    kills: int = 0
    homes: int = 0
    made_when_killed: list[int] = field(default_factory=list)

    def work(self, kills: int) -> None:
        """Kill so often, and let the last home come to its end."""
        random = np.random.default_rng(self.seed)
        worker = Worker()
        while self.kills < kills:
            home = write_home(self.folder / f"home-{self.homes}", **MARKET)
            self.homes += 1
            for generation, features in enumerate(FEATURE_SETS):
                write_entry(home, "features", features)
                while not self._run(worker, home, generation, random, self.kills < kills):
                    self._check_killed(home, generation)
                self._check_finished(home, generation)
        worker.stop()

    def _run(self, worker: Worker, home: Path, generation: int, random: Random, kill: bool) -> bool:
        """Run until killed or to the end; whether it came to its end."""
        by_the_clock = random.random() < SHARE_KILLED_BY_THE_CLOCK
        if by_the_clock and kill:
            deadline = time.monotonic() + random.uniform(0, LONGEST)
            return self._watch(Run(home), lambda: time.monotonic() > deadline)
        is_due = self._after_some_results(home, generation, random) if kill else lambda: False
        return self._watch(worker.run(home), is_due)

    def _watch(self, run: Run, is_due: Callable[[], bool]) -> bool:
        give_up = time.monotonic() + 300
        while (code := run.ended()) is None:
            if is_due():
                run.kill()
                self.kills += 1
                return False
            assert time.monotonic() < give_up, "the run does not end"
            time.sleep(0.004)
        assert code == 0
        return True

    def _after_some_results(
        self, home: Path, generation: int, random: Random
    ) -> Callable[[], bool]:
        done = results_so_far(home)
        first, changed = self.undisturbed
        to_make = sum(changed[place] != first[place] for place in first)
        remaining = to_make if generation else max(1, len(first) - done)
        wanted, delay = done + 1 + int(random.integers(remaining)), random.uniform(0, 0.05)

        def is_due() -> bool:
            if results_so_far(home) < wanted:
                return False
            time.sleep(delay)
            return True

        return is_due

    def _check_killed(self, home: Path, generation: int) -> None:
        platform = open_home(home)
        found = makings(platform)
        possible = self.undisturbed[: generation + 1]
        for place, making in found.items():
            assert making in [of.get(place) for of in possible], f"{place} is a mixture"
        if generation:
            assert found.keys() == self.undisturbed[0].keys(), "a result was lost"
        check_files_edges_and_events(platform)
        close(platform)
        self.made_when_killed.append(results_so_far(home))

    def _check_finished(self, home: Path, generation: int) -> None:
        platform = open_home(home)
        assert makings(platform) == self.undisturbed[generation]
        assert verify(platform.lineage).is_sound
        close(platform)
        assert unfinished_dagster_runs(home) == 0


def makings(platform: Platform) -> Makings:
    return {
        place: (version.content_hash, version.reads_hash, version.config_hash)
        for place, version in currents(platform).items()
    }


def check_files_edges_and_events(platform: Platform) -> None:
    """Every pointer leads to an intact file, every edge to the content that was read."""
    lineage = platform.lineage
    for version in lineage.ledger.current_versions():
        lineage.store.read(version.uri, version.file_sha256)
        assert reads_hash(lineage.ledger.reads(version.id)) == version.reads_hash, "an edge is lost"
    made_of = sa.join(t.inputs, t.versions, t.versions.c.id == t.inputs.c.input_version_id)
    wrong = sa.or_(
        sa.and_(t.inputs.c.cut == "", t.versions.c.content_hash != t.inputs.c.read_hash),
        t.versions.c.asset != t.inputs.c.input_asset,
        t.versions.c.partition != t.inputs.c.input_partition,
    )
    with lineage.ledger.database.read() as connection:
        assert broken_link(connection) is None
        assert connection.execute(sa.select(t.inputs).select_from(made_of).where(wrong)).all() == []


def results_so_far(home: Path) -> int:
    """How many results were ever published in a home."""
    with suppress(sqlite3.OperationalError), closing(sqlite3.connect(home / "ledger.db")) as ledger:
        return int(ledger.execute("SELECT seq FROM chain").fetchone()[0])
    return 0


def unfinished_dagster_runs(home: Path) -> int:
    runs = home / "dagster/storage/history/runs.db"
    query = "SELECT count(*) FROM runs WHERE status NOT IN ('SUCCESS', 'FAILURE', 'CANCELED')"
    with closing(sqlite3.connect(f"file:{runs}?mode=ro", uri=True)) as connection:
        return int(connection.execute(query).fetchone()[0])


@pytest.fixture
def undisturbed(folder: Path) -> list[Makings]:
    """What each feature set gives in a home where nothing was ever killed."""
    home = write_home(folder / "undisturbed", **MARKET)
    found = []
    for features in FEATURE_SETS:
        write_entry(home, "features", features)
        platform = open_home(home)
        make_without_dagster(platform, months_between("2021-07", LAST))
        found.append(makings(platform))
        close(platform)
    return found


@pytest.mark.slow
@pytest.mark.xdist_group("kill")
def test_killed_runs_never_leave_a_mixture_and_end_as_if_undisturbed(
    folder: Path, undisturbed: list[Makings]
) -> None:
    killers = [Killer(folder / str(n), SEED + n, undisturbed) for n in range(HOMES)]
    with ThreadPoolExecutor(HOMES) as pool:
        for done in [pool.submit(killer.work, -(-KILLS // HOMES)) for killer in killers]:
            done.result()
    assert sum(killer.kills for killer in killers) >= KILLS
    made = {count for killer in killers for count in killer.made_when_killed}
    assert made - {0, len(undisturbed[0])}, "no run was killed at work"
