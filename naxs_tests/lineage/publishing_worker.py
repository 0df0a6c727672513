"""A process made to be killed: it publishes 200 months, each from the one before.

It reads lines ``HOME GENERATION`` from its input. For each it forks a child that does the work,
prints the child's process id, waits for it and prints how it ended; so that the imports, which
take longer than the work, are done once.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from naxs_assets.lineage.monthly import Made
from naxs_assets.lineage.publishing import Lineage
from naxs_assets.partitions import add_months, months_between
from naxs_tests.lineage.support import a_recipe, publish, small_home

ASSET = "balance"
MONTHS = list(months_between("2005-01", add_months("2005-01", 199)))


def balance(month: str, generation: int) -> str:
    """What a month holds in a generation, said without the months before."""
    return json.dumps({"month": month, "balance": generation * 1000 * (MONTHS.index(month) + 1)})


def publish_all(lineage: Lineage, generation: int) -> dict[str, str]:
    """Publish every month that is not up to date; each adds to the balance of the one before."""

    def make(pending: Iterator[str]) -> Iterator[Made]:
        for month in pending:
            before = lineage.reader(ASSET)[add_months(month, -1)]
            start = json.loads(before.text())["balance"] if before else 0
            text = json.dumps({"month": month, "balance": start + generation * 1000})
            yield Made(month, text, made_from=(before,))

    recipe = a_recipe(ASSET, contract=None, suffix=".json", config={"generation": generation})
    return publish(lineage, recipe, make, MONTHS, run_id=f"run-{os.getpid()}")


def main() -> None:
    for line in sys.stdin:
        home, generation = line.split()
        child = os.fork()
        if child == 0:
            publish_all(small_home(Path(home)), int(generation))
            os._exit(0)
        _tell(child)
        _, status = os.waitpid(child, 0)
        _tell(os.waitstatus_to_exitcode(status))


def _tell(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
