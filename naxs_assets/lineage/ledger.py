"""The ledger: every version ever made, what it was made from, and which one is current.

A pointer moves only by compare-and-set: the writer must hold the place's highest fencing token
and must have seen the version that it replaces. A late or overtaken writer is refused by name.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, insert, select, update

from naxs_assets.errors import EXIT_BUSY, NaxsError
from naxs_assets.lineage import tables as t
from naxs_assets.lineage.environment import environment
from naxs_assets.lineage.events import Event, append_event
from naxs_assets.lineage.queries import (
    LedgerQueries,
    UnknownVersionError,
    at_place,
    by_partition,
    current_in,
    place,
    version_from,
    version_in,
)
from naxs_assets.lineage.records import (
    Draft,
    Outcome,
    Published,
    Version,
    place_name,
    reads_hash,
    version_seal,
)

# Built once: building a statement takes longer than running it.
_FENCE = select(t.fences.c.token, t.fences.c.run_id).where(*at_place(t.fences))
_POINTER = select(t.pointers).where(*at_place(t.pointers))
_INSERT_POINTER = insert(t.pointers)
_MOVE_POINTER = (
    update(t.pointers)
    .where(*at_place(t.pointers), t.pointers.c.version_id == bindparam("expected"))
    .values(version_id=bindparam("moved_to"))
)
_INSERT_VERSION = insert(t.versions)
_INSERT_INPUTS = insert(t.inputs)


class StaleWriterError(NaxsError):
    """Another run claimed the place later, or the pointer moved under the writer."""

    exit_code = EXIT_BUSY


class HeldError(NaxsError):
    """A person pinned the place to a version; only they, or a release of the hold, may move it."""

    exit_code = EXIT_BUSY


@dataclass(frozen=True)
class Claim:
    """A run's right to write one asset: its token and the version ids it saw per partition."""

    run_id: str
    actor: str
    token: int
    asset: str
    expected: dict[str, int | None]


class Ledger(LedgerQueries):
    """Versions, inputs, pointers and events in one database."""

    def claim(
        self, asset: str, partitions: Sequence[str], *, run_id: str, actor: str, at: str
    ) -> Claim:
        """Take the fencing token of ``run_id`` for the places it is about to make.

        Raises :class:`StaleWriterError` if a later run has claimed one of them already.
        """
        with self.database.write() as connection:
            token = _token(connection, run_id, actor, at)
            fences = by_partition(connection, t.fences, asset, partitions)
            for partition in partitions:
                fence = fences.get(partition)
                if fence is None:
                    connection.execute(
                        insert(t.fences).values(
                            asset=asset, partition=partition, token=token, run_id=run_id
                        )
                    )
                elif fence.token > token:
                    raise _overtaken(asset, partition, run_id, fence.run_id)
            connection.execute(
                update(t.fences)
                .where(t.fences.c.asset == asset, t.fences.c.partition.in_(partitions))
                .values(token=token, run_id=run_id)
            )
            pointers = by_partition(connection, t.pointers, asset, partitions)
        expected = {p: pointers[p].version_id if p in pointers else None for p in partitions}
        return Claim(run_id=run_id, actor=actor, token=token, asset=asset, expected=expected)

    def publish(self, draft: Draft, claim: Claim, at: str) -> Published:
        """Make ``draft`` the current version of its place, if that changes anything.

        Raises :class:`StaleWriterError` if the claim was overtaken or the pointer moved since,
        and :class:`HeldError` if a person holds the place. In either case nothing is recorded.
        Raises ``ValueError`` for a place that is not part of the claim.
        """
        if draft.asset != claim.asset or draft.partition not in claim.expected:
            unclaimed = place_name(draft.asset, draft.partition)
            raise ValueError(f"run {claim.run_id} has not claimed {unclaimed}")
        here = place(draft.asset, draft.partition)
        with self.database.write() as connection:
            fence = connection.execute(_FENCE, here).one()
            if fence.token != claim.token:
                raise _overtaken(draft.asset, draft.partition, claim.run_id, fence.run_id)
            pointer = connection.execute(_POINTER, here).one_or_none()
            current = current_in(connection, draft.asset, draft.partition) if pointer else None
            if current is not None and _same_making(current, draft):
                return Published(Outcome.UNCHANGED, current)
            if pointer is not None and pointer.held_by is not None:
                raise HeldError(
                    f"{pointer.held_by} holds this result: {pointer.held_reason}",
                    where=place_name(draft.asset, draft.partition),
                    remedy="end the hold with naxs restore VERSION --release before making it anew",
                )
            version = _insert_version(connection, draft, claim, at)
            self._move(connection, claim, version, at)
        same_content = current is not None and current.content_hash == draft.content_hash
        claim.expected[draft.partition] = version.id
        return Published(Outcome.CONFIRMED if same_content else Outcome.NEW, version)

    def _move(self, connection: Connection, claim: Claim, version: Version, at: str) -> None:
        expected = claim.expected[version.partition]
        here = place(version.asset, version.partition)
        if expected is None:
            moved = 0 if connection.execute(_POINTER, here).first() else 1
            if moved:
                pointer = {
                    "asset": version.asset,
                    "partition": version.partition,
                    "version_id": version.id,
                }
                connection.execute(_INSERT_POINTER, pointer)
        else:
            parameters = here | {"expected": expected, "moved_to": version.id}
            moved = connection.execute(_MOVE_POINTER, parameters).rowcount
        if moved != 1:
            raise StaleWriterError(
                f"the current version moved while run {claim.run_id} was making a new one",
                where=version.place,
                remedy="run again; the newer version was kept",
            )
        append_event(
            connection,
            Event(
                action="publish",
                asset=version.asset,
                partition=version.partition,
                actor=claim.actor,
                run_id=claim.run_id,
                at=at,
                version_before=expected,
                version_after=version.id,
                seal=version_seal(version),
            ),
        )

    def restore(self, version_id: int, *, actor: str, reason: str, run_id: str, at: str) -> Version:
        """Point the version's place at it again and hold it there; returns the version.

        Running writers of the place are fenced off. Raises :class:`UnknownVersionError`.
        """
        with self.database.write() as connection:
            version = version_in(connection, version_id)
            here = place(version.asset, version.partition)
            before = connection.execute(_POINTER, here).one().version_id
            connection.execute(
                update(t.pointers)
                .where(*at_place(t.pointers))
                .values(version_id=version.id, held_by=actor, held_reason=reason),
                here,
            )
            token = _overruling_token(connection, run_id, actor, at)
            connection.execute(
                update(t.fences).where(*at_place(t.fences)).values(token=token, run_id=run_id),
                here,
            )
            event = Event(
                action="restore",
                asset=version.asset,
                partition=version.partition,
                actor=actor,
                run_id=run_id,
                at=at,
                version_before=before,
                version_after=version.id,
                seal=version_seal(version),
                reason=reason,
            )
            append_event(connection, event)
        return version

    def release_hold(self, asset: str, partition: str, *, actor: str, reason: str, at: str) -> None:
        """Let runs make the place anew. Raises :class:`UnknownVersionError` if it is not held."""
        with self.database.write() as connection:
            released = connection.execute(
                update(t.pointers)
                .where(*at_place(t.pointers), t.pointers.c.held_by.is_not(None))
                .values(held_by=None, held_reason=None),
                place(asset, partition),
            ).rowcount
            if not released:
                raise UnknownVersionError(
                    "nothing is held here",
                    where=place_name(asset, partition),
                    remedy="naxs lineage show tells whether a result is held",
                )
            append_event(
                connection,
                Event("release_hold", asset, partition, actor, "", at, reason=reason),
            )

    def record_event(self, event: Event) -> None:
        """Append an event that moves no pointer (a refused month, a finished run)."""
        with self.database.write() as connection:
            append_event(connection, event)

    def fix_fact(self, key: str, value: str) -> str:
        """Fix a fact; returns the value on record, an earlier one if results were made under it."""
        with self.database.write() as connection:
            known = connection.execute(
                select(t.home.c.value).where(t.home.c.key == key)
            ).scalar_one_or_none()
            if known is None:
                connection.execute(insert(t.home).values(key=key, value=value))
            elif known != value and connection.execute(select(t.versions.c.id).limit(1)).first():
                return str(known)
            else:
                connection.execute(update(t.home).where(t.home.c.key == key).values(value=value))
            return value


def _token(connection: Connection, run_id: str, actor: str, at: str) -> int:
    known = connection.execute(
        select(t.tokens.c.token).where(t.tokens.c.run_id == run_id)
    ).scalar_one_or_none()
    if known is not None:
        return int(known)
    token = _highest_token(connection) + 1
    connection.execute(
        insert(t.tokens).values(run_id=run_id, token=token, actor=actor, started_at=at)
    )
    return token


def _overruling_token(connection: Connection, run_id: str, actor: str, at: str) -> int:
    """The run's token, made the highest: a person overrules runs that came after theirs began."""
    token = _token(connection, run_id, actor, at)
    highest = _highest_token(connection)
    if token < highest:
        token = highest + 1
        connection.execute(update(t.tokens).where(t.tokens.c.run_id == run_id).values(token=token))
    return token


def _highest_token(connection: Connection) -> int:
    return connection.execute(select(func.max(t.tokens.c.token))).scalar_one_or_none() or 0


def _overtaken(asset: str, partition: str, run_id: str, by: str) -> StaleWriterError:
    return StaleWriterError(
        f"run {run_id} was overtaken by run {by}, which claimed this result later",
        where=place_name(asset, partition),
        remedy="this result was not written, those before it are kept; "
        f"let run {by} finish, then run again if needed",
    )


def _same_making(current: Version, draft: Draft) -> bool:
    return (
        current.content_hash == draft.content_hash
        and current.code_hash == draft.code_hash
        and current.config_hash == draft.config_hash
        and current.reads_hash == reads_hash(draft.reads)
        and current.uri == draft.uri
        and current.file_sha256 == draft.file_sha256
    )


def _insert_version(connection: Connection, draft: Draft, claim: Claim, at: str) -> Version:
    environment_hash, packages = environment()
    known = connection.execute(
        select(t.environments.c.hash).where(t.environments.c.hash == environment_hash)
    ).first()
    if known is None:
        connection.execute(insert(t.environments).values(hash=environment_hash, packages=packages))
    values = {
        "asset": draft.asset,
        "partition": draft.partition,
        "content_hash": draft.content_hash,
        "kind": draft.kind,
        "uri": draft.uri,
        "file_sha256": draft.file_sha256,
        "size": draft.size,
        "rows": draft.rows,
        "schema": draft.schema.to_json(),
        "code_hash": draft.code_hash,
        "config_hash": draft.config_hash,
        "reads_hash": reads_hash(draft.reads),
        "environment": environment_hash,
        "run_id": claim.run_id,
        "actor": claim.actor,
        "made_at": at,
        # In the maker's order, for people; seals and hashes sort for themselves.
        "metadata": json.dumps(draft.metadata, ensure_ascii=False),
    }
    result = connection.execute(_INSERT_VERSION, values)
    version_id = int(result.inserted_primary_key[0])  # type: ignore[index]
    if draft.reads:
        connection.execute(
            _INSERT_INPUTS,
            [
                {
                    "version_id": version_id,
                    "position": position,
                    "kind": read.kind.value,
                    "input_asset": read.asset,
                    "input_partition": read.partition,
                    "input_version_id": read.version_id,
                    "read_hash": read.read_hash,
                    "cut": read.cut,
                }
                for position, read in enumerate(draft.reads)
            ],
        )
    return version_from({**values, "id": version_id})
