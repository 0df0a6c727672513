"""Verification: every file and every event is looked at, and what is damaged can be set aside."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import delete, update

from naxs_assets.lineage import tables as t
from naxs_assets.lineage.freshness import stale_partitions
from naxs_assets.lineage.publishing import Lineage
from naxs_assets.lineage.records import Version
from naxs_assets.lineage.verifying import verify
from naxs_tests.lineage.support import a_recipe, doubled, numbers, publish, put

MONTHS = ["2020-01", "2020-02"]
TWICE = a_recipe("twice")


@pytest.fixture
def made(lineage: Lineage) -> Lineage:
    put(lineage, "bars", {month: numbers(month, 1, 2) for month in MONTHS})
    publish(lineage, TWICE, doubled(lineage.reader("bars")), MONTHS)
    return lineage


def current(lineage: Lineage) -> tuple[Version, Path]:
    version = lineage.ledger.current("twice", MONTHS[0])
    assert version is not None
    path = lineage.store.local_path(version.uri)
    assert path is not None
    return version, path


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[10] ^= 1
    path.write_bytes(data)


def test_a_sound_home_verifies(made: Lineage) -> None:
    found = verify(made)
    assert found.is_sound
    assert found.versions == 4


def test_a_flipped_bit_is_found_set_aside_and_healed_by_the_next_run(made: Lineage) -> None:
    version, path = current(made)
    flip(path)
    found = verify(made, set_aside=True)
    assert [(d.place, d.version_id) for d in found.damaged] == [("twice[2020-01]", version.id)]
    assert not found.is_sound
    assert list(stale_partitions(made.library, TWICE, MONTHS)) == [MONTHS[0]]
    healed = publish(made, TWICE, doubled(made.reader("bars")), MONTHS)
    assert healed == {MONTHS[0]: "unchanged"}
    assert verify(made).is_sound


def test_a_record_that_names_other_content_is_found(made: Lineage) -> None:
    version, _ = current(made)
    with made.ledger.database.write() as connection:
        connection.execute(
            update(t.versions).where(t.versions.c.id == version.id).values(content_hash="0" * 64)
        )
    assert [damage.version_id for damage in verify(made).damaged] == [version.id]


def test_a_lost_event_is_found(made: Lineage) -> None:
    with made.ledger.database.write() as connection:
        connection.execute(delete(t.events).where(t.events.c.seq == 2))
    assert verify(made).broken_event == 2


def test_a_file_that_is_sound_for_a_later_version_is_left_in_place(made: Lineage) -> None:
    version, path = current(made)
    # Another writer made the file anew: the same content in other bytes, recorded since.
    made.library.frame(version).write_parquet(path, compression="uncompressed")
    put(made, "twice", {MONTHS[0]: made.library.frame(version)})
    found = verify(made, set_aside=True)
    assert [damage.version_id for damage in found.damaged] == [version.id]
    assert path.exists()
