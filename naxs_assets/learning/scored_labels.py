"""Scores beside the labels of the same name, on the same day or a number of days later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl

from naxs_assets.errors import DataError

Period = Literal["date", "day"]


@dataclass(frozen=True)
class ScoredLabels:
    """Known scores, and the labels to put beside them.

    ``scores`` has date or day, score (Float64) and cell, sorted by cell: a cell is row x names +
    name, a row being a date or a day. ``labels`` (Float64) holds the label of every cell, null
    where there is none, so that a label some rows later is found without a join.
    """

    scores: pl.DataFrame
    labels: pl.Series
    names: int

    def later(self, rows: int) -> pl.DataFrame:
        """date or day, score, label: the names with a label ``rows`` rows after their score, by
        date (or day) and symbol.
        """
        beside = pl.col("cell") + rows * self.names
        cells = self.scores.select(pl.when(beside < len(self.labels)).then(beside)).to_series()
        return self.scores.drop("cell").with_columns(label=self.labels.gather(cells)).drop_nulls()


def scored_labels(predictions: pl.DataFrame, labels: pl.DataFrame, by: Period) -> ScoredLabels:
    """``predictions`` (``by``, symbol, score) and ``labels`` (``by``, symbol, label) aligned.

    Rows are the dates that have a score, or every day from the first score to the last label.
    Null and NaN count as absent. Raises DataError when a column is missing or when a date (or day)
    and symbol appear twice.
    """
    scores = _known(predictions, "predictions", by, "score")
    outcomes = _known(labels, "labels", by, "label")
    rows = scores[by].unique().sort()
    if by == "day" and len(rows):
        last = pl.concat([rows, outcomes[by].cast(rows.dtype)]).max()
        rows = pl.select(pl.int_range(rows[0], pl.lit(last) + 1)).to_series().cast(rows.dtype)
    symbols = scores["symbol"].unique().sort()
    rows_by = pl.DataFrame({by: rows}).with_row_index("row")
    names_by = pl.DataFrame({"symbol": symbols}).with_row_index("name")
    cell = pl.col("row").cast(pl.Int64) * len(symbols) + pl.col("name").cast(pl.Int64)

    def placed(table: pl.DataFrame, name: str, value: str) -> pl.DataFrame:
        cells = (
            table.join(rows_by, on=by).join(names_by, on="symbol").select(by, value, cell=cell)
        ).sort("cell")
        if cells["cell"].n_unique() < cells.height:
            raise DataError(
                f"{name} hold a {by} and symbol twice",
                where="scores beside labels",
                remedy=f"hand in one row for each {by} and symbol",
            )
        return cells

    known = placed(outcomes, "labels", "label")
    dense = pl.repeat(None, len(rows) * len(symbols), dtype=pl.Float64, eager=True)
    return ScoredLabels(
        scores=placed(scores, "predictions", "score"),
        labels=dense.scatter(known["cell"], known["label"]),
        names=len(symbols),
    )


def _known(table: pl.DataFrame, name: str, by: Period, value: str) -> pl.DataFrame:
    absent = {by, "symbol", value} - set(table.columns)
    if absent:
        raise DataError(
            f"{name} lack the columns {', '.join(sorted(absent))}",
            where="scores beside labels",
            remedy=f"hand in {by}, symbol and {value}",
        )
    return table.select(by, "symbol", pl.col(value).cast(pl.Float64).fill_nan(None)).drop_nulls()
