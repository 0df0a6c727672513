"""A second table of daily bars, richer in fields, stitched onto the first by date and symbol."""

from __future__ import annotations

import json

import polars as pl

from naxs_assets.market.sources.mapping import SUPPLEMENT_FIELDS

HALF_TICK = 0.005
"""In CNY: closes of one row that differ by more are not those of one share on one day."""

_DUST = 1e-9  # of binary fractions
_KEY = ("date", "symbol")
_SECOND = "supplement."


def stitched(bars: pl.DataFrame, second: pl.DataFrame) -> pl.DataFrame:
    """Return ``bars``, in their order, with what ``second`` knows of their rows.

    Both have ``date``, ``symbol``, ``close`` (CNY) and ``bad_cells``. Where the closes agree within
    ``HALF_TICK``, the fields that ``second`` has replace those of the row, save where null, and the
    row is ``supplemented``. Where they do not, or ``second`` has no close or several rows for the
    key, nothing is taken and ``supplement_disagrees`` is set. Rows of ``second`` alone are left
    out. Its unreadable cells count as cells of the row they belong to, under ``supplement.NAME``:
    a row with such a fault is taken out by the rules, whichever of the tables has it.
    """
    given = [name for name in SUPPLEMENT_FIELDS if name in second.columns]
    rows = _one_per_key(second).select(
        *_KEY,
        pl.col("close", "bad_cells", *given).name.prefix(_SECOND),
        pl.lit(value=True).alias(_SECOND + "row"),
    )
    present = pl.col(_SECOND + "row").fill_null(value=False)
    difference = (pl.col("close") - pl.col(_SECOND + "close")).abs()
    agrees = (difference <= HALF_TICK + _DUST).fill_null(value=False)
    taken = {name: pl.when(agrees).then(_SECOND + name) for name in given}
    # Eagerly: a lazy join of these takes three times as long.
    return (
        bars.join(rows, on=_KEY, how="left", maintain_order="left")
        .with_columns(
            *(
                pl.coalesce(value, name).alias(name) if name in bars.columns else value.alias(name)
                for name, value in taken.items()
            ),
            supplemented=agrees,
            supplement_disagrees=present & ~agrees,
            bad_cells=_both("bad_cells", _SECOND + "bad_cells"),
        )
        .drop(name for name in rows.columns if name not in _KEY)
    )


def unplaced(second: pl.DataFrame) -> pl.DataFrame:
    """The rows of ``second`` that tell no date or no symbol, for the rules to reject and keep."""
    rows = second.filter(pl.any_horizontal(pl.col(_KEY).is_null()))
    return _with_prefixed_cells(rows).with_columns(supplemented=True, supplement_disagrees=False)


def _one_per_key(second: pl.DataFrame) -> pl.DataFrame:
    """Rows with a key; of several that differ the first one, without a close to compare."""
    rows = _with_prefixed_cells(second.drop_nulls(_KEY))
    if rows.select(_KEY).is_unique().all():
        return rows
    return (
        rows.unique(maintain_order=True)
        .with_columns(
            close=pl.when(pl.len().over(_KEY) == 1).then("close"),
            bad_cells=pl.col("bad_cells").drop_nulls().first().over(_KEY),
        )
        .unique(_KEY, keep="first", maintain_order=True)
    )


def _with_prefixed_cells(rows: pl.DataFrame) -> pl.DataFrame:
    """Name the table in ``bad_cells``."""
    texts = rows.get_column("bad_cells")
    if not texts.count():
        return rows
    prefixed = [text and _prefixed(text) for text in texts]
    return rows.with_columns(bad_cells=pl.Series(prefixed, dtype=pl.String))


def _prefixed(text: str) -> str:
    cells = {_SECOND + name: cell for name, cell in json.loads(text).items()}
    return json.dumps(cells, ensure_ascii=False)


def _both(one: str, other: str) -> pl.Expr:
    """The members of two columns of JSON objects as one object; null where both are."""
    joined = pl.concat_str(
        pl.col(one).str.strip_suffix("}"), pl.lit(", "), pl.col(other).str.strip_prefix("{")
    )
    return pl.coalesce(joined, one, other)
