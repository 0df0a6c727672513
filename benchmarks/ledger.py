"""What keeping results costs: a graph of four small monthly assets over a range in one run.

Ours checks the contract, hashes, stores durably and records every month with what it was read
from. The peer is Dagster's own filesystem IO manager, which pickles. ``nothing`` (not when quick)
holds the months in memory, so that the difference to it is the keeping alone.
"""

from __future__ import annotations

import tempfile
from typing import Any

from benchmarks.common.command import run
from benchmarks.common.comparison import FULL_RUNS, QUICK_RUNS, compare
from benchmarks.common.places import INPUTS
from benchmarks.common.process import module_side

MONTHS, QUICK_MONTHS = 60, 24
_SIDE = "benchmarks.sides.ledger"


def ledger(quick: bool) -> dict[str, Any]:
    """Measure the ways of keeping; ``checks`` gives CPU ms for each asset and month."""
    months = QUICK_MONTHS if quick else MONTHS
    INPUTS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=INPUTS) as folder:
        arguments = (str(months), folder)
        ours = module_side("ours", _SIDE, "naxs", *arguments)
        peers = [module_side("dagster", _SIDE, "pickle", *arguments)]
        if not quick:
            peers.append(module_side("nothing", _SIDE, "nothing", *arguments))
        result = compare(ours, peers, QUICK_RUNS if quick else FULL_RUNS)
    measured = {"ours": result["ours"], **result["peers"]}
    asset_months = result["ours"]["facts"]["asset_months"]
    checks = {
        f"{name}.cpu_ms_per_asset_month": 1_000 * side["work"]["cpu"] / asset_months
        for name, side in measured.items()
    }
    return {"size": {"months": months, "asset_months": asset_months}, **result, "checks": checks}


if __name__ == "__main__":
    run("ledger", ledger)
