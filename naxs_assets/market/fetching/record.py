"""The record of a home's fetching: answers that can be replayed, requests made, open circuits."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock

from naxs_assets.lineage.content_hash import canonical_json
from naxs_assets.market.fetching.calls import Call, Family
from naxs_assets.market.fetching.exchanges import Exchange

RECORD_FILE = "record.db"
_BUSY_SECONDS = 60
_TABLES = """
CREATE TABLE IF NOT EXISTS answers (
    id INTEGER PRIMARY KEY, request_hash TEXT NOT NULL, family TEXT NOT NULL,
    function TEXT NOT NULL, arguments TEXT NOT NULL, source_version TEXT NOT NULL,
    fetched_at TEXT NOT NULL, exchanges TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS answers_by_request ON answers (request_hash, fetched_at);
CREATE TABLE IF NOT EXISTS requests (
    id INTEGER PRIMARY KEY, family TEXT NOT NULL, at TEXT NOT NULL, function TEXT NOT NULL,
    url TEXT NOT NULL, status INTEGER NOT NULL, kind TEXT NOT NULL, sha256 TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS requests_by_family ON requests (family, at);
CREATE TABLE IF NOT EXISTS failed_calls (
    id INTEGER PRIMARY KEY, family TEXT NOT NULL, at TEXT NOT NULL, call TEXT NOT NULL,
    kind TEXT NOT NULL, what TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS breakers (
    family TEXT PRIMARY KEY, state TEXT NOT NULL, failures INTEGER NOT NULL,
    successes INTEGER NOT NULL, opened_at TEXT
);
"""


@dataclass(frozen=True)
class RecordedAnswer:
    """How an answer came about: the exchanges in order, by whom and when."""

    source_version: str
    fetched_at: datetime
    exchanges: tuple[Exchange, ...]


class Record:
    """The SQLite file in the fetching folder of a home; many processes may use it at once."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / RECORD_FILE
        # Switching to WAL does not wait for others that open the same new home.
        with FileLock(f"{self._file}.lock"), self.open() as database:
            database.execute("PRAGMA journal_mode=WAL")
            database.executescript(_TABLES)

    @contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """A connection whose statements commit together at the end."""
        with closing(sqlite3.connect(self._file, timeout=_BUSY_SECONDS)) as database, database:
            yield database

    def add_answer(
        self, call: Call, source_version: str, fetched_at: datetime, exchanges: Sequence[Exchange]
    ) -> None:
        """Keep how ``call`` was answered; every body must be in the raw store already."""
        listed = canonical_json([exchange.as_json() for exchange in exchanges])
        row = (
            call.request_hash,
            call.family.value,
            call.function,
            canonical_json(dict(call.arguments)),
            source_version,
            as_text(fetched_at),
            listed,
        )
        with self.open() as database:
            database.execute(
                "INSERT INTO answers (request_hash, family, function, arguments, source_version,"
                " fetched_at, exchanges) VALUES (?, ?, ?, ?, ?, ?, ?)",
                row,
            )

    def answer(self, request_hash: str, as_of: datetime | None = None) -> RecordedAnswer | None:
        """The newest answer of a request, or the newest one fetched by ``as_of``."""
        until = as_text(as_of) if as_of is not None else "9999"
        with self.open() as database:
            row = database.execute(
                "SELECT source_version, fetched_at, exchanges FROM answers"
                " WHERE request_hash = ? AND fetched_at <= ? ORDER BY fetched_at DESC, id DESC",
                (request_hash, until),
            ).fetchone()
        if row is None:
            return None
        return RecordedAnswer(
            source_version=row[0],
            fetched_at=datetime.fromisoformat(row[1]),
            exchanges=tuple(Exchange(**fields) for fields in json.loads(row[2])),
        )

    def add_requests(self, call: Call, at: datetime, exchanges: Sequence[Exchange]) -> None:
        """Note the requests that a call made, failed ones included."""
        rows = [
            (call.family.value, as_text(at), call.function, e.url, e.status, e.kind, e.sha256)
            for e in exchanges
        ]
        with self.open() as database:
            database.executemany(
                "INSERT INTO requests (family, at, function, url, status, kind, sha256)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                rows,
            )

    def add_failed_call(self, call: Call, at: datetime, kind: str, what: str) -> None:
        """Note that a call gave no answer, and why."""
        with self.open() as database:
            database.execute(
                "INSERT INTO failed_calls (family, at, call, kind, what) VALUES (?, ?, ?, ?, ?)",
                (call.family.value, as_text(at), str(call), kind, what),
            )


def as_text(instant: datetime) -> str:
    """An instant in UTC as text that sorts by time."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


@dataclass(frozen=True)
class Attempted:
    """What was asked of a family since an instant, and how it ended."""

    requests: int
    failures: dict[str, int]
    last_success: datetime | None


def attempted(record: Record, family: Family, since: datetime | None) -> Attempted:
    """Requests, failed calls by kind (every attempt counts) and the last answer of ``family``."""
    start = as_text(since) if since is not None else ""
    with record.open() as database:
        requests = database.execute(
            "SELECT count(*) FROM requests WHERE family = ? AND at >= ?", (family.value, start)
        ).fetchone()[0]
        failures = database.execute(
            "SELECT kind, count(*) FROM failed_calls WHERE family = ? AND at >= ?"
            " GROUP BY kind ORDER BY kind",
            (family.value, start),
        ).fetchall()
        last = database.execute(
            "SELECT max(fetched_at) FROM answers WHERE family = ?", (family.value,)
        ).fetchone()[0]
    return Attempted(
        requests=requests,
        failures=dict(failures),
        last_success=datetime.fromisoformat(last) if last else None,
    )
