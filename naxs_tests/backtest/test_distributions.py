"""A changed adj_factor becomes shares, and a fraction of a share becomes cash."""

import polars as pl
import pytest

from naxs_assets.backtest import Journal, run_backtest
from naxs_tests.backtest.sample import FIRST, FREE, MAIN, OTHER, bar, prices, rule, scores

D0, D1, D2, D3 = range(FIRST - 1, FIRST + 3)


def hold(
    *later: dict[str, object], factor: float | None = 1.0, capital: float = 10_000.0
) -> Journal:
    """Buy 1,000 shares of ``MAIN`` at 10.00 and keep them: it always scores best."""
    days = sorted({int(one["day"]) for one in later})  # type: ignore[call-overload]
    best: dict[str, float | None] = {MAIN: 1.0, OTHER: 0.0}
    return run_backtest(
        prices(bar(D1, MAIN, adj_factor=factor), *later),
        scores({D0: best} | {day - 1: best for day in days}),
        rule=rule(capital=capital, cash_reserve=0.0),
        costs=FREE,
    )


def test_a_split_of_two_for_one() -> None:
    journal = hold(bar(D2, MAIN, 5.0, adj_factor=2.0))
    assert journal.distributions().select("shares", "price", "cash", "adj_factor").rows() == [
        (1_000, 5.0, 0.0, 2.0)
    ]
    assert journal.account()["nav"].to_list() == [10_000.0, 10_000.0]


def test_a_dividend_is_reinvested_at_the_ex_right_price() -> None:
    # 0.30 CNY on a close of 10.00: reference price 9.70, factor 10 / 9.70 in six decimals.
    # 1,000 x 1.030928 = 1,030.928 shares: 1,030, and 0.928 x 9.70 = 9.0016 CNY.
    journal = hold(bar(D2, MAIN, 9.7, adj_factor=1.030928))
    assert journal.distributions().select("shares", "cash").rows() == [(30, 9.0)]
    assert journal.account()["nav"].to_list() == [10_000.0, 10_000.0]


def test_the_fraction_is_paid_at_pre_close_rounded_half_up() -> None:
    # 1,000 x 1.0005 = 1,000.5 shares; half a share at 9.99 is 4.995 CNY.
    journal = hold(bar(D2, MAIN, 9.0, pre_close=9.99, adj_factor=1.0005))
    assert journal.distributions().select("shares", "price", "cash").rows() == [(0, 9.99, 5.0)]


def test_a_merger_of_shares_takes_shares_away() -> None:
    journal = hold(bar(D2, MAIN, 100.0, adj_factor=0.1))
    assert journal.distributions()["shares"].to_list() == [-900]
    assert journal.account()["nav"].to_list() == [10_000.0, 10_000.0]


def test_a_position_merged_away_is_paid_out() -> None:
    journal = hold(bar(D2, MAIN, 20_000.0, adj_factor=0.0005))
    assert journal.distributions().select("shares", "cash").rows() == [(-1_000, 10_000.0)]
    # The place is free again, and bought: nothing was sold.
    assert journal.orders()["cause"].to_list() == [None, "cash"]
    assert journal.account()["nav"].to_list() == [10_000.0, 10_000.0]


@pytest.mark.parametrize("factor", [1.0000009, 0.9999991])
def test_the_vendors_rounding_is_no_distribution(factor: float) -> None:
    assert hold(bar(D2, MAIN, adj_factor=factor)).distributions().is_empty()


def test_small_drift_adds_up_until_it_is_acted_on() -> None:
    journal = hold(
        bar(D2, MAIN, adj_factor=1.0000008), bar(D3, MAIN, adj_factor=1.0000016), capital=10_000.0
    )
    assert journal.distributions()["adj_factor"].to_list() == [1.0000016]


def test_a_change_during_a_suspension_waits_for_the_next_trade() -> None:
    journal = hold(
        bar(D2, MAIN, 5.0, adj_factor=2.0, is_suspended=True),
        bar(D3, MAIN, 5.0, adj_factor=2.0),
    )
    assert journal.distributions()["date"].to_list() == journal.account()["date"].to_list()[2:]
    assert journal.account()["nav"].to_list() == [10_000.0] * 3


def test_an_unknown_factor_changes_nothing() -> None:
    journal = hold(bar(D2, MAIN, adj_factor=None), bar(D3, MAIN, adj_factor=1.0))
    assert journal.distributions().is_empty()


def test_a_factor_unknown_at_the_purchase_is_learned_later() -> None:
    journal = hold(bar(D2, MAIN, adj_factor=3.0), bar(D3, MAIN, 5.0, adj_factor=6.0), factor=None)
    assert journal.positions()["adj_factor"].to_list() == [None, 3.0, 6.0]
    assert journal.distributions()["shares"].to_list() == [1_000]


def test_cash_paid_returns_cost() -> None:
    journal = hold(bar(D2, MAIN, 9.7, adj_factor=1.030928))
    assert journal.positions()["cost"].to_list() == [10_000.0, 9_991.0]


def test_distributed_shares_are_sellable() -> None:
    journal = hold(bar(D2, MAIN, 5.0, adj_factor=2.0))
    last = journal.positions().filter(pl.col("date") == pl.col("date").max())
    assert last.select("shares", "available").rows() == [(2_000, 2_000)]
