"""Questions to the ledger: what is current, what was, and what each version was made from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, select, tuple_

from naxs_assets.errors import NaxsError
from naxs_assets.lineage import tables as t
from naxs_assets.lineage.database import Database
from naxs_assets.lineage.records import Hold, Read, ReadKind, Refusal, Schema, Version, instant

_PLACES_PER_QUERY = 400


def at_place(table: Any) -> tuple[Any, Any]:
    """The conditions that pick one place in a table of the ledger, to be given by :func:`place`."""
    return table.c.asset == bindparam("of_asset"), table.c.partition == bindparam("of_partition")


def place(asset: str, partition: str) -> dict[str, str]:
    """The parameters of a statement with :func:`at_place`."""
    return {"of_asset": asset, "of_partition": partition}


# Built once: building a statement takes longer than running it.
_CURRENT = (
    select(t.pointers.c.version_id, t.versions)
    .outerjoin(t.versions, t.versions.c.id == t.pointers.c.version_id)
    .where(*at_place(t.pointers))
)
_CURRENT_AS_OF = (
    select(t.events.c.version_after)
    .where(
        *at_place(t.events),
        t.events.c.version_after.is_not(None),
        t.events.c.at <= bindparam("as_of"),
    )
    .order_by(t.events.c.seq.desc())
    .limit(1)
)
_VERSION = select(t.versions).where(t.versions.c.id == bindparam("version_id"))
_HISTORY = select(t.versions).where(*at_place(t.versions)).order_by(t.versions.c.id)
_READS = (
    select(t.inputs)
    .where(t.inputs.c.version_id == bindparam("version_id"))
    .order_by(t.inputs.c.position)
)


class UnknownVersionError(NaxsError):
    """The ledger holds no such version, or none at that place."""


class LedgerQueries:
    """The reading half of the ledger."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def version(self, version_id: int) -> Version:
        """One version by its id. Raises :class:`UnknownVersionError`."""
        with self.database.read() as connection:
            return version_in(connection, version_id)

    def current(self, asset: str, partition: str, as_of: datetime | None = None) -> Version | None:
        """The current version of a place, or the one that was current at ``as_of``.

        Raises ``ValueError`` when ``as_of`` has no time zone.
        """
        with self.database.read() as connection:
            if as_of is None:
                return current_in(connection, asset, partition)
            parameters = {**place(asset, partition), "as_of": instant(as_of)}
            version_id = connection.execute(_CURRENT_AS_OF, parameters).scalar_one_or_none()
            return None if version_id is None else version_in(connection, version_id)

    def partitions(self, asset: str) -> list[str]:
        """The partitions of an asset that hold a version, in order."""
        with self.database.read() as connection:
            rows = connection.execute(
                select(t.pointers.c.partition)
                .where(t.pointers.c.asset == asset)
                .order_by(t.pointers.c.partition)
            )
            return [row.partition for row in rows]

    def claimed(self, asset: str) -> list[str]:
        """The partitions of an asset that runs ever set out to make, in order."""
        query = select(t.fences.c.partition).where(t.fences.c.asset == asset)
        with self.database.read() as connection:
            return list(connection.execute(query.order_by(t.fences.c.partition)).scalars())

    def partitions_since(self, asset: str, version_id: int) -> list[str]:
        """The partitions of an asset whose first version came after ``version_id``, in order."""
        query = (
            select(t.versions.c.partition)
            .where(t.versions.c.asset == asset)
            .group_by(t.versions.c.partition)
            .having(func.min(t.versions.c.id) > version_id)
            .order_by(t.versions.c.partition)
        )
        with self.database.read() as connection:
            return list(connection.execute(query).scalars())

    def current_versions(self, asset: str | None = None) -> list[Version]:
        """Every current version (of one asset), ordered by asset and partition."""
        query = (
            select(t.versions)
            .join(t.pointers, t.pointers.c.version_id == t.versions.c.id)
            .order_by(t.versions.c.asset, t.versions.c.partition)
        )
        if asset is not None:
            query = query.where(t.versions.c.asset == asset)
        with self.database.read() as connection:
            return [version_from(row) for row in connection.execute(query).mappings()]

    def all_versions(self) -> list[Version]:
        """Every version ever recorded, oldest first."""
        with self.database.read() as connection:
            rows = connection.execute(select(t.versions).order_by(t.versions.c.id)).mappings()
            return [version_from(row) for row in rows]

    def history(self, asset: str, partition: str) -> list[Version]:
        """Every version ever made at a place, oldest first."""
        with self.database.read() as connection:
            rows = connection.execute(_HISTORY, place(asset, partition)).mappings()
            return [version_from(row) for row in rows]

    def reads(self, version_id: int) -> tuple[Read, ...]:
        """What a version was made from, in the order it was recorded."""
        with self.database.read() as connection:
            rows = connection.execute(_READS, {"version_id": version_id}).mappings()
            return tuple(read_from(row) for row in rows)

    def current_rows(self, asset: str) -> int:
        """How many rows the current versions of an asset hold together."""
        query = (
            select(func.coalesce(func.sum(t.versions.c.rows), 0))
            .join(t.pointers, t.pointers.c.version_id == t.versions.c.id)
            .where(t.pointers.c.asset == asset)
        )
        with self.database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def refusals(self) -> list[Refusal]:
        """Places of which the last attempt to make them was refused, the newest refusal of each."""
        last = (
            select(func.max(t.events.c.seq))
            .where(t.events.c.action.in_(("refuse", "publish", "restore")))
            .group_by(t.events.c.asset, t.events.c.partition)
        )
        query = (
            select(t.events)
            .where(t.events.c.seq.in_(last), t.events.c.action == "refuse")
            .order_by(t.events.c.asset, t.events.c.partition)
        )
        with self.database.read() as connection:
            return [
                Refusal(row.asset, row.partition, row.at, row.run_id, row.reason)
                for row in connection.execute(query)
            ]

    def is_empty(self) -> bool:
        """Whether no result has ever been recorded."""
        with self.database.read() as connection:
            return connection.execute(select(t.versions.c.id).limit(1)).first() is None

    def holds(self) -> list[Hold]:
        """Every place that a person holds."""
        query = select(t.pointers).where(t.pointers.c.held_by.is_not(None))
        with self.database.read() as connection:
            return [
                Hold(row.asset, row.partition, row.held_by, row.held_reason)
                for row in connection.execute(query)
            ]

    def currents_with_reads(
        self, asset: str, partitions: Sequence[str]
    ) -> dict[str, tuple[Version, tuple[Read, ...]]]:
        """The current versions of many partitions with what each was made from."""
        found: dict[str, tuple[Version, tuple[Read, ...]]] = {}
        with self.database.read() as connection:
            for chunk in chunks(partitions):
                rows = connection.execute(
                    select(t.versions)
                    .join(t.pointers, t.pointers.c.version_id == t.versions.c.id)
                    .where(t.pointers.c.asset == asset, t.pointers.c.partition.in_(chunk))
                )
                current = [version_from(row) for row in rows.mappings()]
                edges: dict[int, list[Read]] = {version.id: [] for version in current}
                rows = connection.execute(
                    select(t.inputs)
                    .where(t.inputs.c.version_id.in_(edges))
                    .order_by(t.inputs.c.version_id, t.inputs.c.position)
                )
                for row in rows.mappings():
                    edges[row["version_id"]].append(read_from(row))
                found.update({v.partition: (v, tuple(edges[v.id])) for v in current})
        return found

    def current_contents(
        self, places: Iterable[tuple[str, str]]
    ) -> dict[tuple[str, str], tuple[int, str]]:
        """The current version id and content hash of each place that has one."""
        found: dict[tuple[str, str], tuple[int, str]] = {}
        query = select(
            t.versions.c.asset, t.versions.c.partition, t.versions.c.id, t.versions.c.content_hash
        ).join(t.pointers, t.pointers.c.version_id == t.versions.c.id)
        with self.database.read() as connection:
            for chunk in chunks(sorted(set(places))):
                here = tuple_(t.pointers.c.asset, t.pointers.c.partition)
                for row in connection.execute(query.where(here.in_(chunk))):
                    found[row.asset, row.partition] = row.id, row.content_hash
        return found

    def fact(self, key: str) -> str | None:
        """A fact that was fixed when the home was made."""
        with self.database.read() as connection:
            return connection.execute(
                select(t.home.c.value).where(t.home.c.key == key)
            ).scalar_one_or_none()


def current_in(connection: Connection, asset: str, partition: str) -> Version | None:
    """The current version of a place. Raises :class:`UnknownVersionError` if it is gone."""
    row = connection.execute(_CURRENT, place(asset, partition)).mappings().one_or_none()
    if row is None:
        return None
    fields = dict(row)
    version_id = fields.pop("version_id")
    if fields["id"] is None:
        raise _unknown(version_id)
    return version_from(fields)


def version_in(connection: Connection, version_id: int) -> Version:
    """One version. Raises :class:`UnknownVersionError`."""
    found = connection.execute(_VERSION, {"version_id": version_id}).mappings().one_or_none()
    if found is None:
        raise _unknown(version_id)
    return version_from(found)


def _unknown(version_id: int) -> UnknownVersionError:
    return UnknownVersionError(
        f"the ledger holds no version {version_id}",
        remedy="naxs lineage show ASSET [MONTH] lists the versions of a result; "
        "if the ledger was changed by hand, naxs lineage verify names where",
    )


def version_from(row: Mapping[Any, Any]) -> Version:
    """The typed record of a row of ``versions``."""
    fields = dict(row)
    fields["schema"] = Schema.from_json(fields["schema"])
    fields["metadata"] = json.loads(fields["metadata"])
    return Version(**fields)


def read_from(row: Mapping[Any, Any]) -> Read:
    """The typed record of a row of ``inputs``."""
    return Read(
        kind=ReadKind(row["kind"]),
        asset=row["input_asset"],
        partition=row["input_partition"],
        version_id=row["input_version_id"],
        read_hash=row["read_hash"],
        cut=row["cut"],
    )


def by_partition(
    connection: Connection, table: Any, asset: str, partitions: Sequence[str]
) -> dict[str, Any]:
    """The rows of a table of places, by partition."""
    found = {}
    for chunk in chunks(partitions):
        query = select(table).where(and_(table.c.asset == asset, table.c.partition.in_(chunk)))
        found.update({row.partition: row for row in connection.execute(query)})
    return found


def chunks(items: Sequence[Any]) -> Iterable[Sequence[Any]]:
    """Slices small enough for one query's bound parameters."""
    for start in range(0, len(items), _PLACES_PER_QUERY):
        yield items[start : start + _PLACES_PER_QUERY]
