"""The event chain: whatever is changed, cut off or taken out of it is found, with its place."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import delete, select, text, update

from naxs_assets.lineage.events import Event, _seal, broken_link
from naxs_assets.lineage.ledger import Ledger
from naxs_assets.lineage.tables import chain, events
from naxs_tests.lineage.support import a_draft, at, record

COUNT = 6


@pytest.fixture
def written(ledger: Ledger) -> Ledger:
    """A ledger with six events: four results, a person's note and a refusal."""
    for content in "abcd":
        record(ledger, a_draft(content=content))
    ledger.record_event(Event("note", "market/prices", "", "ann", "", at(5), reason="核对过"))
    ledger.record_event(Event("refuse", "market/prices", "2020-02", "bob", "run-x", at(6)))
    return ledger


def first_broken(ledger: Ledger) -> int | None:
    with ledger.database.read() as connection:
        return broken_link(connection)


def test_an_untouched_chain_is_sound(ledger: Ledger, written: Ledger) -> None:
    assert first_broken(written) is None


def test_an_empty_chain_is_sound(ledger: Ledger) -> None:
    assert first_broken(ledger) is None


def test_events_say_who_did_what_when_and_from_which_version_to_which(written: Ledger) -> None:
    with written.database.read() as connection:
        second = connection.execute(select(events).where(events.c.seq == 2)).one()
    assert (second.action, second.asset, second.partition) == (
        "publish",
        "market/prices",
        "2020-01",
    )
    assert (second.actor, second.at) == ("ann", at(0))
    assert (second.version_before, second.version_after) == (1, 2)


@pytest.mark.parametrize("seq", [1, 3, COUNT])
@pytest.mark.parametrize(
    "column",
    ["at", "actor", "action", "asset", "partition", "reason", "run_id", "prev_hash", "hash"],
)
def test_a_changed_letter_is_found(written: Ledger, seq: int, column: str) -> None:
    with written.database.write() as connection:
        before = connection.execute(select(events.c[column]).where(events.c.seq == seq)).scalar()
        after = chr(ord(before[0]) ^ 1) + before[1:] if before else "x"
        connection.execute(update(events).where(events.c.seq == seq).values({column: after}))
    assert first_broken(written) == seq


@pytest.mark.parametrize("column", ["version_before", "version_after"])
def test_a_changed_version_is_found(written: Ledger, column: str) -> None:
    with written.database.write() as connection:
        connection.execute(update(events).where(events.c.seq == 3).values({column: None}))
    assert first_broken(written) == 3


CUTS: dict[str, tuple[Callable[[int], bool], int]] = {
    "the first": (lambda seq: seq == 1, 1),
    "one in the middle": (lambda seq: seq == 3, 3),
    "the last": (lambda seq: seq == COUNT, COUNT),
    "the tail": (lambda seq: seq > 2, 3),
    "everything": (lambda _: True, 1),
}


@pytest.mark.parametrize("cut", CUTS)
def test_deleted_events_are_found(written: Ledger, cut: str) -> None:
    is_deleted, expected = CUTS[cut]
    gone = [seq for seq in range(1, COUNT + 1) if is_deleted(seq)]
    with written.database.write() as connection:
        connection.execute(delete(events).where(events.c.seq.in_(gone)))
    assert first_broken(written) == expected


def test_a_closed_gap_is_found(written: Ledger) -> None:
    with written.database.write() as connection:
        connection.execute(delete(events).where(events.c.seq == 3))
        connection.execute(text("UPDATE events SET seq = seq - 1 WHERE seq > 3"))
    assert first_broken(written) == 3


def test_an_event_slipped_in_behind_the_head_is_found(written: Ledger) -> None:
    with written.database.write() as connection:
        head = connection.execute(select(chain)).one()
        connection.execute(
            events.insert().values(
                seq=head.seq + 1,
                at=at(9),
                actor="eve",
                action="note",
                asset="",
                partition="",
                seal="",
                reason="",
                run_id="",
                prev_hash=head.hash,
                hash="0" * 64,
            )
        )
    assert first_broken(written) == COUNT + 1


def test_a_moved_head_is_found(written: Ledger) -> None:
    with written.database.write() as connection:
        connection.execute(update(chain).values(hash="0" * 64))
    assert first_broken(written) == COUNT + 1


def test_an_event_rewritten_and_sealed_anew_is_found_at_the_next(written: Ledger) -> None:
    with written.database.write() as connection:
        row = connection.execute(select(events).where(events.c.seq == 3)).mappings().one()
        forged = {name: row[name] for name in row if name != "hash"} | {"actor": "eve"}
        connection.execute(
            update(events).where(events.c.seq == 3).values(**forged, hash=_seal(forged))
        )
    assert first_broken(written) == 4
