"""One whole process, measured from outside: wall, CPU and peak memory as the kernel counts them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Timer
from typing import Any

from benchmarks.common.places import CACHE, ROOT

TIMEOUT_SECONDS = 900.0
_KIB_PER_MIB = 1024
_SHOWN_OF_ERRORS = 3_000

_THREADS = (
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "POLARS_MAX_THREADS",
)


@dataclass(frozen=True)
class Side:
    """A command to measure. Its last line of output is the JSON of ``stages.Stages``."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)

    def with_arguments(self, *arguments: str) -> Side:
        """The same side with arguments added to its command."""
        return Side(self.name, (*self.command, *arguments), self.environment)

    def with_environment(self, **variables: str) -> Side:
        """The same side with variables added to its environment."""
        return Side(self.name, self.command, {**self.environment, **variables})

    def with_threads(self, count: int) -> Side:
        """The same side with ``count`` threads in each library. One is usual, so that CPU seconds
        compare like with like.
        """
        return self.with_environment(**dict.fromkeys(_THREADS, str(count)))


@dataclass(frozen=True)
class Run:
    """Seconds and MiB of one process, and what it printed."""

    wall: float
    cpu: float
    memory: float
    answer: Mapping[str, Any]


def module_side(
    name: str, module: str, *arguments: str, python: Path = Path(sys.executable), **variables: str
) -> Side:
    """A side that runs a module of this package under an interpreter."""
    return Side(name, (str(python), "-m", module, *arguments), variables)


def measure(side: Side, timeout: float = TIMEOUT_SECONDS) -> Run:
    """Run a side to its end. Exits with its errors when it fails or takes longer than ``timeout``.

    The kernel carries the parent's peak memory over to a child that it starts, so whoever calls
    this imports nothing large.
    """
    environment = {
        **os.environ,
        "NUMBA_CACHE_DIR": os.environ.get("NUMBA_CACHE_DIR", str(CACHE / "numba")),
        **dict.fromkeys(_THREADS, "1"),
        **side.environment,
    }
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        child = subprocess.Popen(
            side.command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            start_new_session=True,
        )
        limit = Timer(timeout, _kill, [child.pid])
        limit.start()
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            _kill(child.pid)
            raise
        finally:
            limit.cancel()
        wall = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        printed, complaints = output.read().decode(), errors.read().decode()
    if child.returncode != 0:
        ended = f"ended with {child.returncode} after {wall:.0f} s (limit {timeout:.0f} s)"
        raise SystemExit(f"{side.name} {ended}\n{complaints[-_SHOWN_OF_ERRORS:]}")
    lines = printed.strip().splitlines()
    return Run(
        wall=wall,
        cpu=usage.ru_utime + usage.ru_stime,
        memory=usage.ru_maxrss / _KIB_PER_MIB,
        answer=json.loads(lines[-1]) if lines else {},
    )


def _kill(process: int) -> None:
    with suppress(ProcessLookupError):  # it ended by itself meanwhile
        os.killpg(process, signal.SIGKILL)
