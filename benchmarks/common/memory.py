"""The machine's memory, made ready before a run.

A virtual machine hands memory that is free back to its host, and who touches it next waits for the
host: more than a second for the half GiB of a feature table, thirty times what it takes otherwise.
So before each run a process of its own touches memory and ends, and no side pays for what the one
before it left.
"""

from __future__ import annotations

import subprocess
import sys

ENOUGH = 4 << 30
"""More bytes than the largest side needs."""

_PAGE = 4096

_TOUCH = """
import sys
size = int(sys.argv[1])
memory = bytearray(size)
memory[::4096] = bytes(size // 4096)
"""


def make_ready(memory: int = ENOUGH) -> None:
    """Touch that many bytes, or half of what is available, and give them back."""
    size = min(memory, _available() // 2) // _PAGE * _PAGE
    subprocess.run([sys.executable, "-c", _TOUCH, str(size)], check=True)


def _available() -> int:
    """Bytes of memory that the kernel counts as available."""
    with open("/proc/meminfo", encoding="ascii") as lines:
        kib = {name: int(rest.split()[0]) for name, rest in (line.split(":") for line in lines)}
    return kib["MemAvailable"] * 1024
