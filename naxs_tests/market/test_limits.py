"""Limit prices: golden vectors of reference trading rules section 4, dated rules of section 3."""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naxs_assets.market.boards import Board
from naxs_assets.market.limits import LimitRatios, limit_ratios, with_limits

SYMBOLS = {
    Board.MAIN: "600519.SH",
    Board.CHINEXT: "300750.SZ",
    Board.STAR: "688981.SH",
    Board.BSE: "920002.BJ",
}
_10, _20, _30, _5 = (LimitRatios(rate, rate) for rate in (100, 200, 300, 50))
_FIRST_DAY_OLD = LimitRatios(440, 360)


def frame(
    *,
    symbol: str = SYMBOLS[Board.MAIN],
    on: date = date(2024, 3, 1),
    pre_close: float | None = 10.0,
    is_st: bool | None = False,
    listing_day: int | None = None,
) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "symbol": [symbol],
            "date": [on],
            "pre_close": [pre_close],
            "is_st": [is_st],
            "listing_day": [listing_day],
        },
        schema={
            "symbol": pl.String,
            "date": pl.Date,
            "pre_close": pl.Float64,
            "is_st": pl.Boolean,
            "listing_day": pl.Int32,
        },
    )


def limits(one: pl.DataFrame) -> tuple[int | None, int | None]:
    row = with_limits(one).row(0, named=True)
    return row["limit_up"], row["limit_down"]


@pytest.mark.parametrize(
    ("board", "is_st", "pre_close", "up", "down"),
    [
        (Board.MAIN, False, 10.05, 1106, 905),
        (Board.MAIN, False, 1.15, 127, 104),
        (Board.MAIN, False, 2.25, 248, 203),
        (Board.MAIN, True, 3.30, 347, 314),
        (Board.STAR, False, 33.33, 4000, 2666),
        (Board.BSE, False, 7.77, 1010, 544),
        (Board.MAIN, False, 5.35, 589, 482),
    ],
)
def test_golden_vectors(board: Board, is_st: bool, pre_close: float, up: int, down: int) -> None:
    one = frame(symbol=SYMBOLS[board], pre_close=pre_close, is_st=is_st)
    assert limits(one) == (up, down)


@given(st.integers(1, 300_000), st.sampled_from(list(Board)), st.booleans())
def test_the_arithmetic_is_that_of_decimal_half_up(cents: int, board: Board, is_st: bool) -> None:
    day = date(2024, 3, 1)
    ratios = limit_ratios(board, is_st, day)
    assert ratios is not None
    price = Decimal(cents) / 100

    def rounded(ratio: Decimal) -> int:
        return int((price * ratio).quantize(Decimal("0.01"), ROUND_HALF_UP) * 100)

    one = frame(symbol=SYMBOLS[board], pre_close=cents / 100, is_st=is_st)
    assert limits(one) == (
        rounded(1 + Decimal(ratios.up) / 1000),
        rounded(1 - Decimal(ratios.down) / 1000),
    )


@pytest.mark.parametrize(
    ("board", "is_st", "day", "ratios"),
    [
        (Board.MAIN, False, date(1995, 6, 1), None),
        (Board.MAIN, False, date(1996, 12, 16), _10),
        (Board.MAIN, False, date(2030, 1, 2), _10),
        (Board.MAIN, True, date(2026, 7, 3), _5),
        (Board.MAIN, True, date(2026, 7, 5), _5),
        (Board.MAIN, True, date(2026, 7, 6), _10),
        (Board.CHINEXT, False, date(2020, 8, 21), _10),
        (Board.CHINEXT, True, date(2020, 8, 21), _5),
        (Board.CHINEXT, False, date(2020, 8, 24), _20),
        (Board.CHINEXT, True, date(2020, 8, 24), _20),
        (Board.STAR, True, date(2019, 8, 1), _20),
        (Board.BSE, True, date(2021, 11, 16), _30),
    ],
)
def test_daily_limits_are_dated(
    board: Board, is_st: bool, day: date, ratios: LimitRatios | None
) -> None:
    assert limit_ratios(board, is_st, day) == ratios
    assert limit_ratios(board, is_st, day, 2000) == ratios


@pytest.mark.parametrize(
    ("board", "day", "listing_day", "ratios"),
    [
        (Board.MAIN, date(2010, 3, 1), 0, None),
        (Board.MAIN, date(2010, 3, 2), 1, _10),
        (Board.MAIN, date(2014, 1, 17), 0, _FIRST_DAY_OLD),
        (Board.MAIN, date(2023, 4, 7), 0, _FIRST_DAY_OLD),
        (Board.MAIN, date(2023, 4, 10), 0, None),
        (Board.MAIN, date(2023, 4, 10), 1, _10),  # listed the Friday before, under the old rule
        (Board.MAIN, date(2023, 4, 14), 4, None),
        (Board.MAIN, date(2023, 4, 17), 4, None),
        (Board.MAIN, date(2023, 4, 17), 5, _10),
        (Board.CHINEXT, date(2020, 8, 21), 0, _FIRST_DAY_OLD),
        (Board.CHINEXT, date(2020, 8, 24), 0, None),
        (Board.CHINEXT, date(2020, 8, 26), 3, _20),  # listed on 2020-08-21
        (Board.CHINEXT, date(2020, 8, 26), 2, None),
        (Board.STAR, date(2019, 7, 26), 4, None),
        (Board.STAR, date(2019, 7, 29), 5, _20),
        (Board.BSE, date(2021, 11, 15), 0, None),
        (Board.BSE, date(2021, 11, 16), 1, _30),
    ],
)
def test_first_days_of_a_new_share(
    board: Board, day: date, listing_day: int, ratios: LimitRatios | None
) -> None:
    assert limit_ratios(board, False, day, listing_day) == ratios
    one = frame(symbol=SYMBOLS[board], on=day, pre_close=10.0, listing_day=listing_day)
    expected = (None, None) if ratios is None else (1000 + ratios.up, 1000 - ratios.down)
    assert limits(one) == expected


@given(
    st.sampled_from(list(Board)),
    st.booleans(),
    st.dates(date(1990, 12, 19), date(2030, 1, 1)),
    st.none() | st.integers(0, 8),
)
def test_the_table_and_the_expression_agree(
    board: Board, is_st: bool, day: date, listing_day: int | None
) -> None:
    ratios = limit_ratios(board, is_st, day, listing_day)
    one = frame(symbol=SYMBOLS[board], on=day, pre_close=10.0, is_st=is_st, listing_day=listing_day)
    expected = (None, None) if ratios is None else (1000 + ratios.up, 1000 - ratios.down)
    assert limits(one) == expected


def test_unknown_st_counts_as_not_st() -> None:
    assert limits(frame(is_st=None)) == (1100, 900)
    all_unknown = frame().with_columns(is_st=pl.lit(None))
    assert limits(all_unknown) == (1100, 900)


@pytest.mark.parametrize("pre_close", [None, float("nan"), float("inf"), 0.0, -1.0])
def test_no_usable_previous_close_gives_no_limit(pre_close: float | None) -> None:
    assert limits(frame(pre_close=pre_close)) == (None, None)


def test_what_is_no_share_has_no_limit() -> None:
    assert limits(frame(symbol="000300.SH")) == (None, None)


def test_rows_keep_their_order_and_columns() -> None:
    days = [date(2020, 8, 20) + timedelta(days=number) for number in range(6)]
    many = pl.concat(
        [frame(symbol=symbol, on=day) for day in days for symbol in SYMBOLS.values()]
    ).sample(fraction=1.0, shuffle=True, seed=1)
    limited = with_limits(many)
    assert limited.drop("limit_up", "limit_down").equals(many)
    assert limited.schema["limit_up"] == limited.schema["limit_down"] == pl.Int64
    assert with_limits(many.clear()).height == 0
