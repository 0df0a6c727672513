"""Trading rules of the A-share market that do not depend on a price: lots and T+1.

Price limits are data (``limit_up`` and ``limit_down`` of the prices table). An order is judged at
its own execution price and side: a buy is refused iff the deal price is at or above the upper
limit, a sell iff it is at or below the lower limit; selling at the upper and buying at the lower
limit are legal. T+1: shares bought on a day cannot be sold on that day, the proceeds of a sale
can be spent at once. All three are applied by the compiled day loop (:mod:`.loop`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from naxs_assets.market.boards import Board, board_of


@dataclass(frozen=True)
class Lot:
    """Smallest buy and the step above it, in shares; ``source`` is the rule it comes from."""

    minimum: int
    step: int
    source: str


LOTS: Mapping[Board, Lot] = MappingProxyType(
    {
        Board.MAIN: Lot(100, 100, "SSE and SZSE trading rules 3.3.8: multiples of 100 shares"),
        Board.CHINEXT: Lot(100, 100, "SZSE trading rules 3.3.8: multiples of 100 shares"),
        Board.STAR: Lot(200, 1, "SSE STAR special rules (2019-07-22): 200 shares, then by one"),
        Board.BSE: Lot(100, 1, "BSE trading rules (2021-11-15): 100 shares, then by one"),
    }
)
"""Lots of buy orders. A sale may take the whole position, its odd remainder included."""

EXCHANGES = ("SH", "SZ", "BJ")
"""Exchange suffixes of symbols; the position is the exchange's index in compiled arrays."""


def lot_of(symbol: str) -> Lot:
    """Return the lot of ``symbol``'s board."""
    return LOTS[board_of(symbol)]


def exchange_of(symbol: str) -> str:
    """Return the exchange of ``symbol`` (such as ``600519.SH``): SH, SZ or BJ."""
    return symbol.rpartition(".")[2]
