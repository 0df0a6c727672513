"""Daily bars, adjustment factors and index bars of BaoStock."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from naxs_assets.market.fetching.calls import Answer, Call, Family
from naxs_assets.market.sources.offers import Offer, PulledTable, Wanted
from naxs_assets.market.sources.plausible import check_bars, check_index_bars
from naxs_assets.market.sources.reading import (
    changed,
    day,
    finished,
    flag,
    no_nulls,
    number,
    only_within,
    percent,
    prefixed,
    read,
    shares,
    text,
    weekdays,
    with_symbols,
)

HISTORY_COLUMNS = (
    "date",
    "code",
    "open",
    "high",
    "low",
    "close",
    "preclose",
    "volume",
    "amount",
    "adjustflag",
    "turn",
    "tradestatus",
    "pctChg",
    "isST",
)
DAY_COLUMNS = (*HISTORY_COLUMNS[:-1], "peTTM", "pbMRQ", "psTTM", "pcfNcfTTM", "isST")
FACTOR_COLUMNS = (
    "code",
    "dividOperateDate",
    "foreAdjustFactor",
    "backAdjustFactor",
    "adjustFactor",
)
INDEX_COLUMNS = ("date", "code", "open", "high", "low", "close", "volume", "amount")

_UNADJUSTED = "3"
_FIRST_EX_DATE = "1990-12-19"


def _code(symbol: str) -> str:
    return prefixed(symbol, ".")


def _covered(symbols: Sequence[str]) -> list[str]:
    return [symbol for symbol in symbols if not symbol.endswith(".BJ")]


def _history_call(wanted: Wanted, symbol: str, columns: tuple[str, ...]) -> Call:
    arguments = {
        "code": _code(symbol),
        "fields": ",".join(columns),
        "start_date": f"{wanted.first}",
        "end_date": f"{wanted.last}",
        "frequency": "d",
        "adjustflag": _UNADJUSTED,
    }
    return Call(Family.BAOSTOCK, "query_history_k_data_plus", arguments, columns)


def _history_calls(wanted: Wanted) -> Sequence[Call]:
    return [_history_call(wanted, symbol, HISTORY_COLUMNS) for symbol in _covered(wanted.symbols)]


def _history(wanted: Wanted, answers: Sequence[Answer]) -> pl.DataFrame:
    """Bars with all columns; see :func:`_bars`."""
    parts = []
    for answer in answers:
        rows = only_within(answer, _bars(answer), wanted)
        _only_code(answer, "code", answer.call.arguments["code"])
        parts.append(check_bars(answer, rows))
    return finished(PulledTable.HISTORY, parts)


def _day_calls(wanted: Wanted) -> Sequence[Call]:
    return [
        Call(Family.BAOSTOCK, "query_daily_history_k_AStock", {"date": f"{value}"}, DAY_COLUMNS)
        for value in weekdays(wanted)
    ]


def _day(_: Wanted, answers: Sequence[Answer]) -> pl.DataFrame:
    """Bars with all columns, complete from about 17:30 on; see :func:`_bars`."""
    parts = []
    for answer in answers:
        rows = _bars(answer)
        asked = answer.call.arguments["date"]
        other = rows.filter((pl.col("date").cast(pl.String) == asked).not_().fill_null(value=True))
        if other.height:
            raise changed(answer.call, "date", f"is not {asked}", other.item(0, "date"))
        parts.append(check_bars(answer, rows))
    return finished(PulledTable.DAY, parts)


def _bars(answer: Answer) -> pl.DataFrame:
    """Read one answer of bars.

    A suspended day has a row with status 0: open, high, low and close are the close before, volume
    and amount 0, in some years empty. Duplicates and empty cells pass to the quality rules. Raises
    ``SchemaChangedError`` for bars that are not marked as unadjusted.
    """
    _only_code(answer, "adjustflag", _UNADJUSTED)
    rows = read(
        answer,
        date=day("date"),
        symbol=text("code"),
        open=number("open"),
        high=number("high"),
        low=number("low"),
        close=number("close"),
        pre_close=number("preclose"),
        change=percent("pctChg"),
        volume=shares("volume"),
        amount=number("amount"),
        turnover=percent("turn"),
        is_st=flag("isST"),
        trades=flag("tradestatus"),
    )
    rows = with_symbols(answer, rows)
    return rows.with_columns(is_suspended=pl.col("trades").not_()).drop("trades")


def _only_code(answer: Answer, column: str, value: str) -> None:
    """Raise ``SchemaChangedError`` where ``column`` holds anything but ``value``."""
    cells = read(answer, cell=text(column)).get_column("cell")
    other = cells.filter(cells.ne_missing(value))
    if len(other):
        raise changed(answer.call, column, f"is not {value}", repr(other[0]))


def _factor_calls(wanted: Wanted) -> Sequence[Call]:
    """A stock that never paid a dividend has no rows, so that an empty answer is allowed."""
    return [
        Call(
            Family.BAOSTOCK,
            "query_adjust_factor",
            {"code": _code(symbol), "start_date": _FIRST_EX_DATE, "end_date": f"{wanted.last}"},
            FACTOR_COLUMNS,
            may_be_empty=True,
        )
        for symbol in _covered(wanted.symbols)
    ]


def _factors(_: Wanted, answers: Sequence[Answer]) -> pl.DataFrame:
    """The whole series of each symbol up to ``last``, of the back-adjusted kind.

    Raises ``SchemaChangedError`` for two factors of a day and for one that is not positive.
    """
    parts = []
    for answer in answers:
        _only_code(answer, "code", answer.call.arguments["code"])
        rows = read(
            answer,
            symbol=text("code"),
            ex_date=day("dividOperateDate"),
            factor=number("backAdjustFactor"),
        )
        rows = no_nulls(answer, rows, "ex_date", "factor")
        wrong = rows.filter((pl.col("factor") <= 0) | pl.col("ex_date").is_duplicated())
        if wrong.height:
            raise changed(answer.call, "backAdjustFactor", "is no factor series", wrong.row(0))
        parts.append(with_symbols(answer, rows))
    return finished(PulledTable.FACTORS, parts)


def _index_calls(wanted: Wanted) -> Sequence[Call]:
    return [_history_call(wanted, wanted.index, INDEX_COLUMNS)]


def _index_bars(wanted: Wanted, answers: Sequence[Answer]) -> pl.DataFrame:
    """Index points; volume in shares."""
    (answer,) = answers
    _only_code(answer, "code", _code(wanted.index))
    rows = read(
        answer,
        date=day("date"),
        open=number("open"),
        high=number("high"),
        low=number("low"),
        close=number("close"),
        volume=shares("volume"),
        amount=number("amount"),
    ).with_columns(index=pl.lit(wanted.index))
    rows = check_index_bars(answer, only_within(answer, rows, wanted))
    return finished(PulledTable.INDEX_BARS, [rows])


def _st(wanted: Wanted, answers: Sequence[Answer]) -> pl.DataFrame:
    """The stocks whose row of the day says ``isST``, on every weekday of the span."""
    return finished(
        PulledTable.ST,
        [_day(wanted, answers).filter("is_st").select("date", "symbol").unique()],
    )


OFFERS = (
    Offer(Family.BAOSTOCK, PulledTable.DAY, _day_calls, _day),
    Offer(Family.BAOSTOCK, PulledTable.HISTORY, _history_calls, _history),
    Offer(Family.BAOSTOCK, PulledTable.FACTORS, _factor_calls, _factors),
    Offer(Family.BAOSTOCK, PulledTable.INDEX_BARS, _index_calls, _index_bars),
    Offer(Family.BAOSTOCK, PulledTable.ST, _day_calls, _st),
)
"""Bars by day and by symbol, factors, index bars and the stocks under special treatment."""
