"""Publishing: month by month, only what is stale, keeping what is done whatever happens after."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest
from sqlalchemy import select

from naxs_assets.errors import DataError
from naxs_assets.lineage import tables as t
from naxs_assets.lineage.ledger import StaleWriterError
from naxs_assets.lineage.monthly import Made, Make, Monthly, Refused
from naxs_assets.lineage.publishing import (
    Lineage,
    PartitionsRefusedError,
    Published,
    count_outcomes,
    place_of_refused,
)
from naxs_assets.lineage.reader import Handle
from naxs_assets.lineage.records import Read, ReadKind
from naxs_assets.lineage.verifying import verify
from naxs_assets.partitions import add_months, months_between
from naxs_tests.lineage.support import a_recipe, doubled, numbers, publish, put

MONTHS = [f"2020-{month:02d}" for month in range(1, 7)]
TWICE, BALANCE = a_recipe("twice"), a_recipe("balance")


def balance_of(lineage: Lineage, month: str, asset: str = "balance") -> float | None:
    handle = lineage.reader(asset)[month]
    return handle.frame().get_column("value")[-1] if handle else None


def sources(lineage: Lineage) -> None:
    """Bars of value 1, 2, 3... in the months."""
    put(lineage, "bars", {month: numbers(month, n) for n, month in enumerate(MONTHS, start=1)})


def running_balance(lineage: Lineage, asked: list[str]) -> Make:
    """A sequential maker: each month adds its bars to where the month before ended."""

    def make(pending: Iterator[str]) -> Iterator[Made]:
        for month in pending:
            asked.append(month)
            bars = lineage.reader("bars")[month]
            before = lineage.reader("balance")[add_months(month, -1)]
            start = before.frame().get_column("value")[-1] if before else 0
            total = start + bars.frame().get_column("value").sum()
            yield Made(month, numbers(month, total), made_from=(bars, before))

    return make


# --- Interruption and resume ----------------------------------------------------------------------


def test_an_interrupted_range_keeps_what_is_done_and_a_resume_skips_it(lineage: Lineage) -> None:
    sources(lineage)

    def breaks_down(pending: Iterator[str]) -> Iterator[Made]:
        for made in doubled(lineage.reader("bars"))(pending):
            if made.partition == MONTHS[3]:
                raise RuntimeError("the machine broke down")
            yield made

    with pytest.raises(RuntimeError, match="broke down"):
        publish(lineage, TWICE, breaks_down, MONTHS)
    assert lineage.ledger.partitions("twice") == MONTHS[:3]

    asked: list[str] = []
    resumed = publish(lineage, TWICE, doubled(lineage.reader("bars"), asked), MONTHS)
    assert asked == MONTHS[3:]
    assert resumed == dict.fromkeys(MONTHS[3:], "new")
    assert publish(lineage, TWICE, doubled(lineage.reader("bars"), asked), MONTHS) == {}
    assert asked == MONTHS[3:]


def test_each_month_is_current_before_the_next_is_asked_for(lineage: Lineage) -> None:
    seen: list[list[str]] = []

    def make(pending: Iterator[str]) -> Iterator[Made]:
        for month in pending:
            seen.append(list(lineage.reader("twice")))
            yield Made(month, numbers(month, 1))

    publish(lineage, TWICE, make, MONTHS[:3])
    assert seen == [[], MONTHS[:1], MONTHS[:2]]


def test_outcomes_are_told_as_they_happen(lineage: Lineage) -> None:
    told: list[tuple[str, str]] = []

    def watch(published: Published, made: Made) -> None:
        told.append((made.partition, published.outcome.value))

    sources(lineage)
    claim = lineage.claim("twice", MONTHS[:2], "run-x")
    monthly = Monthly(TWICE, doubled(lineage.reader("bars")))
    done = lineage.publish(monthly, MONTHS[:2], claim, watch)
    assert told == [(MONTHS[0], "new"), (MONTHS[1], "new")]
    assert count_outcomes(done) == {"new": 2, "confirmed": 0, "unchanged": 0}


# --- Sequential assets ----------------------------------------------------------------------------


def test_a_sequential_asset_is_asked_for_exactly_what_became_stale(lineage: Lineage) -> None:
    sources(lineage)
    asked: list[str] = []
    make = running_balance(lineage, asked)
    publish(lineage, BALANCE, make, MONTHS)
    assert [balance_of(lineage, month) for month in MONTHS] == [1, 3, 6, 10, 15, 21]

    asked.clear()
    put(lineage, "bars", {MONTHS[2]: numbers(MONTHS[2], 30)})
    assert publish(lineage, BALANCE, make, MONTHS) == dict.fromkeys(MONTHS[2:], "new")
    assert asked == MONTHS[2:]
    assert [balance_of(lineage, month) for month in MONTHS] == [1, 3, 33, 37, 42, 48]


def test_a_month_that_comes_out_the_same_stops_the_cascade(lineage: Lineage) -> None:
    sources(lineage)
    asked: list[str] = []
    make = running_balance(lineage, asked)
    publish(lineage, BALANCE, make, MONTHS)

    asked.clear()
    # The third month's bars change, but they add up to the same.
    put(lineage, "bars", {MONTHS[2]: numbers(MONTHS[2], 1, 2)})
    assert publish(lineage, BALANCE, make, MONTHS) == {MONTHS[2]: "confirmed"}
    assert asked == [MONTHS[2]]


# --- Refusals -------------------------------------------------------------------------------------


def refusing(bad: set[str]) -> Make:
    """A maker that refuses some months and makes the others."""

    def make(pending: Iterator[str]) -> Iterator[Made | Refused]:
        for month in pending:
            if month in bad:
                yield Refused(month, DataError(f"{month[-2:]} is bad", remedy="ask the vendor"))
            else:
                yield Made(month, numbers(month, 1))

    return make


def test_refused_months_do_not_stop_the_others_and_fail_by_name(lineage: Lineage) -> None:
    with pytest.raises(PartitionsRefusedError) as caught:
        publish(lineage, TWICE, refusing({MONTHS[1], MONTHS[4]}), MONTHS)
    assert caught.value.what == (
        "2 months of twice were refused, the first because 02 is bad; then 2020-05"
    )
    assert caught.value.remedy == "ask the vendor"
    kept = [month for month in MONTHS if month not in {MONTHS[1], MONTHS[4]}]
    assert lineage.ledger.partitions("twice") == kept


def test_any_number_of_refused_months_is_told_on_one_screen(lineage: Lineage) -> None:
    months = list(months_between("2010-01", "2013-12"))
    with pytest.raises(PartitionsRefusedError) as caught:
        publish(lineage, TWICE, refusing(set(months)), months)
    assert caught.value.what.startswith("48 months of twice were refused, the first because 01 is")
    assert caught.value.what.endswith("2011-01 and 35 more")


def test_a_single_refused_month_fails_by_name_too(lineage: Lineage) -> None:
    with pytest.raises(PartitionsRefusedError) as caught:
        publish(lineage, TWICE, refusing({MONTHS[1]}), MONTHS)
    assert caught.value.what == "twice[2020-02] was refused: 02 is bad"
    assert caught.value.where == "twice[2020-02]"
    assert isinstance(caught.value.__cause__, DataError)


def test_a_refusal_is_on_record_and_never_replaces_good_data(lineage: Lineage) -> None:
    publish(lineage, TWICE, refusing(set()), MONTHS)
    before = lineage.ledger.current("twice", MONTHS[1])
    with pytest.raises(PartitionsRefusedError):
        publish(lineage, a_recipe("twice", config={"new": 1}), refusing({MONTHS[1]}), MONTHS)
    assert lineage.ledger.current("twice", MONTHS[1]) == before
    with lineage.ledger.database.read() as connection:
        query = select(t.events).where(t.events.c.action == "refuse")
        (event,) = connection.execute(query).all()
    assert (event.partition, event.reason, event.version_after) == (MONTHS[1], "02 is bad", None)


def test_a_table_that_breaks_its_contract_is_not_published(lineage: Lineage) -> None:
    def make(pending: Iterator[str]) -> Iterator[Made]:
        for month in pending:
            yield Made(month, numbers(month, -1 if month == MONTHS[2] else 1))

    with pytest.raises(DataError) as caught:
        publish(lineage, TWICE, make, MONTHS)
    assert "numbers v1" in caught.value.what
    assert "value" in caught.value.what
    assert caught.value.where == "twice[2020-03]"
    assert lineage.ledger.partitions("twice") == MONTHS[:2]


@pytest.mark.parametrize(
    ("fields", "value"),
    [({}, "a text"), ({"contract": None, "suffix": ".json"}, numbers("2020-01", 1))],
    ids=["text for table", "table for text"],
)
def test_a_result_of_the_wrong_kind_is_a_programming_error(
    lineage: Lineage, fields: dict[str, Any], value: pl.DataFrame | str
) -> None:
    def make(pending: Iterator[str]) -> Iterator[Made]:
        for month in pending:
            yield Made(month, value)

    with pytest.raises(TypeError, match=r"twice\[2020-01\] gave a t"):
        publish(lineage, a_recipe("twice", **fields), make, MONTHS[:1])


def test_a_month_that_was_not_taken_cannot_be_given(lineage: Lineage) -> None:
    def make(pending: Iterator[str]) -> Iterator[Made]:
        for month in pending:
            yield Made(add_months(month, 1), numbers(month, 1))

    with pytest.raises(ValueError, match=r"twice\[2020-02\] was made, but .* not taken it"):
        publish(lineage, TWICE, make, MONTHS[:1])
    assert lineage.ledger.partitions("twice") == []


def test_an_overtaken_run_publishes_no_further_month(lineage: Lineage) -> None:
    def make(pending: Iterator[str]) -> Iterator[Made]:
        for month in pending:
            if month == MONTHS[2]:
                lineage.claim("twice", MONTHS, "run-faster")
            yield Made(month, numbers(month, 1))

    with pytest.raises(StaleWriterError, match="overtaken by run run-faster"):
        publish(lineage, TWICE, make, MONTHS)
    assert lineage.ledger.partitions("twice") == MONTHS[:2]


# --- Edges ----------------------------------------------------------------------------------------


def test_the_edges_on_record_are_exactly_the_handles_given(lineage: Lineage) -> None:
    sources(lineage)
    given: list[Handle] = []

    def make(pending: Iterator[str]) -> Iterator[Made]:
        for month in pending:
            bars = lineage.reader("bars")
            bars[MONTHS[5]].frame()  # looked at, but not said to have been used
            given.extend([bars[MONTHS[1]], bars[MONTHS[0]], bars["2019-12"], bars[MONTHS[1]]])
            yield Made(month, numbers(month, 1), made_from=tuple(given))

    recipe = a_recipe("twice", externals=lambda month: {"feed": "f", "files": month})
    publish(lineage, recipe, make, MONTHS[:1])
    version = lineage.ledger.current("twice", MONTHS[0])
    assert version is not None
    assert lineage.ledger.reads(version.id) == (
        *(handle.read() for handle in given[:3]),
        Read(ReadKind.EXTERNAL, "feed", MONTHS[0], None, "f"),
        Read(ReadKind.EXTERNAL, "files", MONTHS[0], None, MONTHS[0]),
    )


def test_a_stored_table_is_sorted_by_its_key_and_described_by_its_schema(lineage: Lineage) -> None:
    put(lineage, "bars", {MONTHS[0]: numbers(MONTHS[0], 1, 2, 3)[::-1]})
    version = lineage.ledger.current("bars", MONTHS[0])
    assert version is not None
    assert lineage.library.frame(version).get_column("value").to_list() == [1, 2, 3]
    assert (version.kind, version.rows) == ("table", 3)
    assert version.schema.columns == (("date", "date32"), ("value", "float64"), ("until", "date32"))
    assert version.schema.key == ("date",)
    assert (version.schema.known_from, version.schema.known_until) == ("date", "until")


def test_refused_rows_are_kept_beside_the_good_version(lineage: Lineage) -> None:
    rows = numbers(MONTHS[1], 7)

    def make(pending: Iterator[str]) -> Iterator[Made | Refused]:
        for month in pending:
            yield Refused(month, DataError("it is bad"), rows=rows, key=("date",))

    publish(lineage, TWICE, refusing(set()), MONTHS[:2])
    good = lineage.ledger.current("twice", MONTHS[1])
    with pytest.raises(PartitionsRefusedError):
        publish(lineage, a_recipe("twice", config={"new": 1}), make, [MONTHS[1]])
    assert lineage.ledger.current("twice", MONTHS[1]) == good
    aside = lineage.reader(place_of_refused("twice"))[MONTHS[1]]
    assert aside.frame().equals(rows)
    assert aside.present().metadata["refused"] == "it is bad"
    with lineage.ledger.database.read() as connection:
        (event,) = connection.execute(select(t.events).where(t.events.c.action == "refuse")).all()
    kept = f"version {aside.present().id}, twice.refused[{MONTHS[1]}]"
    assert event.reason == f"it is bad; its rows are kept as {kept}"
    assert verify(lineage).is_sound
