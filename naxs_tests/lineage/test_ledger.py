"""The ledger: what publishing records, what a person can hold and restore, what was current."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import func, select

from naxs_assets.errors import EXIT_BUSY
from naxs_assets.lineage import tables as t
from naxs_assets.lineage.events import broken_link
from naxs_assets.lineage.ledger import HeldError, Ledger, StaleWriterError
from naxs_assets.lineage.queries import UnknownVersionError
from naxs_assets.lineage.records import Outcome, Read, ReadKind, Schema, Version
from naxs_tests.lineage.support import a_claim, a_draft, at, edge_to, moment, record

PRICES, MONTH = "market/prices", "2020-01"


def current(ledger: Ledger, partition: str = MONTH) -> Version:
    version = ledger.current(PRICES, partition)
    assert version is not None
    return version


def counts(ledger: Ledger) -> tuple[int, int]:
    """How many versions and events there are."""
    with ledger.database.read() as connection:
        versions = connection.execute(select(func.count()).select_from(t.versions)).scalar_one()
        events = connection.execute(select(func.count()).select_from(t.events)).scalar_one()
    return versions, events


# --- Publishing -----------------------------------------------------------------------------------


def test_the_first_result_of_a_place_is_new_and_current(ledger: Ledger) -> None:
    assert ledger.current(PRICES, MONTH) is None
    published = record(ledger, a_draft(content="a"))
    assert published.outcome is Outcome.NEW
    assert current(ledger) == published.version


def test_a_version_keeps_everything_its_draft_said(ledger: Ledger) -> None:
    schema = Schema("prices", 3, (("date", "date32"),), ("date",), "date", None)
    reads = (
        Read(ReadKind.EXTERNAL, "files:bars", MONTH, None, "f" * 64),
        Read(ReadKind.ABSENT, PRICES, "2019-12", None, ""),
    )
    metadata = {"说明": "核对", "rows": 3, "ratio": 0.1}
    draft = a_draft(schema=schema, reads=reads, metadata=metadata, size=3_000_000_000)
    version = record(ledger, draft, second=4).version
    assert current(ledger) == version
    assert (version.schema, version.metadata, version.size) == (schema, metadata, 3_000_000_000)
    assert (version.actor, version.made_at) == ("ann", at(4))
    assert ledger.reads(version.id) == reads


def test_the_same_making_of_the_same_content_records_nothing(ledger: Ledger) -> None:
    first = record(ledger, a_draft(content="a")).version
    before = counts(ledger)
    again = record(ledger, a_draft(content="a"), second=9)
    assert again.outcome is Outcome.UNCHANGED
    assert again.version == first
    assert counts(ledger) == before


@pytest.mark.parametrize(
    "changed",
    [
        {"code_hash": "other code"},
        {"config_hash": "other configuration"},
        {"reads": (Read(ReadKind.EXTERNAL, "files", MONTH, None, "e"),)},
        {"file_sha256": "written by another writer"},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_the_same_content_made_otherwise_is_confirmed(
    ledger: Ledger, changed: dict[str, Any]
) -> None:
    first = record(ledger, a_draft(content="a")).version
    again = record(ledger, a_draft(content="a", **changed))
    assert again.outcome is Outcome.CONFIRMED
    assert current(ledger) == again.version
    assert again.version.id != first.id


def test_what_runs_set_out_to_make_is_known_though_nothing_came_of_it(ledger: Ledger) -> None:
    a_claim(ledger, "first", PRICES, ["2020-02", "2020-01"])
    a_claim(ledger, "second", PRICES, ["2020-02", "2020-03"])
    assert ledger.claimed(PRICES) == ["2020-01", "2020-02", "2020-03"]
    assert ledger.claimed("other") == []


def test_other_content_is_new_even_when_it_was_current_before(ledger: Ledger) -> None:
    outcomes = [record(ledger, a_draft(content=content)).outcome for content in "aba"]
    assert outcomes == [Outcome.NEW] * 3
    assert [v.content_hash[0] for v in ledger.history(PRICES, MONTH)] == ["a", "b", "a"]


def test_the_same_inputs_under_other_version_ids_are_the_same_inputs(ledger: Ledger) -> None:
    bars = record(ledger, a_draft("bars", content="b")).version
    confirmed = record(ledger, a_draft("bars", content="b", code_hash="tidied")).version
    record(ledger, a_draft(reads=[edge_to(bars)]))
    again = record(ledger, a_draft(reads=[edge_to(confirmed)]))
    assert again.outcome is Outcome.UNCHANGED


def test_one_claim_may_publish_a_place_twice(ledger: Ledger) -> None:
    claim = a_claim(ledger, "run-a")
    for content in "ab":
        ledger.publish(a_draft(content=content), claim, at(1))
    assert current(ledger).content_hash[0] == "b"


@pytest.mark.parametrize("place", [("market/prices", "2020-02"), ("market/news", MONTH)])
def test_a_place_that_was_not_claimed_cannot_be_published(
    ledger: Ledger, place: tuple[str, str]
) -> None:
    with pytest.raises(ValueError, match="has not claimed"):
        ledger.publish(a_draft(*place), a_claim(ledger, "run-a"), at(1))


def test_metadata_that_cannot_be_kept_leaves_nothing_behind(ledger: Ledger) -> None:
    claim = a_claim(ledger, "run-a")
    with pytest.raises(TypeError):
        ledger.publish(a_draft(metadata={"now": moment(0)}), claim, at(1))
    assert counts(ledger) == (0, 0)
    assert ledger.current(PRICES, MONTH) is None


# --- Compare-and-set ------------------------------------------------------------------------------


def test_a_pointer_that_moved_under_the_writer_is_not_overwritten(ledger: Ledger) -> None:
    claim = a_claim(ledger, "run-a")
    twin = replace(claim, expected=dict(claim.expected))
    ledger.publish(a_draft(content="a"), claim, at(1))
    with pytest.raises(StaleWriterError, match="moved while run run-a"):
        ledger.publish(a_draft(content="b"), twin, at(2))
    assert current(ledger).content_hash[0] == "a"


def test_a_replaced_version_that_moved_is_refused_as_well(ledger: Ledger) -> None:
    record(ledger, a_draft(content="a"))
    claim = a_claim(ledger, "run-a")
    twin = replace(claim, expected=dict(claim.expected))
    ledger.publish(a_draft(content="b"), claim, at(1))
    before = counts(ledger)
    with pytest.raises(StaleWriterError):
        ledger.publish(a_draft(content="c"), twin, at(2))
    assert counts(ledger) == before


# --- Holds and restoring --------------------------------------------------------------------------


@pytest.fixture
def two_versions(ledger: Ledger) -> tuple[Version, Version]:
    """An older good version and the newer one that is current."""
    good = record(ledger, a_draft(content="a"), second=1).version
    return good, record(ledger, a_draft(content="b"), second=2).version


def restore(ledger: Ledger, version: Version, run_id: str = "rollback-1") -> Version:
    return ledger.restore(version.id, actor="bob", reason="bad bars", run_id=run_id, at=at(3))


def test_restoring_points_back_and_holds(
    ledger: Ledger, two_versions: tuple[Version, Version]
) -> None:
    good, bad = two_versions
    assert restore(ledger, good) == good
    assert current(ledger) == good
    (hold,) = ledger.holds()
    assert (hold.asset, hold.partition, hold.held_by, hold.reason) == (
        PRICES,
        MONTH,
        "bob",
        "bad bars",
    )
    with ledger.database.read() as connection:
        last = connection.execute(select(t.events).order_by(t.events.c.seq.desc())).first()
        assert last is not None
        assert broken_link(connection) is None
    assert (last.action, last.actor, last.reason, last.run_id) == (
        "restore",
        "bob",
        "bad bars",
        "rollback-1",
    )
    assert (last.version_before, last.version_after) == (bad.id, good.id)


def test_no_run_moves_a_held_place(ledger: Ledger, two_versions: tuple[Version, Version]) -> None:
    good, _ = two_versions
    restore(ledger, good)
    with pytest.raises(HeldError) as caught:
        record(ledger, a_draft(content="c"))
    assert "bob holds this result: bad bars" in caught.value.what
    assert caught.value.where == "market/prices[2020-01]"
    assert caught.value.exit_code == EXIT_BUSY
    assert current(ledger) == good
    assert record(ledger, a_draft(content="a")).outcome is Outcome.UNCHANGED


def test_a_running_writer_is_fenced_off_even_after_the_hold_is_released(
    ledger: Ledger, two_versions: tuple[Version, Version]
) -> None:
    good, _ = two_versions
    running = a_claim(ledger, "run-late")
    restore(ledger, good)
    with pytest.raises(StaleWriterError, match="overtaken by run rollback-1"):
        ledger.publish(a_draft(content="c"), running, at(4))
    ledger.release_hold(PRICES, MONTH, actor="bob", reason="mended", at=at(5))
    with pytest.raises(StaleWriterError):
        ledger.publish(a_draft(content="c"), running, at(6))
    assert current(ledger) == good


def test_a_long_rollback_overrules_runs_that_began_after_it(ledger: Ledger) -> None:
    months = ["2020-01", "2020-02"]
    good = [record(ledger, a_draft(partition=month, content="a")).version for month in months]
    for month in months:
        record(ledger, a_draft(partition=month, content="b"))
    restore(ledger, good[0])
    between = a_claim(ledger, "run-between", partitions=["2020-02"])
    restore(ledger, good[1])
    with pytest.raises(StaleWriterError, match="overtaken by run rollback-1"):
        ledger.publish(a_draft(partition="2020-02", content="c"), between, at(9))
    # And no older run can slip in below the fence that a newer one had raised.
    with pytest.raises(StaleWriterError):
        a_claim(ledger, "run-between", partitions=["2020-02"])


def test_a_release_lets_runs_in_again(
    ledger: Ledger, two_versions: tuple[Version, Version]
) -> None:
    restore(ledger, two_versions[0])
    ledger.release_hold(PRICES, MONTH, actor="bob", reason="mended", at=at(5))
    assert ledger.holds() == []
    assert record(ledger, a_draft(content="c")).outcome is Outcome.NEW
    assert current(ledger).content_hash[0] == "c"


def test_only_what_is_held_can_be_released(
    ledger: Ledger, two_versions: tuple[Version, Version]
) -> None:
    before = counts(ledger)
    with pytest.raises(UnknownVersionError, match="nothing is held"):
        ledger.release_hold(PRICES, MONTH, actor="bob", reason="", at=at(5))
    assert counts(ledger) == before


def test_a_version_that_is_not_on_record_cannot_be_restored(ledger: Ledger) -> None:
    with pytest.raises(UnknownVersionError, match="no version 77"):
        ledger.restore(77, actor="bob", reason="", run_id="rollback-1", at=at(1))


# --- As of ----------------------------------------------------------------------------------------


def test_every_past_instant_shows_what_was_current_then(ledger: Ledger) -> None:
    first = record(ledger, a_draft(content="a"), second=10).version
    second = record(ledger, a_draft(content="b"), second=20).version
    ledger.restore(first.id, actor="bob", reason="", run_id="rollback-1", at=at(30))
    ledger.release_hold(PRICES, MONTH, actor="bob", reason="", at=at(35))
    third = record(ledger, a_draft(content="c"), second=40).version
    expected = {9: None, 10: first, 19: first, 20: second, 30: first, 36: first, 40: third}
    seen = {second: ledger.current(PRICES, MONTH, moment(second)) for second in expected}
    assert seen == expected


def test_as_of_understands_any_time_zone_and_refuses_none(ledger: Ledger) -> None:
    first = record(ledger, a_draft(content="a"), second=10).version
    record(ledger, a_draft(content="b"), second=20)
    for hours in (-11, 8):
        elsewhere = moment(15).astimezone(timezone(timedelta(hours=hours)))
        assert ledger.current(PRICES, MONTH, elsewhere) == first
    with pytest.raises(ValueError, match="time zone"):
        ledger.current(PRICES, MONTH, datetime(2024, 1, 1))


# --- Many partitions ------------------------------------------------------------------------------


def test_more_partitions_than_one_query_may_bind(ledger: Ledger) -> None:
    months = [f"{year:04d}-{month:02d}" for year in range(1950, 2050) for month in range(1, 13)]
    assert len(months) == 1200
    claim = a_claim(ledger, "run-a", partitions=months)
    assert claim.expected == dict.fromkeys(months)
    edge = Read(ReadKind.ABSENT, PRICES, "1949-12", None, "")
    some = months[::4]
    made = {
        month: ledger.publish(a_draft(partition=month, reads=[edge]), claim, at(1)).version
        for month in some
    }
    assert ledger.partitions(PRICES) == some
    assert ledger.currents_with_reads(PRICES, months) == {m: (made[m], (edge,)) for m in some}
    assert ledger.current_rows(PRICES) == len(some)
    assert ledger.current_rows("market/calendar") == 0
    contents = ledger.current_contents((PRICES, month) for month in months)
    assert contents == {(PRICES, m): (made[m].id, made[m].content_hash) for m in some}
    again = a_claim(ledger, "run-b", partitions=months)
    assert again.expected == {m: made[m].id if m in made else None for m in months}


def test_partitions_since_a_version_are_those_whose_first_version_came_later(
    ledger: Ledger,
) -> None:
    old = record(ledger, a_draft(partition="2020-01", content="a")).version
    record(ledger, a_draft(partition="2020-03", content="a"))
    record(ledger, a_draft(partition="2020-01", content="b"))
    record(ledger, a_draft("market/news", "2020-04", content="b"))
    assert ledger.partitions_since(PRICES, old.id) == ["2020-03"]


# --- Facts ----------------------------------------------------------------------------------------


def test_a_fact_is_fixed_once_results_have_been_made_under_it(ledger: Ledger) -> None:
    assert ledger.fact("market") is None
    assert ledger.fix_fact("market", "mistyped") == "mistyped"
    assert ledger.fix_fact("market", "synthetic") == "synthetic"
    record(ledger, a_draft())
    assert ledger.fix_fact("market", "files") == "synthetic"
    assert ledger.fact("market") == "synthetic"
