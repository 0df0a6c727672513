"""Trees in DuckDB's SQL: window functions over the symbols, in layers of subqueries."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from benchmarks.trees import Plain, calls, expressible, key, layers

VERSIONS = {"duckdb": duckdb.__version__}

_SIGNS = {"Add": "+", "Sub": "-", "Mul": "*", "Div": "/"}
_ELEMENTWISE = {
    "Greater": "CASE WHEN {0} >= {1} THEN {0} WHEN {0} < {1} THEN {1} END",
    "Less": "CASE WHEN {0} <= {1} THEN {0} WHEN {0} > {1} THEN {1} END",
    "Gt": "CASE WHEN {0} > {1} THEN 1.0::DOUBLE ELSE 0.0::DOUBLE END",
    "Lt": "CASE WHEN {0} < {1} THEN 1.0::DOUBLE ELSE 0.0::DOUBLE END",
    "Abs": "abs({0})",
    "Log": "CASE WHEN {0} > 0 THEN ln({0}) END",
    **{name: f"({{0}} {sign} {{1}})" for name, sign in _SIGNS.items()},
}
_FIRST_DAY = "first(day) OVER {w}"
_WINDOWS = {
    "Mean": "avg({0}) OVER {w}",
    "Sum": "sum({0}) OVER {w}",
    "Std": "stddev_samp({0}) OVER {w}",
    "Max": "max({0}) OVER {w}",
    "Min": "min({0}) OVER {w}",
    "Quantile": "quantile_cont({0}, {share}) OVER {w}",
    # Values not above it plus values below it plus one, over twice the number of values.
    "Rank": "CASE WHEN {0} IS NOT NULL THEN (cume_dist(ORDER BY {0}) OVER {w} * count(*) OVER {w}"
    " + rank(ORDER BY {0}) OVER {w}) / (2.0 * count({0}) OVER {w}) END",
    # As in Qlib a missing day is the extreme.
    "IdxMax": f"arg_max(day, coalesce({{0}}, 'inf')) OVER {{w}} - {_FIRST_DAY} + 1",
    "IdxMin": f"arg_min(day, coalesce({{0}}, '-inf')) OVER {{w}} - {_FIRST_DAY} + 1",
    "Slope": "regr_slope({0}, day) OVER {w}",
    "Rsquare": "regr_r2({0}, day) OVER {w}",
    "Resi": "{0} - regr_intercept({0}, day) OVER {w} - regr_slope({0}, day) OVER {w} * day",
    "Corr": "corr({0}, {1}) OVER {w}",
}


class _Sql:
    """Writes expressions over the columns that there are."""

    def __init__(self) -> None:
        self._columns: dict[str, str] = {}

    def layer(self, found: list[list[object]]) -> list[str]:
        """The calls as columns over the ones before."""
        first = len(self._columns)
        named = {key(call): f"column_{first + number}" for number, call in enumerate(found)}
        written = [f"{self.expression(call)} AS {named[key(call)]}" for call in found]
        self._columns |= named
        return written

    def expression(self, tree: Plain) -> str:
        """The tree over the columns."""
        if isinstance(tree, str):
            return f'"{tree[1:]}"'
        if not isinstance(tree, list):
            return f"{tree!r}::DOUBLE"
        if key(tree) in self._columns:
            return self._columns[key(tree)]
        name, *parts = tree
        if name in _ELEMENTWISE:
            return _ELEMENTWISE[name].format(*map(self.expression, parts))
        values = [self.expression(part) for part in parts if not isinstance(part, float)]
        days, *more = (part for part in parts if isinstance(part, float))
        if name == "Ref":
            return f"lag({values[0]}, {int(days)}) OVER symbols"
        share = more[0] if more else None
        return _WINDOWS[name].format(*values, w=f"days_{int(days)}", share=share)


def statement(trees: Mapping[str, Plain]) -> str:
    """The query that makes the table ``features`` from the table ``fields``."""
    every = [call for tree in trees.values() for call in calls(tree) if call[0] in _WINDOWS]
    days = {next(int(part) for part in call if isinstance(part, float)) for call in every}
    partition = "PARTITION BY symbol ORDER BY day"
    windows = [f"symbols AS ({partition})"] + [
        f"days_{each} AS ({partition} ROWS BETWEEN {each - 1} PRECEDING AND CURRENT ROW)"
        for each in sorted(days)
    ]
    writer, tables, before = _Sql(), [], "fields"
    for number, found in enumerate(layers(trees)):
        columns = ", ".join(writer.layer(found))
        named = f"layer_{number}"
        tables.append(f"{named} AS (SELECT *, {columns} FROM {before} WINDOW {', '.join(windows)})")
        before = named
    features = [f'({writer.expression(tree)})::FLOAT AS "{name}"' for name, tree in trees.items()]
    chosen = f"SELECT date, symbol, {', '.join(features)} FROM {before}"
    return f"CREATE TABLE features AS WITH {', '.join(tables)} {chosen}"


class Peer:
    """Features of an input's folder as a table in memory."""

    def __init__(self, folder: Path) -> None:
        self._connection = duckdb.connect()
        self._connection.execute(
            "CREATE TABLE fields AS SELECT date, symbol, day::DOUBLE AS day, "
            "COLUMNS(* EXCLUDE (date, symbol, day))::DOUBLE FROM read_parquet($file)",
            {"file": str(folder / "fields.parquet")},
        )

    def compute(self, trees: Mapping[str, Plain]) -> list[str]:
        """Compute what can be expressed and return the names of what cannot."""
        kept, left_out = expressible(trees, {*_WINDOWS, *_ELEMENTWISE, "Ref"})
        self._connection.execute(statement(kept))
        return left_out

    def write(self, file: Path) -> None:
        """Write date, symbol and the features."""
        self._connection.execute(f"COPY features TO '{file}' (FORMAT parquet)")
