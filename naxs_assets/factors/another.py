"""The operator that reads another symbol's days: ChangeInstrument of Qlib, and Mask."""

from __future__ import annotations

import re

import numpy as np

from naxs_assets.factors.operator import Array, Operator, Role, Scope
from naxs_assets.factors.section import Section
from naxs_assets.market.qlib_bundle import symbol_of_qlib

_SYMBOL = re.compile(r"[0-9]{6}\.(?:SH|SZ|BJ)")


def symbol_named(text: str) -> str | None:
    """The symbol that ``600000.SH`` or Qlib's ``SH600000`` names, in any case; None for neither."""
    found = symbol_of_qlib(text) or text.upper()
    return found if _SYMBOL.fullmatch(found) else None


def _another(section: Section, symbol: str, values: Array) -> Array:
    """The named symbol's values in every column; NaN where the panel does not hold it."""
    if symbol not in section.symbols:
        return np.full_like(values, np.nan)
    column = section.symbols.index(symbol)
    return np.broadcast_to(values[:, column : column + 1], values.shape)


ANOTHER = (
    Operator("ChangeInstrument", (Role.SYMBOL, Role.SERIES), _another, scope=Scope.ANOTHER),
    # The parser turns it into the one above.
    Operator("Mask", (Role.SERIES, Role.SYMBOL), _another, scope=Scope.ANOTHER),
)
