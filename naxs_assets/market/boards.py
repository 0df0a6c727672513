"""The board an A-share trades on, read from its symbol.

Code ranges: main board 600/601/603/605 (Shanghai) and 000/001/002/003 (Shenzhen), ChiNext
300/301/302, STAR 688/689, Beijing 8xx, 43x and 92x (reference: trading rules, section 3).
"""

from __future__ import annotations

import re
from enum import StrEnum

import polars as pl

from naxs_assets.errors import DataError


class Board(StrEnum):
    """A listing board; its value is what tables store."""

    MAIN = "main"
    CHINEXT = "chinext"
    STAR = "star"
    BSE = "bse"


# Plain classes without look-around: the same text serves Python's and polars' engines.
_PATTERNS: dict[Board, str] = {
    Board.MAIN: r"^(?:60[0135][0-9]{3}\.SH|00[0123][0-9]{3}\.SZ)$",
    Board.CHINEXT: r"^30[012][0-9]{3}\.SZ$",
    Board.STAR: r"^68[89][0-9]{3}\.SH$",
    Board.BSE: r"^(?:8[0-9]{5}|43[0-9]{4}|92[0-9]{4})\.BJ$",
}
_COMPILED = {board: re.compile(pattern) for board, pattern in _PATTERNS.items()}


def is_symbol(text: str) -> bool:
    """True when ``text`` is an A-share's symbol such as ``600519.SH``.

    An index (``000300.SH``), a B-share or a fund is none.
    """
    return any(pattern.fullmatch(text) for pattern in _COMPILED.values())


def board_of(symbol: str) -> Board:
    """Return the board of ``symbol``.

    Raises ``DataError`` naming the symbol when it is no A-share.
    """
    for board, pattern in _COMPILED.items():
        if pattern.fullmatch(symbol):
            return board
    raise DataError(
        f"{symbol!r} is no A-share symbol",
        where="board of a symbol",
        remedy="write six digits and the exchange, such as 600519.SH, 300750.SZ or 920002.BJ",
    )


def board_expression(column: str = "symbol") -> pl.Expr:
    """Return the board's value (String) for a column of symbols, null for what is no A-share."""
    symbol = pl.col(column)
    board = pl.lit(None, dtype=pl.String)
    for name, pattern in reversed(_PATTERNS.items()):
        board = pl.when(symbol.str.contains(pattern)).then(pl.lit(name.value)).otherwise(board)
    return board.alias("board")
