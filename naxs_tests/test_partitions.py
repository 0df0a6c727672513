"""Months: what is one, how they are counted, and which of them a partition definition offers."""

from __future__ import annotations

from datetime import date, datetime

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naxs_assets.errors import EXIT_USAGE, ConfigurationError
from naxs_assets.partitions import (
    add_months,
    first_day,
    last_day,
    month_of,
    month_window,
    months_between,
    months_definition,
    parse_month,
)
from naxs_assets.settings import SHANGHAI

months = st.dates(date(1990, 1, 1), date(2100, 1, 1)).map(month_of)
counts = st.integers(-300, 300)


@pytest.mark.parametrize("text", ["2020-07", "1990-12", "2099-01"])
def test_a_month_is_four_digits_a_dash_and_two(text: str) -> None:
    assert parse_month(text) == text


@pytest.mark.parametrize(
    "text", ["2020-7", "2020-13", "2020-00", "202007", "2020-07-01", "", "2020-07\n", "２０２０-07"]
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_month(text)
    assert repr(text) in caught.value.what
    assert "2020-07" in caught.value.remedy
    assert caught.value.exit_code == EXIT_USAGE


def test_a_month_ends_where_the_next_begins() -> None:
    assert (first_day("2024-02"), last_day("2024-02")) == (date(2024, 2, 1), date(2024, 2, 29))
    assert (first_day("2023-12"), last_day("2023-12")) == (date(2023, 12, 1), date(2023, 12, 31))


def test_counting_crosses_years_both_ways() -> None:
    assert add_months("2020-12", 1) == "2021-01"
    assert add_months("2020-01", -1) == "2019-12"
    assert add_months("2020-05", -29) == "2017-12"


@given(months, counts)
def test_counting_there_and_back_ends_where_it_began(month: str, count: int) -> None:
    assert add_months(add_months(month, count), -count) == month
    assert parse_month(add_months(month, count))


@given(months, counts, counts)
def test_counting_adds_up_and_text_sorts_as_time(month: str, one: int, other: int) -> None:
    assert add_months(add_months(month, one), other) == add_months(month, one + other)
    assert (add_months(month, one) < add_months(month, other)) == (one < other)


@given(months, st.integers(0, 40))
def test_months_between_are_every_month_once(month: str, count: int) -> None:
    listed = list(months_between(month, add_months(month, count)))
    assert listed == [add_months(month, step) for step in range(count + 1)]
    assert list(months_between(add_months(month, 1), month)) == []


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)))
def test_a_day_lies_within_its_month(day: date) -> None:
    assert first_day(month_of(day)) <= day <= last_day(month_of(day))


# --- Dagster -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "last",
    ["2019-11", "2020-06", "2027-01", "2045-08", month_of(datetime.now(SHANGHAI).date())],
)
def test_the_months_are_those_of_the_source_whatever_the_day_is(last: str) -> None:
    definition = months_definition("2019-11", last)
    assert definition.get_partition_keys() == list(months_between("2019-11", last))
    assert definition.get_last_partition_key() == last


def test_a_window_reads_the_months_around_and_those_that_are_not_there() -> None:
    definition = months_definition("2020-01", "2020-06")

    def read_by(month: str) -> list[str]:
        mapped = month_window(2, 1).get_upstream_mapped_partitions_result_for_partitions(
            definition.subset_with_partition_keys([month]), definition, definition
        )
        return sorted(mapped.partitions_subset.get_partition_keys())

    assert read_by("2020-04") == ["2020-02", "2020-03", "2020-04", "2020-05"]
    # Before the first month and after the last there is nothing to map to.
    assert read_by("2020-01") == ["2020-01", "2020-02"]
    assert read_by("2020-06") == ["2020-04", "2020-05", "2020-06"]


def test_a_month_may_read_only_what_comes_before_it() -> None:
    definition = months_definition("2020-01", "2020-06")
    mapping: dg.PartitionMapping = month_window(1, -1)
    mapped = mapping.get_upstream_mapped_partitions_result_for_partitions(
        definition.subset_with_partition_keys(["2020-03", "2020-04"]), definition, definition
    )
    assert sorted(mapped.partitions_subset.get_partition_keys()) == ["2020-02", "2020-03"]


def test_the_months_of_a_growing_market_reach_to_the_one_of_the_machine() -> None:
    today = datetime.now(SHANGHAI).date()
    months = months_definition("2021-07", "2021-08", grows=True).get_partition_keys()
    assert months[0] == "2021-07"
    assert months[-1] in (month_of(today), add_months(month_of(today), -1))  # at a month's turn
