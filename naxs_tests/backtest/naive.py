"""The same backtest written a second time, slowly: dictionaries, ``Decimal`` and ``Fraction``.

It shares no code with the engine but the fee schedule and the lots as data; tests compare the two
order by order. Money is Decimal CNY.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from fractions import Fraction

import polars as pl

from naxs_assets.backtest import Costs, PortfolioRule
from naxs_assets.backtest.fees import SCHEDULE
from naxs_assets.backtest.rules import LOTS
from naxs_assets.market.boards import board_of

CENT = Decimal("0.01")


def half_up(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


@dataclass
class Position:
    shares: int
    factor: Decimal | None
    last_close: Decimal = Decimal(0)


@dataclass
class Account:
    cash: Decimal
    positions: dict[str, Position] = field(default_factory=dict)
    orders: list[tuple[object, ...]] = field(default_factory=list)
    distributions: list[tuple[object, ...]] = field(default_factory=list)
    navs: list[tuple[object, ...]] = field(default_factory=list)


def costs_of(
    side: str, symbol: str, day: object, price: Decimal, shares: int, costs: Costs
) -> Decimal:
    value = price * shares
    total = max(
        Decimal(str(costs.commission_minimum)), half_up(value * Decimal(str(costs.commission_rate)))
    )
    total += half_up(value * Decimal(str(costs.slippage)))
    if not costs.statutory:
        return total
    components = {fee.component for fee in SCHEDULE}
    if costs.commission_includes_exchange_fees:
        components -= {"handling_fee", "supervision_fee"}
    for component in components:
        in_force = [
            fee
            for fee in SCHEDULE
            if fee.component == component and fee.since <= day and symbol[-2:] in fee.exchanges  # type: ignore[operator]
        ]
        if in_force:
            fee = max(in_force, key=lambda one: one.since)
            base = Decimal(shares) if fee.of_face_value else value
            total += max(Decimal(fee.minimum), half_up(base * Decimal(getattr(fee, side))))
    return total


def refused(bar: dict[str, object] | None) -> str | None:
    if bar is None or bar["quarantined_by"] is not None:
        return "no_bar"
    return "suspended" if bar["is_suspended"] or bar["volume"] == 0 else None


def lots(symbol: str, shares: int) -> int:
    lot = LOTS[board_of(symbol)]
    return shares - (shares - lot.minimum) % lot.step if shares >= lot.minimum else 0


def backtest(
    prices: pl.DataFrame, scores: pl.DataFrame, rule: PortfolioRule, costs: Costs
) -> Account:
    account = Account(cash=Decimal(str(rule.capital)))
    for (day,), frame in sorted(prices.group_by("day"), key=lambda group: group[0]):
        bars = {row["symbol"]: row for row in frame.to_dicts()}
        signal = {
            symbol: score
            for symbol, score in scores.filter(pl.col("day") == day - 1)  # type: ignore[operator]
            .select("symbol", "score")
            .iter_rows()
            if score is not None and math.isfinite(score)
        }
        date = frame["date"][0]
        _distribute(account, bars, date)
        if signal:
            _trade(account, bars, signal, rule, costs, date)
        for symbol, position in account.positions.items():
            if refused(bars.get(symbol)) is None:
                position.last_close = Decimal(str(bars[symbol]["close"]))
        worth = sum((one.shares * one.last_close for one in account.positions.values()), Decimal(0))
        account.navs.append((date, account.cash, account.cash + worth))
    return account


def _distribute(account: Account, bars: dict[str, dict[str, object]], date: object) -> None:
    for symbol, position in sorted(account.positions.items()):
        bar = bars.get(symbol)
        if refused(bar) is not None or bar is None or bar["adj_factor"] is None:
            continue
        factor = Decimal(str(bar["adj_factor"]))
        if position.factor is None:
            position.factor = factor
        elif abs(factor / position.factor - 1) >= Decimal("0.000001"):
            exact = Fraction(position.shares) * Fraction(factor) / Fraction(position.factor)
            whole = math.floor(exact)
            rest = (exact - whole) * Fraction(str(bar["pre_close"])) * 100
            paid = Decimal(math.floor(rest + Fraction(1, 2))) / 100
            account.distributions.append((date, symbol, whole - position.shares, paid))
            account.cash += paid
            position.shares, position.factor = whole, factor
            if whole == 0:
                del account.positions[symbol]


def _trade(
    account: Account,
    bars: dict[str, dict[str, object]],
    signal: dict[str, float],
    rule: PortfolioRule,
    costs: Costs,
    date: object,
) -> None:
    names = sorted({*signal, *account.positions})
    ranked = sorted(names, key=lambda name: (name not in signal, -signal.get(name, 0.0), name))
    held = [name for name in ranked if name in account.positions]
    others = [name for name in ranked if name not in account.positions]
    candidates = others[: max(0, rule.drop + rule.top - len(held))]
    combined = [name for name in ranked if name in held or name in candidates]
    for symbol in reversed(combined[-max(rule.drop, len(held) - rule.top) :]):
        if symbol in held:
            _sell(account, symbol, bars.get(symbol), rule, costs, date)
    chosen = candidates[: max(0, rule.top - len(account.positions))]
    spend = (account.cash * (1 - Decimal(str(rule.cash_reserve)))).quantize(CENT, ROUND_FLOOR)
    for symbol in chosen:
        budget = (spend / len(chosen)).quantize(CENT, ROUND_FLOOR)
        _buy(account, symbol, bars.get(symbol), budget, rule, costs, date)


def _sell(
    account: Account,
    symbol: str,
    bar: dict[str, object] | None,
    rule: PortfolioRule,
    costs: Costs,
    date: object,
) -> None:
    shares = account.positions[symbol].shares
    cause, flow = refused(bar), Decimal(0)
    if cause is None and bar is not None:
        price = Decimal(str(bar[rule.deal_price]))
        flow = price * shares - costs_of("sell", symbol, date, price, shares, costs)
        if bar["limit_down"] is not None and price * 100 <= bar["limit_down"]:  # type: ignore[operator]
            cause = "limit_down"
        elif account.cash + flow < 0:
            cause = "cash"
    if cause is None:
        account.cash += flow
        del account.positions[symbol]
    account.orders.append((date, symbol, "sell", 0 if cause else shares, cause))


def _buy(
    account: Account,
    symbol: str,
    bar: dict[str, object] | None,
    budget: Decimal,
    rule: PortfolioRule,
    costs: Costs,
    date: object,
) -> None:
    cause, shares = refused(bar), 0
    if cause is None and bar is not None:
        price = Decimal(str(bar[rule.deal_price]))

        def paid(of: int) -> Decimal:
            return price * of + costs_of("buy", symbol, date, price, of, costs)

        lot = LOTS[board_of(symbol)]
        shares = lots(symbol, int(budget / price))
        while shares and paid(shares) > budget:
            shares = lots(symbol, shares - lot.step)
        if bar["limit_up"] is not None and price * 100 >= bar["limit_up"]:  # type: ignore[operator]
            cause = "limit_up"
        elif shares == 0:
            cause = "cash" if paid(lot.minimum) > account.cash else "lot_size"
        if cause is None:
            account.cash -= paid(shares)
            factor = bar["adj_factor"]
            account.positions[symbol] = Position(
                shares, None if factor is None else Decimal(str(factor))
            )
    account.orders.append((date, symbol, "buy", 0 if cause else shares, cause))
