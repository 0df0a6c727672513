"""Ours and the peers in turns, so that a busy machine slows all of them alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from benchmarks.common.memory import ENOUGH, make_ready
from benchmarks.common.process import Run, Side, measure
from benchmarks.common.stages import NOT_WORK

QUICK_RUNS = 3
FULL_RUNS = 5

Figures = dict[str, Any]


def compare(ours: Side, peers: Sequence[Side], runs: int, memory: int = ENOUGH) -> dict[str, Any]:
    """Medians of ``runs`` rounds of every side, and the ratios of each peer to ours.

    Each round runs all sides, every second one in the opposite order, each with
    ``memory`` bytes made ready.
    """
    sides = [ours, *peers]
    measured: dict[str, list[Run]] = {side.name: [] for side in sides}
    for number in range(runs):
        for side in sides if number % 2 == 0 else reversed(sides):
            make_ready(memory)
            measured[side.name].append(measure(side))
    figures = {name: summary(done) for name, done in measured.items()}
    of_ours = figures.pop(ours.name)
    ratios: dict[str, float] = {}
    for name, of_peer in figures.items():
        ratios |= {f"{name}.{what}": value for what, value in ratios_of(of_peer, of_ours).items()}
    return {"ours": of_ours, "peers": figures, "ratios": ratios}


def summary(runs: Sequence[Run]) -> Figures:
    """Medians: of the process, of its work (all stages but import and start), of each stage.

    Seconds and MiB; ``runs`` lists the seconds of each run in their order.
    """
    stages: dict[str, list[Mapping[str, float]]] = {}
    for run in runs:
        for stage, seconds in run.answer["stages"].items():
            stages.setdefault(stage, []).append(seconds)
    work = [_work(run) for run in runs]
    return {
        "process": {
            "cpu": median(run.cpu for run in runs),
            "wall": median(run.wall for run in runs),
            "memory": median(run.memory for run in runs),
        },
        "work": _medians(work),
        "stages": {stage: _medians(parts) for stage, parts in stages.items()},
        "runs": {
            "process.cpu": [run.cpu for run in runs],
            "process.wall": [run.wall for run in runs],
            "work.cpu": [part["cpu"] for part in work],
            "work.wall": [part["wall"] for part in work],
        },
        "facts": dict(runs[-1].answer.get("facts", {})),
    }


def _work(run: Run) -> dict[str, float]:
    parts = [part for stage, part in run.answer["stages"].items() if stage not in NOT_WORK]
    return {clock: sum(part[clock] for part in parts) for clock in ("cpu", "wall")}


def _medians(parts: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {clock: median(part[clock] for part in parts) for clock in ("cpu", "wall")}


def ratios_of(peer: Figures, ours: Figures) -> dict[str, float]:
    """The peer's figures over ours: of the whole process, and of the work alone."""
    process = {name: peer["process"][name] / ours["process"][name] for name in ours["process"]}
    work = {f"work.{clock}": peer["work"][clock] / ours["work"][clock] for clock in ours["work"]}
    return process | work
