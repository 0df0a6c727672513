"""``warehouse.duckdb``: a home's current tables for whoever reads SQL, published by rename.

A publication is a small file of views over the store's immutable Parquet files. A reader that has
the file of yesterday open goes on reading it; nobody waits for anybody. Without a usable file
:func:`connect` reads the Parquet files directly, and says so.

A store on a URL (``s3://...``) works in the same way through its fsspec file system, which
:func:`connect` hands to DuckDB; another program needs DuckDB's own extension for that kind of URL.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from naxs_assets.errors import NaxsError
from naxs_assets.lineage.content_hash import json_hash
from naxs_assets.lineage.home import open_lineage
from naxs_assets.lineage.staging import remove_abandoned
from naxs_assets.lineage.store import Store
from naxs_assets.lineage.warehouse_queries import Limits, Warehouse
from naxs_assets.lineage.warehouse_tables import (
    META,
    Described,
    create,
    current_tables,
    facts_of,
    text,
)
from naxs_assets.settings import load_settings

if TYPE_CHECKING:
    import duckdb

    from naxs_assets.lineage.publishing import Lineage
    from naxs_assets.settings import Settings

WAREHOUSE_FILE = "warehouse.duckdb"
# Raised when the file's own tables or the form of its views change.
_FORMAT = 1
_ATTACHED = "warehouse"
_LOCK_SECONDS = 60
_NO_ROOM_TO_WAIT = "wait until the other program is done, then: naxs warehouse publish"


@dataclass(frozen=True)
class Publication:
    """What publishing did: whether the file is a new one, and what it shows."""

    file: Path
    is_new: bool
    tables: int
    results: int


def publish(lineage: Lineage, described: Mapping[str, Described], home: Path) -> Publication:
    """Publish the current tables of a home as ``warehouse.duckdb``, by rename.

    ``described`` gives the contract and the description of each asset, for comments and units.
    Nothing is written when the file shows the same already. Raises :class:`NaxsError` when the
    file cannot be written or a table's file cannot be read; the file before stays.
    """
    import duckdb
    from filelock import FileLock, Timeout

    file = home / WAREHOUSE_FILE
    lock = FileLock(home / f".{WAREHOUSE_FILE}.lock", timeout=_LOCK_SECONDS)
    try:
        # The ledger is read under the lock, so that of two publishers the last shows the newest.
        with lock:
            tables = current_tables(lineage.ledger.database, described)
            fingerprint = json_hash([_FORMAT, lineage.store.address(), facts_of(tables)])
            results = sum(len(table.parts) for table in tables)
            if _fingerprint(file) == fingerprint:
                return Publication(file, False, len(tables), results)
            with _staged(file) as staged, duckdb.connect(str(staged)) as connection:
                _register(connection, lineage.store)
                connection.execute("BEGIN")
                create(connection, lineage.store, tables)
                _sign(connection, fingerprint, lineage.store, lineage.now())
                connection.execute("COMMIT")
            return Publication(file, True, len(tables), results)
    except Timeout as error:
        raise NaxsError(
            "the warehouse is being published by another program",
            where=str(lock.lock_file),
            remedy=_NO_ROOM_TO_WAIT,
        ) from error
    except (OSError, duckdb.Error) as error:
        raise NaxsError(
            f"the warehouse was not published, the one before stays: {_first_line(error)}",
            where=str(file),
            remedy="free space or mend what naxs lineage verify finds, "
            "then: naxs warehouse publish",
        ) from error


def connect(home: Path | None = None, limits: Limits | None = None) -> Warehouse:
    """A read-only connection to the tables of a home (None: the one the environment names).

    Reads ``warehouse.duckdb``; where it is missing, broken or made for another place, the current
    versions' Parquet files, with the reason in ``degraded``. Raises :class:`NaxsError` when the
    ledger, which is then asked, cannot be read.
    """
    import duckdb

    settings = load_settings(home)
    store = Store(settings.store_url)
    connection = duckdb.connect(":memory:")  # an instance of its own: a rename is seen at once
    _register(connection, store)
    file = settings.home / WAREHOUSE_FILE
    published_at = None
    try:
        published_at = _attach(connection, file, store)
        degraded = None
    except _UnusableError as error:
        degraded = str(error)
        _create_directly(connection, settings)
    return Warehouse(connection, store, limits or Limits(), degraded, published_at)


class _UnusableError(Exception):
    """Why the file cannot be read from."""


def _attach(connection: duckdb.DuckDBPyConnection, file: Path, store: Store) -> str:
    """Attach the file as the place where names are looked up; returns when it was published."""
    import duckdb

    if not file.exists():
        raise _UnusableError(f"{WAREHOUSE_FILE} is missing")
    try:
        connection.execute(f"ATTACH {text(str(file))} AS {_ATTACHED} (READ_ONLY)")
        signed = connection.execute(
            f"SELECT format, store, published_at FROM {_ATTACHED}.{META}.publication"
        ).fetchone()
    except duckdb.Error as error:
        raise _UnusableError(f"{WAREHOUSE_FILE} cannot be read: {_first_line(error)}") from error
    if signed is None or signed[:2] != (_FORMAT, store.address()):
        raise _UnusableError(f"{WAREHOUSE_FILE} was made for another store or by another program")
    connection.execute(f"USE {_ATTACHED}")
    return str(signed[2])


def _create_directly(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    import duckdb

    lineage = open_lineage(settings)
    try:
        create(connection, lineage.store, current_tables(lineage.ledger.database, {}))
    except duckdb.Error as error:
        raise NaxsError(
            f"the tables' files cannot be read: {_first_line(error)}",
            where=lineage.store.url,
            remedy="naxs lineage verify names what is missing or damaged",
        ) from error
    finally:
        lineage.ledger.database.close()


def _fingerprint(file: Path) -> str | None:
    """What the published file says it shows; None when there is none that can be read."""
    import duckdb

    if not file.exists():
        return None
    try:
        with duckdb.connect(":memory:") as connection:
            connection.execute(f"ATTACH {text(str(file))} AS {_ATTACHED} (READ_ONLY)")
            signed = connection.execute(
                f"SELECT fingerprint FROM {_ATTACHED}.{META}.publication"
            ).fetchone()
    except duckdb.Error:
        return None
    return None if signed is None else str(signed[0])


def _sign(
    connection: duckdb.DuckDBPyConnection, fingerprint: str, store: Store, published_at: str
) -> None:
    connection.execute(
        f"CREATE TABLE {META}.publication "
        "(format INTEGER, fingerprint VARCHAR, store VARCHAR, published_at VARCHAR)"
    )
    connection.execute(
        f"INSERT INTO {META}.publication VALUES (?, ?, ?, ?)",
        [_FORMAT, fingerprint, store.address(), published_at],
    )


@contextmanager
def _staged(file: Path) -> Iterator[Path]:
    """A new file's path; when it is written, whole and on disk, it takes the name of ``file``."""
    remove_abandoned(file.parent.glob(f".{file.name}.*.new*"))
    staged = file.with_name(f".{file.name}.{uuid.uuid4().hex}.new")
    try:
        yield staged
        descriptor = os.open(staged, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        staged.rename(file)
    finally:
        for left in (staged, staged.with_name(f"{staged.name}.wal")):
            left.unlink(missing_ok=True)


def _register(connection: duckdb.DuckDBPyConnection, store: Store) -> None:
    if store.file_system is not None:
        connection.register_filesystem(store.file_system)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
