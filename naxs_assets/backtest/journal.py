"""The journal: one table that holds what a backtest did and all it needs to go on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from naxs_assets.backtest.contracts import COST_COLUMNS, JOURNAL, NO_SIGNAL
from naxs_assets.backtest.money import FACTOR_SCALE
from naxs_assets.backtest.panel import Panel
from naxs_assets.errors import DataError

if TYPE_CHECKING:
    from naxs_assets.backtest.loop import Integers


COSTS = tuple(name.removesuffix("_cents") for name in COST_COLUMNS)
"""Cost components of an order, as the frames of :class:`Journal` name them."""


@dataclass(frozen=True)
class State:
    """Cash and positions at the close of ``date``: where the next month starts.

    ``positions`` maps a symbol to shares, last close (cents), factor last acted on (1e-9 units,
    0 = unknown) and cost (cents), in order of the symbols.
    """

    date: date
    day: int
    cash_cents: int
    nav_cents: int
    positions: dict[str, tuple[int, int, int, int]]


def empty_journal() -> pl.DataFrame:
    """Return a warm-up month's journal: no rows. The month after it starts from the capital."""
    return JOURNAL.empty()


def state_after(journal: pl.DataFrame) -> State | None:
    """Return the state at the close of ``journal``'s last day, None for an empty journal."""
    if journal.is_empty():
        return None
    last = journal.filter(pl.col("date") == pl.col("date").max())
    accounts = last.filter(pl.col("record") == "account")
    if accounts.height != 1:
        raise DataError(
            f"the journal's last day has {accounts.height} account rows, not one",
            where=f"journal of {last['date'][0]}",
            remedy="pass one month's journal as the backtest made it",
        )
    account = accounts.row(0, named=True)
    positions = last.filter(pl.col("record") == "position").sort("symbol")
    return State(
        date=account["date"],
        day=account["day"],
        cash_cents=account["cash_cents"],
        nav_cents=account["nav_cents"],
        positions={
            symbol: (shares, close, round((factor or 0.0) * FACTOR_SCALE), cost)
            for symbol, shares, close, factor, cost in positions.select(
                "symbol", "shares", "last_close_cents", "adj_factor", "cost_cents"
            ).iter_rows()
        },
    )


def journal_table(
    panel: Panel,
    *,
    account: Integers,
    events: Integers,
    positions: Integers,
    opening_nav_cents: int,
) -> pl.DataFrame:
    """Put the compiled loop's rows into the shape of ``JOURNAL``, sorted by its key."""
    parts = (
        _account_rows(panel, account, events, opening_nav_cents),
        _event_rows(panel, events),
        _position_rows(panel, positions),
    )
    return pl.concat([_completed(part) for part in parts]).sort(JOURNAL.key)


def _account_rows(
    panel: Panel, account: Integers, events: Integers, opening_nav_cents: int
) -> pl.DataFrame:
    from naxs_assets.backtest import loop

    costs = np.zeros((len(panel.dates), len(COST_COLUMNS)), dtype=np.int64)
    np.add.at(costs, events[:, loop.E_DAY], events[:, loop.E_COMMISSION : loop.E_SLIPPAGE + 1])
    nav = account[:, loop.A_CASH] + account[:, loop.A_HOLDINGS]
    rows = np.arange(len(panel.dates))
    return pl.DataFrame(
        {
            **_dated(panel, rows),
            "record": ["account"] * len(rows),
            "sequence": np.zeros(len(rows), dtype=np.int32),
            "cash_cents": account[:, loop.A_CASH],
            "value_cents": account[:, loop.A_HOLDINGS],
            "nav_cents": nav,
            "previous_nav_cents": np.append(np.int64(opening_nav_cents), nav[:-1]),
            **{name: costs[:, place] for place, name in enumerate(COST_COLUMNS)},
        }
    ).with_columns(cause=pl.when(pl.Series(panel.scored < 0)).then(pl.lit(NO_SIGNAL)))


def _event_rows(panel: Panel, events: Integers) -> pl.DataFrame:
    from naxs_assets.backtest import loop

    names = {
        "requested": loop.E_REQUESTED,
        "shares": loop.E_SHARES,
        "price_cents": loop.E_PRICE,
        "value_cents": loop.E_VALUE,
        "cash_cents": loop.E_CASH,
        "cost_cents": loop.E_COST,
    }
    is_order = pl.col("record") == "order"
    filled_sale = is_order & (pl.col("side") == "sell") & pl.col("cause").is_null()
    return pl.DataFrame(
        {
            **_dated(panel, events[:, loop.E_DAY]),
            "record": _words(events[:, loop.E_RECORD], ("order", "distribution")),
            "symbol": _words(events[:, loop.E_SYMBOL], panel.symbols),
            "side": _words(events[:, loop.E_SIDE], ("buy", "sell")),
            "cause": _words(events[:, loop.E_CAUSE], _CAUSES),
            # numpy divides; polars would multiply by a reciprocal and miss the last bit.
            "adj_factor": events[:, loop.E_FACTOR] / FACTOR_SCALE,
            **{name: events[:, column] for name, column in names.items()},
            **{
                name: events[:, loop.E_COMMISSION + place]
                for place, name in enumerate(COST_COLUMNS)
            },
        }
    ).with_columns(
        sequence=pl.int_range(pl.len(), dtype=pl.Int32).over("date", "record"),
        status=pl.when(is_order).then(
            pl.when(pl.col("cause").is_null()).then(pl.lit("filled")).otherwise(pl.lit("rejected"))
        ),
        side=pl.when(is_order).then("side"),
        requested=pl.when(is_order & (pl.col("requested") >= 0)).then("requested"),
        value_cents=pl.when(is_order).then("value_cents"),
        price_cents=pl.when(pl.col("price_cents") > 0).then("price_cents"),
        cost_cents=pl.when(filled_sale).then("cost_cents"),
        adj_factor=pl.when(~is_order).then("adj_factor"),
        **{name: pl.when(is_order).then(name) for name in COST_COLUMNS},
    )


def _position_rows(panel: Panel, positions: Integers) -> pl.DataFrame:
    from naxs_assets.backtest import loop

    shares = positions[:, loop.P_SHARES]
    close = positions[:, loop.P_LAST_CLOSE]
    factor = positions[:, loop.P_FACTOR]
    return pl.DataFrame(
        {
            **_dated(panel, positions[:, loop.P_DAY]),
            "record": ["position"] * len(positions),
            "symbol": _words(positions[:, loop.P_SYMBOL], panel.symbols),
            "shares": shares,
            "available": positions[:, loop.P_AVAILABLE],
            "last_close_cents": close,
            "value_cents": shares * close,
            "cost_cents": positions[:, loop.P_COST],
            "adj_factor": factor / FACTOR_SCALE,
        }
    ).with_columns(
        sequence=pl.int_range(pl.len(), dtype=pl.Int32).over("date"),
        adj_factor=pl.when(pl.col("adj_factor") > 0).then("adj_factor"),
    )


# Words of the loop's codes from 0 on; an order that traded has no cause.
_CAUSES = (
    None,
    "no_bar",
    "suspended",
    "limit_up",
    "limit_down",
    "t_plus_1",
    "lot_size",
    "cash",
)


def _words(codes: npt.NDArray[np.int64], words: Iterable[str | None]) -> pl.Series:
    return pl.Series(list(words), dtype=pl.String).gather(codes)


def _dated(panel: Panel, rows: npt.NDArray[np.int64]) -> dict[str, pl.Series]:
    return {
        "date": pl.Series(panel.dates, dtype=pl.Date).gather(rows),
        "day": pl.Series(panel.days).gather(rows),
    }


def _completed(part: pl.DataFrame) -> pl.DataFrame:
    """All of the contract's columns, in order; those the record does not have are null."""
    return part.select(
        (pl.col(column.name) if column.name in part.columns else pl.lit(None))
        .cast(column.dtype)
        .alias(column.name)
        for column in JOURNAL.columns
    )


def _cny(*names: str) -> list[pl.Expr]:
    # Rounding gives the float nearest to the cents, which division by a scalar may miss by a bit.
    return [(pl.col(f"{name}_cents") / 100).round(2).alias(name) for name in names]


@dataclass(frozen=True)
class Journal:
    """A backtest's journal with clean frames for people: money in CNY, one record kind each.

    ``table`` has the rows of the ``JOURNAL`` contract, of one month or of many.
    """

    table: pl.DataFrame

    @classmethod
    def of_months(cls, tables: Iterable[pl.DataFrame]) -> Journal:
        """Join monthly journals, given in order."""
        return cls(pl.concat([empty_journal(), *tables]))

    def _of(self, record: str) -> pl.DataFrame:
        return self.table.filter(pl.col("record") == record)

    def account(self) -> pl.DataFrame:
        """One row a day: date, day, cash, holdings, nav, previous_nav (CNY), return (ratio, net of
        costs), gross_return (before the day's costs), bought, sold, commission, stamp_duty,
        transfer_fee, exchange_fees, slippage (CNY), signal (whether the day before had scores).
        """
        traded = (
            self._of("order")
            .group_by("date")
            .agg(
                bought_cents=pl.col("value_cents").filter(pl.col("side") == "buy").sum(),
                sold_cents=pl.col("value_cents").filter(pl.col("side") == "sell").sum(),
            )
        )
        nav, previous = pl.col("nav_cents"), pl.col("previous_nav_cents")
        return (
            self._of("account")
            .join(traded, on="date", how="left", maintain_order="left")
            .select(
                "date",
                "day",
                *_cny("cash"),
                *(amount.alias("holdings") for amount in _cny("value")),
                *_cny("nav", "previous_nav"),
                (nav / previous - 1).alias("return"),
                ((nav + pl.sum_horizontal(COST_COLUMNS)) / previous - 1).alias("gross_return"),
                *(amount.fill_null(0.0) for amount in _cny("bought", "sold")),
                *_cny(*COSTS),
                pl.col("cause").is_null().alias("signal"),
            )
        )

    def positions(self) -> pl.DataFrame:
        """Names held at the close: date, symbol, shares, available, last_close, value, cost (CNY),
        weight (of nav), adj_factor.
        """
        nav = self._of("account").select("date", "nav_cents")
        return (
            self._of("position")
            .drop("nav_cents")
            .join(nav, on="date", how="left", maintain_order="left")
            .select(
                "date",
                "symbol",
                "shares",
                "available",
                *_cny("last_close", "value", "cost"),
                (pl.col("value_cents") / pl.col("nav_cents")).alias("weight"),
                "adj_factor",
            )
        )

    def orders(self) -> pl.DataFrame:
        """Orders as they were carried out: date, sequence, symbol, side, requested, shares, price,
        value, cash (signed), the five cost components, profit (CNY, filled sales: cash received
        less cost), status, cause.
        """
        return self._of("order").select(
            "date",
            "sequence",
            "symbol",
            "side",
            "requested",
            "shares",
            *_cny("price", "value", "cash", *COSTS),
            ((pl.col("cash_cents") - pl.col("cost_cents")) / 100).round(2).alias("profit"),
            "status",
            "cause",
        )

    def distributions(self) -> pl.DataFrame:
        """Changes of adj_factor on held names: date, symbol, shares (added), price, cash (CNY),
        adj_factor.
        """
        return self._of("distribution").select(
            "date", "symbol", "shares", *_cny("price", "cash"), "adj_factor"
        )

    def rejections(self) -> pl.DataFrame:
        """Rejected orders counted: date, cause, count."""
        return (
            self._of("order")
            .filter(pl.col("status") == "rejected")
            .group_by("date", "cause")
            .agg(count=pl.len().cast(pl.Int64))
            .sort("date", "cause")
        )
