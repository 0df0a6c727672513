"""Bad rows are taken out of the market, but kept beside it, word for word."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

REJECTED: dict[str, type[pl.DataType]] = {
    "date": pl.Date,
    "symbol": pl.String,
    "rule": pl.String,
    "raw_row": pl.String,
}
"""Rows that have no place in a table keyed by trading day and symbol: the day is closed, or the
date or the symbol is unreadable (null here). ``raw_row`` is the row as JSON."""


def raw_json(row: Mapping[str, Any]) -> dict[str, Any]:
    """A raw row as JSON values: absent fields left out, unreadable cells with their own text."""
    cells = {
        name: _cell(value)
        for name, value in row.items()
        if value is not None and name != "bad_cells"
    }
    cells.update(json.loads(row.get("bad_cells") or "{}"))
    return cells


def _cell(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def rejected_rows(raw: pl.DataFrame, rule: str, name: str = "symbol") -> pl.DataFrame:
    """``raw`` in the columns of ``REJECTED``; ``name`` is the column of the instrument."""
    return pl.DataFrame(
        [
            {
                "date": row["date"],
                "symbol": row[name],
                "rule": rule,
                "raw_row": _text(raw_json(row)),
            }
            for row in raw.to_dicts()
        ],
        schema=REJECTED,
    )


def quarantined_rows(raw: pl.DataFrame, keys: pl.DataFrame) -> pl.DataFrame:
    """For each (date, symbol) of ``keys``: ``quarantined_row``, a JSON list of its raw rows."""
    kept: dict[tuple[date, str], list[dict[str, Any]]] = {}
    for row in raw.join(keys, on=["date", "symbol"], how="semi", maintain_order="left").to_dicts():
        kept.setdefault((row["date"], row["symbol"]), []).append(raw_json(row))
    return pl.DataFrame(
        [
            {"date": day, "symbol": symbol, "quarantined_row": _text(rows)}
            for (day, symbol), rows in kept.items()
        ],
        schema={"date": pl.Date, "symbol": pl.String, "quarantined_row": pl.String},
    )
