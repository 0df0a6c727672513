"""What a version was made from, in one line for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from naxs_assets.lineage.records import Read, ReadKind
from naxs_assets.partitions import add_months


def reads_summary(reads: Iterable[Read]) -> str:
    """Every asset that was read with its months, runs of months drawn together.

    For example ``market/calendar; market/prices 2021-05 – 2021-07; no market/prices 2021-04``.
    """
    months: dict[str, list[str]] = {}
    for read in reads:
        name = f"no {read.asset}" if read.kind is ReadKind.ABSENT else read.asset
        months.setdefault(name, []).append(read.partition)
    return "; ".join(f"{name} {_runs(partitions)}".rstrip() for name, partitions in months.items())


def _runs(partitions: Sequence[str]) -> str:
    runs: list[list[str]] = []
    for partition in sorted(set(partitions)):
        if runs and runs[-1][-1] and partition == add_months(runs[-1][-1], 1):
            runs[-1][1:] = [partition]
        else:
            runs.append([partition])
    return ", ".join(" – ".join(run) for run in runs)
