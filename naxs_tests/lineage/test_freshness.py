"""Freshness: a result is up to date as long as its recipe and its inputs would give it again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest

from naxs_assets.lineage.freshness import stale_partitions
from naxs_assets.lineage.monthly import Made, Make
from naxs_assets.lineage.publishing import Lineage
from naxs_assets.lineage.recipe import AllMonths, Recipe
from naxs_tests.lineage.support import NUMBERS, a_recipe, doubled, numbers, publish, put

JANUARY, FEBRUARY = "2020-01", "2020-02"
TWICE = a_recipe("twice")


def stale(lineage: Lineage, recipe: Recipe = TWICE, *months: str) -> dict[str, str]:
    return stale_partitions(lineage.library, recipe, list(months or (JANUARY,)))


@pytest.fixture
def made(lineage: Lineage) -> Lineage:
    """A home with one month of bars and its double."""
    put(lineage, "bars", {JANUARY: numbers(JANUARY, 1, 2)})
    publish(lineage, TWICE, doubled(lineage.reader("bars")), [JANUARY])
    return lineage


def test_what_was_never_made_must_be_made(made: Lineage) -> None:
    assert stale(made, TWICE, JANUARY, FEBRUARY) == {FEBRUARY: "not made yet"}


def test_a_result_is_up_to_date_while_nothing_changes(made: Lineage) -> None:
    assert stale(made) == {}


def test_changed_input_makes_stale_and_changing_it_back_makes_fresh(made: Lineage) -> None:
    put(made, "bars", {JANUARY: numbers(JANUARY, 1, 3)})
    assert stale(made) == {JANUARY: "bars[2020-01] changed"}
    put(made, "bars", {JANUARY: numbers(JANUARY, 1, 2)})
    assert stale(made) == {}


def test_an_input_made_again_with_the_same_content_changes_nothing(made: Lineage) -> None:
    assert put(made, "bars", {JANUARY: numbers(JANUARY, 1, 2)}) == {JANUARY: "confirmed"}
    assert stale(made) == {}


def test_a_fact_that_was_read_counts_and_the_content_beside_it_does_not(lineage: Lineage) -> None:
    def told(pending: Iterator[str]) -> Iterator[Made]:
        for month in pending:
            fact = lineage.reader("bars")[month].fact("broken")
            yield Made(month, numbers(month, fact.value()), made_from=(fact,))

    def publish_bars(value: int, broken: int) -> None:
        table = numbers(JANUARY, value)
        made = Made(JANUARY, table, metadata={"broken": broken})
        recipe = replace(a_recipe("bars"), config={"value": value, "broken": broken})
        publish(lineage, recipe, lambda pending: (made for _ in pending), [JANUARY])

    publish_bars(1, broken=2)
    counted = a_recipe("counted")
    publish(lineage, counted, told, [JANUARY])
    assert lineage.reader("counted")[JANUARY].frame()["value"].to_list() == [2]
    publish_bars(7, broken=2)
    assert stale(lineage, counted) == {}
    publish_bars(7, broken=3)
    assert stale(lineage, counted) == {JANUARY: "bars[2020-01] changed"}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"code": ("naxs_assets.errors",)}, "the code that makes it changed"),
        ({"config": {"factor": 3}}, "its configuration changed"),
        (
            {"contract": replace(NUMBERS, version=2)},
            "its configuration changed",
        ),
    ],
    ids=["code", "configuration", "contract"],
)
def test_changed_making_makes_stale(made: Lineage, changes: dict[str, Any], reason: str) -> None:
    assert stale(made, a_recipe("twice", **changes)) == {JANUARY: reason}


@pytest.mark.parametrize("damage", ["missing", "cut off"])
def test_a_result_whose_file_is_gone_or_cut_off_must_be_made_again(
    made: Lineage, damage: str
) -> None:
    version = made.ledger.current("twice", JANUARY)
    assert version is not None
    path = made.store.local_path(version.uri)
    assert path is not None
    if damage == "missing":
        path.unlink()
    else:
        os.truncate(path, version.size - 1)
    assert stale(made) == {JANUARY: "its file is missing or cut off"}
    outcome = publish(made, TWICE, doubled(made.reader("bars")), [JANUARY])
    assert outcome == {JANUARY: "unchanged"}
    assert stale(made) == {}


def test_a_held_result_is_never_stale(made: Lineage) -> None:
    version = made.ledger.current("twice", JANUARY)
    assert version is not None
    made.ledger.restore(version.id, actor="bob", reason="", run_id="rollback", at=made.now())
    put(made, "bars", {JANUARY: numbers(JANUARY, 9)})
    assert stale(made, a_recipe("twice", config={"factor": 3})) == {}


# --- What was absent, and what is new -------------------------------------------------------------


def looks_ahead(lineage: Lineage) -> Make:
    """A maker that counts the rows of its month and, if it is there, of the next."""

    def make(pending: Iterator[str]) -> Iterator[Made]:
        for month in pending:
            handles = [lineage.reader("bars")[m] for m in (month, FEBRUARY)]
            rows = sum(handle.frame().height for handle in handles if handle)
            yield Made(month, numbers(month, rows), made_from=tuple(handles))

    return make


def test_what_was_absent_must_still_be_absent(lineage: Lineage) -> None:
    put(lineage, "bars", {JANUARY: numbers(JANUARY, 1)})
    publish(lineage, TWICE, looks_ahead(lineage), [JANUARY])
    assert stale(lineage) == {}
    put(lineage, "bars", {FEBRUARY: numbers(FEBRUARY, 1)})
    assert stale(lineage) == {JANUARY: "bars[2020-02] changed"}
    publish(lineage, TWICE, looks_ahead(lineage), [JANUARY])
    assert stale(lineage) == {}


WHOLE = a_recipe("report", monthly=False, upstream={"bars": AllMonths("bars")})


def sums_up(lineage: Lineage, until: str = "9999-12") -> Make:
    """A maker that adds up every month of bars there is (until one)."""

    def make(pending: Iterator[str]) -> Iterator[Made]:
        for partition in pending:
            reader = lineage.reader("bars")
            handles = [reader[month] for month in reader if month <= until]
            total = sum(handle.frame().get_column("value").sum() for handle in handles)
            yield Made(partition, numbers(JANUARY, total), made_from=tuple(handles))

    return make


def test_a_report_of_all_months_is_stale_when_a_month_comes(lineage: Lineage) -> None:
    put(lineage, "bars", {JANUARY: numbers(JANUARY, 1)})
    publish(lineage, WHOLE, sums_up(lineage), [""])
    assert stale(lineage, WHOLE, "") == {}
    put(lineage, "bars", {FEBRUARY: numbers(FEBRUARY, 1)})
    assert stale(lineage, WHOLE, "") == {"": "bars[2020-02] is new"}
    assert publish(lineage, WHOLE, sums_up(lineage), [""]) == {"": "new"}
    assert stale(lineage, WHOLE, "") == {}


def test_months_that_a_report_leaves_out_on_purpose_do_not_make_it_stale(lineage: Lineage) -> None:
    put(lineage, "bars", {m: numbers(m, 1) for m in (JANUARY, FEBRUARY)})
    publish(lineage, WHOLE, sums_up(lineage, until=JANUARY), [""])
    put(lineage, "bars", {FEBRUARY: numbers(FEBRUARY, 2)})
    assert stale(lineage, WHOLE, "") == {}


# --- Cut reads ------------------------------------------------------------------------------------


def known_on_the_second(lineage: Lineage) -> Make:
    """A maker that reads what was known on the second of January."""

    def make(pending: Iterator[str]) -> Iterator[Made]:
        for month in pending:
            handle = lineage.reader("bars")[JANUARY].until(date(2020, 1, 2))
            yield Made(month, handle.frame(), made_from=(handle,))

    return make


@pytest.fixture
def cut(lineage: Lineage) -> Lineage:
    """A home where January's bars were read up to their second day."""
    put(lineage, "bars", {JANUARY: numbers(JANUARY, 1, 2)})
    publish(lineage, TWICE, known_on_the_second(lineage), [JANUARY])
    return lineage


def test_rows_that_come_after_the_cut_leave_a_result_up_to_date(cut: Lineage) -> None:
    put(cut, "bars", {JANUARY: numbers(JANUARY, 1, 2, 3)})
    assert stale(cut) == {}


def test_an_end_that_becomes_known_after_the_cut_leaves_a_result_up_to_date(cut: Lineage) -> None:
    put(cut, "bars", {JANUARY: numbers(JANUARY, 1, 2, until=date(2020, 1, 9))})
    assert stale(cut) == {}
    put(cut, "bars", {JANUARY: numbers(JANUARY, 1, 2, until=date(2020, 1, 2))})
    assert stale(cut) == {JANUARY: "bars[2020-01] changed"}


def test_a_restated_row_before_the_cut_makes_stale(cut: Lineage) -> None:
    put(cut, "bars", {JANUARY: numbers(JANUARY, 1, 7, 3)})
    assert stale(cut) == {JANUARY: "bars[2020-01] changed"}


# --- External inputs ------------------------------------------------------------------------------


def from_files(digests: dict[str, str]) -> Recipe:
    return a_recipe("twice", externals=lambda month: {f"files:{month}": digests["bars"]})


def constant(pending: Iterator[str]) -> Iterator[Made]:
    for month in pending:
        yield Made(month, numbers(month, 1))


def test_an_external_input_is_watched_by_its_digest(lineage: Lineage) -> None:
    digests = {"bars": "a"}
    publish(lineage, from_files(digests), constant, [JANUARY])
    assert stale(lineage, from_files(digests)) == {}
    digests["bars"] = "b"
    assert stale(lineage, from_files(digests)) == {JANUARY: "files:2020-01 changed"}
    assert publish(lineage, from_files(digests), constant, [JANUARY]) == {JANUARY: "confirmed"}
    assert stale(lineage, from_files(digests)) == {}


@pytest.mark.parametrize(
    ("recorded", "now"), [({"a": "1"}, {}), ({}, {"a": "1"}), ({"a": "1"}, {"b": "1"})]
)
def test_an_external_input_that_comes_or_goes_makes_stale(
    lineage: Lineage, recorded: dict[str, str], now: dict[str, str]
) -> None:
    publish(lineage, a_recipe("twice", externals=lambda _: recorded), constant, [JANUARY])
    reasons = stale(lineage, a_recipe("twice", externals=lambda _: now))
    assert reasons == {JANUARY: f"{', '.join(sorted(recorded | now))} changed"}


def test_a_file_that_changes_while_it_is_read_makes_the_result_stale(lineage: Lineage) -> None:
    digests = {"bars": "before"}

    def make(pending: Iterator[str]) -> Iterator[Made]:
        for month in pending:
            table = numbers(month, 1)  # read now, and changed by another just afterwards
            digests["bars"] = "after"
            yield Made(month, table)

    publish(lineage, from_files(digests), make, [JANUARY])
    assert stale(lineage, from_files(digests)) == {JANUARY: "files:2020-01 changed"}


def test_a_pointer_that_moves_while_a_result_is_made_makes_it_stale(lineage: Lineage) -> None:
    put(lineage, "bars", {JANUARY: numbers(JANUARY, 1)})

    def make(pending: Iterator[str]) -> Iterator[Made]:
        for month in pending:
            first = lineage.reader("bars")[JANUARY]
            put(lineage, "bars", {JANUARY: numbers(JANUARY, 2)})
            second = lineage.reader("bars")[JANUARY]
            both = pl.concat([first.frame(), second.frame()]).get_column("value").sum()
            yield Made(month, numbers(month, both), made_from=(first, second))

    publish(lineage, TWICE, make, [JANUARY])
    version = lineage.ledger.current("twice", JANUARY)
    assert version is not None
    history = [v.id for v in lineage.ledger.history("bars", JANUARY)]
    assert [read.version_id for read in lineage.ledger.reads(version.id)] == history
    assert stale(lineage) == {JANUARY: "bars[2020-01] changed"}
