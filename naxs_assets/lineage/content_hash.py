"""The canonical content hash: equal content gives an equal hash, whoever wrote it.

The hash of a table is sha256 over

1. the line ``naxs-table-1``;
2. the schema as a line of compact UTF-8 JSON: a list of ``[column name, type name]`` in column
   order, with the names ``bool utf8 int64 uint8 float64 date32 timestamp[us,UTC]`` and so on;
3. the number of rows, as a line of decimal text;
4. for each column its validity bitmap (least significant bit first) and its values, where
   the value under a null is zero, every NaN has one bit pattern, booleans are a bitmap,
   strings are int64 offsets from 0 followed by UTF-8 bytes, and numbers are little-endian.

Rows are sorted by the table's key first. Chunking, dictionary encoding, string layout, the
Parquet writer and its version therefore do not matter.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

_TABLE_TAG = b"naxs-table-1\n"
_TEXT_TAG = b"naxs-text-1\n"

_FIXED_WIDTH: dict[type[pl.DataType], tuple[str, str]] = {
    pl.Int8: ("int8", "<i1"),
    pl.Int16: ("int16", "<i2"),
    pl.Int32: ("int32", "<i4"),
    pl.Int64: ("int64", "<i8"),
    pl.UInt8: ("uint8", "<u1"),
    pl.UInt16: ("uint16", "<u2"),
    pl.UInt32: ("uint32", "<u4"),
    pl.UInt64: ("uint64", "<u8"),
    pl.Float32: ("float32", "<f4"),
    pl.Float64: ("float64", "<f8"),
    pl.Date: ("date32", "<i4"),
}
_ENCODED_TEXTS = (pl.Categorical, pl.Enum)
_TEXT_TYPES = (pl.String, *_ENCODED_TEXTS)

_Flags = np.ndarray[Any, np.dtype[np.bool_]]


def table_hash(table: pl.DataFrame, key: Sequence[str]) -> str:
    """The hex content hash of ``table`` with its rows sorted by ``key``.

    Raises ``TypeError`` naming the column when a column has a nested or unknown type.
    """
    in_order = not key or _is_in_order(table, key)
    ordered = table if in_order else table.sort(_order(table, key), maintain_order=True)
    digest = hashlib.sha256(_TABLE_TAG)
    schema = [[name, type_name(dtype, name)] for name, dtype in ordered.schema.items()]
    digest.update(json.dumps(schema, ensure_ascii=False, separators=(",", ":")).encode())
    digest.update(f"\n{ordered.height}\n".encode())
    for column, dtype in zip(_arrow_columns(ordered), ordered.dtypes, strict=True):
        _update_with_column(digest, column, _layout(dtype))
    return digest.hexdigest()


def text_hash(text: str) -> str:
    """The hex content hash of a text result (a model, a JSON document, a page)."""
    return hashlib.sha256(_TEXT_TAG + text.encode()).hexdigest()


def file_hash(data: bytes) -> str:
    """sha256 of a file's bytes."""
    return hashlib.sha256(data).hexdigest()


def json_hash(value: object) -> str:
    """sha256 of a value's canonical JSON (sorted keys, no spaces)."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def canonical_json(value: object) -> str:
    """JSON with sorted keys and no spaces; raises ``TypeError`` for what JSON cannot hold."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def type_name(dtype: pl.DataType, column: str) -> str:
    """The canonical name of a column type, the same for every physical layout of it."""
    if isinstance(dtype, pl.Boolean):
        return "bool"
    if isinstance(dtype, _TEXT_TYPES):
        return "utf8"
    if isinstance(dtype, pl.Datetime):
        return f"timestamp[{dtype.time_unit},{dtype.time_zone or ''}]"
    fixed = _FIXED_WIDTH.get(type(dtype))
    if fixed is None:
        raise TypeError(f"column {column!r} has type {dtype}, which has no canonical form")
    return fixed[0]


def _layout(dtype: pl.DataType) -> str:
    """``bool``, ``utf8``, or numpy's name of a fixed width."""
    if isinstance(dtype, pl.Boolean):
        return "bool"
    if isinstance(dtype, _TEXT_TYPES):
        return "utf8"
    return "<i8" if isinstance(dtype, pl.Datetime) else _FIXED_WIDTH[type(dtype)][1]


def _order(table: pl.DataFrame, key: Sequence[str]) -> list[pl.Expr]:
    # An Enum would sort by the places of its categories; the canonical order is that of the text.
    return [
        pl.col(name).cast(pl.String)
        if isinstance(table.schema[name], _TEXT_TYPES)
        else pl.col(name)
        for name in key
    ]


def _is_in_order(table: pl.DataFrame, key: Sequence[str]) -> bool:
    """Whether the rows are known to stand in the order of ``key``; asking costs less than sorting.

    False where it is not that plain: with nulls, and with a type of which the order of values is
    not that of the text or has an exception (NaN).
    """
    columns = [table.get_column(name) for name in key]
    if any(column.null_count() or not _has_plain_order(column.dtype) for column in columns):
        return False
    tied: pl.Series | None = None  # with the row before, in the columns looked at so far
    for column in columns:
        before, after = column.head(-1), column.tail(-1)
        falls = before > after if tied is None else tied & (before > after)
        if falls.any():
            return False
        tied = before == after if tied is None else tied & (before == after)
    return True


def _has_plain_order(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.String | pl.Date | pl.Datetime) or dtype.is_integer()


def _arrow_columns(table: pl.DataFrame) -> list[pa.Array]:
    """Each column as one Arrow array, texts decoded.

    Arrow's buffers are hashed as they are: a polars expression for every step of every column of
    every month would cost more than the hashing.
    """
    encoded = [name for name, dtype in table.schema.items() if isinstance(dtype, _ENCODED_TEXTS)]
    plain = table.with_columns(pl.col(encoded).cast(pl.String)) if encoded else table
    arrow = plain.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    return [column.combine_chunks() for column in arrow.columns]


def _update_with_column(digest: Any, column: pa.Array, layout: str) -> None:
    valid = _valid(column)
    digest.update(np.packbits(valid, bitorder="little").tobytes())
    if layout == "bool":
        values = _bits(column.buffers()[1], column.offset, len(column)) & valid
        digest.update(np.packbits(values, bitorder="little").tobytes())
    elif layout == "utf8":
        _update_with_texts(digest, column, valid)
    else:
        digest.update(_fixed_width_values(column, valid, layout).tobytes())


def _valid(column: pa.Array) -> _Flags:
    if not column.null_count:
        return np.ones(len(column), np.bool_)
    return _bits(column.buffers()[0], column.offset, len(column))


def _bits(buffer: pa.Buffer | None, offset: int, count: int) -> _Flags:
    packed = np.frombuffer(buffer, np.uint8) if buffer else np.zeros(0, np.uint8)
    bits = np.unpackbits(packed, count=offset + count, bitorder="little")
    return bits[offset:].view(np.bool_)


def _update_with_texts(digest: Any, column: pa.Array, valid: _Flags) -> None:
    if not len(column):
        digest.update(np.zeros(1, "<i8").tobytes())
        return
    _, offsets, data = column.buffers()
    ends = np.frombuffer(offsets, "<i8")[column.offset : column.offset + len(column) + 1]
    lengths = np.diff(ends)
    if not lengths[~valid].any():
        digest.update((ends - ends[0]).tobytes())
        digest.update(memoryview(data or b"")[ends[0] : ends[-1]])
        return
    # A writer may leave bytes under a null, which are no part of the content.
    digest.update(np.concatenate([[0], np.cumsum(np.where(valid, lengths, 0))]).astype("<i8"))
    written = np.frombuffer(data, np.uint8)[ends[0] : ends[-1]]
    digest.update(written[np.repeat(valid, lengths)])


def _fixed_width_values(
    column: pa.Array, valid: _Flags, layout: str
) -> np.ndarray[Any, np.dtype[Any]]:
    if not len(column):
        return np.zeros(0, layout)
    stored = np.frombuffer(column.buffers()[1], layout)
    values = stored[column.offset : column.offset + len(column)]
    if column.null_count:
        values = np.where(valid, values, np.zeros(1, layout))
    if layout.startswith("<f"):
        unknown = np.isnan(values)
        if unknown.any():
            values = np.where(unknown, np.array(np.nan, layout), values)
    return values
