"""How numbers read on a page: percent with two decimals, CNY with thousands, a true minus sign."""

from __future__ import annotations

import math

ABSENT = "–"
_MINUS = "\N{MINUS SIGN}"


def _known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _with_minus(text: str) -> str:
    # A rounded zero shows no sign: "-0.00%" would claim a loss that is not there.
    if text.startswith("-") and not any(digit in text for digit in "123456789"):
        text = text[1:]
    return text.replace("-", _MINUS)


def percent(value: float | None, *, decimals: int = 2) -> str:
    """A ratio as percent: 0.1234 is ``12.34%``; null or not finite is a dash."""
    return _with_minus(f"{value:,.{decimals}%}") if value is not None and _known(value) else ABSENT


def decimal(value: float | None, *, decimals: int = 2) -> str:
    """A plain number with fixed decimals and thousands; null or not finite is a dash."""
    return _with_minus(f"{value:,.{decimals}f}") if value is not None and _known(value) else ABSENT


def cny(value: float | None) -> str:
    """An amount of CNY in whole yuan with thousands; null or not finite is a dash."""
    return decimal(value, decimals=0)


def count(value: int | None) -> str:
    """A count with thousands; null is a dash."""
    return ABSENT if value is None else _with_minus(f"{value:,d}")
