"""The sensor of restatements: it requests what became stale, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import dagster as dg

from naxs_assets.lineage.assets import LineageAsset
from naxs_assets.lineage.content_hash import canonical_json, json_hash
from naxs_assets.lineage.planning import Batch, Plan, plan, plan_roots
from naxs_assets.lineage.publishing import Lineage

NAME = "restatements"
STALE_TAG = "naxs/stale"
_FINDINGS = "market/findings"
_LONGEST_TAG = 1000


class Opened(Protocol):
    """A home as a sensor needs it."""

    @property
    def lineage(self) -> Lineage: ...

    @property
    def assets(self) -> Sequence[LineageAsset]: ...

    @property
    def months(self) -> tuple[str, str]: ...


def stale_plans(opened: Opened) -> list[Plan]:
    """What must be made again of what was made before, per strategy's report; as ``naxs run`` would
    plan it. The report of a feature set is made when somebody asks for it.

    A home without a report plans for the market's tables. Months that were never made are left to
    the schedules.
    """
    lineage = opened.lineage
    made = {version.asset for version in lineage.ledger.current_versions()}
    prices = lineage.ledger.partitions("market/prices")
    if not prices:
        return []
    reports = [
        asset.recipe.asset
        for asset in opened.assets
        if asset.recipe.asset == f"{asset.group}/report" and asset.recipe.asset in made
    ]
    first, last = opened.months
    plans = (
        plan(
            opened.assets,
            lineage.library,
            target,
            first=first,
            last=min(last, max(prices)),
            market_first=first,
            market_last=min(last, max(prices)),
        )
        for target in reports or ([_FINDINGS] if _FINDINGS in made else [])
    )
    return [one for one in plans if one.batches]


def next_plans(opened: Opened) -> list[Plan]:
    """The plans to run next: lists that every month reads alone, for the rest follows from them."""
    plans = stale_plans(opened)
    roots = [plan_roots(one, opened.assets) for one in plans]
    return [one for one in roots if one.batches] or plans


def restatement_sensor(reopen: Callable[[], Opened]) -> dg.SensorDefinition:
    """Requests a run for every batch of stale months; ``reopen`` opens the home as it is now."""

    @dg.sensor(
        name=NAME,
        target=dg.AssetSelection.all(),
        minimum_interval_seconds=300,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description=(
            "数据更正后，只重做过期的月份；默认关闭，打开才运行。\n\n"
            "After a correction: exactly the months that became stale; off until turned on."
        ),
    )
    def restatements(_context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        requests = {
            request.run_key: request for one in next_plans(reopen()) for request in _requests(one)
        }
        if not requests:
            return dg.SkipReason("没有过期的结果 nothing is stale")
        return dg.SensorResult(run_requests=list(requests.values()))

    return restatements


def _requests(one: Plan) -> list[dg.RunRequest]:
    return [_request(batch, one.stale) for batch in one.batches]


def _request(batch: Batch, stale: Mapping[str, Mapping[str, str]]) -> dg.RunRequest:
    """A run over the batch's range, within which only stale months are made.

    Its key is what is stale and why: a run that failed is not asked for again and again.
    """
    months = {asset: dict(stale[asset]) for asset in batch.assets}
    listed = canonical_json({asset: sorted(reasons) for asset, reasons in months.items()})
    return dg.RunRequest(
        run_key=json_hash(months),
        asset_selection=[dg.AssetKey(asset.split("/")) for asset in batch.assets],
        tags={
            "dagster/asset_partition_range_start": batch.first,
            "dagster/asset_partition_range_end": batch.last,
            STALE_TAG: listed[:_LONGEST_TAG],
        },
    )
