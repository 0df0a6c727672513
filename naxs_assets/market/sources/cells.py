"""Cells of a foreign file read as dates, numbers and flags; what cannot be read is kept as text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

import polars as pl

_YES = ("1", "1.0", "true", "t", "yes", "y", "是")
_NO = ("0", "0.0", "false", "f", "no", "n", "否")
_CODE = re.compile(r"^\d{6}$")
_SUFFIXED = re.compile(r"^[0-9A-Z]\d{5}\.(SH|SZ|BJ)$")
_PREFIXED = re.compile(r"^(SH|SZ|BJ)\.?(\d{6})$")


class Kind(StrEnum):
    """What a cell is meant to be."""

    DATE = "date"
    NUMBER = "number"
    WHOLE = "whole number"
    FLAG = "flag"
    INSTANT = "time"
    TEXT = "text"


def reading(
    column: str,
    dtype: pl.DataType,
    kind: Kind,
    *,
    date_format: str = "%Y-%m-%d",
    null_values: Sequence[str] = (),
    scale: float = 1.0,
) -> tuple[pl.Expr, pl.Expr | None]:
    """Return the expression that reads ``column``, and one that gives the text of unreadable cells.

    The second is null on readable cells, and None where ``dtype`` leaves nothing to doubt. Numbers
    are multiplied by ``scale``; NaN becomes null.
    """
    cell = pl.col(column)
    if kind is Kind.TEXT:
        return cell.cast(pl.String), None
    text = pl.when(~cell.cast(pl.String).str.strip_chars().is_in(["", *null_values])).then(
        cell.cast(pl.String).str.strip_chars()
    )
    if kind is Kind.INSTANT:
        return _instant(cell, dtype, date_format, text)
    if dtype == pl.String:
        read = _from_text(text, kind, date_format, scale)
        return read, pl.when(read.is_null()).then(text)
    if kind is Kind.DATE:
        return _date(cell, dtype, date_format)
    if kind is Kind.FLAG:
        return _flag(cell, dtype)
    return _number(cell, dtype, kind, scale), None


def _from_text(text: pl.Expr, kind: Kind, date_format: str, scale: float) -> pl.Expr:
    if kind is Kind.DATE:
        return text.str.to_date(date_format, strict=False)
    if kind is Kind.FLAG:
        lower = text.str.to_lowercase()
        return pl.when(lower.is_in(_YES)).then(True).when(lower.is_in(_NO)).then(False)
    return _number(text.cast(pl.Float64, strict=False), pl.Float64(), kind, scale)


def _date(cell: pl.Expr, dtype: pl.DataType, date_format: str) -> tuple[pl.Expr, pl.Expr | None]:
    if dtype == pl.Date:
        return cell, None
    if isinstance(dtype, pl.Datetime):
        zoned = cell.dt.convert_time_zone("Asia/Shanghai") if dtype.time_zone else cell
        return zoned.dt.date(), None
    text = cell.cast(pl.String)
    read = text.str.to_date("%Y%m%d" if dtype.is_integer() else date_format, strict=False)
    return read, pl.when(read.is_null()).then(text)


def _flag(cell: pl.Expr, dtype: pl.DataType) -> tuple[pl.Expr, pl.Expr | None]:
    flag = cell.cast(pl.Boolean, strict=False)
    if dtype == pl.Boolean:
        return flag, None
    is_flag = cell.is_in([0, 1])
    return pl.when(is_flag).then(flag), pl.when(~is_flag).then(cell.cast(pl.String))


def _number(cell: pl.Expr, dtype: pl.DataType, kind: Kind, scale: float) -> pl.Expr:
    if kind is Kind.WHOLE and dtype.is_integer() and scale == 1.0:
        return cell.cast(pl.Int64, strict=False)
    number = cell.cast(pl.Float64, strict=False).fill_nan(None)
    if scale != 1.0:
        number = number * scale
    return number.round().cast(pl.Int64, strict=False) if kind is Kind.WHOLE else number


def canonical_symbol(text: str, form: str, *, index: bool = False) -> str | None:
    """Return ``text`` as ``600519.SH``, or None when it does not have the ``form`` it should.

    ``form`` shows 600519.SH as the file writes it. For bare digits the exchange is inferred: of
    stocks from the code range, of an index (``index``) Shenzhen for 399xxx and Shanghai otherwise.
    """
    code = text.strip().lstrip("'").upper()
    if form == "600519.SH":
        return code if _SUFFIXED.match(code) else None
    if form in ("sh600519", "sh.600519"):
        match = _PREFIXED.match(code)
        return f"{match[2]}.{match[1]}" if match else None
    digits = code.zfill(6)
    if not _CODE.match(digits):
        return None
    if index:
        return f"{digits}.{'SZ' if digits.startswith('399') else 'SH'}"
    if digits.startswith(("92", "4", "8")):
        return f"{digits}.BJ"
    return f"{digits}.{'SH' if digits.startswith(('6', '9')) else 'SZ'}"


def _instant(
    cell: pl.Expr, dtype: pl.DataType, form: str, text: pl.Expr
) -> tuple[pl.Expr, pl.Expr | None]:
    """An instant in UTC; a time without a zone is Shanghai's."""
    unreadable = None
    if isinstance(dtype, pl.Datetime):
        told, zoned = cell.cast(pl.Datetime("us", dtype.time_zone)), dtype.time_zone is not None
    else:
        told, zoned = text.str.to_datetime(form, time_unit="us", strict=False), "%z" in form
        unreadable = pl.when(told.is_null()).then(text)
    if not zoned:
        told = told.dt.replace_time_zone("Asia/Shanghai", ambiguous="earliest", non_existent="null")
    return told.dt.convert_time_zone("UTC"), unreadable
