"""A ledger that was changed by hand does not agree with its sealed chain of events."""

from __future__ import annotations

from pathlib import Path

import pytest

from naxs_assets.lineage.publishing import Lineage
from naxs_assets.lineage.verifying import verify
from naxs_tests.lineage.support import numbers, put, small_home


@pytest.fixture
def home(tmp_path: Path) -> Lineage:
    lineage = small_home(tmp_path)
    put(lineage, "bars", {"2020-01": numbers("2020-01", 1), "2020-02": numbers("2020-02", 2)})
    put(lineage, "bars", {"2020-02": numbers("2020-02", 3)})
    reader = lineage.reader("bars")
    put(
        lineage, "means", {"2020-02": numbers("2020-02", 9)}, [reader["2020-01"], reader["2020-02"]]
    )
    return lineage


def _by_hand(home: Lineage, statement: str) -> tuple[str, ...]:
    with home.ledger.database.write() as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        connection.exec_driver_sql(statement)
    result = verify(home)
    assert result.broken_event is None
    assert not result.is_sound
    return result.forged


def test_an_untouched_ledger_is_sound(home: Lineage) -> None:
    assert verify(home).is_sound


def test_a_changed_version_is_named(home: Lineage) -> None:
    found = _by_hand(home, "UPDATE versions SET code_hash = 'x' WHERE id = 3")
    assert found == ("version 3 of bars[2020-02] is not what was published",)


def test_a_changed_or_lost_input_is_named(home: Lineage) -> None:
    found = _by_hand(
        home, "UPDATE inputs SET read_hash = 'x' WHERE version_id = 4 AND position = 0"
    )
    assert found == ("the inputs of version 4 are not what was recorded",)
    found = _by_hand(home, "DELETE FROM inputs WHERE version_id = 4")
    assert found == ("the inputs of version 4 are not what was recorded",)


def test_a_moved_or_lost_pointer_is_named(home: Lineage) -> None:
    found = _by_hand(
        home, "UPDATE pointers SET version_id = 2 WHERE asset = 'bars' AND partition = '2020-02'"
    )
    assert found == ("bars[2020-02] points at version 2, the events say 3",)
    found = _by_hand(home, "DELETE FROM pointers WHERE asset = 'means'")
    assert "means[2020-02] points at version None, the events say 4" in found


def test_a_restored_version_is_as_it_should_be(home: Lineage) -> None:
    home.ledger.restore(2, actor="ann", reason="why not", run_id="r", at=home.now())
    assert verify(home).is_sound
