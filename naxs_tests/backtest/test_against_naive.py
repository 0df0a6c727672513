"""The compiled engine does what a slow second implementation does, order by order, to the cent."""

from decimal import Decimal

import polars as pl
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from naxs_assets.backtest import Costs, PortfolioRule, run_backtest
from naxs_tests.backtest import naive
from naxs_tests.backtest.sample import random_market

COSTS = (
    Costs.none(),
    Costs(),
    Costs(commission_rate=0.0003, slippage=0.0007, commission_includes_exchange_fees=False),
    Costs(commission_rate=0.00125, commission_minimum=0.0, slippage=0.001),
)


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    names=st.integers(1, 12),
    days=st.integers(1, 14),
    top=st.integers(1, 6),
    drop=st.integers(1, 6),
    deal_price=st.sampled_from(["open", "close"]),
    capital=st.sampled_from([2_000.0, 30_000.0, 1_000_000.0, 87_654_321.99]),
    reserve=st.sampled_from([0.0, 0.05, 0.5]),
    costs=st.sampled_from(COSTS),
)
def test_same_orders_distributions_and_navs(
    seed: int,
    names: int,
    days: int,
    top: int,
    drop: int,
    deal_price: str,
    capital: float,
    reserve: float,
    costs: Costs,
) -> None:
    market = random_market(seed, names=names, days=days)
    rule = PortfolioRule(
        top=top,
        drop=min(drop, top),
        deal_price=deal_price,  # type: ignore[arg-type]
        capital=capital,
        cash_reserve=reserve,
    )
    assume(not market.prices.is_empty())
    ours = run_backtest(market.prices, market.scores, rule=rule, costs=costs)
    theirs = naive.backtest(market.prices, market.scores, rule, costs)

    orders = ours.orders().select("date", "symbol", "side", "shares", "cause").rows()
    assert orders == theirs.orders
    distributions = ours.table.filter(pl.col("record") == "distribution")
    assert [
        (day, symbol, shares, Decimal(cents) / 100)
        for day, symbol, shares, cents in distributions.select(
            "date", "symbol", "shares", "cash_cents"
        ).iter_rows()
    ] == theirs.distributions
    account = ours.table.filter(pl.col("record") == "account")
    assert [
        (day, Decimal(cash) / 100, Decimal(nav) / 100)
        for day, cash, nav in account.select("date", "cash_cents", "nav_cents").iter_rows()
    ] == theirs.navs
