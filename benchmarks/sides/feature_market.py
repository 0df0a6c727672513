"""Alpha158 of a market, streamed into monthly Parquet: ``python -m ... FOLDER OUT [NAMES]``.

The months are those that the asset would make in one run, in its passes and by its functions; each
file is written as the store writes it. With ``NAMES`` so many symbols
are drawn from the market.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.common.stages import IMPORT, START, Stages


def main() -> None:
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    names = int(sys.argv[3]) if len(sys.argv) > 3 else None

    stages = Stages()
    import polars as pl

    from naxs_assets.catalog.loading import load_catalogue
    from naxs_assets.factors.assets import _by_month, _passes, months_for
    from naxs_assets.factors.features import compile_features, compute_features
    from naxs_assets.factors.warm import warm
    from naxs_assets.partitions import add_months, first_day, last_day, months_between

    stages.done(IMPORT)
    warm()
    stages.done(START)
    compiled = compile_features(load_catalogue(folder).feature_sets["alpha158"].expressions)
    back = months_for(compiled.look_back)
    months = sorted(file.stem for file in folder.glob("[12]*.parquet"))
    listed = pl.read_parquet(folder / "instruments.parquet")["symbol"].unique().sort()
    chosen = listed.sample(names, seed=0) if names else listed
    rows = 0
    for run in _passes(months):
        window = [
            folder / f"{month}.parquet"
            for month in months_between(max(months[0], add_months(run[0], -back)), run[-1])
        ]
        parts = (pl.read_parquet(file) for file in window)
        prices = pl.concat(part.filter(pl.col("symbol").is_in(chosen.implode())) for part in parts)
        table = compute_features(compiled, prices, first_day(run[0]), last_day(run[-1]))
        del prices
        for month, part in _by_month(table, run):
            part.write_parquet(out / f"{month}.parquet", compression="zstd", statistics=True)
            rows += part.height
        del table
    stages.done("stream")
    stages.report(rows=rows, symbols=len(chosen), months=len(months))


if __name__ == "__main__":
    main()
