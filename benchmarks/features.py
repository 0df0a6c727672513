"""The feature set Alpha158 on a whole market: ours against the engines that one would use instead.

Every side computes every expression that it can express for every row, on the same two cores, and
keeps the result in memory. Each peer is given our expression trees in its own language. What is
compiled, ours and KunQuant's, is at hand; what compiling costs once is measured apart.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.common.command import run
from benchmarks.common.comparison import FULL_RUNS, QUICK_RUNS, compare
from benchmarks.common.places import INPUTS, peer_python
from benchmarks.common.process import Side, measure, module_side
from benchmarks.common.stages import START

NAMES, DAYS, QUICK_DAYS = 300, 2_500, 650
CORES = 2

_IN_OUR_ENVIRONMENT = ("bottleneck", "polars", "duckdb", "pandas")


def features(quick: bool) -> dict[str, Any]:
    """Measure all sides and check that their values agree."""
    use_cores(CORES)
    days = QUICK_DAYS if quick else DAYS
    arguments = ("--names", str(NAMES), "--days", str(days))
    size = dict(measure(module_side("input", "benchmarks.inputs", *arguments)).answer["facts"])
    folder = size.pop("folder")
    ours, peers = sides(folder)
    with tempfile.TemporaryDirectory(dir=INPUTS) as scratch:
        checks = _checks(ours, peers, Path(scratch))
        measure(ours)  # so that the kernels are compiled in the cache that the runs share
        result = compare(ours, peers, QUICK_RUNS if quick else FULL_RUNS)
    return {"size": size, **result, "checks": checks}


def use_cores(count: int) -> None:
    """Keep this process, and so every side that it starts, on its first ``count`` cores."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])


def sides(folder: str) -> tuple[Side, list[Side]]:
    """Ours and the peers, each told to use all cores."""
    of_peers = "benchmarks.sides.features_peer"
    qlib = module_side(
        "qlib", "benchmarks.sides.features_qlib", folder, python=peer_python("qlib")
    ).with_environment(MLFLOW_ALLOW_FILE_STORE="true")
    kunquant = module_side("kunquant", of_peers, "kunquant", folder, python=peer_python("kunquant"))
    peers = [
        kunquant,
        *(module_side(name, of_peers, name, folder) for name in _IN_OUR_ENVIRONMENT),
        qlib,
    ]
    ours = module_side("ours", "benchmarks.sides.features_naxs", folder)
    return ours.with_threads(CORES), [peer.with_threads(CORES) for peer in peers]


def _checks(ours: Side, peers: list[Side], scratch: Path) -> dict[str, Any]:
    """What is run once: the cold compile, and the comparison of the values."""
    mine = str(scratch / "ours.parquet")
    cold = measure(
        ours.with_arguments("--out", mine).with_environment(NUMBA_CACHE_DIR=str(scratch / "numba"))
    )
    checks: dict[str, Any] = {"cold_compile": cold.answer["stages"][START]}
    for peer in peers:
        theirs = str(scratch / f"{peer.name}.parquet")
        first = measure(peer.with_arguments("--out", theirs)).answer
        found = measure(module_side("agreement", "benchmarks.agreement", mine, theirs))
        checks[peer.name] = {
            "left_out": first["facts"].get("left_out", []),
            "agreement": found.answer["facts"],
            "first_start": first["stages"][START],
        }
    return checks


if __name__ == "__main__":
    run("features", features)
