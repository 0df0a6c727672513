"""The command line of every benchmark: ``python -m benchmarks.NAME [--quick] [--json]``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any

from benchmarks.common.machine import machine

Benchmark = Callable[[bool], dict[str, Any]]


def run(name: str, benchmark: Benchmark, arguments: list[str] | None = None) -> None:
    """Run a benchmark, which is told whether to be quick, and print what it measured."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}")
    parser.add_argument("--quick", action="store_true", help="a smaller market and fewer runs")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args(arguments)
    before = machine()
    result = {"benchmark": name, "quick": options.quick, **benchmark(options.quick)}
    result["machine"] = {**machine(), "load_average_before": before["load_average"]}
    if options.json:
        print(json.dumps(result))
    else:
        _show(result)


def _show(result: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    sides = {"ours": result["ours"], **result["peers"]}
    table = Table(title=f"{result['benchmark']}: {_words(result['size'])}")
    table.add_column("median")
    for side in sides:
        table.add_column(side, justify="right")
    for figure, unit in (("cpu", "s"), ("wall", "s"), ("memory", "MiB")):
        values = [f"{side['process'][figure]:,.2f}" for side in sides.values()]
        table.add_row(f"process {figure}, {unit}", *values)
    for clock in ("cpu", "wall"):
        values = [f"{side['work'][clock]:,.3f}" for side in sides.values()]
        table.add_row(f"work {clock}, s", *values)
    for figure in ("cpu", "wall", "memory", "work.cpu", "work.wall"):
        ratios = [f"{result['ratios'][f'{peer}.{figure}']:,.2f}x" for peer in result["peers"]]
        table.add_row(f"peer / ours, {figure}", "", *ratios)
    console = Console()
    console.print(table)
    for name, side in sides.items():
        stages = {stage: f"{seconds['cpu']:.3f}" for stage, seconds in side["stages"].items()}
        console.print(f"{name}, CPU s by stage: {_words(stages)}", highlight=False)
    for name, value in result.get("checks", {}).items():
        console.print(f"{name}: {value}", highlight=False)
    console.print(_words(result["machine"]), highlight=False)


def _words(facts: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in facts.items())
