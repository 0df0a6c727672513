"""What features cost in daily use: the first call, one more month or day, and the whole market.

Goals on a quiet machine of two cores: the first call of Alpha158 within 10 s and of the set basic
within 3 s; one more month of 300 names within 50 ms of kernels; 5,000 names over ten years within
3 GiB, in a time that grows with the rows as for 1,000 names.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from typing import Any

from benchmarks.common.machine import machine
from benchmarks.common.places import INPUTS
from benchmarks.common.process import Side, measure, module_side
from benchmarks.features import CORES, use_cores

_SIDES = "benchmarks.sides.feature_"
_NAMES, _DAYS = 300, 650
_MARKET_DAYS, _QUICK_MARKET_DAYS = 2_500, 250
_MARKET_NAMES, _COPIES, _FEWER_NAMES = 515, 10, 1_000
_TIMEOUT_SECONDS = 3_600


def _side(name: str, *arguments: str) -> Side:
    return module_side(name, f"{_SIDES}{name}", *arguments).with_threads(CORES)


def _input(module: str, **options: int) -> str:
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    side = module_side("input", f"benchmarks.{module}", *words)
    return str(measure(side, _TIMEOUT_SECONDS).answer["facts"]["folder"])


def first_call(folder: str, feature_set: str) -> dict[str, float]:
    """Seconds of a process on a machine that has never compiled anything, and of the call in it."""
    with tempfile.TemporaryDirectory(dir=INPUTS) as empty:
        side = _side("first_call", folder, feature_set).with_environment(NUMBA_CACHE_DIR=empty)
        run = measure(side)
    call = run.answer["stages"]["first call"]
    return {
        "process.wall": run.wall,
        "process.cpu": run.cpu,
        "wall": call["wall"],
        "cpu": call["cpu"],
    }


def market(folder: str, names: int | None) -> dict[str, float]:
    """Time, speed and peak memory (MiB) of all months of a market, or of some of its names."""
    with tempfile.TemporaryDirectory(dir=INPUTS) as out:
        words = [folder, out, *([str(names)] if names else [])]
        run = measure(_side("market", *words), _TIMEOUT_SECONDS)
    facts, stream = run.answer["facts"], run.answer["stages"]["stream"]
    return {
        **facts,
        "process.wall": run.wall,
        "process.cpu": run.cpu,
        "memory": run.memory,
        "rows_per_second": facts["rows"] / stream["wall"],
        "rows_per_cpu_second": facts["rows"] / stream["cpu"],
    }


def feature_updates(quick: bool) -> dict[str, Any]:
    """All of it; ``quick`` means a year of the market."""
    use_cores(CORES)
    small = _input("inputs", names=_NAMES, days=_DAYS)
    days = _QUICK_MARKET_DAYS if quick else _MARKET_DAYS
    large = _input("validation_inputs", names=_MARKET_NAMES, days=days, copies=_COPIES)
    return {
        "first_call": {name: first_call(small, name) for name in ("alpha158", "basic")},
        "update": dict(measure(_side("month", small)).answer["facts"]),
        "market": {"all": market(large, None), "some": market(large, _FEWER_NAMES)},
        "machine": machine(),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.feature_updates")
    parser.add_argument(
        "--quick", action="store_true", help="one year of the market instead of ten"
    )
    print(json.dumps(feature_updates(parser.parse_args().quick), indent=2))
