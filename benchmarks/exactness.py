"""How exactly our expressions are Qlib's: ``python -m benchmarks.exactness``.

Every operator in many forms, and the feature sets Alpha158 and Alpha360, on one market. Where a
value is further than 1e-5 from Qlib's, a slow computation in extended precision says who is
closer to the truth.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from benchmarks.brute_force import series_of
from benchmarks.common.places import INPUTS, peer_python
from benchmarks.common.process import measure, module_side
from benchmarks.exactness_expressions import exponential_forms, operator_forms
from benchmarks.inputs import make
from naxs_assets.catalog.loading import load_catalogue
from naxs_assets.factors.evaluate import evaluate_tiles
from naxs_assets.factors.expression import Expression
from naxs_assets.factors.operator import Array
from naxs_assets.factors.panel import Panel, panel_from_prices
from naxs_assets.factors.parser import parse
from naxs_assets.market.qlib_bundle import qlib_symbol
from naxs_assets.market.qlib_bundle_export import export_bundle
from naxs_assets.market.qlib_bundle_input import input_of_prices

NAMES, DAYS = 300, 650
QUICK_NAMES, QUICK_DAYS = 24, 480
TOLERANCE = 1e-5
ROUNDING = 1e-14
"""Of an expression's median size: so far apart, two values that are zero but for rounding are
alike, as they have no relative precision."""
_AT_ONCE = 20
_TIMEOUT_SECONDS = 7_200

Cells = npt.NDArray[np.float64]


@dataclass
class Exactness:
    """Counts of cells over some expressions; ``apart`` are further than the tolerance from Qlib's,
    ``largest_difference`` is that of the others, relative to Qlib's, and the errors are the largest
    distances of those apart from the reference, relative to it. Of the cells that are known in one
    engine only, ``ours_as_defined`` are known in ours where the reference knows them."""

    expressions: int = 0
    cells: int = 0
    known: int = 0
    known_in_one_only: int = 0
    ours_as_defined: int = 0
    same_float32: int = 0
    largest_difference: float = 0.0
    apart: int = 0
    ours_at_least_as_close: int = 0
    largest_error_of_ours: float = 0.0
    largest_error_of_qlib: float = 0.0


@dataclass(frozen=True)
class Suspect:
    """A cell that is apart or known in one engine only: the index of its expression, its day and
    symbol, both values, and the median size of the expression."""

    expression: int
    row: int
    column: int
    ours: float
    qlib: float
    size: float


def groups(home: Path) -> dict[str, list[str]]:
    """The expressions that are compared, by the name of their group."""
    sets = load_catalogue(home).feature_sets
    names = ("alpha158", "alpha360")
    return {
        "operators": list(operator_forms()),
        "exponential": list(exponential_forms()),
        **{name: list(dict.fromkeys(sets[name].expressions.values())) for name in names},
    }


def exactness(prices: pl.DataFrame, bundle: Path, texts: Sequence[str]) -> Exactness:
    """Compare the values of ``texts`` on ``prices`` with Qlib's on the bundle of them."""
    with tempfile.TemporaryDirectory(dir=INPUTS) as scratch:
        listing, out = Path(scratch) / "expressions.json", Path(scratch) / "qlib"
        listing.write_text(json.dumps(list(texts)))
        out.mkdir()
        side = module_side(
            "qlib",
            "benchmarks.sides.exactness_qlib",
            *(str(bundle.parent), str(listing), str(out), "--at-once", str(_AT_ONCE)),
            python=peer_python("qlib"),
            MLFLOW_ALLOW_FILE_STORE="true",
        )
        measure(side, _TIMEOUT_SECONDS)
        found = Exactness()
        parsed = [parse(text) for text in texts]
        panel = panel_from_prices(prices, {field for each in parsed for field in each.fields})
        for first in range(0, len(parsed), _AT_ONCE):
            _compare(parsed[first : first + _AT_ONCE], panel, out / f"{first}.parquet", found)
        return found


def _compare(some: Sequence[Expression], panel: Panel, answers: Path, found: Exactness) -> None:
    ours = np.empty((len(some), *panel.present.shape))

    def keep(root: int, left: int, width: int, matrix: Array, divisor: Array | None) -> None:
        by = 1.0 if divisor is None else divisor[:, :width]
        with np.errstate(all="ignore"):
            ours[root, :, left : left + width] = matrix[:, :width] / by

    evaluate_tiles([each.root for each in some], panel, keep)
    table = pl.read_parquet(answers)
    column = (
        table["instrument"]
        .cast(pl.String)
        .replace_strict({qlib_symbol(symbol): index for index, symbol in enumerate(panel.symbols)})
    )
    row = np.searchsorted(panel.dates, table["datetime"].cast(pl.Date).to_numpy())
    cells = row * len(panel.symbols) + column.to_numpy()
    there = panel.present.ravel()[cells]
    cells = cells[there]
    suspects: list[Suspect] = []
    for index in range(len(some)):
        qlib = table[str(index)].to_numpy()[there]
        finite = np.abs(qlib[np.isfinite(qlib)])
        size = float(np.median(finite)) if len(finite) else 0.0
        for place in _count(ours[index].ravel()[cells], qlib, size, found):
            at = divmod(int(cells[place]), len(panel.symbols))
            values = float(ours[index][at]), float(qlib[place])
            suspects.append(Suspect(index, *at, *values, size))
    found.expressions += len(some)
    _judge(some, panel, suspects, found)


def _count(ours: Cells, qlib: Cells, size: float, found: Exactness) -> npt.NDArray[np.int64]:
    """Count the cells of one expression; returns the places of those to be judged: apart, or known
    in one engine only."""
    with np.errstate(all="ignore"):
        known = ~np.isnan(qlib)
        found.cells += len(qlib)
        one_only = known != ~np.isnan(ours)
        found.known_in_one_only += int(one_only.sum())
        known &= ~np.isnan(ours)
        found.known += int(known.sum())
        found.same_float32 += int((ours.astype("f4") == qlib.astype("f4"))[known].sum())
        difference = np.abs(ours - qlib)
        alike = (ours == qlib) | (difference <= ROUNDING * size)
        relative = np.where(alike, 0.0, difference / np.abs(qlib))
        apart = known & (relative > TOLERANCE)
    found.largest_difference = max(
        found.largest_difference, relative.max(initial=0.0, where=known & ~apart)
    )
    found.apart += int(apart.sum())
    return np.flatnonzero(apart | one_only)


def _judge(
    some: Sequence[Expression], panel: Panel, suspects: Sequence[Suspect], found: Exactness
) -> None:
    truth: dict[tuple[int, int], Any] = {}
    for suspect in suspects:
        key = suspect.expression, suspect.column
        if key not in truth:
            # A symbol's days begin with its first row, as in Qlib's files.
            first = int(panel.present[:, suspect.column].argmax())
            fields = {name: each[first:, suspect.column] for name, each in panel.fields.items()}
            truth[key] = first, series_of(some[suspect.expression].root, fields)
        first, series = truth[key]
        exact = float(series[suspect.row - first])
        if np.isnan(suspect.ours) or np.isnan(suspect.qlib):
            found.ours_as_defined += np.isnan(suspect.ours) == np.isnan(exact)
            continue
        scale = max(abs(exact), ROUNDING * suspect.size)
        of_ours, of_qlib = abs(suspect.ours - exact) / scale, abs(suspect.qlib - exact) / scale
        found.ours_at_least_as_close += of_ours <= of_qlib
        found.largest_error_of_ours = max(found.largest_error_of_ours, of_ours)
        found.largest_error_of_qlib = max(found.largest_error_of_qlib, of_qlib)


def _market(options: argparse.Namespace) -> tuple[pl.DataFrame, Path]:
    """Prices and the bundle of them: of a home, or synthetic."""
    if options.home is None:
        size = (QUICK_NAMES, QUICK_DAYS) if options.quick else (NAMES, DAYS)
        folder = make(*size, whole=False)
        return pl.read_parquet(folder / "prices.parquet"), folder / "bundle"
    from naxs_assets.notebook import load

    prices = pl.from_pandas(load("market/prices", home=options.home)).with_columns(
        pl.col("date").cast(pl.Date)
    )
    folder = INPUTS / "exactness-home"
    shutil.rmtree(folder, ignore_errors=True)
    export_bundle(input_of_prices(prices), folder / "bundle")
    return prices, folder / "bundle"


def _show(results: Mapping[str, Exactness]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title="exactness against pyqlib 0.9.7")
    table.add_column("figure")
    for name in results:
        table.add_column(name, justify="right")
    for figure in asdict(Exactness()):
        values = [getattr(result, figure) for result in results.values()]
        shown = [f"{each:.1e}" if isinstance(each, float) else f"{each:,}" for each in values]
        table.add_row(figure, *shown)
    Console().print(table)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exactness")
    parser.add_argument("--quick", action="store_true", help="a smaller synthetic market")
    parser.add_argument("--home", type=Path, help="the prices of this home instead of synthetic")
    parser.add_argument("--only", choices=("operators", "exponential", "alpha158", "alpha360"))
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    INPUTS.mkdir(parents=True, exist_ok=True)
    prices, bundle = _market(options)
    results = {}
    for name, texts in groups(INPUTS).items():
        if options.only in (None, name):
            results[name] = exactness(prices, bundle, texts)
    if options.json:
        print(json.dumps({name: asdict(result) for name, result in results.items()}))
    else:
        _show(results)


if __name__ == "__main__":
    main()
