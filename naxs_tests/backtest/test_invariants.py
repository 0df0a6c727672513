"""What holds on every day of every backtest: every cent and every rule of the market."""

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from naxs_assets.backtest import JOURNAL, Costs, Journal, PortfolioRule, run_backtest
from naxs_assets.backtest.contracts import COST_COLUMNS
from naxs_assets.backtest.rules import lot_of
from naxs_tests.backtest.sample import random_market

markets = st.builds(
    random_market,
    st.integers(0, 2**32 - 1),
    names=st.integers(2, 12),
    days=st.just(20),
    trouble=st.sampled_from([0.0, 0.08, 0.2]),
)
rules = st.builds(
    lambda top, drop, deal, capital: PortfolioRule(
        top=top, drop=min(top, drop), deal_price=deal, capital=capital, cash_reserve=0.01
    ),
    st.integers(1, 5),
    st.integers(1, 5),
    st.sampled_from(["open", "close"]),
    st.sampled_from([3_000.0, 60_000.0, 5_000_000.0]),
)
costs_of_any_kind = st.sampled_from(
    [Costs.none(), Costs(), Costs(slippage=0.002, commission_includes_exchange_fees=False)]
)


def journal_of(market, rule, costs) -> Journal:  # type: ignore[no-untyped-def]
    assume(not market.prices.is_empty())
    return run_backtest(market.prices, market.scores, rule=rule, costs=costs)


@settings(max_examples=40, deadline=None)
@given(markets, rules, costs_of_any_kind)
def test_every_cent_is_accounted_for_day_by_day(market, rule, costs) -> None:  # type: ignore[no-untyped-def]
    table = journal_of(market, rule, costs).table
    cash, nav = round(rule.capital * 100), round(rule.capital * 100)
    for (_,), rows in table.group_by("date", maintain_order=True):
        account = rows.row(by_predicate=pl.col("record") == "account", named=True)
        flows = rows.filter(pl.col("record").is_in(["order", "distribution"]))
        positions = rows.filter(pl.col("record") == "position")
        orders = rows.filter(pl.col("record") == "order")
        assert account["previous_nav_cents"] == nav
        assert account["cash_cents"] == cash + flows["cash_cents"].sum()
        assert account["value_cents"] == positions["value_cents"].sum()
        assert account["nav_cents"] == account["cash_cents"] + account["value_cents"]
        for name in COST_COLUMNS:
            assert account[name] == orders[name].sum()
        paid = sum(account[name] for name in COST_COLUMNS)
        signed = (
            pl.when(pl.col("side") == "sell").then("value_cents").otherwise(-pl.col("value_cents"))
        )
        assert orders["cash_cents"].sum() == orders.select(signed.sum()).item() - paid
        cash, nav = account["cash_cents"], account["nav_cents"]


@settings(max_examples=40, deadline=None)
@given(markets, rules, costs_of_any_kind)
def test_shares_move_only_by_orders_and_distributions(market, rule, costs) -> None:  # type: ignore[no-untyped-def]
    table = journal_of(market, rule, costs).table
    held: dict[str, int] = {}
    for (_,), rows in table.group_by("date", maintain_order=True):
        expected = dict(held)
        for record, symbol, shares in rows.select("record", "symbol", "shares").iter_rows():
            if record == "distribution":
                expected[symbol] += shares
        for symbol, side, shares in (
            rows.filter(pl.col("status") == "filled").select("symbol", "side", "shares").iter_rows()
        ):
            if side == "sell":
                # T+1: a sale takes what was held before the day, and takes it whole.
                assert shares == expected.pop(symbol)
            else:
                assert symbol not in held
                expected[symbol] = shares
        positions = rows.filter(pl.col("record") == "position")
        held = {symbol: shares for symbol, shares in expected.items() if shares}
        assert dict(positions.select("symbol", "shares").iter_rows()) == held
        assert len(held) <= rule.top
        assert all(shares > 0 for shares in held.values())


@settings(max_examples=40, deadline=None)
@given(markets, rules, costs_of_any_kind)
def test_no_order_breaks_a_rule_of_the_market(market, rule, costs) -> None:  # type: ignore[no-untyped-def]
    journal = journal_of(market, rule, costs)
    assert journal.account()["cash"].min() >= 0  # type: ignore[operator]
    bars = market.prices.select(
        "date",
        "symbol",
        "limit_up",
        "limit_down",
        "is_suspended",
        "quarantined_by",
        deal=pl.col(rule.deal_price),
    )
    filled = (
        journal.orders()
        .filter(pl.col("status") == "filled")
        .join(bars, on=["date", "symbol"], how="left")
    )
    assert filled.filter("is_suspended").is_empty()
    assert filled["quarantined_by"].null_count() == filled.height
    assert (filled["deal"] == filled["price"]).all()
    cents = (pl.col("price") * 100).round()
    assert filled.filter((pl.col("side") == "buy") & (cents >= pl.col("limit_up"))).is_empty()
    assert filled.filter((pl.col("side") == "sell") & (cents <= pl.col("limit_down"))).is_empty()
    for symbol, shares in filled.filter(side="buy").select("symbol", "shares").iter_rows():
        lot = lot_of(symbol)
        assert shares >= lot.minimum
        assert (shares - lot.minimum) % lot.step == 0


@settings(max_examples=25, deadline=None)
@given(markets, rules, costs_of_any_kind)
def test_the_journal_meets_its_contract_with_one_account_row_a_day(market, rule, costs) -> None:  # type: ignore[no-untyped-def]
    journal = journal_of(market, rule, costs)
    assert JOURNAL.validate(journal.table, "test").equals(journal.table)
    assert journal.account()["day"].to_list() == market.days


@settings(max_examples=25, deadline=None)
@given(markets, rules)
def test_a_distribution_keeps_the_value_to_within_rounding(market, rule) -> None:  # type: ignore[no-untyped-def]
    table = journal_of(market, rule, Costs.none()).table
    held = table.filter(record="position").select(
        "symbol", "date", before="shares", known="adj_factor"
    )
    changes = (
        table.filter(record="distribution")
        .select("symbol", "date", "shares", "price_cents", "cash_cents", "adj_factor")
        .join_asof(
            held.sort("date"),
            on="date",
            by="symbol",
            allow_exact_matches=False,
            check_sortedness=False,
        )
    )
    for row in changes.iter_rows(named=True):
        # Shares times factor is kept; what is not a whole share is worth the cash.
        exact = row["before"] * row["adj_factor"] / row["known"]
        after = (row["before"] + row["shares"]) * row["price_cents"] + row["cash_cents"]
        assert after == pytest.approx(exact * row["price_cents"], abs=0.51, rel=1e-12)
        assert 0 <= row["cash_cents"] <= row["price_cents"]
