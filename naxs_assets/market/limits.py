"""Daily price limits: a dated table, and limit prices in exact integer cents.

A limit price is the ex-right previous close times (1 ± ratio), rounded half up to 0.01 CNY
(reference: trading rules, section 3). Ratios are kept in per mille and prices in cents, so the
arithmetic is that of ``decimal.Decimal``; floats are wrong for hundreds of ordinary prices.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import polars as pl

from naxs_assets.market.boards import Board, board_expression
from naxs_assets.market.calendar import CALENDAR_START


class LimitRatios(NamedTuple):
    """How far a price may rise and fall in one day, in per mille of the previous close."""

    up: int
    down: int


@dataclass(frozen=True)
class DailyLimit:
    """The limit of a board's shares from ``since`` on, in per mille."""

    board: Board
    is_st: bool
    since: date
    ratios: LimitRatios


@dataclass(frozen=True)
class ListingLimit:
    """The limit of the first ``days`` trading days of shares listed from ``since`` on.

    ``ratios`` None means that these days have no limit.
    """

    board: Board
    since: date
    days: int
    ratios: LimitRatios | None


_5, _10, _20, _30 = (LimitRatios(rate, rate) for rate in (50, 100, 200, 300))

# Ascending by date within a board. Daily limits came back on 1996-12-16; STAR opened on
# 2019-07-22 and the Beijing exchange on 2021-11-15. Sources: trading rules, section 3; the
# start of 1996 is common knowledge. ST on ChiNext and STAR follows the board.
DAILY_LIMITS: tuple[DailyLimit, ...] = (
    DailyLimit(Board.MAIN, False, date(1996, 12, 16), _10),
    DailyLimit(Board.MAIN, True, date(1996, 12, 16), _5),
    DailyLimit(Board.MAIN, True, date(2026, 7, 6), _10),
    DailyLimit(Board.CHINEXT, False, date(2009, 10, 30), _10),
    DailyLimit(Board.CHINEXT, True, date(2009, 10, 30), _5),
    DailyLimit(Board.CHINEXT, False, date(2020, 8, 24), _20),
    DailyLimit(Board.CHINEXT, True, date(2020, 8, 24), _20),
    DailyLimit(Board.STAR, False, date(2019, 7, 22), _20),
    DailyLimit(Board.STAR, True, date(2019, 7, 22), _20),
    DailyLimit(Board.BSE, False, date(2021, 11, 15), _30),
    DailyLimit(Board.BSE, True, date(2021, 11, 15), _30),
)

# The +44/-36 % of the issue price (2014-01-01 to 2023-04-09) is a judgement of the reference.
# A regime of several days starts on a Monday of a full trading week: `_listed_under` needs that.
LISTING_LIMITS: tuple[ListingLimit, ...] = (
    ListingLimit(Board.MAIN, CALENDAR_START, 1, None),
    ListingLimit(Board.MAIN, date(2014, 1, 1), 1, LimitRatios(440, 360)),
    ListingLimit(Board.MAIN, date(2023, 4, 10), 5, None),
    ListingLimit(Board.CHINEXT, CALENDAR_START, 1, None),
    ListingLimit(Board.CHINEXT, date(2014, 1, 1), 1, LimitRatios(440, 360)),
    ListingLimit(Board.CHINEXT, date(2020, 8, 24), 5, None),
    ListingLimit(Board.STAR, date(2019, 7, 22), 5, None),
    ListingLimit(Board.BSE, date(2021, 11, 15), 1, None),
)

LISTING_DAYS = max(rule.days for rule in LISTING_LIMITS)
"""From this listing day on no listing rule holds."""


def limit_ratios(
    board: Board, is_st: bool, on: date, listing_day: int | None = None
) -> LimitRatios | None:
    """Return the limit in per mille of the previous close, or None when there is none.

    ``listing_day`` is 0 on the first trading day; None stands for long listed.
    """
    if listing_day is not None:
        for listing in reversed(LISTING_LIMITS):
            under = listing.board == board and (on - listing.since).days >= listing_day
            if under and listing_day < listing.days:
                return listing.ratios
    for daily in reversed(DAILY_LIMITS):
        if daily.board == board and daily.is_st == is_st and daily.since <= on:
            return daily.ratios
    return None


def _listed_under(rule: ListingLimit) -> pl.Expr:
    """Rows within the rule's first days whose share was also listed under the rule.

    Day n of the first week under a rule that starts on a Monday is n days after ``since``, so
    a share listed in the week before keeps the older rule.
    """
    listing_day = pl.col("listing_day")
    days_since = (pl.col("date") - pl.lit(rule.since)).dt.total_days()
    return (
        (pl.col("board") == rule.board.value)
        & (listing_day < rule.days)
        & (days_since >= listing_day)
    ).fill_null(value=False)


def _ratio(side: str) -> pl.Expr:
    """Return the per mille of one side ("up" or "down"), null where there is no limit."""
    ratio = pl.lit(None, dtype=pl.Int64)
    is_st = pl.col("is_st").cast(pl.Boolean).fill_null(value=False)
    for daily in DAILY_LIMITS:
        holds = (
            (pl.col("board") == daily.board.value)
            & (is_st == daily.is_st)
            & (pl.col("date") >= daily.since)
        )
        ratio = pl.when(holds).then(pl.lit(getattr(daily.ratios, side))).otherwise(ratio)
    for listing in LISTING_LIMITS:
        value = None if listing.ratios is None else getattr(listing.ratios, side)
        ratio = pl.when(_listed_under(listing)).then(pl.lit(value, pl.Int64)).otherwise(ratio)
    return ratio


def with_limits(frame: pl.DataFrame) -> pl.DataFrame:
    """Return ``frame`` with ``limit_up`` and ``limit_down``: Int64 cents, null for no limit.

    Reads ``symbol``, ``date``, ``pre_close`` (CNY; ex-right, or the issue price on the first
    day), ``is_st`` (null counts as not ST) and ``listing_day`` (Int32, 0 on the first trading
    day, null for long listed). Both columns are null too where ``pre_close`` is missing or not
    positive and where the symbol is no A-share.
    """
    pre_close = pl.col("pre_close").cast(pl.Float64)
    cents = (
        pl.when(pre_close.is_finite() & (pre_close > 0))
        .then((pre_close * 100 + 0.5).floor())
        .cast(pl.Int64)
    )
    rules = (
        frame.lazy()
        .select(
            board_expression(),
            "date",
            "is_st",
            pl.col("listing_day").cast(pl.Int32),
            cents.alias("cents"),
        )
        .with_columns(up=_ratio("up"), down=_ratio("down"))
        .select(
            limit_up=(pl.col("cents") * (1000 + pl.col("up")) + 500) // 1000,
            limit_down=(pl.col("cents") * (1000 - pl.col("down")) + 500) // 1000,
        )
        .collect()
    )
    return frame.with_columns(rules.get_columns())
