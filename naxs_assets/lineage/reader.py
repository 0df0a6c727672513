"""The lazy reader: each ``reader[month]`` is a handle on exactly one version.

A handle remembers the version it stands for, so an edge recorded from it names what was really
read, even if the pointer moves in between.
"""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from threading import Lock
from typing import Any

import polars as pl

from naxs_assets.errors import DataError
from naxs_assets.lineage.content_hash import table_hash
from naxs_assets.lineage.queries import LedgerQueries
from naxs_assets.lineage.records import (
    UNPARTITIONED,
    Read,
    ReadKind,
    Schema,
    Version,
    fact_hash,
    place_name,
)
from naxs_assets.lineage.store import Store
from naxs_assets.settings import SHANGHAI

_CACHE_BYTES = 384 * 1024 * 1024


class NotMadeError(DataError, LookupError):
    """A place was read that holds nothing."""


class FrameCache:
    """Decoded tables by their file, the least recently used dropped first."""

    def __init__(self, limit: int = _CACHE_BYTES) -> None:
        self._limit = limit
        self._held: OrderedDict[str, pl.DataFrame] = OrderedDict()
        self._size: float = 0
        self._lock = Lock()

    def get(self, key: str, load: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        """The cached table, or the one that ``load`` gives; the caller may change its copy."""
        with self._lock:
            frame = self._held.get(key)
            if frame is not None:
                self._held.move_to_end(key)
                return frame.clone()
        frame = load()  # outside the lock, so that threads read different files at once
        with self._lock:
            if key not in self._held:
                self._size += frame.estimated_size()
            self._held[key] = frame
            while self._size > self._limit and len(self._held) > 1:
                _, dropped = self._held.popitem(last=False)
                self._size -= dropped.estimated_size()
        return frame.clone()


@dataclass(frozen=True)
class Library:
    """Where handles find bytes: the store, the ledger and the cache they share."""

    ledger: LedgerQueries
    store: Store
    cache: FrameCache = field(default_factory=FrameCache)
    _cut_hashes: dict[tuple[int, date], str] = field(default_factory=dict)

    def frame(self, version: Version) -> pl.DataFrame:
        """The table of a version, checked against the recorded sha256 of its file."""

        def load() -> pl.DataFrame:
            data = self.store.read(version.uri, version.file_sha256)
            return pl.read_parquet(io.BytesIO(data))

        return self.cache.get(f"{version.uri}@{version.file_sha256}", load)

    def frame_read(self, read: Read) -> pl.DataFrame:
        """The table that an edge of a version stands for, as it was read then.

        Raises ``ValueError`` for an edge of another kind.
        """
        if read.kind is not ReadKind.VERSION or read.version_id is None:
            raise ValueError(f"an edge of kind {read.kind} stands for no table")
        version = self.ledger.version(read.version_id)
        frame = self.frame(version)
        if not read.cut:
            return frame
        return cut_frame(frame, version.schema, date.fromisoformat(read.cut))

    def cut_hash(self, version: Version, day: date) -> str:
        """The content hash of what a version knew on ``day``; several assets ask for the same."""
        known = self._cut_hashes.get((version.id, day))
        if known is None:
            known = table_hash(
                cut_frame(self.frame(version), version.schema, day), version.schema.key
            )
            self._cut_hashes[version.id, day] = known
        return known

    def text(self, version: Version) -> str:
        """The text of a version, checked against the recorded sha256 of its file."""
        return self.store.read(version.uri, version.file_sha256).decode()


@dataclass(frozen=True)
class Handle:
    """One place as it was when it was looked at; falsy when it held nothing."""

    asset: str
    partition: str
    version: Version | None
    library: Library
    cut: date | None = None

    def __bool__(self) -> bool:
        return self.version is not None

    def until(self, day: date) -> Handle:
        """The same version, cut to what was known on ``day`` by the table's own dates.

        The edge then stays valid while later rows come in.
        """
        return replace(self, cut=day)

    def frame(self) -> pl.DataFrame:
        """The table. Raises :class:`NotMadeError` naming the place when it holds nothing."""
        version = self.present()
        frame = self.library.frame(version)
        return frame if self.cut is None else cut_frame(frame, version.schema, self.cut)

    def text(self) -> str:
        """The text. Raises :class:`NotMadeError` naming the place when it holds nothing."""
        return self.library.text(self.present())

    def read(self) -> Read:
        """The edge that this handle stands for."""
        version = self.version
        if version is None:
            return Read(ReadKind.ABSENT, self.asset, self.partition, None, "")
        if self.cut is None:
            return Read(
                ReadKind.VERSION, self.asset, self.partition, version.id, version.content_hash
            )
        return Read(
            ReadKind.VERSION,
            self.asset,
            self.partition,
            version.id,
            self.library.cut_hash(version, self.cut),
            self.cut.isoformat(),
        )

    def fact(self, name: str) -> FactHandle:
        """One fact that the version tells of itself, such as what the quality rules found."""
        return FactHandle(self, name)

    def present(self) -> Version:
        """The version. Raises :class:`NotMadeError` naming the place when it holds none."""
        if self.version is None:
            raise NotMadeError(
                "a result that is needed has not been made yet",
                where=place_name(self.asset, self.partition),
                remedy="materialize it first; naxs run adds what is missing by itself",
            )
        return self.version


@dataclass(frozen=True)
class FactHandle:
    """One fact of a version: the edge holds while the fact is the same, whatever the content."""

    handle: Handle
    name: str

    def value(self) -> Any:
        """The fact, None where the version tells none. Raises :class:`NotMadeError`."""
        return self.handle.present().metadata.get(self.name)

    def read(self) -> Read:
        """The edge that this fact stands for."""
        version = self.handle.version
        if version is None:
            return self.handle.read()
        place = self.handle.asset, self.handle.partition
        return Read(ReadKind.FACT, *place, version.id, fact_hash(version, self.name), self.name)


class Reader:
    """Lazy access to one asset; ``reader["2020-01"]`` gives a :class:`Handle`.

    With ``as_of`` every handle stands for what was current then. Iterating gives the partitions
    that held a version.
    """

    def __init__(self, library: Library, asset: str, as_of: datetime | None = None) -> None:
        self.asset = asset
        self._library = library
        self._as_of = as_of

    def __getitem__(self, partition: str) -> Handle:
        version = self._library.ledger.current(self.asset, partition, self._as_of)
        return Handle(self.asset, partition, version, self._library)

    def whole(self) -> Handle:
        """The one result of an unpartitioned asset."""
        return self[UNPARTITIONED]

    def current(self) -> list[Handle]:
        """A handle of every partition that holds a version, in order, by one query."""
        if self._as_of is not None:
            return [self[partition] for partition in self]
        return [
            Handle(self.asset, version.partition, version, self._library)
            for version in self._library.ledger.current_versions(self.asset)
        ]

    def of(self, partitions: Sequence[str]) -> list[Handle]:
        """The handles of ``partitions``, in their order, by one query."""
        held = {handle.partition: handle for handle in self.current()}
        return [
            held.get(partition, Handle(self.asset, partition, None, self._library))
            for partition in partitions
        ]

    def __iter__(self) -> Iterator[str]:
        partitions = self._library.ledger.partitions(self.asset)
        if self._as_of is None:
            return iter(partitions)
        return (partition for partition in partitions if self[partition])


def cut_frame(frame: pl.DataFrame, schema: Schema, day: date) -> pl.DataFrame:
    """Rows known on ``day``, with ends that lie after it blanked.

    Raises ``ValueError`` when the table's schema names no column to cut by.
    """
    if schema.known_from is None:
        raise ValueError(f"tables of contract {schema.contract} cannot be cut to a day")
    known = frame.filter(_day_of(frame, schema.known_from) <= day)
    if schema.known_until is not None:
        until = pl.col(schema.known_until)
        known = known.with_columns(pl.when(until <= day).then(until).alias(schema.known_until))
    return known


def _day_of(frame: pl.DataFrame, column: str) -> pl.Expr:
    """The Shanghai day of a column of days or instants."""
    dated = pl.col(column)
    if isinstance(frame.schema[column], pl.Datetime):
        return dated.dt.convert_time_zone(str(SHANGHAI)).dt.date()
    return dated
