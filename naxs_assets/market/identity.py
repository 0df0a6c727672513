"""The permanent identity of an instrument whose code changes.

A listed company may be given another code; its shares, holders and history go on. Everything here
is kept under the code of today, so that a series is not cut, and ``id`` is the first code.
"""

from __future__ import annotations

import polars as pl

CODE_CHANGES = {
    "000022.SZ": "001872.SZ",  # China Merchants Port, December 2018
    "000043.SZ": "001914.SZ",  # China Merchants Property Operation, December 2019
    "300114.SZ": "302132.SZ",  # AVIC Chengfei, February 2025
}
"""Codes of before and of now outside the Beijing exchange. Those of Beijing (October 2025, to
920xxx) follow no rule by which one code tells the other, and need a list of their own."""


def current_code(column: str = "symbol") -> pl.Expr:
    """The code of today for a column of symbols; what never changed stays as it is."""
    return pl.col(column).replace(CODE_CHANGES)


def with_current_codes(frame: pl.DataFrame, column: str = "symbol") -> pl.DataFrame:
    """``frame`` with the codes of today."""
    return frame.with_columns(current_code(column))


def permanent_id(column: str = "symbol") -> pl.Expr:
    """The first code of the instrument that is now called as the column says."""
    first = {new: old for old, new in CODE_CHANGES.items()}
    return pl.col(column).replace(first).alias("id")
