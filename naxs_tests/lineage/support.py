"""A small home to test lineage in: one kind of table, a ticking clock, and makers of results."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import polars as pl

from naxs_assets.lineage.contract import Column, Contract
from naxs_assets.lineage.home import open_lineage
from naxs_assets.lineage.ledger import Claim, Ledger
from naxs_assets.lineage.monthly import Made, Make, Monthly
from naxs_assets.lineage.publishing import Lineage
from naxs_assets.lineage.reader import Handle, Reader
from naxs_assets.lineage.recipe import Recipe
from naxs_assets.lineage.records import Draft, Published, Read, ReadKind, Schema, Version
from naxs_assets.settings import Settings

START = datetime(2024, 1, 1, tzinfo=UTC)
CODE = ("naxs_assets.partitions",)  # any small module: what made the tables of these tests
_runs = count(1)

NUMBERS = Contract(
    name="numbers",
    version=1,
    key=("date",),
    columns=(
        Column("date", pl.Date, "-", "Day of the row"),
        Column("value", pl.Float64, "CNY", "Any amount", nullable=True, at_least=0),
        Column("until", pl.Date, "-", "Last day it holds", nullable=True),
    ),
    known_from="date",
    known_until="until",
)


class Clock:
    """A clock that moves on by one second at every look."""

    def __init__(self) -> None:
        self.instant = START

    def __call__(self) -> datetime:
        self.instant += timedelta(seconds=1)
        return self.instant


def small_home(folder: Path, **settings: Any) -> Lineage:
    """The lineage of a new (or known) home in ``folder``, under a ticking clock."""
    lineage = open_lineage(Settings(home=folder, actor="ann", **settings))
    return replace(lineage, clock=Clock())


def numbers(month: str, *values: float | None, until: date | None = None) -> pl.DataFrame:
    """One row per value, from the first day of the month on."""
    year, number = int(month[:4]), int(month[5:])
    return pl.DataFrame(
        {
            "date": [date(year, number, day + 1) for day in range(len(values))],
            "value": list(values),
            "until": [until] * len(values),
        },
        schema={"date": pl.Date, "value": pl.Float64, "until": pl.Date},
    )


def a_recipe(asset: str, **fields: Any) -> Recipe:
    """A recipe of a table of numbers."""
    return Recipe(**{"asset": asset, "code": CODE, "contract": NUMBERS, **fields})


def new_run() -> str:
    """A run id that no other run has."""
    return f"run-{next(_runs)}"


def publish(
    lineage: Lineage,
    recipe: Recipe,
    make: Make,
    partitions: Sequence[str],
    run_id: str | None = None,
) -> dict[str, str]:
    """Claim, make and publish; returns the outcome of each partition that was made."""
    claim = lineage.claim(recipe.asset, partitions, run_id or new_run())

    done = lineage.publish(Monthly(recipe, make), partitions, claim)
    return {result.version.partition: result.outcome.value for result in done}


def put(
    lineage: Lineage,
    asset: str,
    tables: Mapping[str, pl.DataFrame],
    made_from: Sequence[Handle] = (),
    **fields: Any,
) -> dict[str, str]:
    """Publish given tables whether they are up to date or not, as a source would."""
    recipe = a_recipe(asset, config={"run": next(_runs)}, **fields)

    def make(pending: Iterator[str]) -> Iterator[Made]:
        for partition in pending:
            yield Made(partition, tables[partition], made_from=tuple(made_from))

    return publish(lineage, recipe, make, list(tables))


def doubled(source: Reader, asked: list[str] | None = None) -> Make:
    """A maker of twice the source's values, month by month; ``asked`` collects what it took."""

    def make(pending: Iterator[str]) -> Iterator[Made]:
        for month in pending:
            if asked is not None:
                asked.append(month)
            handle = source[month]
            table = handle.frame().with_columns(pl.col("value") * 2)
            yield Made(month, table, made_from=(handle,))

    return make


# --- Processes that race ------------------------------------------------------------------------

_FORKED = """
import os, sys
{program}
children = []
for number in range({count}):
    child = os.fork()
    if child == 0:
        os.write(1, f"{{work(number, *sys.argv[1:])}}\\n".encode())
        os._exit(0)
    children.append(child)
sys.exit(any(os.waitpid(child, 0)[1] for child in children))
"""


def run_at_once(program: str, count: int, *arguments: str) -> list[str]:
    """Run the program's ``work(number, *arguments)`` in processes that start at one moment.

    Returns the line that each of them gave. They are forked from one that has done the imports.
    """
    command = [sys.executable, "-c", _FORKED.format(program=program, count=count), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


# --- The ledger alone, without files -----------------------------------------------------------


def a_draft(
    asset: str = "market/prices",
    partition: str = "2020-01",
    content: str = "a",
    reads: Iterable[Read] = (),
    **fields: Any,
) -> Draft:
    """A draft of some content; nothing needs to lie in a store for the ledger to record it."""
    return Draft(
        **{
            "asset": asset,
            "partition": partition,
            "content_hash": content * 64 if len(content) == 1 else content,
            "kind": "table",
            "uri": f"objects/{content}",
            "file_sha256": content,
            "size": 1,
            "rows": 1,
            "schema": Schema(),
            "code_hash": "code",
            "config_hash": "config",
            "reads": tuple(reads),
            **fields,
        }
    )


def a_claim(
    ledger: Ledger, run_id: str, asset: str = "market/prices", partitions: Sequence[str] = ()
) -> Claim:
    """A claim of one asset's partitions, of 2020-01 by default."""
    places = list(partitions) or ["2020-01"]
    return ledger.claim(asset, places, run_id=run_id, actor="ann", at=at(0))


def record(ledger: Ledger, draft: Draft, second: int = 0) -> Published:
    """Publish a draft under a run of its own."""
    claim = a_claim(ledger, new_run(), draft.asset, [draft.partition])
    return ledger.publish(draft, claim, at(second))


def edge_to(version: Version) -> Read:
    """The edge of something made from a version."""
    return Read(
        ReadKind.VERSION, version.asset, version.partition, version.id, version.content_hash
    )


def at(second: int) -> str:
    """An instant as the ledger writes it, some seconds after the tests' start."""
    return moment(second).isoformat(timespec="microseconds")


def moment(second: int) -> datetime:
    """An instant some seconds after the tests' start."""
    return START + timedelta(seconds=second)
