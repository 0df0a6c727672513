"""Top 50 with 5 dropped a day on random scores without gaps: ours against Qlib's backtest.

Ours applies all rules (T+1, limits, suspensions, board lots, dated fees in whole cents), Qlib its
own simpler ones, so the two values are not meant to be equal; that both hold nearly the same
names shows in the correlation of their daily returns.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from typing import Any

from benchmarks.common.command import run
from benchmarks.common.comparison import FULL_RUNS, QUICK_RUNS, compare
from benchmarks.common.places import peer_python
from benchmarks.common.process import measure, module_side

NAMES, DAYS, QUICK_DAYS = 300, 1_000, 500
TOP, DROP, CAPITAL = 50, 5, 100_000_000


def backtest(quick: bool) -> dict[str, Any]:
    """Measure both sides on the same prices and scores."""
    python = peer_python("qlib")
    days = QUICK_DAYS if quick else DAYS
    arguments = ("--names", str(NAMES), "--days", str(days), "--gap-free")
    size = dict(measure(module_side("input", "benchmarks.inputs", *arguments)).answer["facts"])
    folder = size.pop("folder")
    terms = (folder, str(TOP), str(DROP), str(CAPITAL))
    ours = module_side("ours", "benchmarks.sides.backtest_naxs", *terms)
    peer = module_side("qlib", "benchmarks.sides.backtest_qlib", *terms, python=python)
    peer = peer.with_environment(MLFLOW_ALLOW_FILE_STORE="true")
    measure(ours)  # so that the kernel is compiled
    result = compare(ours, [peer], QUICK_RUNS if quick else FULL_RUNS)
    ours_daily, peer_daily = (
        side["facts"].pop("returns") for side in (result["ours"], result["peers"]["qlib"])
    )
    checks = {
        "correlation_of_daily_returns": correlation(ours_daily, peer_daily),
        **{f"ours.{name}": value for name, value in result["ours"]["facts"].items()},
        **{f"qlib.{name}": value for name, value in result["peers"]["qlib"]["facts"].items()},
    }
    return {"size": {**size, "top": TOP, "drop": DROP}, **result, "checks": checks}


def correlation(ours: Mapping[str, float], peer: Mapping[str, float]) -> float:
    """The correlation of two series of daily returns, over the days that both have."""
    days = sorted(ours.keys() & peer.keys())
    return statistics.correlation([ours[day] for day in days], [peer[day] for day in days])


if __name__ == "__main__":
    run("backtest", backtest)
