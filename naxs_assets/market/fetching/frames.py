"""From a vendor's pandas frame to polars, exactly and the same way every time."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from naxs_assets.market.fetching.errors import SchemaChangedError

if TYPE_CHECKING:
    import pandas as pd

_LARGEST_EXACT = 2**53


def to_polars(frame: pd.DataFrame, where: str) -> pl.DataFrame:
    """The same values under the same names.

    Numbers stay numbers (Int64, Float64), truth values Boolean, texts String; instants at
    midnight throughout become Date, other instants Datetime. A column of objects takes the type
    that all its values have; mixed ones become text, numbers as Python writes them. Whatever
    pandas holds missing is null. A named index becomes the first column.

    Raises :class:`SchemaChangedError` when two columns have one name.
    """
    if frame.index.name is not None:
        frame = frame.reset_index()
    names = [str(name) for name in frame.columns]
    if len(set(names)) < len(names):
        raise SchemaChangedError(f"columns with the same name: {', '.join(names)}", where=where)
    return pl.DataFrame([_column(name, frame.iloc[:, place]) for place, name in enumerate(names)])


def _column(name: str, values: pd.Series[Any]) -> pl.Series:
    import pandas as pd

    if pd.api.types.is_bool_dtype(values.dtype) and values.dtype != object:
        return pl.Series(name, _listed(values), pl.Boolean)
    if pd.api.types.is_integer_dtype(values.dtype):
        return pl.Series(name, _listed(values), pl.Int64)
    if pd.api.types.is_float_dtype(values.dtype):
        return pl.Series(name, _listed(values), pl.Float64)
    if isinstance(values.dtype, pd.DatetimeTZDtype) or pd.api.types.is_datetime64_dtype(
        values.dtype
    ):
        return _instants(name, [None if v is None else v.to_pydatetime() for v in _listed(values)])
    return _objects(name, _listed(values))


def _listed(values: pd.Series[Any]) -> list[Any]:
    missing = values.isna()
    return [None if gone else value for value, gone in zip(values.tolist(), missing, strict=True)]


def _objects(name: str, values: list[Any]) -> pl.Series:
    kinds = {_kind(value) for value in values if value is not None}
    if kinds == {bool}:
        return pl.Series(name, [None if v is None else bool(v) for v in values], pl.Boolean)
    if kinds == {int} and all(v is None or -(2**63) <= v < 2**63 for v in values):
        return pl.Series(name, [None if v is None else int(v) for v in values], pl.Int64)
    if kinds and kinds <= {int, float} and _are_exact(values):
        return pl.Series(name, [None if v is None else float(v) for v in values], pl.Float64)
    if kinds == {date}:
        return pl.Series(name, values, pl.Date)
    if kinds == {datetime}:
        return _instants(name, values)
    return pl.Series(name, [None if v is None else _text(v) for v in values], pl.String)


def _kind(value: object) -> type:
    import numpy as np

    if isinstance(value, bool | np.bool_):
        return bool
    if isinstance(value, int | np.integer):
        return int
    if isinstance(value, float | np.floating):
        return float
    if isinstance(value, datetime):
        return datetime
    return date if isinstance(value, date) else type(value)


def _are_exact(values: list[Any]) -> bool:
    return all(v is None or _kind(v) is float or abs(v) <= _LARGEST_EXACT for v in values)


def _instants(name: str, values: list[datetime | None]) -> pl.Series:
    known = [value for value in values if value is not None]
    zoned = any(value.tzinfo for value in known)
    if not zoned and all(value.time() == datetime.min.time() for value in known):
        return pl.Series(name, [None if v is None else v.date() for v in values], pl.Date)
    return pl.Series(name, values, pl.Datetime("us", "UTC" if zoned else None))


def _text(value: object) -> str:
    kind = _kind(value)
    if kind in (bool, int, float):
        return repr(value.item() if hasattr(value, "item") else value)
    return value.isoformat() if isinstance(value, date) else str(value)
