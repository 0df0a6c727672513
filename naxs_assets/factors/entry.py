"""Where the position behind a label is entered: the day and the price that its return starts at."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from naxs_assets.factors.tree import Read

_MOMENTS = {"open": 0, "vwap": 1, "high": 1, "low": 1, "close": 2}
_PRICES = {name: moment for field, moment in _MOMENTS.items() for name in (field, f"raw_{field}")}


class Entry(NamedTuple):
    """``offset`` trading days after the row, at ``price``: open, close, or vwap for any other."""

    offset: int
    price: str


def entry_of(reads: Collection[Read]) -> Entry | None:
    """The entry of a label that reads ``reads``; None when it is no return from one price on.

    It is the first price of one later day that something is read after: an open has its close
    after it, a close the days that follow. A label with no such price starts at its own row:
    ``Ref($close,-5)/$close-1`` is entered at the close of the row, and so is the highest price of
    the next five days over it. ``Ref(Std($close,4),-7)`` has no entry.
    """
    prices = [
        (read, _PRICES[read.field]) for read in reads if read.field in _PRICES and read.last >= 0
    ]
    # Points in time: (day, moment of the day).
    ends = [(read.last, moment) for read, moment in prices]
    points = sorted((read.first, moment) for read, moment in prices if read.first == read.last)
    starts = [point for point in points if point < max(ends)]
    later = [point for point in starts if point[0] > 0]
    chosen = later or starts
    if not chosen:
        return None
    offset, moment = chosen[0]
    return Entry(offset, ("open", "vwap", "close")[moment])
