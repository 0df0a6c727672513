"""The inner timings of a measured process: it prints them as JSON in its last line.

Only the standard library is used, for peers run this in their own environments.
"""

from __future__ import annotations

import json
import resource
import time

IMPORT = "import"
START = "start"
"""What a process does before it touches the input: load compiled kernels, start a framework."""

NOT_WORK = (IMPORT, START)


class Stages:
    """A stopwatch that cuts a process into named stages, in wall and CPU seconds.

    The CPU seconds hold those of the processes that it started and that have ended.
    """

    def __init__(self) -> None:
        self._seconds: dict[str, dict[str, float]] = {}
        self._mark()

    def _mark(self) -> None:
        self._wall, self._cpu = time.perf_counter(), _cpu_seconds()

    def done(self, stage: str) -> None:
        """End a stage; the next one begins here."""
        self._seconds[stage] = {
            "cpu": _cpu_seconds() - self._cpu,
            "wall": time.perf_counter() - self._wall,
        }
        self._mark()

    def report(self, **facts: object) -> None:
        """Print the stages and what else is worth knowing of this run."""
        print(json.dumps({"stages": self._seconds, "facts": facts}), flush=True)


def _cpu_seconds() -> float:
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
