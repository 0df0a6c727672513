"""Qlib's expression engine over the same market, in a process a core, without caches on disk."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from benchmarks.common.stages import IMPORT, START, Stages
from benchmarks.sides.qlib_start import start_qlib


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()

    stages = Stages()
    import pandas as pd
    import qlib
    from qlib.data import D

    stages.done(IMPORT)
    start_qlib(options.folder, len(os.sched_getaffinity(0)))
    stages.done(START)
    expressions = json.loads((options.folder / "expressions.json").read_text())
    table = D.features(D.instruments("all"), list(expressions.values()), freq="day")
    table.columns = list(expressions)
    stages.done("read and compute")
    stages.report(
        rows=len(table), features=table.shape[1], pyqlib=qlib.__version__, pandas=pd.__version__
    )
    if options.out:
        table = table.astype("float32").reset_index()
        table.rename(columns={"datetime": "date"}).to_parquet(options.out)


if __name__ == "__main__":
    main()
