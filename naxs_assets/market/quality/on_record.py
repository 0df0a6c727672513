"""What the ledger knows of the quality of prices: of months made, refused, and not judged yet."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from naxs_assets.lineage.publishing import Lineage, place_of_refused
from naxs_assets.lineage.reader import NotMadeError
from naxs_assets.lineage.records import Refusal, Version
from naxs_assets.market.contracts import INDEX_PRICES, PRICES
from naxs_assets.market.findings import findings_table
from naxs_assets.market.quality.engine import FAILURES
from naxs_assets.partitions import add_months

PRICES_ASSET = f"market/{PRICES.name}"
_INDEX_ASSET = f"market/{INDEX_PRICES.name}"
_ASSETS = (PRICES_ASSET, _INDEX_ASSET)
_TOLD: dict[str, type[pl.DataType]] = {"rule": pl.String, "date": pl.String, "symbol": pl.String}


@dataclass(frozen=True)
class NotJudged:
    """Months that a run set out to make, and of which nothing was published or refused.

    ``behind`` is the refused month that they wait for, each by way of the month before it; empty
    where no run has finished them.
    """

    asset: str
    months: tuple[str, ...]
    behind: str

    @property
    def spans(self) -> str:
        """The months in words: ``2021-09, 2021-11 to 2022-03``."""
        spans: list[list[str]] = []
        for month in self.months:
            if spans and month == add_months(spans[-1][-1], 1):
                spans[-1] = [spans[-1][0], month]
            else:
                spans.append([month])
        return ", ".join(" to ".join(span) for span in spans)

    @property
    def reason_zh(self) -> str:
        """Why, in Chinese."""
        if self.behind:
            return f"每月从前一月接续，而 {self.behind} 被拒收"
        return "还没有运行完成它们"

    @property
    def reason_en(self) -> str:
        """Why, in English."""
        if self.behind:
            return f"each month starts from the one before, and {self.behind} was refused"
        return "no run has finished them yet"


@dataclass(frozen=True)
class OnRecord:
    """``findings`` (contract ``QUALITY_FINDINGS``) of every month that was judged, ``failures``
    (``asset`` and ``FAILURES``) of the refused ones, ``refused`` their assets and months."""

    findings: pl.DataFrame
    failures: pl.DataFrame
    refused: frozenset[tuple[str, str]]
    not_judged: tuple[NotJudged, ...]


def on_record(lineage: Lineage, refusals: Collection[Refusal]) -> OnRecord:
    """What was found in every month of prices and index prices so far.

    A month of ``refusals`` tells why it was refused, also where an older version of it stands.
    Raises :class:`~naxs_assets.lineage.reader.NotMadeError` when no month was judged yet.
    """
    refused = {(one.asset, one.partition) for one in refusals if one.asset in _ASSETS}
    current = {
        (version.asset, version.partition): version
        for asset in _ASSETS
        for version in lineage.ledger.current_versions(asset)
    }
    if not current and not refused:
        raise NotMadeError(
            "no month of prices has been judged yet",
            where=PRICES_ASSET,
            remedy="naxs run STRATEGY makes and judges what it needs",
        )
    kept = {
        (asset, month): version
        for asset, month in sorted(refused)
        if (version := lineage.ledger.current(place_of_refused(asset), month)) is not None
    }
    judged = sorted(
        (current | kept).items(), key=lambda item: (_ASSETS.index(item[0][0]), item[0][1])
    )
    failures = [_failures(place, version) for place, version in kept.items()]
    return OnRecord(
        findings_table((*place, version.metadata.get("findings", ())) for place, version in judged),
        pl.concat([pl.DataFrame(schema={"asset": pl.String, **FAILURES}), *failures]),
        frozenset(refused),
        tuple(
            one
            for asset in _ASSETS
            for one in _not_judged(lineage, asset, {m for a, m in current if a == asset}, refused)
        ),
    )


def _failures(place: tuple[str, str], version: Version) -> pl.DataFrame:
    asset, month = place
    told: list[Mapping[str, Any]] = version.metadata.get("failures", [])
    return pl.DataFrame(told, schema=_TOLD).select(
        pl.lit(asset).alias("asset"),
        "rule",
        pl.lit(month).alias("month"),
        pl.col("date").str.to_date(),
        "symbol",
        pl.lit(None, dtype=pl.Float64).alias("observed"),
        pl.lit(None, dtype=pl.String).alias("detail"),
    )


def _not_judged(
    lineage: Lineage, asset: str, made: Collection[str], refused: Collection[tuple[str, str]]
) -> Iterator[NotJudged]:
    wanted = set(lineage.ledger.claimed(asset))
    if asset == PRICES_ASSET:
        # A run that stopped at the index wanted the prices of its months too.
        wanted.update(lineage.ledger.claimed(_INDEX_ASSET))
    groups: dict[str, list[str]] = {}
    behind = ""
    for month in sorted(wanted):
        if month in made:
            behind = ""
        elif (asset, month) not in refused:
            groups.setdefault(behind, []).append(month)
        elif asset == PRICES_ASSET:  # months of index prices stand each by itself
            behind = behind or month
    for first, months in groups.items():
        yield NotJudged(asset, tuple(months), first)
