"""Runs whose process was killed are marked as failed, and no others."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator

import dagster as dg
import pytest

from naxs_assets.operations.orphans import PROCESS_TAG, end_orphans, process_tag

HERE = socket.gethostname()
STARTED = dg.DagsterRunStatus.STARTED


@dg.job
def a_job() -> None:
    """A job without ops."""


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


@pytest.fixture
def gone() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen(["true"])
    process.wait(timeout=10)
    return process.pid


def a_run(
    instance: dg.DagsterInstance, process: str | None, status: dg.DagsterRunStatus = STARTED
) -> str:
    run = instance.create_run_for_job(
        a_job, status=status, tags={PROCESS_TAG: process} if process else {}
    )
    return run.run_id


def status_of(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.NOT_STARTED, STARTED])
def test_an_unfinished_run_of_a_process_that_is_gone_has_failed(
    instance: dg.DagsterInstance, gone: int, status: dg.DagsterRunStatus
) -> None:
    run_id = a_run(instance, f"{HERE}:{gone}", status)
    assert end_orphans(instance) == [run_id]
    assert status_of(instance, run_id) is dg.DagsterRunStatus.FAILURE
    assert end_orphans(instance) == []


def test_a_number_that_was_given_again_to_this_process_is_an_orphans(
    instance: dg.DagsterInstance,
) -> None:
    run_id = a_run(instance, process_tag()[PROCESS_TAG])
    assert end_orphans(instance) == [run_id]


def test_runs_that_may_be_alive_are_left_alone(instance: dg.DagsterInstance, gone: int) -> None:
    alive = [
        a_run(instance, f"{HERE}:{os.getppid()}"),
        a_run(instance, f"another-machine:{gone}"),
        a_run(instance, None),  # of the UI or of the dagster command
    ]
    assert end_orphans(instance) == []
    assert {status_of(instance, run_id) for run_id in alive} == {STARTED}


def test_finished_runs_stay_as_they_ended(instance: dg.DagsterInstance, gone: int) -> None:
    run_id = a_run(instance, f"{HERE}:{gone}", dg.DagsterRunStatus.SUCCESS)
    assert end_orphans(instance) == []
    assert status_of(instance, run_id) is dg.DagsterRunStatus.SUCCESS
