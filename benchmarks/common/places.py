"""Where the benchmarks keep what they make, and the interpreters they run."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
INPUTS = CACHE / "benchmarks"
PEERS = CACHE / "peers"


def peer_python(name: str) -> Path:
    """The interpreter of a peer's environment. Exits with a remedy when it is not installed."""
    python = PEERS / name / "bin" / "python"
    if not python.exists():
        raise SystemExit(f"the peer {name} is not installed; run: make bench-setup")
    return python
