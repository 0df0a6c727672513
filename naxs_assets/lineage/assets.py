"""The one way to declare an asset: a recipe and a generator become a Dagster asset.

The generator is given the partitions to make and one lazy reader per upstream asset, so it can
be run and tested without Dagster.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from naxs_assets.lineage.contract import Contract
from naxs_assets.lineage.io_manager import ClaimedMonthly, partitions_of
from naxs_assets.lineage.monthly import Made, Monthly, Refused
from naxs_assets.lineage.publishing import Lineage
from naxs_assets.lineage.reader import Reader
from naxs_assets.lineage.recipe import AllMonths, Months, Recipe, Upstream
from naxs_assets.lineage.warehouse_tables import Described, column_comment
from naxs_assets.partitions import month_window

LINEAGE = "lineage"
LINEAGE_IO = "lineage_io"

Generator = Callable[..., Iterator[Made | Refused]]


@dataclass(frozen=True)
class LineageAsset:
    """One asset: how it is made, and how the Dagster UI presents it.

    ``description`` is a paragraph in Chinese and one in English; lists show its beginning.
    """

    recipe: Recipe
    generator: Generator
    description: str
    group: str
    kinds: frozenset[str]
    owner: str

    def monthly(self, readers: dict[str, Reader]) -> Monthly:
        """The results of this asset, read through ``readers`` (by the recipe's names)."""

        def make(pending: Iterator[str]) -> Iterator[Made | Refused]:
            return self.generator(pending, **readers)

        return Monthly(self.recipe, make)


def to_dagster(
    asset: LineageAsset,
    months: dg.PartitionsDefinition[str],
    backfill: dg.BackfillPolicy,
    after: Sequence[dg.AssetKey] = (),
) -> dg.AssetsDefinition:
    """The Dagster asset of ``asset``; its steps claim, make, check, publish and record.

    In a run it comes after ``after`` too, of which it reads nothing through the ledger.
    """
    recipe = asset.recipe

    @dg.asset(
        key=dg.AssetKey(recipe.asset.split("/")),
        ins={name: _asset_in(recipe, upstream) for name, upstream in recipe.upstream.items()},
        deps=list(after),
        partitions_def=months if recipe.monthly else None,
        backfill_policy=backfill,
        description=asset.description,
        group_name=asset.group,
        kinds=set(asset.kinds),
        owners=[asset.owner],
        code_version=recipe.code_hash[:12],
        metadata=_definition_metadata(recipe.contract),
        io_manager_key=LINEAGE_IO,
        required_resource_keys={LINEAGE},
    )
    def step(context: dg.AssetExecutionContext, **readers: Any) -> ClaimedMonthly:
        lineage: Lineage = getattr(context.resources, LINEAGE)
        partitions = partitions_of(context)
        claim = lineage.claim(recipe.asset, partitions, context.run.run_id)
        return ClaimedMonthly(asset.monthly(readers), partitions, claim)

    return step


def recipes(assets: Sequence[LineageAsset]) -> dict[str, Recipe]:
    """The recipes of assets by asset name, in the given order."""
    return {asset.recipe.asset: asset.recipe for asset in assets}


def described(assets: Sequence[LineageAsset]) -> dict[str, Described]:
    """The contract and the description of every table asset, by asset name."""
    return {
        asset.recipe.asset: Described(asset.recipe.contract, asset.description)
        for asset in assets
        if asset.recipe.contract is not None
    }


def _asset_in(recipe: Recipe, upstream: Upstream) -> dg.AssetIn:
    # To Dagster a month is made from the same month, whatever the window of the recipe. It takes
    # a backfill from each asset to the next by these mappings: by windows it would leave out
    # months that were asked for and take in others. What is read, and what is stale, the recipe
    # and the ledger say.
    mapping: dg.PartitionMapping | None = None
    if isinstance(upstream, Months) and upstream.asset == recipe.asset:
        mapping = month_window(upstream.back, upstream.ahead)
    elif isinstance(upstream, AllMonths):
        mapping = dg.AllPartitionMapping()
    return dg.AssetIn(key=dg.AssetKey(upstream.asset.split("/")), partition_mapping=mapping)


def _definition_metadata(contract: Contract | None) -> dict[str, Any]:
    if contract is None:
        return {}
    columns = [
        dg.TableColumn(
            name=column.name,
            type=str(column.dtype),
            description=column_comment(column),
            constraints=dg.TableColumnConstraints(nullable=column.nullable),
        )
        for column in contract.columns
    ]
    return {
        "dagster/column_schema": dg.TableSchema(columns=columns),
        "naxs/contract": f"{contract.name} v{contract.version}",
        "naxs/key": ", ".join(contract.key),
    }
