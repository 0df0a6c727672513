"""Our features over a whole market: load the kernels on a few rows, read the Parquet, compute."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks.common.stages import IMPORT, START, Stages

_FEW = 2_000
_KEYS = ("date", "symbol", "day", "is_suspended", "quarantined_by")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()

    stages = Stages()
    import numba
    import polars as pl

    from naxs_assets.factors.features import compile_features, compute_features
    from naxs_assets.factors.panel import FIELDS

    stages.done(IMPORT)
    expressions = json.loads((options.folder / "expressions.json").read_text())
    file = options.folder / "prices.parquet"
    few = pl.read_parquet(file, n_rows=_FEW)
    compute_features(compile_features(expressions), few, few["date"][0], few["date"][-1])
    stages.done(START)
    compiled = compile_features(expressions)
    fields = {column for field in compiled.fields for column in FIELDS[field].columns}
    prices = pl.read_parquet(file, columns=[*_KEYS, *sorted(fields)])
    stages.done("read")
    first, last = prices["date"][0], prices["date"][-1]
    table = compute_features(compiled, prices, first, last)
    stages.done("compute")
    stages.report(
        rows=table.height,
        features=len(compiled.names),
        polars=pl.__version__,
        numba=numba.__version__,
    )
    if options.out:
        table.drop("day").write_parquet(options.out)


if __name__ == "__main__":
    main()
