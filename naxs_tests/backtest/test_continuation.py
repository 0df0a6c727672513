"""Month by month and in one pass give the same rows; the order of input rows means nothing."""

import io

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from naxs_assets.backtest import (
    JOURNAL,
    Costs,
    Journal,
    PortfolioRule,
    build_panel,
    empty_journal,
    run_backtest,
    run_month,
    simulate,
    state_after,
)
from naxs_assets.errors import DataError
from naxs_tests.backtest.sample import (
    FIRST,
    FREE,
    MAIN,
    OTHER,
    RandomMarket,
    bar,
    prices,
    random_market,
    rule,
    scores,
)

RULE = PortfolioRule(top=3, drop=2, deal_price="open", capital=300_000.0)
COSTS = Costs(slippage=0.0003)
seeds = st.integers(0, 2**32 - 1)


def stored(journal: pl.DataFrame) -> pl.DataFrame:
    """What is read back of a journal that was published."""
    file = io.BytesIO()
    journal.write_parquet(file)
    file.seek(0)
    return pl.read_parquet(file)


def in_parts(market: RandomMarket, cuts: set[int]) -> pl.DataFrame:
    """Each part sees its own days, the scores up to them and the stored journal before it."""
    parts, start = [empty_journal()], market.days[0]
    for end in [*sorted(cuts), market.days[-1] + 1]:
        of_part = market.prices.filter(pl.col("day").is_between(start, end, closed="left"))
        if not of_part.is_empty():
            signals = market.scores.filter(pl.col("day").is_between(start - 1, end, closed="left"))
            state = state_after(stored(parts[-1]))
            parts.append(run_month(of_part, signals, rule=RULE, costs=COSTS, state=state))
        start = max(start, end)
    return pl.concat(parts)


@settings(max_examples=40, deadline=None)
@given(seed=seeds, names=st.integers(2, 12), data=st.data())
def test_any_split_has_the_bits_of_one_pass(seed: int, names: int, data: st.DataObject) -> None:
    market = random_market(seed, names=names, days=25)
    assume(market.days)
    cuts = data.draw(st.sets(st.sampled_from(market.days), max_size=6))
    whole = run_backtest(market.prices, market.scores, rule=RULE, costs=COSTS).table
    assert in_parts(market, cuts).equals(whole)


@settings(max_examples=10, deadline=None)
@given(seed=seeds)
def test_day_by_day_has_the_bits_of_one_pass(seed: int) -> None:
    market = random_market(seed, names=8, days=15, trouble=0.15)
    whole = run_backtest(market.prices, market.scores, rule=RULE, costs=COSTS).table
    assert in_parts(market, set(market.days)).equals(whole)


@settings(max_examples=20, deadline=None)
@given(seed=seeds, shuffle=st.integers(0, 1000))
def test_the_order_of_rows_means_nothing(seed: int, shuffle: int) -> None:
    market = random_market(seed, names=8, days=10)
    straight = run_backtest(market.prices, market.scores, rule=RULE, costs=COSTS)
    mixed = run_backtest(
        market.prices.sample(fraction=1.0, shuffle=True, seed=shuffle),
        market.scores.sample(fraction=1.0, shuffle=True, seed=shuffle + 1),
        rule=RULE,
        costs=COSTS,
    )
    assert mixed.table.equals(straight.table)


@settings(max_examples=20, deadline=None)
@given(seed=seeds)
def test_names_that_are_neither_scored_nor_held_mean_nothing(seed: int) -> None:
    market = random_market(seed, names=9, days=10)
    some = market.scores.filter(pl.col("symbol") < "600002.SH")
    names = some["symbol"].unique().to_list()
    alone = market.prices.filter(pl.col("symbol").is_in(names))
    assume(set(alone["day"].to_list()) == set(market.days))
    assert run_backtest(market.prices, some, rule=RULE, costs=COSTS).table.equals(
        run_backtest(alone, some, rule=RULE, costs=COSTS).table
    )


def test_a_panel_serves_many_variants() -> None:
    market = random_market(5, names=9, days=10)
    panel = build_panel(market.prices, market.scores)
    for top in (1, 3):
        variant = rule(top=top, deal_price="close")
        assert simulate(panel, rule=variant, costs=COSTS, state=None).equals(
            run_backtest(market.prices, market.scores, rule=variant, costs=COSTS).table
        )


def test_a_warm_up_month_is_followed_by_the_capital() -> None:
    assert state_after(empty_journal()) is None
    assert JOURNAL.validate(empty_journal(), "test").is_empty()
    journal = run_month(
        prices(bar(FIRST, MAIN)),
        scores({FIRST - 1: {MAIN: 1.0}}),
        rule=rule(),
        costs=FREE,
        state=state_after(empty_journal()),
    )
    assert journal.filter(record="account")["previous_nav_cents"].to_list() == [100_000_00]


def test_a_month_without_days_is_empty() -> None:
    nothing = prices(bar(FIRST, MAIN)).clear()
    assert run_month(nothing, scores({}), rule=rule(), costs=FREE, state=None).is_empty()


def test_a_month_that_does_not_follow_its_state_is_refused() -> None:
    month, signal = prices(bar(FIRST, MAIN)), scores({FIRST - 1: {MAIN: 1.0}})
    state = state_after(run_month(month, signal, rule=rule(), costs=FREE, state=None))
    with pytest.raises(DataError, match="the state is of 2024-01-01"):
        run_month(month, signal, rule=rule(), costs=FREE, state=state)


def test_state_needs_the_account_row() -> None:
    journal = run_backtest(
        prices(bar(FIRST, MAIN)), scores({FIRST - 1: {MAIN: 1.0}}), rule=rule(), costs=FREE
    ).table
    with pytest.raises(DataError, match="0 account rows"):
        state_after(journal.filter(pl.col("record") != "account"))


def test_months_join_to_one_journal() -> None:
    signal = scores({FIRST - 1: {MAIN: 1.0, OTHER: 0.0}, FIRST: {MAIN: 1.0, OTHER: 0.0}})
    first = run_month(prices(bar(FIRST, MAIN)), signal, rule=rule(), costs=FREE, state=None)
    second = run_month(
        prices(bar(FIRST + 1, MAIN, 11.0)),
        signal,
        rule=rule(),
        costs=FREE,
        state=state_after(first),
    )
    account = Journal.of_months([first, second]).account()
    assert account["nav"].to_list() == [100_000.0, 109_500.0]
    assert account["return"].to_list() == pytest.approx([0.0, 0.095])
    assert Journal.of_months([]).account().is_empty()
