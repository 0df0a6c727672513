"""What becomes of one order, worked out by hand; the rule is named in each test."""

import pytest

from naxs_assets.backtest import Costs, Journal, run_backtest
from naxs_tests.backtest.sample import (
    BSE,
    CHINEXT,
    FIRST,
    FREE,
    MAIN,
    OTHER,
    STAR,
    bar,
    prices,
    rule,
    scores,
)

D0, D1, D2, D3 = range(FIRST - 1, FIRST + 3)


def buy_one(symbol: str = MAIN, *, capital: float = 100_000.0, **fields: object) -> Journal:
    """One day, one candidate; all cash may be spent."""
    return run_backtest(
        prices(bar(D1, symbol, **fields)),  # type: ignore[arg-type]
        scores({D0: {symbol: 1.0}}),
        rule=rule(capital=capital, cash_reserve=0.0),
        costs=FREE,
    )


def hold_then_sell(*later: dict[str, object], costs: Costs = FREE, **fields: object) -> Journal:
    """Buy ``MAIN`` at 10.00 on the first day; from the second on ``OTHER`` scores better."""
    return run_backtest(
        prices(bar(D1, MAIN), bar(D1, OTHER), *later),
        scores({D0: {MAIN: 1.0, OTHER: 0.0}, D1: {OTHER: 1.0, MAIN: 0.0}, D2: {OTHER: 1.0}}),
        rule=rule(cash_reserve=0.0, **fields),
        costs=costs,
    )


def outcome(journal: Journal, symbol: str = MAIN, side: str = "buy") -> tuple[int, str | None]:
    row = journal.orders().filter(symbol=symbol, side=side).row(-1, named=True)
    assert (row["status"] == "filled") == (row["cause"] is None)
    return row["shares"], row["cause"]


@pytest.mark.parametrize(
    ("symbol", "capital", "shares"),
    [
        (MAIN, 2_999.99, 200),  # 299 shares' worth at 10.00: multiples of 100
        (CHINEXT, 2_999.99, 200),
        (STAR, 2_999.99, 299),  # 200 at least, then one by one
        (BSE, 1_019.99, 101),  # 100 at least, then one by one
    ],
)
def test_a_buy_is_floored_to_the_boards_lots(symbol: str, capital: float, shares: int) -> None:
    assert outcome(buy_one(symbol, capital=capital), symbol) == (shares, None)


def test_a_buy_is_refused_at_the_upper_limit_and_not_a_tick_below() -> None:
    assert outcome(buy_one(price=10.99, limit_up=1100)) == (9000, None)
    assert outcome(buy_one(price=11.00, limit_up=1100)) == (0, "limit_up")


def test_a_one_price_board_at_the_upper_limit_sells_but_does_not_buy() -> None:
    locked = {"price": 11.0, "pre_close": 10.0, "limit_up": 1100, "limit_down": 900}
    journal = hold_then_sell(bar(D2, MAIN, **locked), bar(D2, OTHER, **locked))  # type: ignore[arg-type]
    assert outcome(journal, MAIN, "sell") == (10_000, None)
    assert outcome(journal, OTHER, "buy") == (0, "limit_up")
    assert journal.account()["nav"].to_list() == [100_000.0, 110_000.0]


def test_a_one_price_board_at_the_lower_limit_buys_but_does_not_sell() -> None:
    locked = {"price": 9.0, "pre_close": 10.0, "limit_up": 1100, "limit_down": 900}
    journal = hold_then_sell(bar(D2, MAIN, **locked), bar(D2, OTHER, **locked))  # type: ignore[arg-type]
    assert outcome(journal, MAIN, "sell") == (0, "limit_down")
    assert outcome(buy_one(**locked)) == (11_100, None)  # type: ignore[arg-type]


def test_a_sale_that_fails_blocks_its_place() -> None:
    journal = hold_then_sell(bar(D2, MAIN, limit_down=1000), bar(D2, OTHER))
    assert journal.positions().filter(date=journal.account()["date"][-1])["symbol"].to_list() == [
        MAIN
    ]
    assert journal.orders().filter(symbol=OTHER).is_empty()


def test_limits_are_judged_at_the_price_of_the_deal_not_at_the_close() -> None:
    # Opens at the limit and closes below it: refused at the open, filled at the close.
    fields = {"open": 11.0, "close": 10.5, "limit_up": 1100}
    market = prices(bar(D1, MAIN, **fields))
    signal = scores({D0: {MAIN: 1.0}})
    at_open = run_backtest(market, signal, rule=rule(deal_price="open"), costs=FREE)
    at_close = run_backtest(market, signal, rule=rule(deal_price="close"), costs=FREE)
    assert outcome(at_open) == (0, "limit_up")
    assert outcome(at_close) == (9_000, None)  # 95,000 CNY / 10.50


@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        ({"is_suspended": True}, "suspended"),
        ({"volume": 0}, "suspended"),  # nobody traded
        ({"is_suspended": None, "volume": None}, None),  # unknown is not suspended
        ({"quarantined_by": "range", "open": None, "close": None}, "no_bar"),
        ({"open": None}, "no_bar"),
        ({"close": float("nan")}, "no_bar"),
        ({"open": 0.0}, "no_bar"),
    ],
)
def test_what_cannot_trade_is_refused_by_cause(fields: dict[str, object], cause: str) -> None:
    journal = buy_one(**fields)
    assert outcome(journal) == (0 if cause else 10_000, cause)
    if cause:
        assert journal.orders()["price"].to_list() == [None]
        assert journal.orders()["requested"].to_list() == [None]
        assert journal.rejections().rows() == [(journal.account()["date"][0], cause, 1)]


def test_a_name_without_a_bar_is_refused_and_keeps_its_last_close() -> None:
    journal = hold_then_sell(bar(D2, OTHER), bar(D3, MAIN, 12.0), bar(D3, OTHER))
    account = journal.account()
    refused = journal.orders().filter(status="rejected")
    assert refused.select("date", "symbol", "side", "cause").rows() == [
        (account["date"][1], MAIN, "sell", "no_bar")
    ]
    assert account["nav"].to_list() == [100_000.0, 100_000.0, 120_000.0]


def test_a_suspended_name_is_marked_at_the_last_known_close_whatever_its_row_says() -> None:
    journal = hold_then_sell(bar(D2, MAIN, 7.0, is_suspended=True), bar(D2, OTHER))
    assert outcome(journal, MAIN, "sell") == (0, "suspended")
    assert journal.account()["nav"].to_list() == [100_000.0, 100_000.0]


def test_shares_bought_on_a_day_are_sellable_the_day_after() -> None:
    journal = hold_then_sell(bar(D2, MAIN), bar(D2, OTHER))
    held = journal.positions().select("symbol", "shares", "available").rows()
    assert held == [(MAIN, 10_000, 0), (OTHER, 10_000, 0)]
    assert outcome(journal, MAIN, "sell") == (10_000, None)


def test_sale_proceeds_buy_on_the_same_day() -> None:
    journal = hold_then_sell(bar(D2, MAIN, 12.0), bar(D2, OTHER, 12.0))
    assert journal.account()["cash"].to_list() == [0.0, 0.0]
    assert outcome(journal, OTHER) == (10_000, None)


def test_an_odd_remainder_is_sold_whole() -> None:
    # A 1.0137 distribution turns 10,000 shares into 10,137: 37 of them are no lot.
    journal = hold_then_sell(bar(D2, MAIN, adj_factor=1.0137), bar(D2, OTHER))
    assert outcome(journal, MAIN, "sell") == (10_137, None)


def test_below_one_lot_of_the_share_of_cash() -> None:
    journal = run_backtest(
        prices(bar(D1, MAIN, 9.0), bar(D1, OTHER, 9.0)),
        scores({D0: {MAIN: 1.0, OTHER: 0.5}}),
        rule=rule(top=2, capital=1_500.0, cash_reserve=0.0),
        costs=FREE,
    )
    # 750 CNY each buy no 100 shares at 9.00, though 1,500 would.
    assert journal.orders()["cause"].to_list() == ["lot_size", "lot_size"]
    assert journal.orders()["requested"].to_list() == [0, 0]


def test_below_one_lot_of_all_cash() -> None:
    assert outcome(buy_one(capital=999.99)) == (0, "cash")
    assert outcome(buy_one(capital=1_000.0)) == (100, None)


def test_costs_are_inside_the_budget() -> None:
    journal = run_backtest(
        prices(bar(D1, MAIN)),
        scores({D0: {MAIN: 1.0}}),
        rule=rule(capital=1_004.99, cash_reserve=0.0),
        costs=Costs(),
    )
    assert outcome(journal) == (0, "cash")  # 1,000.00 + commission 5.00 + transfer fee 0.01
    assert journal.orders()["commission"].to_list() == [0.0]


def test_a_sale_whose_costs_exceed_proceeds_and_cash_is_refused() -> None:
    # 100 shares fall to 0.01 CNY: 1 CNY of proceeds, 5 CNY of commission, no cash.
    journal = run_backtest(
        prices(bar(D1, MAIN), bar(D2, MAIN, 0.01), bar(D2, OTHER)),
        scores({D0: {MAIN: 1.0}, D1: {OTHER: 1.0}}),
        rule=rule(capital=1_005.01, cash_reserve=0.0),
        costs=Costs(),
    )
    assert journal.account()["cash"].to_list() == [0.0, 0.0]
    assert outcome(journal, MAIN, "sell") == (0, "cash")


def test_an_order_by_hand_to_the_cent() -> None:
    # Day 1: (100,000 - 5 %) / 10.00 is 9,500 shares, but costs have to fit: 9,400.
    # Commission 23.50, transfer fee 0.94. Day 2: sold at 11.00, value 103,400.00:
    # commission 25.85, stamp duty 51.70, transfer fee 1.03 (1.034), slippage 20.68 (0.0002).
    journal = run_backtest(
        prices(bar(D1, MAIN), bar(D2, MAIN, 11.0)),
        scores({D0: {MAIN: 1.0}, D1: {MAIN: 1.0}}),
        rule=rule(),
        costs=Costs(slippage=0.0002),
    )
    bought, sold = journal.orders().rows(named=True)
    assert (bought["shares"], bought["commission"], bought["transfer_fee"]) == (9_400, 23.5, 0.94)
    assert (bought["stamp_duty"], bought["slippage"]) == (0.0, 18.8)
    assert bought["cash"] == -94_043.24
    costs = [sold[name] for name in ("commission", "stamp_duty", "transfer_fee", "slippage")]
    assert costs == [25.85, 51.7, 1.03, 20.68]
    assert sold["cash"] == 103_400.0 - 99.26
    assert sold["profit"] == 103_300.74 - 94_043.24
    assert journal.account()["cash"].to_list() == [5_956.76, 109_257.5]
