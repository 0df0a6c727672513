"""The pulled store: every answered part of a table, its rows immutable and named by content."""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from naxs_assets.errors import NaxsError
from naxs_assets.lineage.content_hash import canonical_json, json_hash, table_hash
from naxs_assets.lineage.store import DamagedFileError, Store
from naxs_assets.market.fetching.calls import Answer, Family
from naxs_assets.market.sources.offers import PULLED, PulledTable, Wanted

PULLED_FOLDER = "pulled"
"""Where in a home the pulled parts are."""

_INDEX_FILE = "index.db"
_BUSY_SECONDS = 60
# Append-only: nothing here is updated but the one mark of how far parts have been compared, and
# the sha256 of a file that was mended.
_TABLES = """
CREATE TABLE IF NOT EXISTS pulls (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, verdict TEXT NOT NULL, facts TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS parts (
    id INTEGER PRIMARY KEY, table_name TEXT NOT NULL, scope TEXT NOT NULL, first TEXT NOT NULL,
    last TEXT NOT NULL, asked_on TEXT NOT NULL, market_index TEXT NOT NULL, symbols TEXT NOT NULL,
    family TEXT NOT NULL, source_version TEXT NOT NULL, fetched_at TEXT NOT NULL,
    request_hashes TEXT NOT NULL, raw_sha256 TEXT NOT NULL, content_hash TEXT NOT NULL,
    uri TEXT NOT NULL, file_sha256 TEXT NOT NULL, row_count INTEGER NOT NULL, absent TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS parts_by_scope ON parts (table_name, scope);
CREATE TABLE IF NOT EXISTS restatements (
    id INTEGER PRIMARY KEY, table_name TEXT NOT NULL, symbol TEXT NOT NULL, date TEXT NOT NULL,
    column_name TEXT NOT NULL, old TEXT, new TEXT, old_source TEXT NOT NULL,
    new_source TEXT NOT NULL, seen_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS restatements_by_day ON restatements (date);
CREATE TABLE IF NOT EXISTS compared (
    only INTEGER PRIMARY KEY CHECK (only = 1), through INTEGER NOT NULL
);
INSERT OR IGNORE INTO compared VALUES (1, 0);
"""
RESTATEMENTS = {
    "table": pl.String,
    "symbol": pl.String,
    "date": pl.Date,
    "column": pl.String,
    "old": pl.String,
    "new": pl.String,
    "old_source": pl.String,
    "new_source": pl.String,
    "seen_at": pl.String,
}
"""Columns of the restatements: what a later answer changed of a past day. ``symbol`` is the index
for index bars; values are texts, null is null; ``seen_at`` is UTC in ISO 8601."""


@dataclass(frozen=True)
class Part:
    """What one family answered for one scope of a table.

    ``scope`` is a day, a symbol or an index, or empty for a whole table; ``wanted`` is what was
    asked. ``raw_sha256`` is the digest over all the responses that were read, ``content_hash``
    that of the canonical rows; ``absent`` names the columns that are null in every row. A part with
    a higher ``id`` was answered later.
    """

    id: int
    table: PulledTable
    scope: str
    wanted: Wanted
    family: Family
    source_version: str
    fetched_at: datetime
    request_hashes: tuple[str, ...]
    raw_sha256: str
    content_hash: str
    uri: str
    file_sha256: str
    rows: int
    absent: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.table.value} {self.scope}".strip() + f" of {self.family.value}"


class PulledStore:
    """The pulled parts of one home, below ``folder``; one process writes at a time (``lock``)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._store = Store(str(folder))

    def add(
        self,
        table: PulledTable,
        scope: str,
        wanted: Wanted,
        answers: Sequence[Answer],
        rows: pl.DataFrame,
    ) -> Part:
        """Keep ``rows`` (columns of ``PULLED``), read from ``answers``, as the newest part.

        Raises ``ValueError`` for other columns and for answers of more than one family.
        """
        schema = dict(rows.schema)
        if schema != dict(pl.Schema(PULLED[table])):
            raise ValueError(f"{table.value} {scope} has the columns {schema}")
        (family,) = {answer.call.family for answer in answers}
        content = table_hash(rows, ())
        stored = self._store.put_table(rows, content, ())
        values: dict[str, Any] = {
            "table_name": table.value,
            "scope": scope,
            "first": wanted.first.isoformat(),
            "last": wanted.last.isoformat(),
            "asked_on": wanted.now.isoformat(),
            "market_index": wanted.index,
            "symbols": canonical_json(list(wanted.symbols)),
            "family": family.value,
            "source_version": answers[0].source_version,
            "fetched_at": as_text(max(answer.fetched_at for answer in answers)),
            "request_hashes": canonical_json([a.call.request_hash for a in answers]),
            "raw_sha256": json_hash([answer.raw_sha256 for answer in answers]),
            "content_hash": content,
            "uri": stored.uri,
            "file_sha256": stored.sha256,
            "row_count": rows.height,
            "absent": canonical_json(
                [
                    name
                    for name, count in rows.null_count().row(0, named=True).items()
                    if count == rows.height
                ]
            ),
        }
        names = ", ".join(values)
        places = ", ".join(f":{name}" for name in values)
        with self._open() as database:
            cursor = database.execute(f"INSERT INTO parts ({names}) VALUES ({places})", values)
        return _part({"id": cursor.lastrowid, **values})

    def parts(
        self, *tables: PulledTable, as_of: datetime | None = None, scope: str | None = None
    ) -> list[Part]:
        """The parts of ``tables`` (of all when none is named) in the order of their answers.

        ``as_of`` leaves out those fetched later.
        """
        if not self._is_there():
            return []
        chosen = [table.value for table in tables or tuple(PulledTable)]
        query = (
            f"SELECT * FROM parts WHERE table_name IN ({', '.join('?' * len(chosen))})"
            " AND fetched_at <= ? AND (? IS NULL OR scope = ?) ORDER BY id"
        )
        until = as_text(as_of) if as_of is not None else "9999"
        with self._open() as database:
            found = database.execute(query, (*chosen, until, scope, scope)).fetchall()
        return [_part(row) for row in found]

    def rows(self, part: Part) -> pl.DataFrame:
        """The rows of a part, checked against the sha256 of its file.

        Raises :class:`DamagedFileError` if the file is missing or damaged.
        """
        try:
            data = self._store.read(part.uri, part.file_sha256)
        except DamagedFileError as error:
            raise DamagedFileError(
                f"{part}: {error.what}",
                where=error.where,
                remedy=f"naxs pull --replay --from {part.wanted.first} writes it anew from the "
                "kept answers",
            ) from error
        return pl.read_parquet(io.BytesIO(data))

    def damage(self, part: Part) -> DamagedFileError | None:
        """What ails the file of a part; None if it is there and its sha256 is the recorded one."""
        try:
            self._store.read(part.uri, part.file_sha256)
        except DamagedFileError as error:
            return error
        return None

    def damaged(self) -> tuple[int, list[tuple[Part, DamagedFileError]]]:
        """How many parts there are, and those whose file is missing or damaged."""
        parts = self.parts()
        found = [(part, error) for part in parts if (error := self.damage(part)) is not None]
        return len(parts), found

    def mend(self, part: Part, rows: pl.DataFrame) -> str:
        """Write the file of ``part`` anew from ``rows`` and return the sha256 of its bytes.

        What was there is moved to ``damaged/``. The bytes may be others than before, as those of
        another version of the Parquet writer. Raises ``ValueError`` for other rows.
        """
        if table_hash(rows, ()) != part.content_hash:
            raise ValueError(f"these are not the rows of {part}")
        if self._store.holds(part.uri):
            self._store.set_aside(part.uri)
        stored = self._store.put_table(rows, part.content_hash, ())
        with self._open() as database:
            # A file is shared by all the parts of its content.
            database.execute(
                "UPDATE parts SET file_sha256 = ? WHERE uri = ?", (stored.sha256, part.uri)
            )
        return stored.sha256

    def rows_of(
        self,
        table: PulledTable,
        parts: Sequence[Part],
        first: date | None = None,
        last: date | None = None,
    ) -> pl.DataFrame:
        """The rows of several parts of ``table``, with the ``part`` each came from.

        With ``first`` and ``last`` only rows of these days, and rows without a date.
        """
        read = [
            self.rows(part).with_columns(part=pl.lit(part.id, dtype=pl.Int64)) for part in parts
        ]
        empty = pl.Schema({**PULLED[table], "part": pl.Int64}).to_frame()
        if first is not None and last is not None:
            inside = pl.col("date").is_between(first, last).fill_null(value=True)
            read = [frame.filter(inside) for frame in read]
        return pl.concat([empty, *read])

    def compared_through(self) -> int:
        """The id of the newest part that was compared with those before it."""
        if not self._is_there():
            return 0
        with self._open() as database:
            return int(database.execute("SELECT through FROM compared").fetchone()[0])

    def add_restatements(self, found: pl.DataFrame, through: int) -> None:
        """Append restatements (columns ``RESTATEMENTS``): parts up to ``through`` are compared."""
        rows = found.with_columns(pl.col("date").cast(pl.String)).rows()
        with self._open() as database:
            database.executemany(
                "INSERT INTO restatements (table_name, symbol, date, column_name, old, new,"
                " old_source, new_source, seen_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )
            database.execute("UPDATE compared SET through = ?", (through,))

    def restatements(self, since: datetime | None = None) -> pl.DataFrame:
        """Every restatement seen (from ``since`` on), in the columns ``RESTATEMENTS``."""
        if not self._is_there():
            return pl.DataFrame(schema=RESTATEMENTS)
        query = (
            "SELECT table_name, symbol, date, column_name, old, new, old_source, new_source,"
            " seen_at FROM restatements WHERE seen_at >= ? ORDER BY id"
        )
        with self._open() as database:
            found = database.execute(query, (as_text(since) if since else "",)).fetchall()
        texts = dict.fromkeys(RESTATEMENTS, pl.String)
        frame = pl.DataFrame([tuple(row) for row in found], schema=texts, orient="row")
        return frame.with_columns(pl.col("date").str.to_date())

    def add_pull(self, at: datetime, verdict: str, facts: dict[str, Any]) -> None:
        """Note how a pull ended."""
        with self._open() as database:
            database.execute(
                "INSERT INTO pulls (at, verdict, facts) VALUES (?, ?, ?)",
                (as_text(at), verdict, canonical_json(facts)),
            )

    def pulls(self) -> list[dict[str, Any]]:
        """The facts of every pull so far, in order, each with ``at`` and ``verdict``."""
        if not self._is_there():
            return []
        with self._open() as database:
            found = database.execute("SELECT at, verdict, facts FROM pulls ORDER BY id").fetchall()
        return [
            {**json.loads(row["facts"]), "at": row["at"], "verdict": row["verdict"]}
            for row in found
        ]

    def _is_there(self) -> bool:
        return (self.folder / _INDEX_FILE).exists()

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection whose statements commit together at the end."""
        file = self.folder / _INDEX_FILE
        try:
            is_new = not file.exists()
            self.folder.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(file, timeout=_BUSY_SECONDS)) as database, database:
                database.row_factory = sqlite3.Row
                if is_new:
                    database.executescript(_TABLES)
                yield database
        except sqlite3.DatabaseError as error:
            raise NaxsError(
                f"the index of pulled parts cannot be used: {error}",
                where=str(file),
                remedy="free space or wait for the other program; if the file is damaged, put a "
                "backup of it in its place",
            ) from error


def as_text(instant: datetime) -> str:
    """An instant in UTC as text that sorts by time."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


def _part(row: Any) -> Part:
    return Part(
        id=row["id"],
        table=PulledTable(row["table_name"]),
        scope=row["scope"],
        wanted=Wanted(
            first=date.fromisoformat(row["first"]),
            last=date.fromisoformat(row["last"]),
            now=date.fromisoformat(row["asked_on"]),
            symbols=tuple(json.loads(row["symbols"])),
            index=row["market_index"],
        ),
        family=Family(row["family"]),
        source_version=row["source_version"],
        fetched_at=datetime.fromisoformat(row["fetched_at"]),
        request_hashes=tuple(json.loads(row["request_hashes"])),
        raw_sha256=row["raw_sha256"],
        content_hash=row["content_hash"],
        uri=row["uri"],
        file_sha256=row["file_sha256"],
        rows=row["row_count"],
        absent=tuple(json.loads(row["absent"])),
    )
