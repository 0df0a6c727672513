"""Runs whose process was killed: marked as failed, because Dagster's queue waits for them forever.

Dagster cannot tell by itself: such a run has no launcher that could be asked for its health.
"""

import os
import socket

import dagster as dg

PROCESS_TAG = "naxs/process"
_UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


def process_tag() -> dict[str, str]:
    """The tag that says which process executes a run."""
    return {PROCESS_TAG: f"{socket.gethostname()}:{os.getpid()}"}


def end_orphans(instance: dg.DagsterInstance) -> list[str]:
    """Mark the runs whose process is gone from this machine as failed; returns their ids.

    To be called by a process that executes no run yet.
    """
    ended = []
    for run in instance.get_runs(dg.RunsFilter(statuses=_UNFINISHED)):
        host, _, process = run.tags.get(PROCESS_TAG, "").rpartition(":")
        if host == socket.gethostname() and not _is_another_alive(int(process)):
            instance.report_run_failed(
                run, "Its process ended without a word; what it had finished is kept."
            )
            ended.append(run.run_id)
    return ended


def _is_another_alive(process: int) -> bool:
    if process == os.getpid():
        return False  # the number was given again
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's, so it is there
        pass
    return True
