"""Which names are bought and sold: top-k with drop as in Qlib's TopkDropoutStrategy."""

import pytest

from naxs_assets.backtest import PortfolioRule, run_backtest, run_month, state_after
from naxs_assets.errors import ConfigurationError, DataError
from naxs_tests.backtest.sample import FIRST, FREE, bar, prices, rule, scores

D0, D1, D2, D3 = range(FIRST - 1, FIRST + 3)
A, B, C, D, E, F = (f"60000{number}.SH" for number in range(1, 7))
ALL = (A, B, C, D, E, F)


def market(*days: int, without: tuple[tuple[int, str], ...] = ()):  # type: ignore[no-untyped-def]
    return prices(*(bar(day, name) for day in days for name in ALL if (day, name) not in without))


def ranking(*names: str) -> dict[str, float | None]:
    return {name: float(-place) for place, name in enumerate(names)}


def held(journal, day_index: int) -> list[str]:  # type: ignore[no-untyped-def]
    day = journal.account()["date"][day_index]
    return journal.positions().filter(date=day)["symbol"].to_list()


def test_the_best_are_bought_then_the_worst_are_replaced() -> None:
    journal = run_backtest(
        market(D1, D2),
        scores({D0: ranking(A, B, C, D, E, F), D1: ranking(F, E, D, C, B, A)}),
        rule=rule(top=3, drop=1),
        costs=FREE,
    )
    assert held(journal, 0) == [A, B, C]
    # Together with the candidate F the worst one is A; B stays although E would be better.
    assert held(journal, 1) == [B, C, F]


def test_a_held_name_stays_while_the_candidate_ranks_below_it() -> None:
    journal = run_backtest(
        market(D1, D2),
        scores({D0: ranking(A, B, C, D), D1: ranking(C, B, A, D)}),
        rule=rule(top=3, drop=1),
        costs=FREE,
    )
    assert held(journal, 1) == [A, B, C]
    assert journal.orders()["side"].to_list() == ["buy"] * 3


def test_a_held_name_without_a_score_is_sold_first() -> None:
    journal = run_backtest(
        market(D1, D2),
        scores({D0: ranking(A, B, C), D1: ranking(B, C, D)}),
        rule=rule(top=3, drop=1),
        costs=FREE,
    )
    assert held(journal, 1) == [B, C, D]


def test_ties_go_by_symbol() -> None:
    equal: dict[str, float | None] = dict.fromkeys(reversed(ALL), 1.0)
    journal = run_backtest(market(D1), scores({D0: equal}), rule=rule(top=2, drop=1), costs=FREE)
    assert held(journal, 0) == [A, B]


def test_scores_that_are_not_finite_do_not_count() -> None:
    by_day = {D0: {A: float("nan"), B: None, C: float("inf"), D: -5.0}}
    journal = run_backtest(market(D1), scores(by_day), rule=rule(top=3), costs=FREE)
    assert held(journal, 0) == [D]


def test_a_rejected_buy_is_not_replaced_by_the_next_best() -> None:
    journal = run_backtest(
        market(D1, D2, without=((D1, A),)),
        scores({D0: ranking(A, B, C, D), D1: ranking(A, B, C, D)}),
        rule=rule(top=2, drop=1),
        costs=FREE,
    )
    assert held(journal, 0) == [B]
    # The next day the place is free. B ranks last but one among B, A and C: it stays.
    assert held(journal, 1) == [A, B]


def test_equal_cash_per_planned_buy() -> None:
    journal = run_backtest(
        market(D1, without=((D1, A),)),
        scores({D0: ranking(A, B)}),
        rule=rule(top=2, capital=100_000.0, cash_reserve=0.1),
        costs=FREE,
    )
    # 90,000 CNY for two planned buys; the refused one's half stays cash.
    assert journal.positions().select("symbol", "value").rows() == [(B, 45_000.0)]


def test_only_the_day_before_gives_a_signal() -> None:
    journal = run_backtest(market(D2), scores({D0: ranking(A, B)}), rule=rule(), costs=FREE)
    assert journal.orders().is_empty()
    assert journal.account()["signal"].to_list() == [False]
    assert journal.account()["nav"].to_list() == [100_000.0]


def test_the_signal_of_the_same_day_is_not_seen() -> None:
    journal = run_backtest(market(D1), scores({D1: ranking(A)}), rule=rule(), costs=FREE)
    assert journal.orders().is_empty()


def test_a_day_without_a_signal_keeps_the_positions() -> None:
    journal = run_backtest(
        market(D1, D2, D3),
        scores({D0: ranking(A, B), D2: ranking(B, A)}),
        rule=rule(),
        costs=FREE,
    )
    assert journal.account()["signal"].to_list() == [True, False, True]
    assert [held(journal, day) for day in range(3)] == [[A], [A], [B]]


def test_a_smaller_top_sells_down_at_once() -> None:
    first = run_month(
        market(D1), scores({D0: ranking(*ALL)}), rule=rule(top=5), costs=FREE, state=None
    )
    then = run_month(
        market(D2),
        scores({D1: ranking(*ALL)}),
        rule=rule(top=2, drop=1),
        costs=FREE,
        state=state_after(first),
    )
    state = state_after(then)
    assert state is not None
    assert list(state.positions) == [A, B]


def test_first_and_last_cut_the_days() -> None:
    journal = run_backtest(
        market(D1, D2, D3),
        scores({D1: ranking(A)}),
        rule=rule(),
        costs=FREE,
        first=bar(D2, A)["date"],  # type: ignore[arg-type]
        last=bar(D2, A)["date"],  # type: ignore[arg-type]
    )
    assert journal.account()["day"].to_list() == [D2]
    assert held(journal, 0) == [A]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"top": 0}, "top = 0"),
        ({"drop": 0}, "drop = 0"),
        ({"drop": 3}, "drop = 3 is not from 1 to top = 2"),
        ({"deal_price": "vwap"}, "neither open nor close"),
        ({"capital": 0.0}, "capital"),
        ({"capital": 1e12}, "capital"),
        ({"capital": 1.001}, "whole number of cents"),
        ({"cash_reserve": 1.0}, "cash_reserve"),
        ({"cash_reserve": -0.1}, "cash_reserve"),
    ],
)
def test_rules_out_of_range_are_refused(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        PortfolioRule(**({"top": 2, "drop": 1, "deal_price": "open", "capital": 1e6} | fields))  # type: ignore[arg-type]


def test_tables_that_cannot_be_used_are_refused() -> None:
    signal = scores({D0: ranking(A)})
    with pytest.raises(DataError, match="more than one row on trading day"):
        run_backtest(prices(bar(D1, A), bar(D1, A)), signal, rule=rule(), costs=FREE)
    with pytest.raises(DataError, match="limit_up"):
        run_backtest(market(D1).drop("limit_up"), signal, rule=rule(), costs=FREE)
    with pytest.raises(DataError, match="two dates or two day indices"):
        run_backtest(
            prices(bar(D1, A), bar(D1, B, date=bar(D2, B)["date"])), signal, rule=rule(), costs=FREE
        )
    with pytest.raises(DataError, match="adj_factor"):
        run_backtest(prices(bar(D1, A, adj_factor=-1.0)), signal, rule=rule(), costs=FREE)
    with pytest.raises(DataError, match="no A-share"):
        run_backtest(market(D1), scores({D0: {"000300.SH": 1.0}}), rule=rule(), costs=FREE)
