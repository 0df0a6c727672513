"""Jobs: what is run together, by hand, by schedule or from the command line in CI."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from naxs_assets.automation.pipeline import PULL
from naxs_assets.catalog.models import Strategy

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import (
        UnresolvedAssetJobDefinition,
    )


def strategy_job(strategy: Strategy) -> UnresolvedAssetJobDefinition:
    """Everything from the calendar to the report of one strategy, for a range of months."""
    report = dg.AssetSelection.assets([strategy.name, "report"])
    # What is pulled is the data pipeline's: a backfill asks no upstream.
    made = report.upstream() - dg.AssetSelection.assets(PULL)
    return dg.define_asset_job(
        name=strategy.name,
        selection=made,
        description=(
            f"{strategy.description}\n\n从行情到报告；选好月份即可回填。\n\n"
            "From prices to the report; pick months to backfill."
        ),
    )
