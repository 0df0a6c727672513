"""Homes in memory: one finished home per session, copied by the tests that change it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import dagster as dg
import pytest

from naxs_assets.definitions import Platform
from naxs_assets.market.sources.base import Source
from naxs_tests.graph.small import (
    FIRST,
    LAST,
    Hashes,
    close,
    copy_home,
    hashes,
    materialize,
    open_home,
    write_home,
)

Opener = Callable[..., Platform]


@pytest.fixture(scope="session")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in memory where there is one: what is tested does not need a real disk."""
    shared = Path("/dev/shm")  # noqa: S108
    if not os.access(shared, os.W_OK):
        yield tmp_path_factory.mktemp("graph")
        return
    with TemporaryDirectory(dir=shared, prefix="naxs-test-") as name:
        yield Path(name)


@pytest.fixture
def folder(memory: Path) -> Iterator[Path]:
    """A folder in memory of the test's own."""
    with TemporaryDirectory(dir=memory) as name:
        yield Path(name)


@pytest.fixture(scope="session")
def finished_home(memory: Path) -> Path:
    """A home with every month made in one range run. Not to be changed: copy it."""
    home = write_home(memory / "finished")
    platform = open_home(home)
    materialize(platform, FIRST, LAST)
    close(platform)
    return home


@pytest.fixture(scope="session")
def finished_hashes(finished_home: Path) -> Hashes:
    """The content hash of every place of the finished home."""
    platform = open_home(finished_home)
    found = hashes(platform)
    close(platform)
    return found


@pytest.fixture
def opener() -> Iterator[Opener]:
    """Opens homes, and closes them after the test."""
    opened: list[Platform] = []

    def open_one(home: Path, source: Source | None = None) -> Platform:
        opened.append(open_home(home, source))
        return opened[-1]

    yield open_one
    for platform in opened:
        close(platform)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """A Dagster instance that keeps its events in memory."""
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


@pytest.fixture
def copied(finished_home: Path, folder: Path) -> Path:
    """A copy of the finished home, to be changed."""
    return copy_home(finished_home, folder / "copy")
