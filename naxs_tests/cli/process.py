"""The ``naxs`` command in a process of its own."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def start(home: Path, *arguments: str, largest_file: int | None = None) -> subprocess.Popen[str]:
    """Start a command; no file that it writes can grow beyond ``largest_file`` bytes."""

    def limit() -> None:
        if largest_file is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

    environment = {name: text for name, text in os.environ.items() if not name.startswith("NAXS_")}
    environment.pop("DAGSTER_HOME", None)
    return subprocess.Popen(
        [sys.executable, "-m", "naxs_assets.cli.main", "--home", str(home), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
        env=environment,
        preexec_fn=limit,  # noqa: PLW1509 - no thread of the tests holds a lock here
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit code of a command, when it is done, and what it said of errors."""
    _, said = process.communicate(timeout=300)
    return process.returncode, said
