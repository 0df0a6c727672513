"""A process that runs ``naxs run tiny`` in children made to be killed.

It reads one home per line. For each it forks a child that does the work, prints the child's
process id, waits for it and prints how it ended; so that the imports, which take longer than the
work, are done once.
"""

from __future__ import annotations

import os
import sys

from naxs_assets.cli.main import cli


def import_everything() -> None:
    """Import what a run imports on its way; nothing is computed, so that no thread is begun."""
    import lightgbm  # noqa: F401
    import pandera.polars  # noqa: F401
    import plotly.graph_objects  # noqa: F401

    import naxs_assets.cli.running
    import naxs_assets.definitions  # noqa: F401


def main() -> None:
    import_everything()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            try:
                cli(["--home", line.strip(), "run", "tiny"], prog_name="naxs")
            except SystemExit as end:
                sys.stderr.flush()
                os._exit(end.code if isinstance(end.code, int) else 1)
        _tell(child)
        _, status = os.waitpid(child, 0)
        _tell(os.waitstatus_to_exitcode(status))


def _tell(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
