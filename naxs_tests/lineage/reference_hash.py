"""The content hash once more, in plain Python, from its definition alone.

It knows neither polars nor numpy, so that an agreement with the platform means something.
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NUMBERS = {"int8": "<b", "int16": "<h", "int32": "<i", "int64": "<q", "uint8": "<B",
           "uint16": "<H", "uint32": "<I", "uint64": "<Q", "float32": "<f", "float64": "<d",
           "date32": "<i", "timestamp[us,UTC]": "<q"}  # fmt: skip
NOT_A_NUMBER = {"float32": b"\x00\x00\xc0\x7f", "float64": b"\x00\x00\x00\x00\x00\x00\xf8\x7f"}

Column = tuple[str, str, Sequence[Any]]


def reference_hash(columns: Sequence[Column], key: Sequence[str]) -> str:
    """The hash of columns given as ``(name, type name, values)``, None being null."""
    rows = len(columns[0][2]) if columns else 0
    values = {name: cells for name, _, cells in columns}
    order = sorted(range(rows), key=lambda row: [_sortable(values[name][row]) for name in key])
    schema = [[name, type_name] for name, type_name, _ in columns]
    parts = [
        b"naxs-table-1\n",
        json.dumps(schema, ensure_ascii=False, separators=(",", ":")).encode() + b"\n",
        str(rows).encode() + b"\n",
    ]
    for _, type_name, cells in columns:
        ordered = [cells[row] for row in order]
        parts.append(_bitmap([cell is not None for cell in ordered]))
        parts.append(_values(type_name, ordered))
    return hashlib.sha256(b"".join(parts)).hexdigest()


def _sortable(cell: Any) -> Any:
    return cell.encode() if isinstance(cell, str) else cell


def _bitmap(bits: Sequence[bool]) -> bytes:
    packed = bytearray(math.ceil(len(bits) / 8))
    for place, bit in enumerate(bits):
        packed[place // 8] |= bit << (place % 8)
    return bytes(packed)


def _values(type_name: str, cells: Sequence[Any]) -> bytes:
    if type_name == "bool":
        return _bitmap([bool(cell) for cell in cells])
    if type_name == "utf8":
        texts = [(cell or "").encode() for cell in cells]
        offsets = [sum(map(len, texts[:place])) for place in range(len(texts) + 1)]
        return struct.pack(f"<{len(offsets)}q", *offsets) + b"".join(texts)
    return b"".join(_number(type_name, cell) for cell in cells)


def _number(type_name: str, cell: Any) -> bytes:
    if isinstance(cell, float) and math.isnan(cell):
        return NOT_A_NUMBER[type_name]
    if isinstance(cell, datetime):
        since = cell - EPOCH
        cell = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    elif isinstance(cell, date):
        cell = cell.toordinal() - EPOCH.toordinal()
    return struct.pack(NUMBERS[type_name], 0 if cell is None else cell)
