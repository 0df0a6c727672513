"""Trees in KunQuant, which generates C++ of them and runs it over matrices on every core.

The code is compiled by the machine's g++ once and kept beside the input. KunQuant gives nothing
until a window is full and nothing where a day of it is missing.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from KunQuant import ops
from KunQuant.Driver import KunCompilerConfig
from KunQuant.jit import cfake
from KunQuant.Op import Builder, ConstantOp, Input, OpBase, Output
from KunQuant.runner import KunRunner
from KunQuant.Stage import Function

from benchmarks.trees import Plain, expressible, key

VERSIONS = {"kunquant": version("kunquant"), "numpy": np.__version__}

_LANES = 4
"""Symbols of one block, of which it wants a whole number: float64 in 256 bits."""
_LIBRARY = "features"


def _choice(compare: Callable[[OpBase, OpBase], OpBase]) -> Callable[[OpBase, OpBase], OpBase]:
    return lambda left, right: ops.Select(compare(left, right), ConstantOp(1), ConstantOp(0))


_ELEMENTWISE: dict[str, Callable[..., OpBase]] = {
    "Add": ops.Add,
    "Sub": ops.Sub,
    "Mul": ops.Mul,
    "Div": ops.Div,
    "Greater": ops.Max,
    "Less": ops.Min,
    "Abs": ops.Abs,
    "Log": ops.Log,
    "Gt": _choice(ops.GreaterThan),
    "Lt": _choice(ops.LessThan),
}
_OVER_TIME: dict[str, Callable[..., OpBase]] = {
    "Ref": ops.BackRef,
    "Mean": ops.WindowedAvg,
    "Sum": ops.WindowedSum,
    "Std": ops.WindowedStddev,
    "Max": ops.WindowedMax,
    "Min": ops.WindowedMin,
    "Quantile": ops.WindowedQuantile,
    "Rank": lambda values, days: ops.TsRank(values, days) / days,
    "IdxMax": ops.TsArgMax,
    "IdxMin": ops.TsArgMin,
    "Slope": ops.WindowedLinearRegressionSlope,
    "Rsquare": ops.WindowedLinearRegressionRSqaure,
    "Resi": ops.WindowedLinearRegressionResi,
    "Corr": lambda left, right, days: ops.WindowedCorrelation(left, days, right),
}


def _function(trees: Mapping[str, Plain]) -> Function:
    """The trees as KunQuant's graph; equal parts are one operator."""
    builder = Builder()
    made: dict[str, OpBase] = {}

    def write(tree: Plain) -> OpBase:
        if key(tree) not in made:
            made[key(tree)] = _operator(tree)
        return made[key(tree)]

    def _operator(tree: Plain) -> OpBase:
        if isinstance(tree, str):
            return Input(tree[1:])
        if not isinstance(tree, list):
            return ConstantOp(tree)
        name, *parts = tree
        if name in _ELEMENTWISE:
            return _ELEMENTWISE[name](*map(write, parts))
        values = [write(part) for part in parts if not isinstance(part, float)]
        days, *more = (part for part in parts if isinstance(part, float))
        return _OVER_TIME[name](*values, int(days), *more)

    with builder:
        for name, tree in trees.items():
            Output(write(tree), name)
    return Function(builder.ops)


def _library(folder: Path, trees: Mapping[str, Plain]) -> Path:
    digest = hashlib.sha256(json.dumps([trees, VERSIONS]).encode()).hexdigest()[:12]
    return folder / f"kunquant-{digest}" / _LIBRARY / f"{_LIBRARY}.so"


def start(folder: Path, trees: Mapping[str, Plain]) -> None:
    """Compile the trees, unless they are compiled already."""
    kept, _ = expressible(trees, {*_ELEMENTWISE, *_OVER_TIME})
    made = _library(folder, kept)
    if not made.exists():
        made.parent.parent.mkdir(exist_ok=True)
        config = KunCompilerConfig(
            dtype="double",
            input_layout="TS",
            output_layout="TS",
            # Its fast statistics lose what follows a missing day.
            options={"opt_reduce": True, "fast_log": True, "no_fast_stat": True},
        )
        cfake.compileit(
            [(_LIBRARY, _function(kept), config)],
            _LIBRARY,
            cfake.CppCompilerConfig(),
            tempdir=str(made.parent.parent),
            keep_files=True,
            load=False,
        )


class Peer:
    """Features of an input's folder as matrices in memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        rows = pq.read_table(folder / "fields.parquet")
        self._keys = rows.select(["date", "symbol"])
        day = rows["day"].to_numpy()
        symbol = rows["symbol"].combine_chunks().dictionary_encode().indices.to_numpy()
        self._cells = day - day.min(), symbol
        width = -(-(int(symbol.max()) + 1) // _LANES) * _LANES
        shape = int(self._cells[0].max()) + 1, width
        self._fields = {}
        for name in rows.column_names[3:]:
            matrix = np.full(shape, np.nan)
            matrix[self._cells] = rows[name].to_numpy()
            self._fields[name] = matrix
        self._found: dict[str, Any] = {}

    def compute(self, trees: Mapping[str, Plain]) -> list[str]:
        """Compute what can be expressed and return the names of what cannot."""
        kept, left_out = expressible(trees, {*_ELEMENTWISE, *_OVER_TIME})
        library = KunRunner.Library.load(str(_library(self._folder, kept)))
        threads = KunRunner.createMultiThreadExecutor(len(os.sched_getaffinity(0)))
        days = len(next(iter(self._fields.values())))
        module = library.getModule(_LIBRARY)
        self._found = KunRunner.runGraph(threads, module, self._fields, 0, days)
        return left_out

    def write(self, file: Path) -> None:
        """Write date, symbol and the features."""
        table = self._keys
        for name, matrix in self._found.items():
            table = table.append_column(name, pa.array(matrix[self._cells].astype(np.float32)))
        pq.write_table(table, file)
