"""Publishes the warehouse of a home in a child for each line on its input; killed by the tests.

It answers with the child's process id, and with the child's end when that has come.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import duckdb  # noqa: F401 - here and not in the children, so that no kill falls into it
import filelock  # noqa: F401

from naxs_assets.lineage.warehouse import publish
from naxs_tests.lineage.support import small_home


def main() -> None:
    home = Path(sys.argv[1])
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            publish(small_home(home), {}, home)
            os._exit(0)
        _say(child)
        _say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
