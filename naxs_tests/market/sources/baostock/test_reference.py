"""BaoStock's calendar, instruments, and who was in an index on which day."""

import os
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from naxs_assets.market.fetching.errors import EmptyAnswerError, SchemaChangedError
from naxs_assets.market.sources.baostock import reference
from naxs_assets.market.sources.offers import PulledTable
from naxs_tests.market.sources.asking import FRIDAY, TODAY, made, rows_of, wanted

OFFERS = {offer.table: offer for offer in reference.OFFERS}
CALENDAR, INSTRUMENTS = OFFERS[PulledTable.OPEN_DAYS], OFFERS[PulledTable.INSTRUMENTS]
MEMBERS = OFFERS[PulledTable.MEMBERS]


def test_open_days_are_told_among_all_days() -> None:
    span = wanted(FRIDAY, date(2024, 1, 8))
    (call,) = CALENDAR.calls(span)
    told = (("2024-01-05", "1"), ("2024-01-06", "0"), ("2024-01-07", "0"), ("2024-01-08", "1"))

    assert rows_of(CALENDAR, span, made(call, *told)).rows() == [(FRIDAY,), (date(2024, 1, 8),)]
    with pytest.raises(EmptyAnswerError, match="tells 3 days from 2024-01-05 to 2024-01-08"):
        CALENDAR.rows(span, [made(call, *told[:3])])


def test_instruments_are_stocks_only_delisted_ones_included() -> None:
    (call,) = INSTRUMENTS.calls(TODAY)
    answer = made(
        call,
        ("sh.600000", "浦发银行", "1999-11-10", "", "1", "1"),
        ("sh.600001", "邯郸钢铁", "1998-01-22", "2009-12-29", "1", "0"),
        ("sh.000001", "上证综合指数", "1991-07-15", "", "2", "1"),
        ("sz.159919", "沪深300ETF", "2012-05-28", "", "5", "1"),
    )

    assert rows_of(INSTRUMENTS, TODAY, answer).rows() == [
        ("600000.SH", "浦发银行", date(1999, 11, 10), None),
        ("600001.SH", "邯郸钢铁", date(1998, 1, 22), date(2009, 12, 29)),
    ]


def test_members_are_asked_on_every_day_that_may_change_them() -> None:
    calls = MEMBERS.calls(wanted(date(2023, 11, 15), FRIDAY, index="000300.SH"))

    assert {call.function for call in calls} == {"query_hs300_stocks"}
    assert [call.arguments["date"] for call in calls] == [
        "2023-11-15", "2023-12-01", "2023-12-11", "2023-12-12", "2024-01-01", "2024-01-05",
    ]  # fmt: skip


# As published: effective days of the half-yearly reviews of CSI 300.
REVIEWS = (
    "2006-01-04", "2006-07-03", "2009-01-05", "2012-07-02", "2013-07-01", "2013-12-16",
    "2014-06-16", "2020-06-15", "2021-06-15", "2021-12-13", "2023-06-12",
)  # fmt: skip


@pytest.mark.parametrize("review", REVIEWS)
def test_members_are_asked_on_the_effective_day_of_a_review(review: str) -> None:
    day = date.fromisoformat(review)
    span = wanted(day - timedelta(days=20), day + timedelta(days=20), index="000905.SH")

    assert review in [call.arguments["date"] for call in MEMBERS.calls(span)]


def test_every_review_in_the_recorded_membership_falls_on_a_day_asked() -> None:
    folder = os.environ.get("NAXS_REAL_DATA")
    if not folder:
        pytest.skip("NAXS_REAL_DATA names no folder of recorded data")
    members = pl.read_parquet(Path(folder) / "csi300_members_pit.parquet")
    span = wanted(date(2006, 1, 1), date(2023, 12, 31), index="000300.SH")
    asked = [date.fromisoformat(call.arguments["date"]) for call in MEMBERS.calls(span)]
    entered = members.filter(pl.col("in_date") > span.first)

    reviews = entered.group_by("in_date").len().filter(pl.col("len") > 5)

    assert reviews.height == 37
    assert set(reviews["in_date"]) <= set(asked)
    assert len(asked) < 400


def test_other_indices_are_not_offered() -> None:
    assert not MEMBERS.calls(wanted(FRIDAY, FRIDAY, index="000852.SH"))


def test_members_are_dated_by_the_day_asked() -> None:
    span = wanted(FRIDAY, FRIDAY, index="000300.SH")
    (call,) = MEMBERS.calls(span)
    rows = rows_of(MEMBERS, span, made(call, ("2024-01-01", "sh.600519", "贵州茅台")))

    assert rows.rows() == [("000300.SH", "600519.SH", FRIDAY, None)]
    with pytest.raises(SchemaChangedError, match="updateDate is after 2024-01-05"):
        MEMBERS.rows(span, [made(call, ("2024-01-08", "sh.600519", "贵州茅台"))])
