"""Lots, T+1, limits and exact integer arithmetic, one rule at a time (trading rules, section 3)."""

from fractions import Fraction
from math import floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naxs_assets.backtest import loop
from naxs_assets.backtest.rules import EXCHANGES, LOTS, exchange_of, lot_of
from naxs_assets.market.boards import Board
from naxs_tests.backtest.sample import BSE, CHINEXT, MAIN, STAR


@pytest.mark.parametrize(
    ("symbol", "asked", "bought"),
    [
        (MAIN, 99, 0),
        (MAIN, 100, 100),
        (MAIN, 299, 200),  # multiples of 100
        (CHINEXT, 350, 300),
        (STAR, 199, 0),  # at least 200
        (STAR, 200, 200),
        (STAR, 257, 257),  # then by one
        (BSE, 99, 0),
        (BSE, 101, 101),  # at least 100, then by one
    ],
)
def test_lots_of_a_buy(symbol: str, asked: int, bought: int) -> None:
    lot = lot_of(symbol)
    assert loop.whole_lots(asked, lot.minimum, lot.step) == bought


def test_every_board_has_a_lot_with_its_source() -> None:
    assert set(LOTS) == set(Board)
    assert all(lot.source for lot in LOTS.values())
    assert {exchange_of(symbol) for symbol in (MAIN, CHINEXT, BSE)} == set(EXCHANGES)


@pytest.mark.parametrize(
    ("side", "price", "limit", "cause"),
    [
        (loop.BUY, 1099, 1100, loop.TRADED),
        (loop.BUY, 1100, 1100, loop.LIMIT_UP),
        (loop.BUY, 1101, 1100, loop.LIMIT_UP),
        (loop.BUY, 1100, 0, loop.TRADED),  # no limit
        (loop.SELL, 901, 900, loop.TRADED),
        (loop.SELL, 900, 900, loop.LIMIT_DOWN),
        (loop.SELL, 899, 900, loop.LIMIT_DOWN),
        (loop.SELL, 1, 0, loop.TRADED),
    ],
)
def test_limits_are_judged_at_the_deal_price_and_side(
    side: int, price: int, limit: int, cause: int
) -> None:
    assert loop.refusal(side, loop.TRADED, price, limit, 100) == cause


def test_shares_bought_today_cannot_be_sold_today() -> None:
    assert loop.refusal(loop.SELL, loop.TRADED, 1000, 900, 0) == loop.T_PLUS_1
    assert loop.refusal(loop.SELL, loop.TRADED, 1000, 900, 1) == loop.TRADED
    assert loop.refusal(loop.BUY, loop.TRADED, 1000, 1100, 0) == loop.TRADED


def test_the_bar_is_judged_before_price_and_t_plus_1() -> None:
    for bar in (loop.NO_BAR, loop.SUSPENDED):
        assert loop.refusal(loop.SELL, bar, 900, 900, 0) == bar
        assert loop.refusal(loop.BUY, bar, 1100, 1100, 0) == bar


@given(st.integers(0, 9 * 10**15), st.integers(0, 10**9))
def test_a_part_of_an_amount_is_exact_and_half_up(value: int, rate: int) -> None:
    assert loop.part_of(value, rate) == floor(Fraction(value * rate, 10**9) + Fraction(1, 2))


@given(st.integers(0, 10**12), st.integers(0, 10**15), st.integers(1, 10**15))
def test_multiply_divide_is_exact_beyond_64_bits(
    value: int, numerator: int, denominator: int
) -> None:
    if value * numerator // denominator < 2**62:
        assert loop.multiply_divide(value, numerator, denominator) == divmod(
            value * numerator, denominator
        )


@given(
    budget=st.integers(0, 10**8),
    price=st.integers(1, 10**6),
    lot=st.sampled_from([(100, 100), (200, 1), (100, 1)]),
    rate=st.integers(0, 3_000_000),
    minimum=st.integers(0, 1000),
)
def test_the_affordable_buy_is_the_largest_that_fits(
    budget: int, price: int, lot: tuple[int, int], rate: int, minimum: int
) -> None:
    fees = np.array([[rate, rate, 0, minimum]])
    charged = np.zeros(5, dtype=np.int64)

    def paid(shares: int) -> int:
        return shares * price + loop.order_costs(loop.BUY, shares * price, shares, fees, charged)

    shares = loop.affordable(budget, price, np.array([*lot, 0]), fees, charged)
    assert shares == loop.whole_lots(shares, *lot)
    assert shares == 0 or paid(shares) <= budget
    assert paid(shares + lot[1] if shares else lot[0]) > budget
