"""Fixtures of the lineage tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from naxs_assets.lineage.database import Database
from naxs_assets.lineage.ledger import Ledger
from naxs_assets.lineage.publishing import Lineage
from naxs_tests.lineage.support import small_home


@pytest.fixture
def lineage(tmp_path: Path) -> Iterator[Lineage]:
    """The lineage of an empty home."""
    home = small_home(tmp_path / "home")
    yield home
    home.ledger.database.close()


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    """An empty ledger in memory."""
    database = Database("sqlite://")
    yield Ledger(database)
    database.close()
