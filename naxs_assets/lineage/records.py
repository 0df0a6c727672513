"""The typed records that the ledger keeps and hands out."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any

from naxs_assets.lineage.content_hash import json_hash

UNPARTITIONED = ""


def place_name(asset: str, partition: str) -> str:
    """How a place is written for people: ``market/prices[2020-01]`` or ``market/calendar``."""
    return f"{asset}[{partition}]" if partition else asset


def instant(at: datetime) -> str:
    """How the ledger writes an instant, so that text sorts as time: ISO 8601, UTC, microseconds.

    Raises ``ValueError`` when ``at`` has no time zone.
    """
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone, so it names no instant")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


class ReadKind(StrEnum):
    """What an input edge points at."""

    VERSION = "version"
    FACT = "fact"
    ABSENT = "absent"
    EXTERNAL = "external"


@dataclass(frozen=True)
class Read:
    """One input edge: exactly what was read to make a version.

    ``read_hash`` is the content hash of what was read; ``cut`` is the ISO day of a point-in-time
    read and the name of a fact, else empty. ``version_id`` is None for an absent place and for an
    external input.
    """

    kind: ReadKind
    asset: str
    partition: str
    version_id: int | None
    read_hash: str
    cut: str = ""


def fact_hash(version: Version, name: str) -> str:
    """A hash of one fact that a version tells of itself; of null where it tells none."""
    # As text, for facts may hold numbers that canonical JSON refuses.
    return json_hash(json.dumps(version.metadata.get(name), sort_keys=True, ensure_ascii=False))


def reads_hash(reads: tuple[Read, ...]) -> str:
    """A hash of what was read, by content: equal inputs give an equal hash."""
    return json_hash(sorted([r.kind, r.asset, r.partition, r.read_hash, r.cut] for r in reads))


@dataclass(frozen=True)
class Schema:
    """The stored form of a table: its columns, key and the columns that date its rows."""

    contract: str = ""
    version: int = 0
    columns: tuple[tuple[str, str], ...] = ()
    key: tuple[str, ...] = ()
    known_from: str | None = None
    known_until: str | None = None

    def to_json(self) -> str:
        return json.dumps(self.__dict__, sort_keys=True)

    @classmethod
    @cache  # the months of an asset have the same one
    def from_json(cls, text: str) -> Schema:
        fields = json.loads(text)
        fields["columns"] = tuple((name, dtype) for name, dtype in fields["columns"])
        fields["key"] = tuple(fields["key"])
        return cls(**fields)


@dataclass(frozen=True)
class Draft:
    """A stored result that asks to become the current version of a place."""

    asset: str
    partition: str
    content_hash: str
    kind: str
    uri: str
    file_sha256: str
    size: int
    rows: int | None
    schema: Schema
    code_hash: str
    config_hash: str
    reads: tuple[Read, ...]
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Version:
    """One recorded making of a place: what it holds, where it lies, and who made it when."""

    id: int
    asset: str
    partition: str
    content_hash: str
    kind: str
    uri: str
    file_sha256: str
    size: int
    rows: int | None
    schema: Schema
    code_hash: str
    config_hash: str
    reads_hash: str
    environment: str
    run_id: str
    actor: str
    made_at: str
    metadata: dict[str, Any]

    @property
    def place(self) -> str:
        return place_name(self.asset, self.partition)

    @property
    def short(self) -> str:
        return self.content_hash[:12]


def version_seal(version: Version) -> str:
    """A hash over everything that a version's record says, but its number."""
    said = {name: value for name, value in vars(version).items() if name != "id"}
    # As text, for metadata may hold numbers that canonical JSON refuses.
    said["metadata"] = json.dumps(version.metadata, sort_keys=True, ensure_ascii=False)
    return json_hash(said | {"schema": version.schema.to_json()})


class Outcome(StrEnum):
    """What publishing did.

    ``new``: the content differs from what was current. ``confirmed``: the same content was made
    from other inputs or code, and that is now on record. ``unchanged``: nothing new to record.
    """

    NEW = "new"
    CONFIRMED = "confirmed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Published:
    """The result of publishing one place."""

    outcome: Outcome
    version: Version


@dataclass(frozen=True)
class Hold:
    """A place that a person pinned to a version, so that no run moves it."""

    asset: str
    partition: str
    held_by: str
    reason: str


@dataclass(frozen=True)
class Refusal:
    """An attempt to make a place that its rules refused; what was there before stays current."""

    asset: str
    partition: str
    at: str
    run_id: str
    reason: str
