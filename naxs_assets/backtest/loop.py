"""The compiled day loop: a top-k portfolio with drop under the A-share rules, in integer cents.

Arrays are dense (days x symbols); symbols stand in order of their names, so an index is a tie
break. Everything that is money, shares or a rate is an int64, so the result depends on no order
of additions and one pass over years has the bits of a pass month by month. ``nogil`` lets
variants of a study run in threads. The numbers below name columns and codes of the arrays;
:mod:`.journal` turns them into words.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

Integers = npt.NDArray[np.int64]
Small = npt.NDArray[np.int8]
Indices = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

_SCALE = 1_000_000_000  # parts of a rate, as money.RATE_SCALE
_SAME_FACTOR = 1e-6  # vendors round factors to six decimals

BUY, SELL = 0, 1

# What became of an order, and what a bar allows (the first three).
TRADED, NO_BAR, SUSPENDED, LIMIT_UP, LIMIT_DOWN, T_PLUS_1, LOT_SIZE, CASH = range(8)

ORDER, DISTRIBUTION = 0, 1

# Columns of an event row; the five costs stand together.
E_DAY, E_RECORD, E_SYMBOL, E_SIDE, E_REQUESTED, E_SHARES, E_PRICE, E_VALUE, E_CASH = range(9)
E_COMMISSION, E_STAMP_DUTY, E_TRANSFER_FEE, E_EXCHANGE_FEES, E_SLIPPAGE = range(9, 14)
E_CAUSE, E_COST, E_FACTOR, E_COLUMNS = range(14, 18)

H_SHARES, H_LAST_CLOSE, H_FACTOR, H_COST, H_COLUMNS = range(5)

# A position row is a holding behind three columns of its own.
P_DAY, P_SYMBOL, P_AVAILABLE, P_SHARES, P_LAST_CLOSE, P_FACTOR, P_COST, P_COLUMNS = range(8)

A_CASH, A_HOLDINGS, A_COLUMNS = range(3)

T_CASH, T_HELD, T_EVENTS, T_POSITIONS, T_COLUMNS = range(5)


class Market(NamedTuple):
    """What the days offer, arrays (days, symbols).

    Prices and limits (0 = none) in cents, ``bars`` one of ``TRADED``, ``NO_BAR``, ``SUSPENDED``,
    ``factors`` in 1e-9 (0 = unknown). ``ranking`` orders the symbols by the score of the day
    before, best first, unscored last; ``scored`` (days) is how many have one, -1 when the day has
    no signal and nothing is traded.
    """

    deal: Integers
    close: Integers
    pre_close: Integers
    limit_up: Integers
    limit_down: Integers
    bars: Small
    factors: Integers
    ranking: Indices
    scored: Indices


class Terms(NamedTuple):
    """On what terms it is traded.

    ``lots`` (symbols, 3): minimum, step, exchange. ``fees`` (days, exchanges, components, terms)
    from :mod:`.fees`. ``invested`` is the part of cash to spend, in parts per billion.
    """

    lots: Integers
    fees: Integers
    top: int
    drop: int
    invested: int


class Book(NamedTuple):
    """What the loop writes: ``holdings`` (symbols, 4) and ``tally`` carry on from day to day.

    ``tally`` counts cash, names held, event and position rows written; ``bought`` (symbols) and
    ``is_candidate`` (symbols) are of the current day.
    """

    tally: Integers
    holdings: Integers
    bought: Integers
    is_candidate: Flags
    candidates: Integers
    account: Integers
    events: Integers
    positions: Integers


@njit(cache=True, nogil=True)
def part_of(value: int, rate: int) -> int:
    """``value * rate / 1e9`` rounded half up, without overflow for rates up to 1e9."""
    rest = value % _SCALE
    return value // _SCALE * rate + (2 * rest * rate + _SCALE) // (2 * _SCALE)


@njit(cache=True, nogil=True)
def multiply_divide(value: int, numerator: int, denominator: int) -> tuple[int, int]:
    """Quotient and remainder of ``value * numerator / denominator``, exact without overflow.

    Long multiplication bit by bit; numerator and denominator must be below 2**60.
    """
    step = numerator // denominator
    rest = numerator % denominator
    quotient = 0
    remainder = 0
    for bit in range(62, -1, -1):
        quotient *= 2
        remainder *= 2
        if (value >> bit) & 1:
            quotient += step
            remainder += rest
        while remainder >= denominator:
            remainder -= denominator
            quotient += 1
    return quotient, remainder


@njit(cache=True, nogil=True)
def order_costs(side: int, value: int, shares: int, fees: Integers, charged: Integers) -> int:
    """Write the five cost columns of a fill in cents into ``charged``; return their sum.

    ``fees`` is (components, terms) of the day and exchange, see :mod:`.fees`. Every component is
    rounded half up on its own; handling and supervision fee share the exchange's column.
    """
    charged[:] = 0
    total = 0
    for component in range(fees.shape[0]):
        rate = fees[component, side]
        minimum = fees[component, 3]
        if rate > 0 or minimum > 0:
            base = shares * 100 if fees[component, 2] == 1 else value
            fee = max(minimum, part_of(base, rate))
            charged[component - (component > 3)] += fee
            total += fee
    return total


@njit(cache=True, nogil=True)
def whole_lots(shares: int, minimum: int, step: int) -> int:
    """Largest legal buy of at most ``shares``: ``minimum`` plus a multiple of ``step``, or 0."""
    if shares < minimum:
        return 0
    return minimum + (shares - minimum) // step * step


@njit(cache=True, nogil=True)
def affordable(budget: int, price: int, lot: Integers, fees: Integers, charged: Integers) -> int:
    """Largest legal buy whose value and costs together fit into ``budget`` cents, or 0."""
    minimum, step = lot[0], lot[1]
    most = whole_lots(budget // price, minimum, step)
    if most == 0:
        return 0
    costs = order_costs(BUY, most * price, most, fees, charged)
    if most * price + costs <= budget:
        return most
    # Costs grow with the shares: what fits beside the costs of too many fits, and the largest
    # fit lies between the two. Counted in steps above the minimum; -1 is no buy at all.
    fits = whole_lots(max(budget - costs, 0) // price, minimum, step)
    low = (fits - minimum) // step if fits > 0 else -1
    high = (most - minimum) // step
    while low + 1 < high:
        trial = (low + high) // 2
        shares = minimum + trial * step
        if shares * price + order_costs(BUY, shares * price, shares, fees, charged) <= budget:
            low = trial
        else:
            high = trial
    return minimum + low * step if low >= 0 else 0


@njit(cache=True, nogil=True)
def refusal(side: int, bar: int, price: int, limit: int, available: int) -> int:
    """Why an order is refused at ``price``, or ``TRADED``.

    ``limit`` is the upper limit for a buy, the lower one for a sale, 0 for none. ``available`` are
    the shares of the position that were not bought today (T+1).
    """
    if bar != TRADED:
        return bar
    if limit > 0 and side == BUY and price >= limit:
        return LIMIT_UP
    if limit > 0 and side == SELL and price <= limit:
        return LIMIT_DOWN
    if side == SELL and available <= 0:
        return T_PLUS_1
    return TRADED


@njit(cache=True, nogil=True)
def distribute(event: Integers, holding: Integers, factor: int, pre_close: int) -> None:
    """Turn a changed factor into shares, and the fraction of a share into cash.

    The position keeps its value at the ex-right reference price. What is paid returns cost.
    """
    before = holding[H_FACTOR]
    shares, rest = multiply_divide(holding[H_SHARES], factor, before)
    paid, half = multiply_divide(pre_close, rest, before)
    if 2 * half >= before:
        paid += 1
    event[E_RECORD] = DISTRIBUTION
    event[E_PRICE] = pre_close
    event[E_SHARES] = shares - holding[H_SHARES]
    event[E_CASH] = paid
    event[E_FACTOR] = factor
    holding[H_SHARES] = shares
    holding[H_FACTOR] = factor
    holding[H_COST] = max(0, holding[H_COST] - paid)


@njit(cache=True, nogil=True)
def _new_event(book: Book, day: int, symbol: int) -> Integers:
    event: Integers = book.events[book.tally[T_EVENTS]]
    book.tally[T_EVENTS] += 1
    event[:] = 0
    event[E_DAY] = day
    event[E_SYMBOL] = symbol
    return event


@njit(cache=True, nogil=True)
def _open(market: Market, book: Book, day: int) -> None:
    """Start the day: nothing bought yet, changed factors distributed, names held counted.

    A factor is acted on when the name next trades. Changes below 1e-6 are the vendor's rounding
    and leave the factor last acted on as it is.
    """
    book.bought[:] = 0
    book.tally[T_HELD] = 0
    for symbol in range(len(book.bought)):
        if book.holdings[symbol, H_SHARES] == 0:
            continue
        holding = book.holdings[symbol]  # a view costs time: only of what is held
        factor = market.factors[day, symbol]
        if market.bars[day, symbol] == TRADED and factor > 0:
            if holding[H_FACTOR] == 0:
                holding[H_FACTOR] = factor
            elif abs(factor / holding[H_FACTOR] - 1.0) >= _SAME_FACTOR:
                event = _new_event(book, day, symbol)
                distribute(event, holding, factor, market.pre_close[day, symbol])
                book.tally[T_CASH] += event[E_CASH]
        if holding[H_SHARES] > 0:
            book.tally[T_HELD] += 1


@njit(cache=True, nogil=True)
def _choose(market: Market, terms: Terms, book: Book, day: int) -> int:
    """Mark the best names not held, as many as could be needed; return how many there are."""
    wanted = max(terms.drop + terms.top - book.tally[T_HELD], 0)
    found = 0
    for place in range(market.scored[day]):
        if found == wanted:
            break
        symbol = market.ranking[day, place]
        if book.holdings[symbol, H_SHARES] == 0:
            book.candidates[found] = symbol
            book.is_candidate[symbol] = True
            found += 1
    return found


@njit(cache=True, nogil=True)
def _sell_worst(market: Market, terms: Terms, book: Book, day: int) -> None:
    """Sell what is held among the worst of held names and candidates ranked together."""
    worst = max(terms.drop, book.tally[T_HELD] - terms.top)
    for place in range(len(book.bought) - 1, -1, -1):
        if worst == 0:
            break
        symbol = market.ranking[day, place]
        if book.is_candidate[symbol]:
            worst -= 1
        elif book.holdings[symbol, H_SHARES] > 0:
            worst -= 1
            _sell(market, terms, book, day, symbol)


@njit(cache=True, nogil=True)
def _sell(market: Market, terms: Terms, book: Book, day: int, symbol: int) -> None:
    """Sell a position whole, its odd remainder included, or record why not."""
    holding = book.holdings[symbol]
    available = holding[H_SHARES] - book.bought[symbol]
    price = market.deal[day, symbol]
    bar = market.bars[day, symbol]
    event = _new_event(book, day, symbol)
    event[E_SIDE] = SELL
    event[E_REQUESTED] = holding[H_SHARES]
    event[E_CAUSE] = refusal(SELL, bar, price, market.limit_down[day, symbol], available)
    if bar != TRADED:
        return
    event[E_PRICE] = price
    if event[E_CAUSE] != TRADED:
        return
    charged = event[E_COMMISSION : E_SLIPPAGE + 1]
    fees = terms.fees[day, terms.lots[symbol, 2]]
    value = available * price
    flow = value - order_costs(SELL, value, available, fees, charged)
    if book.tally[T_CASH] + flow < 0:
        charged[:] = 0
        event[E_CAUSE] = CASH
        return
    event[E_SHARES] = available
    event[E_VALUE] = value
    event[E_CASH] = flow
    event[E_COST] = holding[H_COST]
    book.tally[T_CASH] += flow
    book.tally[T_HELD] -= 1
    holding[:] = 0


@njit(cache=True, nogil=True)
def _buy_best(market: Market, terms: Terms, book: Book, day: int, found: int) -> None:
    """Buy the best candidates for equal cash; a refused one leaves its place free."""
    planned = min(found, max(terms.top - book.tally[T_HELD], 0))
    if planned == 0:
        return
    cash = book.tally[T_CASH]
    spend = cash // _SCALE * terms.invested + cash % _SCALE * terms.invested // _SCALE
    for place in range(planned):
        _buy(market, terms, book, day, book.candidates[place], spend // planned)


@njit(cache=True, nogil=True)
def _buy(market: Market, terms: Terms, book: Book, day: int, symbol: int, budget: int) -> None:
    """Buy what ``budget`` cents afford, costs included, or record why not."""
    price = market.deal[day, symbol]
    bar = market.bars[day, symbol]
    event = _new_event(book, day, symbol)
    event[E_SIDE] = BUY
    event[E_CAUSE] = refusal(BUY, bar, price, market.limit_up[day, symbol], 0)
    if bar != TRADED:
        event[E_REQUESTED] = -1
        return
    event[E_PRICE] = price
    charged = event[E_COMMISSION : E_SLIPPAGE + 1]
    lot = terms.lots[symbol]
    fees = terms.fees[day, lot[2]]
    shares = affordable(budget, price, lot, fees, charged)
    event[E_REQUESTED] = shares
    order = max(shares, lot[0])
    flow = -order * price - order_costs(BUY, order * price, order, fees, charged)
    if event[E_CAUSE] == TRADED and shares == 0:
        event[E_CAUSE] = CASH if book.tally[T_CASH] + flow < 0 else LOT_SIZE
    if event[E_CAUSE] != TRADED:
        charged[:] = 0
        return
    event[E_SHARES] = shares
    event[E_VALUE] = shares * price
    event[E_CASH] = flow
    book.tally[T_CASH] += flow
    book.bought[symbol] = shares
    book.holdings[symbol, H_SHARES] = shares
    book.holdings[symbol, H_FACTOR] = market.factors[day, symbol]
    book.holdings[symbol, H_COST] = -flow


@njit(cache=True, nogil=True)
def _close(market: Market, book: Book, day: int) -> None:
    """Value the day's close; a name without a tradable bar keeps its last known close."""
    worth = 0
    for symbol in range(len(book.bought)):
        if book.holdings[symbol, H_SHARES] == 0:
            continue
        holding = book.holdings[symbol]
        if market.bars[day, symbol] == TRADED:
            holding[H_LAST_CLOSE] = market.close[day, symbol]
        worth += holding[H_SHARES] * holding[H_LAST_CLOSE]
        row = book.positions[book.tally[T_POSITIONS]]
        book.tally[T_POSITIONS] += 1
        row[P_DAY] = day
        row[P_SYMBOL] = symbol
        row[P_AVAILABLE] = holding[H_SHARES] - book.bought[symbol]
        for column in range(H_COLUMNS):  # assigning a slice would double the compile time
            row[P_SHARES + column] = holding[column]
    book.account[day, A_CASH] = book.tally[T_CASH]
    book.account[day, A_HOLDINGS] = worth


@njit(cache=True, nogil=True)
def simulate(market: Market, terms: Terms, book: Book) -> None:
    """Run the days in order; holdings and cash of ``book`` are where they start and end."""
    for day in range(len(market.scored)):
        _open(market, book, day)
        if market.scored[day] >= 0:
            found = _choose(market, terms, book, day)
            _sell_worst(market, terms, book, day)
            for place in range(found):
                book.is_candidate[book.candidates[place]] = False
            _buy_best(market, terms, book, day, found)
        _close(market, book, day)
