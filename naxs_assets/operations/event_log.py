"""Dagster's event log with the materializations of a range stored together.

Dagster's own SQLite log opens two databases and commits twice for every single event: 25 ms for
each month of each asset, more than making it. What it hands over as one batch is one transaction
here: all of it is there, or none. And a database that was opened stays open: one more day of a
strategy asks for a connection 500 times.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any

from dagster._core.events import ASSET_EVENTS
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable
from dagster._core.storage.event_log.sqlite.sqlite_event_log import (
    INDEX_SHARD_NAME,
    SqliteEventLogStorage,
)
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool, Pool, StaticPool

BATCH_SIZE_VARIABLE = "DAGSTER_EVENT_BATCH_SIZE"
BATCH_SIZE = 2_000
"""More months than a market has: a step's materializations make one batch."""


class BatchingEventLog(SqliteEventLogStorage):
    """Runs and events in SQLite files, as Dagster's own readers expect them."""

    def __init__(self, base_dir: str) -> None:
        # The database that answers across runs, and that of the run which was asked for last.
        self._open: dict[str, Connection] = {}
        self._tables: set[str] = set()
        super().__init__(base_dir)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            connection = self._opened(shard)
            before = _changes(connection)
            try:
                with connection.begin():
                    yield connection
            except BaseException:
                self._close(shard)  # what failed is not built upon
                raise
            if shard != INDEX_SHARD_NAME and _changes(connection) > before:
                # Who watches a run looks at the file, which SQLite leaves as it is for a while.
                os.utime(self.path_for_shard(shard))

    def _opened(self, shard: str) -> Connection:
        if shard in self._open:
            return self._open[shard]
        if shard != INDEX_SHARD_NAME:
            for run_id in self._open.keys() - {INDEX_SHARD_NAME}:
                self._close(run_id)
        if shard not in self._initialized_dbs:
            self._initdb(self._engine(shard, NullPool))
            self._initialized_dbs.add(shard)
        self._open[shard] = self._engine(shard, StaticPool).connect()
        return self._open[shard]

    def _engine(self, shard: str, pool: type[Pool]) -> Engine:
        return create_engine(
            self.conn_string_for_shard(shard),
            poolclass=pool,
            # The lock lets one thread at a time use a connection.
            connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
        )

    def _close(self, shard: str) -> None:
        connection = self._open.pop(shard)
        connection.close()
        connection.engine.dispose()

    def _close_all(self) -> None:
        with self._db_lock:
            for shard in list(self._open):
                self._close(shard)

    def has_table(self, table_name: str) -> bool:
        """Whether the log has this table; one that was there is not asked for again."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def wipe(self) -> None:
        """Delete everything, the files of runs included."""
        self._close_all()
        super().wipe()

    def dispose(self) -> None:
        """Close what is open."""
        self._close_all()
        super().dispose()

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store the events in their order, asset events next to each other in one transaction.

        Raises ``OSError`` when the files cannot be written: Dagster prints what it says, and then
        fails at the events one by one.
        """
        try:
            self._store_batch(events)
        except DatabaseError as error:
            # Without the SQL, which fills a screen.
            raise OSError(str(error.orig)) from error

    def _store_batch(self, events: Sequence[EventLogEntry]) -> None:
        for (run_id, is_of_asset), group in groupby(events, key=_place):
            if is_of_asset:
                self._store_asset_events(run_id, list(group))
            else:
                for event in group:
                    self.store_event(event)

    def _store_asset_events(self, run_id: str, events: list[EventLogEntry]) -> None:
        rows = [self._event_to_row(event) for event in events]
        with self.run_connection(run_id) as connection:
            connection.execute(SqlEventLogStorageTable.insert(), rows)
        # The same events once more, in the database that answers across runs.
        with self.index_transaction() as connection:
            ids = [
                int(connection.execute(SqlEventLogStorageTable.insert(), row).lastrowid)
                for row in rows
            ]
            self._store_asset_event_tags(connection, events, ids)
            for event, event_id in _newest(events, ids):
                self._store_asset_event(connection, event, event_id)


def _changes(connection: Connection) -> int:
    """How many rows the connection has changed since it was opened."""
    database: Any = connection.connection.dbapi_connection
    return int(database.total_changes)


def _place(event: EventLogEntry) -> tuple[str, bool]:
    return event.run_id, event.is_dagster_event and event.dagster_event_type in ASSET_EVENTS


def _newest(events: list[EventLogEntry], ids: list[int]) -> list[tuple[EventLogEntry, int]]:
    """The last event of each kind and asset: the asset's own row keeps no earlier one."""
    newest = {
        (event.dagster_event_type, event.get_dagster_event().asset_key): (event, event_id)
        for event, event_id in zip(events, ids, strict=True)
    }
    return sorted(newest.values(), key=lambda found: found[1])
