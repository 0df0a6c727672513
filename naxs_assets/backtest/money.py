"""Exact money: integer cents and integer rates give the same bits on every path."""

from __future__ import annotations

from decimal import Decimal

from naxs_assets.errors import ConfigurationError

RATE_SCALE = 1_000_000_000
"""A rate is stored as parts per billion: 0.05 % = 0.0005 = 500 000."""

FACTOR_SCALE = 1_000_000_000
"""An adj_factor is stored in units of 1e-9; vendors publish six decimals."""


def to_cents(amount: float, name: str) -> int:
    """Return ``amount`` CNY in cents.

    Raises :class:`ConfigurationError` when it is not a whole number of cents.
    """
    return _exact(amount, 100, name, "a whole number of cents (0.01 CNY)")


def to_parts(rate: float, name: str) -> int:
    """Return ``rate`` (a ratio) in parts per billion.

    Raises :class:`ConfigurationError` when it needs more than nine decimals.
    """
    return _exact(rate, RATE_SCALE, name, "a ratio of at most nine decimals")


def _exact(value: float, scale: int, name: str, expected: str) -> int:
    # str() gives the shortest text of the float, which is what the person typed.
    scaled = Decimal(str(value)) * scale
    if not scaled.is_finite() or scaled != int(scaled):
        raise ConfigurationError(
            f"{name} = {value!r} is not {expected}", where=name, remedy="write a rounder number"
        )
    return int(scaled)
