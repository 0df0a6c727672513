"""Whether the ledger's rows still say what the sealed chain of events says."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from naxs_assets.lineage import tables as t
from naxs_assets.lineage.queries import read_from, version_from
from naxs_assets.lineage.records import Read, place_name, reads_hash, version_seal


def forged_records(connection: Connection) -> list[str]:
    """Rows that were changed by hand, in words: versions, their inputs, and pointers."""
    return [*_changed_versions(connection), *_changed_inputs(connection), *_moved(connection)]


def _changed_versions(connection: Connection) -> list[str]:
    sealed = connection.execute(
        select(t.events.c.version_after, t.events.c.seal).where(
            t.events.c.version_after.is_not(None)
        )
    )
    seals = {row.version_after: row.seal for row in sealed}
    found = []
    for row in connection.execute(select(t.versions).order_by(t.versions.c.id)).mappings():
        version = version_from(row)
        if seals.pop(version.id, None) != version_seal(version):
            found.append(f"version {version.id} of {version.place} is not what was published")
    return found + [f"version {missing} is gone" for missing in sorted(seals)]


def _changed_inputs(connection: Connection) -> list[str]:
    reads: dict[int, list[Read]] = {}
    for row in connection.execute(select(t.inputs)).mappings():
        reads.setdefault(row["version_id"], []).append(read_from(row))
    hashes = connection.execute(select(t.versions.c.id, t.versions.c.reads_hash))
    return [
        f"the inputs of version {row.id} are not what was recorded"
        for row in hashes
        if reads_hash(tuple(reads.get(row.id, ()))) != row.reads_hash
    ]


def _moved(connection: Connection) -> list[str]:
    newest = (
        select(func.max(t.events.c.seq).label("seq"))
        .where(t.events.c.version_after.is_not(None))
        .group_by(t.events.c.asset, t.events.c.partition)
        .subquery()
    )
    told = connection.execute(select(t.events).join(newest, t.events.c.seq == newest.c.seq))
    expected = {(row.asset, row.partition): row.version_after for row in told}
    pointers = connection.execute(select(t.pointers))
    current = {(row.asset, row.partition): row.version_id for row in pointers}
    return [
        f"{place_name(*place)} points at version {current.get(place)}, "
        f"the events say {expected.get(place)}"
        for place in sorted(current.keys() | expected.keys())
        if current.get(place) != expected.get(place)
    ]
