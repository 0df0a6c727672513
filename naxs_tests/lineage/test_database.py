"""Opening the ledger: by many at once, and with an error that a person can act on."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, make_url, select, update

from naxs_assets.errors import EXIT_BUSY, ConfigurationError, NaxsError
from naxs_assets.lineage import database as database_module
from naxs_assets.lineage.database import Database, LedgerBusyError
from naxs_assets.lineage.tables import chain
from naxs_tests.lineage.support import run_at_once

OPENER = """
from naxs_assets.lineage.database import Database
def work(number, url):
    return Database(url).url == url
"""


def url_of(folder: Path) -> str:
    return f"sqlite:///{folder / 'ledger.db'}"


def test_processes_may_open_a_new_home_at_the_same_moment(tmp_path: Path) -> None:
    assert run_at_once(OPENER, 5, url_of(tmp_path)) == ["True"] * 5
    with Database(url_of(tmp_path)).read() as connection:
        assert connection.execute(select(chain.c.seq)).scalars().all() == [0]


def test_a_reader_sees_one_snapshot_while_a_writer_goes_on(tmp_path: Path) -> None:
    database = Database(url_of(tmp_path))
    with database.read() as reader:
        assert reader.execute(select(chain.c.seq)).scalar() == 0
        with database.write() as writer:
            writer.execute(update(chain).values(seq=7))
        assert reader.execute(select(chain.c.seq)).scalar() == 0
    with database.read() as reader:
        assert reader.execute(select(chain.c.seq)).scalar() == 7


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    database = Database(url_of(tmp_path))

    def fail_half_way() -> None:
        with database.write() as connection:
            connection.execute(update(chain).values(seq=7))
            raise KeyError

    with pytest.raises(KeyError):
        fail_half_way()
    with database.read() as reader:
        assert reader.execute(select(chain.c.seq)).scalar() == 0


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NaxsError) as caught:
        Database(url_of(tmp_path / "nowhere"))
    assert "nowhere" in caught.value.where
    assert "writable" in caught.value.remedy


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"not a database " * 100)
    with pytest.raises(NaxsError, match="not a database") as caught:
        Database(url_of(tmp_path))
    assert "backup" in caught.value.remedy


def test_a_ledger_that_stays_locked_gives_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "_BUSY_TIMEOUT_SECONDS", 0.05)
    database = Database(url_of(tmp_path))
    other = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerBusyError, match="locked") as caught, database.write():
        pass
    assert caught.value.exit_code == EXIT_BUSY
    other.close()


SERVER = "postgresql+psycopg2://ann:secret@db.example/naxs"


def test_a_missing_driver_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg2", None)
    with pytest.raises(ConfigurationError, match="psycopg2") as caught:
        Database(SERVER)
    assert "naxs-assets[postgres]" in caught.value.remedy


@pytest.mark.parametrize("url", ["ledger.db", "nosuch://ann:secret@db.example/naxs"])
def test_a_url_of_no_database_is_refused_without_quoting_it(url: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be understood") as caught:
        Database(url)
    assert "secret" not in str(caught.value)


def test_no_error_shows_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(url: str) -> Engine:
        engine = create_engine("sqlite:////nowhere/ledger.db")
        engine.url = make_url(url)
        return engine

    monkeypatch.setattr(database_module, "create_engine", unreachable)
    with pytest.raises(NaxsError, match=r"db\.example") as caught:
        Database(SERVER)
    assert "secret" not in str(caught.value)
