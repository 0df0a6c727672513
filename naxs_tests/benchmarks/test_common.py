"""How the benchmarks measure: whole processes, in turns, as ratios of the peer to ours."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from benchmarks.common.command import run
from benchmarks.common.comparison import compare, ratios_of, summary
from benchmarks.common.machine import machine
from benchmarks.common.process import Run, Side, measure

ROOT = Path(__file__).resolve().parents[2]
FIGURES = {"cpu", "wall", "memory"}


def side(name: str, body: str) -> Side:
    """A process that imports nothing of note, does ``body`` as its work and reports."""
    program = (
        "from benchmarks.common.stages import IMPORT, START, Stages\n"
        "stages = Stages()\n"
        "stages.done(IMPORT)\n"
        "stages.done(START)\n"
        f"{body}\n"
        "stages.done('work')\n"
        "stages.report(answer=42)\n"
    )
    return Side(name, (sys.executable, "-c", program))


LIGHT = side("ours", "sum(range(10_000))")
HEAVY = side("peer", "held = bytearray(60_000_000)\nsum(range(6_000_000))")


def a_run(wall: float, cpu: float, memory: float, **stages: float) -> Run:
    answer = {"stages": {name: {"cpu": each, "wall": each} for name, each in stages.items()}}
    return Run(wall, cpu, memory, answer)


@pytest.fixture(scope="module")
def result() -> dict[str, Any]:
    return compare(LIGHT, [HEAVY], runs=2, memory=1 << 20)


def test_a_process_is_measured_whole() -> None:
    run = measure(HEAVY)
    inner = run.answer["stages"]["work"]
    assert run.wall > inner["wall"] > 0
    assert run.cpu > inner["cpu"] > 0
    assert run.memory > 60_000_000 / 2**20
    assert run.answer["facts"] == {"answer": 42}


def test_each_side_runs_as_often_as_asked_and_the_peer_is_divided_by_ours(
    result: dict[str, Any],
) -> None:
    assert set(result) == {"ours", "peers", "ratios"}
    assert set(result["peers"]) == {"peer"}
    ours, peer = result["ours"], result["peers"]["peer"]
    assert {len(seconds) for seconds in ours["runs"].values()} == {2}
    for figure in FIGURES:
        expected = peer["process"][figure] / ours["process"][figure]
        assert result["ratios"][f"peer.{figure}"] == expected
    assert result["ratios"]["peer.work.cpu"] > 1


def test_the_result_is_json(result: dict[str, Any]) -> None:
    assert json.loads(json.dumps(result)) == result


def test_a_summary_gives_medians_and_keeps_import_and_start_out_of_the_work() -> None:
    runs = [
        a_run(9, 6, 100, **{"import": 3, "start": 1, "read": 0.25, "compute": 1}),
        a_run(8, 5, 300, **{"import": 3, "start": 1, "read": 0.5, "compute": 2}),
        a_run(7, 7, 200, **{"import": 3, "start": 1, "read": 0.75, "compute": 9}),
    ]
    found = summary(runs)
    assert found["process"] == {"cpu": 6, "wall": 8, "memory": 200}
    assert found["work"] == {"cpu": 2.5, "wall": 2.5}
    assert found["stages"]["compute"] == {"cpu": 2, "wall": 2}
    assert found["runs"]["process.wall"] == [9, 8, 7]
    assert median(found["runs"]["work.cpu"]) == 2.5


def test_more_is_better_for_us() -> None:
    slow, fast = summary([a_run(4, 4, 400, work=3)]), summary([a_run(2, 1, 100, work=0.5)])
    assert ratios_of(slow, fast) == {
        "cpu": 4,
        "wall": 2,
        "memory": 4,
        "work.cpu": 6,
        "work.wall": 6,
    }


def test_a_failing_side_says_why() -> None:
    with pytest.raises(SystemExit, match=r"(?s)peer ended with 1.*no such thing"):
        measure(Side("peer", (sys.executable, "-c", "raise ValueError('no such thing')")))


def test_a_side_that_hangs_is_ended() -> None:
    with pytest.raises(SystemExit, match="peer ended with -9"):
        measure(Side("peer", (sys.executable, "-c", "import time; time.sleep(60)")), timeout=0.3)


@pytest.mark.parametrize("arguments", [["--quick", "--json"], ["--quick"]])
def test_the_command_prints_json_or_a_table(
    arguments: list[str], result: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    run("trivial", lambda quick: {"size": {"quick": quick}, **result}, arguments)
    printed = capsys.readouterr().out
    if "--json" not in arguments:
        assert "peer / ours, cpu" in printed
        return
    told = json.loads(printed)
    assert told["benchmark"] == "trivial"
    assert told["size"] == {"quick": True}
    assert {f"peer.{figure}" for figure in FIGURES} <= set(told["ratios"])


def test_the_machine_is_named_without_any_path() -> None:
    described = json.dumps(machine())
    assert machine()["cores"]
    assert str(ROOT) not in described
    assert str(Path.home()) not in described
