"""Walking the ledger: from a result back to everything it was made from, and from a bad month
of prices forward to everything made from it, by recursive SQL."""

from __future__ import annotations

from sqlalchemy import select

from naxs_assets.lineage import tables as t
from naxs_assets.lineage.database import Database
from naxs_assets.lineage.queries import read_from, version_from
from naxs_assets.lineage.records import Read, ReadKind, Version


def upstream(database: Database, version_id: int) -> list[Version]:
    """Every version that ``version_id`` was made from, directly or not, by asset and partition."""
    origin = select(t.inputs.c.input_version_id.label("id")).where(
        t.inputs.c.version_id == version_id, t.inputs.c.input_version_id.is_not(None)
    )
    reached = origin.cte("reached", recursive=True)
    reached = reached.union(
        select(t.inputs.c.input_version_id).where(
            t.inputs.c.version_id == reached.c.id, t.inputs.c.input_version_id.is_not(None)
        )
    )
    return _versions(database, reached)


def downstream(database: Database, version_id: int) -> list[Version]:
    """Every version made from ``version_id``, directly or not, by asset and partition.

    A place that was made again with the same content is the same origin: what had been made from
    its earlier versions stayed up to date, so it is listed too.
    """
    same, given = t.versions.alias("same"), t.versions.alias("given")
    equal_content = (
        select(same.c.id)
        .join(
            given,
            (given.c.asset == same.c.asset)
            & (given.c.partition == same.c.partition)
            & (given.c.content_hash == same.c.content_hash),
        )
        .where(given.c.id == version_id)
    )
    origin = select(t.inputs.c.version_id.label("id")).where(
        t.inputs.c.input_version_id.in_(equal_content)
    )
    reached = origin.cte("reached", recursive=True)
    reached = reached.union(
        select(t.inputs.c.version_id).where(t.inputs.c.input_version_id == reached.c.id)
    )
    return _versions(database, reached)


def external_sources(database: Database, version_id: int) -> list[Read]:
    """What lies outside the ledger at the far end of a version's upstream: files, feeds."""
    makers = [version.id for version in upstream(database, version_id)] + [version_id]
    found: dict[tuple[str, str, str], Read] = {}
    with database.read() as connection:
        for start in range(0, len(makers), 400):
            rows = connection.execute(
                select(t.inputs).where(
                    t.inputs.c.version_id.in_(makers[start : start + 400]),
                    t.inputs.c.kind == ReadKind.EXTERNAL.value,
                )
            ).mappings()
            for row in rows:
                read = read_from(row)
                found[read.asset, read.partition, read.read_hash] = read
    return [found[key] for key in sorted(found)]


def _versions(database: Database, reached: object) -> list[Version]:
    query = (
        select(t.versions)
        .where(t.versions.c.id.in_(select(reached.c.id)))  # type: ignore[attr-defined]
        .order_by(t.versions.c.asset, t.versions.c.partition, t.versions.c.id)
    )
    with database.read() as connection:
        return [version_from(row) for row in connection.execute(query).mappings()]
