"""Validating a whole market's prices: the contract and the rules across rows, against pandera.

Ours goes through the months as a run does, with the month before at hand, and writes every finding.
The peers hold the whole panel and ask pandera the same of it, on pandas and on polars (eager).
Goal on the full panel of 12.5 million rows: at most 15 CPU seconds and 2 GiB for ours.
"""

from __future__ import annotations

from typing import Any

from benchmarks.common.command import run
from benchmarks.common.comparison import QUICK_RUNS, compare
from benchmarks.common.process import measure, module_side

NAMES, COPIES = 515, 10
DAYS, QUICK_DAYS = 2_500, 120
_FULL_RUNS = 1
"""The peers need minutes and gigabytes on the full panel."""

_SIDE = "benchmarks.sides.validation_"


def validation(quick: bool) -> dict[str, Any]:
    """Measure ours and both peers; ``checks`` says whether the goal is met."""
    days = QUICK_DAYS if quick else DAYS
    options = ("--names", str(NAMES), "--days", str(days), "--copies", str(COPIES))
    made = measure(module_side("input", "benchmarks.validation_inputs", *options))
    size = dict(made.answer["facts"])
    folder = size.pop("folder")
    ours = module_side("ours", f"{_SIDE}naxs", folder)
    peers = [
        module_side(f"pandera-{kind}", f"{_SIDE}pandera", kind, folder)
        for kind in ("pandas", "polars")
    ]
    result = compare(ours, peers, QUICK_RUNS if quick else _FULL_RUNS)
    process = result["ours"]["process"]
    checks = {
        "ours.cpu_seconds": process["cpu"],
        "ours.memory_gib": process["memory"] / 1024,
        "goal_is_met": process["cpu"] <= 15 and process["memory"] <= 2 * 1024,
    }
    return {"size": size, **result, "checks": checks}


if __name__ == "__main__":
    run("validation", validation)
