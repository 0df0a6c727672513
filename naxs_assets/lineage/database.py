"""Opening the ledger's database: SQLite beside the store by default, Postgres by URL."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, select
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError

from naxs_assets.errors import EXIT_BUSY, ConfigurationError, NaxsError
from naxs_assets.lineage.tables import chain, home, metadata

_BUSY_TIMEOUT_SECONDS = 60
_WRITES = "naxs_writes"
# Any number that no other program locks in the same Postgres database.
_OPENING = 5_202_101
GENESIS_HASH = "0" * 64
# Raised with every change of the tables that an older ledger does not meet.
SCHEMA_VERSION = "1"
_SCHEMA = "ledger_schema"
_LOCK_WRITERS = select(chain.c.seq).with_for_update()


class LedgerBusyError(NaxsError):
    """Another program held the ledger locked for too long."""

    exit_code = EXIT_BUSY


class Database:
    """A connection pool with two doors: :meth:`read` (one snapshot) and :meth:`write` (one
    transaction that no other writer can interleave with).

    Both raise :class:`NaxsError` when the database is locked too long, full or out of reach.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine = _engine(url)
        try:
            self._create_tables()
        except DatabaseError as error:
            self._tell_of_the_file(error)
            raise

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one consistent snapshot."""
        try:
            with self._engine.connect() as connection:
                if not self._is_sqlite:
                    # SQLite reads one snapshot in any case; Postgres must be asked to.
                    connection.execution_options(isolation_level="REPEATABLE READ")
                yield connection
        except DatabaseError as error:
            self._tell_of_the_file(error)
            raise

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that holds the writer's lock from its first statement; commits at the end
        and rolls back on an error."""
        with self._locked() as connection:
            connection.execute(_LOCK_WRITERS)
            yield connection

    def close(self) -> None:
        """Close every pooled connection."""
        self._engine.dispose()

    @property
    def _is_sqlite(self) -> bool:
        return self._engine.dialect.name == "sqlite"

    def _create_tables(self) -> None:
        # Several processes may open a new home at once: the others find the tables made.
        with self._locked() as connection:
            if not self._is_sqlite:
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_OPENING})")
            metadata.create_all(connection)
            if connection.execute(select(chain.c.id)).first() is None:
                connection.execute(insert(chain).values(id=1, seq=0, hash=GENESIS_HASH))
                connection.execute(insert(home).values(key=_SCHEMA, value=SCHEMA_VERSION))
            found = connection.execute(select(home.c.value).where(home.c.key == _SCHEMA)).scalar()
        if found != SCHEMA_VERSION:
            raise ConfigurationError(
                f"the ledger's tables are of version {found or 'unknown'}, "
                f"this program keeps version {SCHEMA_VERSION}",
                where=self._engine.url.render_as_string(hide_password=True),
                remedy="use the program that made this home, or make the home anew",
            )

    @contextmanager
    def _locked(self) -> Iterator[Connection]:
        try:
            connecting = self._engine.connect().execution_options(**{_WRITES: True})
            with connecting as connection, connection.begin():
                yield connection
        except DatabaseError as error:
            self._tell_of_the_file(error)
            raise

    def _tell_of_the_file(self, error: DatabaseError) -> None:
        """Raise what a person is told; return when the program's own statement is at fault."""
        if type(error) not in (OperationalError, DatabaseError):
            return
        where = self._engine.url.render_as_string(hide_password=True)
        if "locked" in str(error.orig):
            raise LedgerBusyError(
                f"the ledger is held by another program: {error.orig}",
                where=where,
                remedy="wait until the other program is done, then run again",
            ) from error
        remedy = "check that its folder exists, is writable and has free space, then run again"
        if type(error) is DatabaseError:  # so SQLite tells of a damaged file
            remedy = "the file is damaged: put a backup of it in its place"
        raise NaxsError(
            f"the ledger cannot be used: {error.orig}", where=where, remedy=remedy
        ) from error


def _switch_to_wal(cursor: Any) -> None:
    # SQLite does not wait for the lock here, and others may be opening the same new home.
    deadline = time.monotonic() + _BUSY_TIMEOUT_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return _server_engine(url)
    engine = create_engine(url, connect_args={"timeout": _BUSY_TIMEOUT_SECONDS})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        # Transactions are begun below, not by the driver.
        connection.isolation_level = None
        cursor = connection.cursor()
        _switch_to_wal(cursor)
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        # Taking the writer's lock at once avoids a deadlock when two readers upgrade.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _server_engine(url: str) -> Engine:
    try:
        return create_engine(url)
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"the ledger's database needs the package {error.name}, which is not installed",
            remedy="pip install 'naxs-assets[postgres]'",
        ) from error
    except ArgumentError:
        # The cause is left out, because it may quote the password in the URL.
        raise ConfigurationError(
            "the ledger's URL cannot be understood",
            remedy="set it to sqlite:///PATH or postgresql+psycopg2://USER:PASSWORD@HOST/NAME",
        ) from None
