"""Trees in polars: rolling expressions over the symbols, in layers of columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl

from benchmarks.trees import Plain, expressible, key, layers

VERSIONS = {"polars": pl.__version__}

_KNOWN = {"min_samples": 1}


def _larger(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    return pl.when(left >= right).then(left).when(left < right).then(right)


def _smaller(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    return pl.when(left <= right).then(left).when(left > right).then(right)


def _condition(found: pl.Expr) -> pl.Expr:
    return found.fill_null(value=False).cast(pl.Float64)


_ELEMENTWISE: dict[str, Callable[..., pl.Expr]] = {
    "Add": lambda left, right: left + right,
    "Sub": lambda left, right: left - right,
    "Mul": lambda left, right: left * right,
    "Div": lambda left, right: left / right,
    "Greater": _larger,
    "Less": _smaller,
    "Gt": lambda left, right: _condition(left > right),
    "Lt": lambda left, right: _condition(left < right),
    "Abs": pl.Expr.abs,
    "Log": pl.Expr.log,
}


def _place(place: pl.Expr, days: int) -> pl.Expr:
    return place.rolling(index_column="day", period=f"{days}i").cast(pl.Float64) + 1


def _rank(values: pl.Expr, days: int) -> pl.Expr:
    known = values.is_not_null().cast(pl.Float64).rolling_sum(days, **_KNOWN)
    return values.rolling_rank(days, **_KNOWN) / known


def _corr(left: pl.Expr, right: pl.Expr, days: int) -> pl.Expr:
    return pl.rolling_corr(left, right, window_size=days, **_KNOWN)


def _days_known(values: pl.Expr) -> pl.Expr:
    return pl.when(values.is_not_null()).then(pl.col("day").cast(pl.Float64))


def _slope(values: pl.Expr, days: int) -> pl.Expr:
    time = _days_known(values)
    both = pl.rolling_cov(values, time, window_size=days, **_KNOWN)
    return both / time.rolling_var(days, **_KNOWN)


def _residual(values: pl.Expr, days: int) -> pl.Expr:
    time = _days_known(values)
    mean, middle = (each.rolling_mean(days, **_KNOWN) for each in (values, time))
    return values - mean - _slope(values, days) * (time - middle)


_OVER_TIME: dict[str, Callable[..., pl.Expr]] = {
    "Ref": pl.Expr.shift,
    "Mean": lambda values, days: values.rolling_mean(days, **_KNOWN),
    "Sum": lambda values, days: values.rolling_sum(days, **_KNOWN),
    "Std": lambda values, days: values.rolling_std(days, **_KNOWN),
    "Max": lambda values, days: values.rolling_max(days, **_KNOWN),
    "Min": lambda values, days: values.rolling_min(days, **_KNOWN),
    "Quantile": lambda values, days, share: values.rolling_quantile(
        share, "linear", days, **_KNOWN
    ),
    "Rank": _rank,
    # As in Qlib a missing day is the extreme.
    "IdxMax": lambda values, days: _place(values.fill_null(float("inf")).arg_max(), days),
    "IdxMin": lambda values, days: _place(values.fill_null(float("-inf")).arg_min(), days),
    "Slope": _slope,
    "Rsquare": lambda values, days: _corr(values, _days_known(values), days).pow(2),
    "Resi": _residual,
    "Corr": _corr,
}


class _Polars:
    """Writes expressions over the columns that there are."""

    def __init__(self) -> None:
        self._columns: dict[str, str] = {}

    def layer(self, calls: list[list[object]]) -> list[pl.Expr]:
        """The calls as columns over the ones before."""
        written = [self.expression(call).alias(f"column_{key(call)}") for call in calls]
        self._columns |= {key(call): f"column_{key(call)}" for call in calls}
        return written

    def expression(self, tree: Plain) -> pl.Expr:
        """The tree over the columns."""
        if isinstance(tree, str):
            return pl.col(tree[1:]).cast(pl.Float64)
        if not isinstance(tree, list):
            return pl.lit(tree, pl.Float64)
        if key(tree) in self._columns:
            return pl.col(self._columns[key(tree)])
        name, *parts = tree
        if name in _ELEMENTWISE:
            return _ELEMENTWISE[name](*map(self.expression, parts))
        values = [self.expression(part) for part in parts if not isinstance(part, float)]
        days, *more = (part for part in parts if isinstance(part, float))
        return _OVER_TIME[name](*values, int(days), *more).over("symbol")


class Peer:
    """Features of an input's folder as a table in memory."""

    def __init__(self, folder: Path) -> None:
        self._rows = pl.read_parquet(folder / "fields.parquet")
        self._found = pl.DataFrame()

    def compute(self, trees: Mapping[str, Plain]) -> list[str]:
        """Compute what can be expressed and return the names of what cannot."""
        kept, left_out = expressible(trees, {*_ELEMENTWISE, *_OVER_TIME})
        writer, frame = _Polars(), self._rows.lazy()
        for calls in layers(kept):
            frame = frame.with_columns(writer.layer(calls))
        features = {name: writer.expression(tree).cast(pl.Float32) for name, tree in kept.items()}
        self._found = frame.select("date", "symbol", **features).collect()
        return left_out

    def write(self, file: Path) -> None:
        """Write date, symbol and the features."""
        self._found.write_parquet(file)
