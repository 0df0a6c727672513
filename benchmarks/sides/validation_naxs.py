"""Ours: contract and cross-row rules of every month. ``python -m ... FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.common.stages import IMPORT, Stages


def main() -> None:
    stages = Stages()
    import polars as pl

    from naxs_assets.market.contracts import PRICES
    from naxs_assets.market.quality.panel import judge_panel

    stages.done(IMPORT)
    folder = Path(sys.argv[1])
    files = sorted(folder.glob("[12]*.parquet"))
    months = (
        (file.stem, PRICES.validate(pl.read_parquet(file), f"market/prices {file.stem}"))
        for file in files
    )
    listed = pl.read_parquet(folder / "instruments.parquet")
    answer = judge_panel(months, instruments=listed, tables={})
    stages.done("validate")
    asked = answer.findings.filter(pl.col("judged") > 0)
    stages.report(rules=asked["rule"].n_unique(), failures=answer.failures.height)


if __name__ == "__main__":
    main()
