"""How each vendor writes a symbol."""

from __future__ import annotations


def exchange_of(code: str) -> str:
    """``SH``, ``SZ`` or ``BJ`` for six digits of a stock."""
    if code[0] == "6":
        return "SH"
    return "BJ" if code[0] in "489" else "SZ"


def prefixed(symbol: str, between: str = "") -> str:
    """``sh600000`` or ``sh.600000`` for ``600000.SH``."""
    code, _, exchange = symbol.partition(".")
    return f"{exchange.lower()}{between}{code}"


def from_prefixed(text: str) -> str:
    """``600000.SH`` for ``sh600000`` or ``sh.600000``."""
    return f"{text[-6:]}.{text[:2].upper()}"
