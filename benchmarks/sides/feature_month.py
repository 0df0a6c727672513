"""One more month and day of Alpha158, from their look-back alone: ``python -m ... FOLDER``.

``kernels`` is the evaluation on a panel in memory; ``table`` goes from the rows of prices to the
rows of features.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from benchmarks.common.stages import IMPORT, START, Stages

_REPEATS = 9


def milliseconds(work: Callable[[], object]) -> float:
    """The median of some repetitions, after one that is not counted."""
    work()
    taken = []
    for _ in range(_REPEATS):
        began = time.perf_counter()
        work()
        taken.append(1_000 * (time.perf_counter() - began))
    return median(taken)


def main() -> None:
    folder = Path(sys.argv[1])

    stages = Stages()
    import polars as pl

    from naxs_assets.factors.evaluate import evaluate_tiles
    from naxs_assets.factors.features import compile_features, compute_features
    from naxs_assets.factors.panel import panel_from_prices
    from naxs_assets.factors.warm import warm

    stages.done(IMPORT)
    warm()
    stages.done(START)
    compiled = compile_features(json.loads((folder / "expressions.json").read_text()))
    roots = [each.root for each in compiled.expressions.values()]
    prices = pl.read_parquet(folder / "prices.parquet")
    last = prices["date"].max()
    in_month = pl.col("date").dt.truncate("1mo") == pl.lit(last).dt.truncate("1mo")
    facts: dict[str, float] = {"symbols": prices["symbol"].n_unique()}
    for name, rows in (("month", prices.filter(in_month)), ("day", prices.filter(date=last))):
        first = rows["day"].min() - compiled.look_back
        window = prices.filter(pl.col("day") >= first)
        panel = panel_from_prices(window, compiled.fields)
        date = rows["date"].min()
        facts |= {
            f"{name}.rows": rows.height,
            f"{name}.days_loaded": len(panel.days),
            f"{name}.kernels_ms": milliseconds(
                lambda panel=panel: evaluate_tiles(roots, panel, lambda *_: None)
            ),
            f"{name}.table_ms": milliseconds(
                lambda window=window, date=date: compute_features(compiled, window, date, last)
            ),
        }
    stages.done("compute")
    stages.report(**facts)


if __name__ == "__main__":
    main()
