"""Fixtures of the lineage tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from naxs_assets.lineage.database import Database
from naxs_assets.lineage.ledger import Ledger
from naxs_assets.lineage.publishing import Lineage
from naxs_tests.lineage.support import small_home


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: these tests do not need a real disk."""
    memory = Path("/dev/shm")  # noqa: S108
    with TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else tmp_path) as name:
        yield Path(name)


@pytest.fixture
def lineage(folder: Path) -> Iterator[Lineage]:
    """The lineage of an empty home."""
    home = small_home(folder / "home")
    yield home
    home.ledger.database.close()


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    """An empty ledger in memory."""
    database = Database("sqlite://")
    yield Ledger(database)
    database.close()
