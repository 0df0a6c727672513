"""The backtest: top-k with drop under A-share rules, month by month or in one pass, same bits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from naxs_assets.backtest.fees import Costs, fee_table
from naxs_assets.backtest.journal import Journal, State, empty_journal, journal_table
from naxs_assets.backtest.money import RATE_SCALE, to_cents, to_parts
from naxs_assets.backtest.panel import Panel, build_panel
from naxs_assets.backtest.rules import EXCHANGES, exchange_of, lot_of
from naxs_assets.errors import ConfigurationError, DataError

if TYPE_CHECKING:
    from naxs_assets.backtest.loop import Book

HIGHEST_CAPITAL = 1e11
"""CNY; keeps every product of the integer arithmetic within 64 bits."""


@dataclass(frozen=True)
class PortfolioRule:
    """Hold the ``top`` best-scored names and replace up to ``drop`` of them a day.

    The rule of Qlib's TopkDropout: the held names and the best names not held are ranked together
    by the score of the day before; held names among the worst ``drop`` are sold, free places are
    bought for equal cash. Unlike there, a sale that fails blocks its place, so that there are never
    more than ``top`` names (a rule with a smaller ``top`` sells down to it at once). Orders fill
    at the ``deal_price`` of the day. ``capital`` in CNY opens the account; ``cash_reserve`` is
    the ratio of cash that buying leaves. Raises :class:`ConfigurationError` on values out of range.
    """

    top: int
    drop: int
    deal_price: Literal["open", "close"]
    capital: float
    cash_reserve: float = 0.05

    def __post_init__(self) -> None:
        problem = ""
        if self.top < 1:
            problem = f"top = {self.top} is less than 1"
        elif not 1 <= self.drop <= self.top:
            problem = f"drop = {self.drop} is not from 1 to top = {self.top}"
        elif self.deal_price not in ("open", "close"):
            problem = f"deal_price = {self.deal_price!r} is neither open nor close"
        elif not 0 < self.capital <= HIGHEST_CAPITAL:
            problem = f"capital = {self.capital!r} CNY is not above 0 and up to {HIGHEST_CAPITAL:g}"
        elif not 0 <= self.cash_reserve < 1:
            problem = f"cash_reserve = {self.cash_reserve!r} is not a ratio from 0 to below 1"
        if problem:
            raise ConfigurationError(
                problem, where="portfolio rule", remedy="correct the strategy's portfolio section"
            )
        to_cents(self.capital, "capital")
        to_parts(self.cash_reserve, "cash_reserve")


def run_month(
    prices: pl.DataFrame,
    scores: pl.DataFrame,
    *,
    rule: PortfolioRule,
    costs: Costs,
    state: State | None,
) -> pl.DataFrame:
    """Trade the days of ``prices`` and return their journal rows (contract ``JOURNAL``).

    ``prices``: rows of market/prices of the days to simulate, in any order (all their columns or
    those in ``panel.PRICE_COLUMNS``). ``scores``: symbol, day, score; day t is traded on the
    scores of trading day t - 1, so they include the last trading day before the month; a day whose
    day before has no scores is not traded and marked ``no_signal``. ``state`` is
    ``state_after(journal of the month before)``, None to open the account with the capital.

    A held name whose adj_factor changed gets shares for it at the ex-right reference price and the
    fraction of a share in cash: since only a factor is known, dividends and splits alike are a
    reinvested total return. Names without a tradable bar keep their last known close.

    No rows of prices give an empty journal, which holds no state. Raises :class:`DataError` when
    the days do not lie after ``state``, or tables cannot be used.
    """
    panel = build_panel(prices, scores, state.positions if state else ())
    return simulate(panel, rule=rule, costs=costs, state=state)


def simulate(
    panel: Panel, *, rule: PortfolioRule, costs: Costs, state: State | None
) -> pl.DataFrame:
    """:func:`run_month` on a panel that is laid out already, for many variants of one market.

    The panel must hold every symbol of ``state``.
    """
    if not panel.dates:
        return empty_journal()
    if state and panel.days[0] <= state.day:
        raise DataError(
            f"prices start on {panel.dates[0]}, the state is of {state.date}",
            where="backtest",
            remedy="pass the state at the close before the first day of prices",
        )
    from naxs_assets.backtest import loop

    positions = state.positions if state else {}
    capital = to_cents(rule.capital, "capital")
    market = loop.Market(
        deal=panel.open if rule.deal_price == "open" else panel.close,
        close=panel.close,
        pre_close=panel.pre_close,
        limit_up=panel.limit_up,
        limit_down=panel.limit_down,
        bars=panel.bars,
        factors=panel.factors,
        ranking=panel.ranking,
        scored=panel.scored,
    )
    terms = loop.Terms(
        lots=_lots(panel.symbols),
        fees=fee_table(panel.dates, costs),
        top=rule.top,
        drop=rule.drop,
        invested=RATE_SCALE - to_parts(rule.cash_reserve, "cash_reserve"),
    )
    book = _book(panel, rule, positions, cash=state.cash_cents if state else capital)
    loop.simulate(market, terms, book)
    return journal_table(
        panel,
        account=book.account,
        events=book.events[: book.tally[loop.T_EVENTS]],
        positions=book.positions[: book.tally[loop.T_POSITIONS]],
        opening_nav_cents=state.nav_cents if state else capital,
    )


def _lots(symbols: list[str]) -> npt.NDArray[np.int64]:
    lots = [lot_of(symbol) for symbol in symbols]
    return np.array(
        [
            (lot.minimum, lot.step, EXCHANGES.index(exchange_of(symbol)))
            for lot, symbol in zip(lots, symbols, strict=True)
        ],
        dtype=np.int64,
    ).reshape(-1, 3)


def _book(
    panel: Panel, rule: PortfolioRule, positions: dict[str, tuple[int, int, int, int]], cash: int
) -> Book:
    from naxs_assets.backtest import loop

    days, symbols = panel.bars.shape
    most = max(rule.top, len(positions))
    # A day has at most a distribution and a sale of each held name, and a buy for each place.
    events = days * (2 * most + rule.top)
    book = loop.Book(
        tally=np.zeros(loop.T_COLUMNS, dtype=np.int64),
        holdings=np.zeros((symbols, loop.H_COLUMNS), dtype=np.int64),
        bought=np.zeros(symbols, dtype=np.int64),
        is_candidate=np.zeros(symbols, dtype=np.bool_),
        candidates=np.zeros(rule.top + rule.drop, dtype=np.int64),
        account=np.zeros((days, loop.A_COLUMNS), dtype=np.int64),
        events=np.empty((events, loop.E_COLUMNS), dtype=np.int64),
        positions=np.empty((days * most, loop.P_COLUMNS), dtype=np.int64),
    )
    book.tally[loop.T_CASH] = cash
    for symbol, holding in positions.items():
        book.holdings[panel.symbols.index(symbol)] = holding
    return book


def run_backtest(
    prices: pl.DataFrame,
    scores: pl.DataFrame,
    *,
    rule: PortfolioRule,
    costs: Costs,
    first: date | None = None,
    last: date | None = None,
) -> Journal:
    """Backtest all days of ``prices`` from ``first`` to ``last`` (both inclusive) in one pass.

    Tables as for :func:`run_month`; the account opens with the rule's capital. Running the same
    days month by month, each from ``state_after`` of the one before, gives the same rows.
    """
    if first is not None:
        prices = prices.filter(pl.col("date") >= first)
    if last is not None:
        prices = prices.filter(pl.col("date") <= last)
    return Journal(run_month(prices, scores, rule=rule, costs=costs, state=None))


def warm() -> None:
    """Compile the day loop, or load it from numba's cache, on one day of one name."""
    day = date(2024, 1, 2)
    prices = pl.DataFrame(
        {
            "date": [day],
            "symbol": ["600000.SH"],
            "day": [1],
            "open": [10.0],
            "close": [10.0],
            "pre_close": [10.0],
            "volume": [1],
            "adj_factor": [1.0],
            "is_suspended": [False],
            "limit_up": [1100],
            "limit_down": [900],
            "quarantined_by": [None],
        }
    )
    scores = pl.DataFrame({"symbol": ["600000.SH"], "day": [0], "score": [1.0]})
    rule = PortfolioRule(top=1, drop=1, deal_price="open", capital=10_000.0)
    run_month(prices, scores, rule=rule, costs=Costs(), state=None)
