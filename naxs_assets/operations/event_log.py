"""Dagster's event log with the materializations of a range stored together.

Dagster's own SQLite log opens two databases and commits twice for every single event: 25 ms for
each month of each asset, more than making it. What it hands over as one batch is one transaction
here: all of it is there, or none.
"""

from collections.abc import Sequence
from itertools import groupby

from dagster._core.events import ASSET_EVENTS
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from sqlalchemy.exc import DatabaseError

BATCH_SIZE_VARIABLE = "DAGSTER_EVENT_BATCH_SIZE"
BATCH_SIZE = 2_000
"""More months than a market has: a step's materializations make one batch."""


class BatchingEventLog(SqliteEventLogStorage):
    """Runs and events in SQLite files, as Dagster's own readers expect them."""

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


def _place(event: EventLogEntry) -> tuple[str, bool]:
    return event.run_id, event.is_dagster_event and event.dagster_event_type in ASSET_EVENTS


def _newest(events: list[EventLogEntry], ids: list[int]) -> list[tuple[EventLogEntry, int]]:
    """The last event of each kind and asset: the asset's own row keeps no earlier one."""
    newest = {
        (event.dagster_event_type, event.get_dagster_event().asset_key): (event, event_id)
        for event, event_id in zip(events, ids, strict=True)
    }
    return sorted(newest.values(), key=lambda found: found[1])
