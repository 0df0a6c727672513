"""The warehouse as a step: after everything else of a job, publish what is current."""

from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from naxs_assets.lineage.assets import LINEAGE, LineageAsset, described
from naxs_assets.lineage.publishing import Lineage
from naxs_assets.lineage.recipe import Recipe
from naxs_assets.lineage.warehouse import publish


def warehouse_key(stage: str) -> dg.AssetKey:
    """The key of the step that publishes the warehouse after the assets of ``stage``."""
    return dg.AssetKey([stage, "warehouse"])


def warehouse_asset(
    stage: str, assets: Sequence[LineageAsset], home: Path, backfill: dg.BackfillPolicy
) -> dg.AssetsDefinition:
    """``warehouse.duckdb`` of ``home``, published after the assets of ``stage`` (``market`` or a
    strategy's name); whenever it runs it shows all tables of ``assets``.

    A step for each stage, because the Dagster UI warns of a job that takes in an asset without
    everything that the asset comes after. A job takes it in with
    ``AssetSelection.assets(warehouse_key(stage))``.
    """
    contents = described(assets)

    @dg.asset(
        key=warehouse_key(stage),
        deps=[
            _after(asset.recipe) for asset in assets if asset.recipe.asset.startswith(f"{stage}/")
        ],
        backfill_policy=backfill,
        description=(
            "全部表的 DuckDB 视图，带注释与单位；以改名方式发布，读者从不遇到锁\n\n"
            "Every table as a DuckDB view with comments and units; published by rename, so that "
            "no reader ever meets a lock"
        ),
        group_name=stage,
        kinds={"duckdb"},
        owners=["team:market-data"],
        required_resource_keys={LINEAGE},
    )
    def warehouse(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        lineage: Lineage = getattr(context.resources, LINEAGE)
        done = publish(lineage, contents, home)
        return dg.MaterializeResult(
            metadata={
                "file": dg.MetadataValue.path(done.file),
                "published": done.is_new,
                "tables": done.tables,
                "results": done.results,
            }
        )

    return warehouse


def _after(recipe: Recipe) -> dg.AssetDep:
    every = dg.AllPartitionMapping() if recipe.monthly else None
    return dg.AssetDep(dg.AssetKey(recipe.asset.split("/")), partition_mapping=every)
