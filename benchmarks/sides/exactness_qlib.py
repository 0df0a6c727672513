"""Qlib's values of many expressions, some at a time: float64 columns of Parquet files."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks.common.stages import IMPORT, START, Stages
from benchmarks.sides.qlib_start import start_qlib


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("expressions", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--at-once", type=int, required=True)
    options = parser.parse_args()

    stages = Stages()
    import qlib
    from qlib.data import D

    stages.done(IMPORT)
    start_qlib(options.folder)
    stages.done(START)
    expressions = json.loads(options.expressions.read_text())
    for first in range(0, len(expressions), options.at_once):
        some = expressions[first : first + options.at_once]
        table = D.features(D.instruments("all"), some, freq="day")
        table.columns = [str(index) for index in range(len(some))]
        table.astype("float64").reset_index().to_parquet(options.out / f"{first}.parquet")
    stages.done("read and compute")
    stages.report(pyqlib=qlib.__version__)


if __name__ == "__main__":
    main()
