"""``naxs ui``: the Dagster UI of a home, on this machine only."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import dagster as dg
import pytest

from naxs_assets.cli.running import point_dagster_at
from naxs_assets.operations.orphans import process_tag
from naxs_tests.cli.conftest import Naxs
from naxs_tests.graph.small import write_home

PROJECT = Path(__file__).resolve().parents[2]


@dg.job
def a_job() -> None:
    """A job without ops."""


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that would have replaced this process."""
    commands: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda _, command: commands.append(command))
    return commands


def test_it_serves_the_home_on_the_loopback_address(naxs: Naxs, executed: list[list[str]]) -> None:
    write_home(naxs.home)
    said = naxs("ui", "--port", 3333).output
    assert "http://127.0.0.1:3333" in said
    (command,) = executed
    python, silence, what, *dagster = command
    assert (python, silence) == (sys.executable, "-W")
    assert what.startswith("ignore:Function `dev_command` is superseded")
    assert dagster[:3] == ["-m", "dagster", "dev"]
    assert command[command.index("-h") + 1] == "127.0.0.1"
    assert Path(command[command.index("-w") + 1]) == PROJECT / "workspace.yaml"
    assert os.environ["NAXS_HOME"] == str(naxs.home)
    assert os.environ["DAGSTER_HOME"] == str(PROJECT)


def test_runs_that_were_killed_do_not_hold_up_its_queue(
    naxs: Naxs, executed: list[list[str]]
) -> None:
    write_home(naxs.home)
    point_dagster_at(naxs.home)
    with dg.DagsterInstance.get() as instance:
        # As if this process had been given the number of one that was killed.
        run = instance.create_run_for_job(
            a_job, status=dg.DagsterRunStatus.STARTED, tags=process_tag()
        )
        naxs("ui")
        ended = instance.get_run_by_id(run.run_id)
    assert ended is not None
    assert ended.status is dg.DagsterRunStatus.FAILURE
    assert len(executed) == 1


def test_without_a_home_there_is_nothing_to_serve(naxs: Naxs, executed: list[list[str]]) -> None:
    assert "there is no home here" in naxs.refusal("ui")
    assert executed == []
