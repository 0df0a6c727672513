"""The event chain: who did what, when and why, each event sealed by the hash of the one before."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from naxs_assets.lineage.content_hash import canonical_json
from naxs_assets.lineage.database import GENESIS_HASH
from naxs_assets.lineage.tables import chain, events

# Built once: building a statement takes longer than running it.
_HEAD = select(chain.c.seq, chain.c.hash)
_INSERT_EVENT = insert(events)
_MOVE_HEAD = update(chain).values(seq=bindparam("new_seq"), hash=bindparam("new_hash"))


@dataclass(frozen=True)
class Event:
    """One thing that happened to a place (asset and partition) of the ledger.

    ``seal`` is the seal of the version that became current, so that the chain covers what a
    version holds and was made from, and not only its number.
    """

    action: str
    asset: str
    partition: str
    actor: str
    run_id: str
    at: str
    version_before: int | None = None
    version_after: int | None = None
    seal: str = ""
    reason: str = ""


def append_event(connection: Connection, event: Event) -> int:
    """Append an event inside a write transaction; returns its sequence number."""
    head = connection.execute(_HEAD).one()
    record = {
        "seq": head.seq + 1,
        "at": event.at,
        "actor": event.actor,
        "action": event.action,
        "asset": event.asset,
        "partition": event.partition,
        "version_before": event.version_before,
        "version_after": event.version_after,
        "seal": event.seal,
        "reason": event.reason,
        "run_id": event.run_id,
        "prev_hash": head.hash,
    }
    sealed = _seal(record)
    connection.execute(_INSERT_EVENT, {**record, "hash": sealed})
    connection.execute(_MOVE_HEAD, {"new_seq": head.seq + 1, "new_hash": sealed})
    return int(head.seq) + 1


def broken_link(connection: Connection) -> int | None:
    """The sequence number of the first event that does not verify, or None when all do.

    A cut-off tail is found too, because the head is kept apart: then the number is the first
    missing one.
    """
    expected_seq, previous = 1, GENESIS_HASH
    for row in connection.execute(select(events).order_by(events.c.seq)).mappings():
        record = {name: row[name] for name in row if name != "hash"}
        sound = (
            row["seq"] == expected_seq
            and row["prev_hash"] == previous
            and row["hash"] == _seal(record)
        )
        if not sound:
            return expected_seq
        expected_seq, previous = expected_seq + 1, row["hash"]
    head = connection.execute(_HEAD).one()
    return None if (head.seq, head.hash) == (expected_seq - 1, previous) else expected_seq


def _seal(record: Mapping[str, Any]) -> str:
    text = str(record["prev_hash"]) + canonical_json(dict(record))
    return hashlib.sha256(text.encode()).hexdigest()
