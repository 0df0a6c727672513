"""Our features over a whole market: load the kernels, read the Parquet, compute."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks.common.stages import IMPORT, START, Stages


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()

    stages = Stages()
    import numba
    import polars as pl

    from naxs_assets.factors.features import compile_features, compute_features
    from naxs_assets.factors.warm import warm

    stages.done(IMPORT)
    warm()
    stages.done(START)
    expressions = json.loads((options.folder / "expressions.json").read_text())
    prices = pl.read_parquet(options.folder / "prices.parquet")
    stages.done("read")
    compiled = compile_features(expressions)
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
