"""The feature set of the catalogue on a whole market: ours against Qlib's expression engine.

Both compute every expression for every row, on one thread, and keep the result in memory. Ours
runs with compiled kernels at hand; what compiling them costs once is measured apart.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from benchmarks.common.command import run
from benchmarks.common.comparison import FULL_RUNS, QUICK_RUNS, compare
from benchmarks.common.places import INPUTS, peer_python
from benchmarks.common.process import Side, measure, module_side
from benchmarks.common.stages import START

NAMES, DAYS, QUICK_DAYS = 300, 2_500, 650


def features(quick: bool) -> dict[str, Any]:
    """Measure both sides and check that their values agree."""
    python = peer_python("qlib")
    days = QUICK_DAYS if quick else DAYS
    arguments = ("--names", str(NAMES), "--days", str(days))
    size = dict(measure(module_side("input", "benchmarks.inputs", *arguments)).answer["facts"])
    folder = size.pop("folder")
    ours = module_side("ours", "benchmarks.sides.features_naxs", folder)
    peer = module_side("qlib", "benchmarks.sides.features_qlib", folder, python=python)
    peer = peer.with_environment(MLFLOW_ALLOW_FILE_STORE="true")
    with tempfile.TemporaryDirectory(dir=INPUTS) as scratch:
        checks = _checks(ours, peer, Path(scratch))
        measure(ours)  # so that the kernels are compiled in the cache that the runs share
        result = compare(ours, [peer], QUICK_RUNS if quick else FULL_RUNS)
    return {"size": size, **result, "checks": checks}


def _checks(ours: Side, peer: Side, scratch: Path) -> dict[str, Any]:
    """What is run once: the cold compile, and the comparison of the values."""
    mine, theirs = str(scratch / "ours.parquet"), str(scratch / "peer.parquet")
    cold = measure(
        ours.with_arguments("--out", mine).with_environment(NUMBA_CACHE_DIR=str(scratch / "numba"))
    )
    measure(peer.with_arguments("--out", theirs))
    found = measure(module_side("agreement", "benchmarks.agreement", mine, theirs))
    return {"agreement": found.answer["facts"], "cold_compile": cold.answer["stages"][START]}


if __name__ == "__main__":
    run("features", features)
