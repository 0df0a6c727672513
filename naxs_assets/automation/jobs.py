"""Jobs: what is run together, by hand, by schedule or from the command line in CI."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from naxs_assets.automation.warehouse import warehouse_key
from naxs_assets.catalog.models import Strategy

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import (
        UnresolvedAssetJobDefinition,
    )


def strategy_job(strategy: Strategy) -> UnresolvedAssetJobDefinition:
    """Everything from the calendar to the report of one strategy, for a range of months, and the
    warehouse."""
    report = dg.AssetSelection.assets([strategy.name, "report"])
    return dg.define_asset_job(
        name=strategy.name,
        selection=report.upstream() | dg.AssetSelection.assets(warehouse_key(strategy.name)),
        description=(
            f"{strategy.description}\n\n从行情到报告；选好月份即可回填。\n\n"
            "From prices to the report; pick months to backfill."
        ),
    )
