"""Sina's packed formats, written so that its own JavaScript decoder reads them back.

The decoder is the function ``d`` that AKShare runs (``hk_js_decode`` in ``akshare/stock/cons.py``):
a stream of bits, least significant first, in the 64 letters of base 64. A body starts with 12 bits
that choose the format and 6 bits of its version. Days count from 1990-12-19, weekends left out
where the format says so.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

_LETTERS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
_VERSION = 63  # the decoder's version 0
_CALENDAR = 139
_BARS = 3466
_EPOCH = date(1990, 12, 19)
_DAY_BITS = 18
_CENTS = 6  # T(6) of the decoder: two decimals


@dataclass(frozen=True)
class PackedBar:
    """One day: prices in cents, volume in shares, amount in cents."""

    day: date
    open: int
    high: int
    low: int
    close: int
    volume: int
    amount: int


class _Bits:
    def __init__(self) -> None:
        self._bits: list[int] = []

    def flag(self, value: bool) -> None:
        self._bits.append(int(value))

    def number(self, value: int, width: int) -> None:
        """An integer of ``width`` bits, two's complement when negative."""
        self._bits.extend(value >> place & 1 for place in range(width))

    def step(self, value: int) -> None:
        """What ``N`` reads: the sign, then a row of ones that is one shorter than ``value``."""
        self.flag(value > 0)
        self._bits.extend([1] * (abs(value) - 1))
        self.flag(False)

    def text(self) -> str:
        padded = [*self._bits, *[0] * (-len(self._bits) % 6)]
        sixes = (padded[start : start + 6] for start in range(0, len(padded), 6))
        return "".join(_LETTERS[sum(bit << i for i, bit in enumerate(six))] for six in sixes)


def _header(code: int) -> _Bits:
    bits = _Bits()
    bits.number(code, 12)
    bits.number(_VERSION, 6)
    return bits


def _day_number(day: date) -> int:
    return (day - _EPOCH).days


def _next_weekday(day: date) -> date:
    return day + timedelta(days=7 - day.weekday() if day.weekday() >= 4 else 1)


def pack_calendar(days: Sequence[date]) -> str:
    """Open days, all on weekdays: lengths of runs between weekdays that are closed."""
    if not days:
        return ""
    runs, run = [], 0
    is_open = frozenset(days)
    day = first = min(days)
    last = max(days)
    while day <= last:
        if day in is_open:
            run += 1
        else:
            runs.append(run)
            run = 0
        day = _next_weekday(day)
    runs.append(run)
    width = -(-max(runs).bit_length() // 3)
    bits = _header(_CALENDAR)
    bits.number(_day_number(first), _DAY_BITS)
    bits.number(_day_number(last), _DAY_BITS)
    for place, length in enumerate(runs):
        bits.flag(place == 0)
        if place == 0:
            bits.step(width)
        bits.number(length, 3 * width)
    return bits.text()


_FIRST_WIDTHS = {"open": 3, "high": 3, "low": 3, "close": 3, "volume": 5, "amount": 5}
_SIGNED = {"open": True, "high": False, "low": False, "close": True, "volume": True, "amount": True}


def pack_bars(bars: Sequence[PackedBar]) -> str:
    """Daily bars in any order of days, as differences of equal width."""
    if not bars:
        return ""
    rows = _differences(bars)
    widths = {
        name: -(-max(_width(row[name], signed) for row in rows) // 3)
        for name, signed in _SIGNED.items()
    }
    bits = _header(_BARS)
    at = 0  # days counted so far
    for place, (bar, row) in enumerate(zip(bars, rows, strict=True)):
        day = _day_number(bar.day)
        if place == 0:
            _begin(bits, widths, day)
        elif bar.day == _next_weekday(_EPOCH + timedelta(days=at)):
            bits.flag(False)
        else:
            for flag in (True, False, True, True, True):  # another day than the next
                bits.flag(flag)
            _jump(bits, day)
        at = day
        for name, width in widths.items():
            bits.number(row[name], 3 * width)
    for flag in (True, True, False, False, False):  # no change at all: the end
        bits.flag(flag)
    return bits.text()


def _differences(bars: Sequence[PackedBar]) -> list[dict[str, int]]:
    """Open and close against the close before, high and low against the open, the rest as steps."""
    rows = []
    close = volume = amount = 0
    for bar in bars:
        rows.append(
            {
                "open": bar.open - close,
                "high": bar.high - bar.open,
                "low": bar.open - bar.low,
                "close": bar.close - bar.open,
                "volume": bar.volume - volume,
                "amount": bar.amount - amount,
            }
        )
        close, volume, amount = bar.close, bar.volume, bar.amount
    return rows


def _width(value: int, signed: bool) -> int:
    if not signed and value < 0:
        raise ValueError("the packed format holds no high below or low above the open")
    return (value if value >= 0 else ~value).bit_length() + signed


def _begin(bits: _Bits, widths: dict[str, int], day: int) -> None:
    """The first row's settings: amounts as they are, in cents, the widths, and the first day."""
    for flag in (True, True):
        bits.flag(flag)
    bits.flag(True)  # settings:
    bits.flag(True)
    bits.flag(True)  # amounts are steps, not corrections of price x volume
    for flag in (False, False, False, False):
        bits.flag(flag)  # no after-hours trading, prices together, weekdays as they are
    for letter in "pva":
        bits.flag(letter == "a")
        if letter == "a":
            bits.step(_CENTS)
    bits.flag(True)  # widths:
    for name in ("open", "high", "low", "close", "volume", "amount"):
        change = widths[name] - _FIRST_WIDTHS[name]
        bits.flag(change != 0)
        if change:
            bits.step(change)
    bits.flag(True)
    _jump(bits, day)
    bits.flag(False)  # no previous close


def _jump(bits: _Bits, day: int) -> None:
    bits.number(1, 3)
    bits.number(day, _DAY_BITS)
