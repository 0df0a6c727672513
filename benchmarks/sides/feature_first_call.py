"""The first call of a feature set in a process: ``python -m ... FOLDER SET``.

With an empty ``NUMBA_CACHE_DIR`` it compiles the kernels that the set needs, on a few rows.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.common.stages import IMPORT, Stages

_ROWS = 2_000


def main() -> None:
    folder, name = Path(sys.argv[1]), sys.argv[2]

    stages = Stages()
    import polars as pl

    from naxs_assets.catalog.loading import load_catalogue
    from naxs_assets.factors.features import compile_features, compute_features

    stages.done(IMPORT)
    compiled = compile_features(load_catalogue(folder).feature_sets[name].expressions)
    prices = pl.read_parquet(folder / "prices.parquet").head(_ROWS)
    stages.done("read")
    compute_features(compiled, prices, prices["date"][0], prices["date"][-1])
    stages.done("first call")
    stages.report(features=len(compiled.names))


if __name__ == "__main__":
    main()
