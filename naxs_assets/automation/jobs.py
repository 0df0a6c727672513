"""Jobs: what is run together, by hand, by schedule or from the command line in CI."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import dagster as dg

from naxs_assets.automation.warehouse import warehouse_key
from naxs_assets.catalog.models import Strategy

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import (
        UnresolvedAssetJobDefinition,
    )


def strategy_job(
    strategy: Strategy, without: Sequence[dg.AssetKey] = ()
) -> UnresolvedAssetJobDefinition:
    """Everything from the calendar to the report of one strategy, for a range of months, and the
    warehouse.

    ``without`` leaves out what stands before the calendar: a backfill asks no upstream.
    """
    report = dg.AssetSelection.assets([strategy.name, "report"])
    made: dg.AssetSelection = report.upstream()
    if without:
        made -= dg.AssetSelection.assets(*without)
    return dg.define_asset_job(
        name=strategy.name,
        selection=made | dg.AssetSelection.assets(warehouse_key(strategy.name)),
        description=(
            f"{strategy.description}\n\n从行情到报告；选好月份即可回填。\n\n"
            "From prices to the report; pick months to backfill."
        ),
    )
