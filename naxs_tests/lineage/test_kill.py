"""Killed at any moment, a run leaves of each month the old version or the new one, wholly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from naxs_assets.lineage.content_hash import text_hash
from naxs_assets.lineage.events import broken_link
from naxs_assets.lineage.publishing import Lineage
from naxs_assets.lineage.tables import chain
from naxs_assets.lineage.verifying import verify
from naxs_tests.lineage.publishing_worker import ASSET, MONTHS, balance
from naxs_tests.lineage.support import small_home

KILLS = 15
SEED = 20240102
OLD, NEW = 1, 2


class Worker:
    """The worker process, and the child that it forked last."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "naxs_tests.lineage.publishing_worker"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._child = 0

    def start(self, home: Path, generation: int) -> None:
        """Let a child publish a generation."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{home} {generation}\n")
        self._process.stdin.flush()
        self._child = self._number()

    def kill(self) -> None:
        """Kill the child without a warning."""
        os.kill(self._child, signal.SIGKILL)

    def ended(self) -> int:
        """Wait for the child; returns its exit code."""
        return self._number()

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)

    def _number(self) -> int:
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())


@pytest.fixture
def worker() -> Iterator[Worker]:
    started = Worker()
    yield started
    started.stop()


@cache
def content(month: str, generation: int) -> str:
    return text_hash(balance(month, generation))


def old_or_new(lineage: Lineage) -> int:
    """Check that every month is whole, old or new; returns how many are new."""
    with lineage.ledger.database.read() as connection:
        assert broken_link(connection) is None
    versions = lineage.ledger.current_versions(ASSET)
    assert [version.partition for version in versions] == MONTHS
    for version in versions:
        lineage.store.read(version.uri, version.file_sha256)
    is_new = [v.content_hash == content(v.partition, NEW) for v in versions]
    finished = sum(is_new)
    assert is_new == [True] * finished + [False] * (len(MONTHS) - finished)
    for version in versions[finished:]:
        assert version.content_hash == content(version.partition, OLD)
    return finished


def wait_for_events(lineage: Lineage, count: int) -> None:
    """Wait until the ledger holds so many events: one per month published."""
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        with lineage.ledger.database.read() as connection:
            if connection.execute(select(chain.c.seq)).scalar_one() >= count:
                return
        time.sleep(0.002)
    pytest.fail("the worker publishes nothing")


def test_killed_runs_leave_the_old_or_the_new_and_a_resume_ends_like_an_undisturbed_one(
    folder: Path, worker: Worker
) -> None:
    killed, undisturbed = small_home(folder / "killed"), small_home(folder / "undisturbed")
    for home, generation in (("undisturbed", NEW), ("killed", OLD)):
        worker.start(folder / home, generation)
        assert worker.ended() == 0
    finished = old_or_new(killed)
    assert finished == 0

    random = np.random.default_rng(SEED)
    for _ in range(KILLS):
        worker.start(folder / "killed", NEW)
        wait_for_events(killed, len(MONTHS) + finished + int(random.integers(0, 13)))
        time.sleep(random.uniform(0, 0.02))
        worker.kill()
        assert worker.ended() == -signal.SIGKILL
        before, finished = finished, old_or_new(killed)
        assert finished >= before, "what was done once was lost"
    assert 0 < finished < len(MONTHS), "no run was killed at work"

    worker.start(folder / "killed", NEW)
    assert worker.ended() == 0
    assert [v.content_hash for v in killed.ledger.current_versions(ASSET)] == [
        v.content_hash for v in undisturbed.ledger.current_versions(ASSET)
    ]
    assert verify(killed).is_sound
    for path in (folder / "killed/store/objects").rglob("*.json"):
        assert text_hash(path.read_text()) == path.parent.name + path.stem
