"""Dagster's own state in the home: made once, however many processes open a new home at once."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path

from naxs_assets.operations.instance import HomeStorage


def open_storage(folder: str) -> int:
    return len(HomeStorage(folder).run_storage.get_runs())


def test_processes_may_open_a_new_home_at_the_same_moment(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4, get_context("spawn")) as pool:
        list(pool.map(open_storage, [str(tmp_path / "warm-up")] * 4))  # imports take their time
        for attempt in range(4):
            folder = tmp_path / str(attempt)
            assert list(pool.map(open_storage, [str(folder)] * 4)) == [0] * 4
            for database in folder.rglob("*.db"):
                with closing(sqlite3.connect(database)) as connection:
                    query = "SELECT count(*) FROM alembic_version"
                    assert connection.execute(query).fetchone() == (1,), database
