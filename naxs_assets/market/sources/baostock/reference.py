"""Calendar, instruments and dated index membership of BaoStock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from naxs_assets.market.fetching.calls import Answer, Call, Family
from naxs_assets.market.fetching.errors import EmptyAnswerError
from naxs_assets.market.sources.offers import Offer, PulledTable, Wanted
from naxs_assets.market.sources.reading import (
    changed,
    day,
    finished,
    flag,
    no_nulls,
    only_within,
    read,
    text,
    with_symbols,
)

CALENDAR_COLUMNS = ("calendar_date", "is_trading_day")
INSTRUMENT_COLUMNS = ("code", "code_name", "ipoDate", "outDate", "type", "status")
MEMBER_COLUMNS = ("updateDate", "code", "code_name")

_STOCK = "1"
_NEW_REVIEW_DAYS = date(2013, 12, 1)
_MEMBERS = {
    "000300.SH": "query_hs300_stocks",
    "000905.SH": "query_zz500_stocks",
    "000016.SH": "query_sz50_stocks",
}


def _calendar_calls(wanted: Wanted) -> Sequence[Call]:
    span = {"start_date": f"{wanted.first}", "end_date": f"{wanted.last}"}
    return [Call(Family.BAOSTOCK, "query_trade_dates", span, CALENDAR_COLUMNS)]


def _calendar(wanted: Wanted, answers: Sequence[Answer]) -> pl.DataFrame:
    """The open days of the span.

    Raises ``EmptyAnswerError`` where not every day of the span is told: the calendar ends with the
    current year.
    """
    (answer,) = answers
    rows = read(answer, date=day("calendar_date"), is_open=flag("is_trading_day"))
    rows = no_nulls(answer, only_within(answer, rows, wanted), "is_open")
    told = rows.get_column("date").n_unique()
    if told != (wanted.last - wanted.first).days + 1:
        raise EmptyAnswerError(
            f"the calendar tells {told} days from {wanted.first} to {wanted.last}",
            where=str(answer.call),
        )
    return finished(PulledTable.OPEN_DAYS, [rows.filter("is_open").select("date").unique()])


def _instrument_calls(_: Wanted) -> Sequence[Call]:
    return [Call(Family.BAOSTOCK, "query_stock_basic", {}, INSTRUMENT_COLUMNS)]


def _instruments(_: Wanted, answers: Sequence[Answer]) -> pl.DataFrame:
    """All A-shares of Shanghai and Shenzhen, listed and delisted; indices and funds left out."""
    (answer,) = answers
    rows = read(
        answer,
        symbol=text("code"),
        name=text("code_name"),
        list_date=day("ipoDate"),
        delist_date=day("outDate"),
        kind=text("type"),
    ).filter(pl.col("kind") == _STOCK)
    rows = no_nulls(answer, with_symbols(answer, rows), "list_date")
    return finished(PulledTable.INSTRUMENTS, [rows.drop("kind")])


def _member_calls(wanted: Wanted) -> Sequence[Call]:
    """One call for each day on which the list may be another; none for other indices.

    Asked are the first and last day, the first of each month, and the days on which a half-yearly
    review may take effect: the Monday after the second Friday of June and December, or the Tuesday
    where that is a holiday; before December 2013 one of the first seven days of January and July.
    All 37 reviews of CSI 300 from 2006 to 2023 took effect on such a day. A replacement between
    reviews is so known to the month.
    """
    function = _MEMBERS.get(wanted.index)
    if function is None:
        return []
    return [
        Call(Family.BAOSTOCK, function, {"date": f"{value}"}, MEMBER_COLUMNS)
        for value in _days_to_ask(wanted.first, wanted.last)
    ]


def _days_to_ask(first: date, last: date) -> list[date]:
    months = [
        date(year, month, 1) for year in range(first.year, last.year + 1) for month in range(1, 13)
    ]
    reviews = [value for month in months for value in _review_days(month)]
    return sorted({first, last, *(d for d in (*months, *reviews) if first <= d <= last)})


def _review_days(month: date) -> list[date]:
    """The days of the month on which a review may take effect."""
    if month < _NEW_REVIEW_DAYS:
        in_month = range(7) if month.month in (1, 7) else range(0)
    elif month.month in (6, 12):
        monday = (4 - month.weekday()) % 7 + 10
        in_month = range(monday, monday + 2)
    else:
        in_month = range(0)
    days = (month + timedelta(days=number) for number in in_month)
    return [value for value in days if value.weekday() < 5]


def _members(wanted: Wanted, answers: Sequence[Answer]) -> pl.DataFrame:
    """Who was in the index on each day asked, without weights.

    Raises ``SchemaChangedError`` when the list was updated after the day, which would look ahead.
    """
    parts = []
    for answer in answers:
        rows = read(answer, symbol=text("code"), updated=day("updateDate")).with_columns(
            date=pl.lit(answer.call.arguments["date"]).str.to_date(), index=pl.lit(wanted.index)
        )
        later = rows.filter((pl.col("updated") > pl.col("date")).fill_null(value=True))
        if later.height:
            what = f"is after {answer.call.arguments['date']}"
            raise changed(answer.call, "updateDate", what, later.item(0, "updated"))
        parts.append(with_symbols(answer, rows).drop("updated").unique())
    return finished(PulledTable.MEMBERS, parts)


OFFERS = (
    Offer(Family.BAOSTOCK, PulledTable.OPEN_DAYS, _calendar_calls, _calendar),
    Offer(Family.BAOSTOCK, PulledTable.INSTRUMENTS, _instrument_calls, _instruments),
    Offer(Family.BAOSTOCK, PulledTable.MEMBERS, _member_calls, _members),
)
"""Calendar, instruments, and the members of CSI 300, CSI 500 and SSE 50 on any day."""
