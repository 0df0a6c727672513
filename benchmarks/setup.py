"""Install the peers of the benchmarks, each into an environment of its own."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from benchmarks.common.places import PEERS

PEER_NAMES = ("qlib", "kunquant")
_TIMEOUT_SECONDS = 1_800


def install(name: str) -> None:
    """Make the environment of a peer from its hashed requirements, unless it is there already."""
    requirements = Path(__file__).parent / f"requirements-{name}.txt"
    folder = PEERS / name
    stamp = folder / ".synced"
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text(encoding="utf-8") == digest:
        print(f"{name}: up to date")
        return
    _uv("venv", "--quiet", "--clear", "--python", sys.executable, str(folder))
    python = str(folder / "bin" / "python")
    _uv("pip", "sync", "--quiet", "--require-hashes", "--python", python, str(requirements))
    stamp.write_text(digest, encoding="utf-8")
    print(f"{name}: installed")


def _uv(*arguments: str) -> None:
    command = [sys.executable, "-m", "uv", *arguments]
    subprocess.run(command, check=True, timeout=_TIMEOUT_SECONDS)


if __name__ == "__main__":
    for peer in PEER_NAMES:
        install(peer)
