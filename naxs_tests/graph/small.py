"""A small synthetic market and a small strategy, made through Dagster in a home of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import patch

import dagster as dg
import polars as pl
import yaml

from naxs_assets.definitions import Platform, build_defs, open_platform
from naxs_assets.lineage.monthly import Made
from naxs_assets.lineage.planning import Plan, plan
from naxs_assets.lineage.publishing import Watcher, unwatched
from naxs_assets.lineage.records import UNPARTITIONED, Outcome, Published, Version
from naxs_assets.market.sources.base import Source
from naxs_assets.partitions import months_between
from naxs_assets.settings import load_settings

FIRST, LAST = "2021-07", "2022-12"
LAST_DAY = date(2022, 12, 30)
MONTHS = list(months_between(FIRST, LAST))
STRATEGY = "tiny"
WHOLE = [UNPARTITIONED]

ASSETS = (
    "market/calendar",
    "market/instruments",
    "market/index_members",
    "market/prices",
    "market/index_prices",
    "market/findings",
    "features/few",
    "labels/next_day",
    "tiny/dataset",
    "tiny/model",
    "tiny/predictions",
    "tiny/evaluation",
    "tiny/backtest",
    "tiny/report",
)

FEATURES: dict[str, Any] = {
    "name": "few",
    "description": "a few features, each of other columns",
    "features": {
        "RET1": {"expression": "$close/Ref($close,1)-1"},
        "MA5": {"expression": "Mean($close,5)/$close"},
        "RSV5": {"expression": "($close-Min($low,5))/(Max($high,5)-Min($low,5)+1e-12)"},
        "VMA5": {"expression": "Mean($volume,5)/($volume+1e-12)"},
        "KMID": {"expression": "($close-$open)/$open"},
    },
}
TINY: dict[str, Any] = {
    "name": STRATEGY,
    "description": "a small strategy that trades from its fourth month on",
    "universe": "csi300",
    "features": "few",
    "label": "next_day",
    "benchmark": "000300.SH",
    "start": FIRST,
    "model": {
        "kind": "lightgbm",
        "seed": 1,
        "rounds": 10,
        "parameters": {"num_leaves": 7, "min_data_in_leaf": 20, "learning_rate": 0.2},
    },
    "training": {"months": 6, "minimum_months": 3, "retrain_every": 3},
    "portfolio": {"top": 10, "drop": 2, "deal_price": "close", "capital": 1_000_000},
    "costs": {"commission_rate": 0.00025, "commission_minimum": 5, "slippage": 0.0005},
}

# asset, partition -> content hash
Hashes = dict[tuple[str, str], str]
# asset, partition -> outcome
Outcomes = dict[tuple[str, str], Outcome]


def settings_of(
    *, names: int = 60, last: date = LAST_DAY, now: date | None = None
) -> dict[str, Any]:
    """The settings of a synthetic market whose clock stands in the evening of ``now``."""
    return {
        "now": f"{now or last}T20:00:00+08:00",
        "actor": "ann",
        "threads": 1,
        "market": {
            "source": "synthetic",
            "synthetic": {"names": names, "first": date(2021, 7, 1), "last": last},
        },
    }


def write_home(folder: Path, **settings: Any) -> Path:
    """A new home with the small strategy in its catalogue; nothing is made yet."""
    for kind, entry in (("features", FEATURES), ("strategies", TINY)):
        write_entry(folder, kind, entry)
    write_settings(folder, **settings)
    return folder


def write_settings(home: Path, **settings: Any) -> None:
    """Set the market's size and end, and the clock."""
    (home / "naxs.yaml").write_text(yaml.safe_dump(settings_of(**settings)), encoding="utf-8")


def write_entry(home: Path, kind: str, entry: dict[str, Any]) -> None:
    """Put an entry into the home's catalogue."""
    folder = home / "catalog" / kind
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{entry['name']}.yaml"
    file.write_text(yaml.safe_dump(entry, sort_keys=False), encoding="utf-8")


def open_home(home: Path, source: Source | None = None) -> Platform:
    """The opened home, reading from ``source`` instead of its own if one is given."""
    settings = load_settings(home, {})
    if source is None:
        return open_platform(settings)
    with patch("naxs_assets.definitions.open_source", return_value=source):
        return open_platform(settings)


def copy_home(home: Path, to: Path) -> Path:
    """A copy of a home that nobody has open."""
    shutil.copytree(home, to)
    return to


def materialize(
    platform: Platform,
    first: str,
    last: str | None = None,
    assets: Sequence[str] = ASSETS,
    *,
    instance: dg.DagsterInstance | None = None,
    watcher: Watcher = unwatched,
    run_id: str | None = None,
) -> Outcomes:
    """One Dagster run over a range of months; returns the outcome of what was published.

    Its events are kept in ``instance``, or nowhere.
    """
    outcomes: Outcomes = {}

    def watch(published: Published, made: Made) -> None:
        outcomes[published.version.asset, published.version.partition] = published.outcome
        watcher(published, made)

    job = build_defs(platform.settings, platform, watch).resolve_implicit_global_asset_job_def()
    with ExitStack() as stack:
        job.execute_in_process(
            instance=instance or stack.enter_context(dg.DagsterInstance.ephemeral()),
            asset_selection=[dg.AssetKey(name.split("/")) for name in assets],
            tags={
                "dagster/asset_partition_range_start": first,
                "dagster/asset_partition_range_end": last or first,
            },
            run_id=run_id,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
    return outcomes


def make_planned(platform: Platform, instance: dg.DagsterInstance | None = None) -> Outcomes:
    """What ``naxs run tiny`` does: plan, then one Dagster run per batch."""
    outcomes: Outcomes = {}
    for batch in planned(platform).batches:
        outcomes |= materialize(platform, batch.first, batch.last, batch.assets, instance=instance)
    return outcomes


def planned(platform: Platform) -> Plan:
    """The plan of ``naxs run tiny``."""
    first, last = platform.months
    return plan(
        platform.assets,
        platform.lineage.library,
        "tiny/report",
        first=first,
        last=last,
        market_first=first,
        market_last=last,
    )


def make_without_dagster(platform: Platform, months: Iterable[str]) -> None:
    """Make everything of the small strategy by plain calls of the library."""
    partitions = list(months)
    for asset in platform.assets:
        recipe = asset.recipe
        if recipe.asset not in ASSETS:
            continue
        readers = {
            name: platform.lineage.reader(upstream.asset)
            for name, upstream in recipe.upstream.items()
        }
        wanted = partitions if recipe.monthly else WHOLE
        claim = platform.lineage.claim(recipe.asset, wanted, "by-hand")
        platform.lineage.publish(asset.monthly(readers), wanted, claim)


def currents(platform: Platform) -> dict[tuple[str, str], Version]:
    """The current version of every place of the home."""
    versions = platform.lineage.ledger.current_versions()
    return {(version.asset, version.partition): version for version in versions}


def hashes(platform: Platform) -> Hashes:
    """The current content hash of every place of the home."""
    return {place: version.content_hash for place, version in currents(platform).items()}


def version_count(platform: Platform) -> int:
    """How many versions the ledger holds."""
    return len(platform.lineage.ledger.all_versions())


def close(platform: Platform) -> None:
    """Let go of the ledger, so that the home can be copied."""
    platform.lineage.ledger.database.close()


class Restated:
    """A source in which one bar has been corrected since it was first read."""

    def __init__(self, source: Source, symbol: str, day: date, **corrected: float) -> None:
        self._source = source
        self._symbol, self._day, self._corrected = symbol, day, corrected

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)

    def bars(self, first: date, last: date) -> pl.DataFrame:
        bars = self._source.bars(first, last)
        here = (pl.col("symbol") == self._symbol) & (pl.col("date") == self._day)
        return bars.with_columns(
            pl.when(here).then(value).otherwise(name).cast(bars.schema[name]).alias(name)
            for name, value in self._corrected.items()
        )
