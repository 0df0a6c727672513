"""The Qlib bundle as a step of the data pipeline, in homes whose settings name a folder for it."""

from pathlib import Path

import dagster as dg

from naxs_assets.lineage.assets import LINEAGE
from naxs_assets.lineage.publishing import Lineage
from naxs_assets.market.assets import GROUP, OWNER
from naxs_assets.market.qlib_bundle_export import export_bundle
from naxs_assets.market.qlib_bundle_input import input_of_home

_MONTHLY, _WHOLE = ("prices", "index_prices"), ("calendar", "index_members")


def qlib_bundle_asset(folder: Path, backfill: dg.BackfillPolicy) -> dg.AssetsDefinition:
    """The bundle in ``folder``, brought up to date after the tables that it is made from."""

    @dg.asset(
        key=dg.AssetKey([GROUP, "qlib_bundle"]),
        deps=[
            *(
                dg.AssetDep(dg.AssetKey([GROUP, name]), partition_mapping=dg.AllPartitionMapping())
                for name in _MONTHLY
            ),
            *(dg.AssetKey([GROUP, name]) for name in _WHOLE),
        ],
        backfill_policy=backfill,
        description=(
            "Qlib 数据包：新的一天只追加，改写的历史只重写有关的股票\n\n"
            "A Qlib bundle: a new day is appended, a restated past is rewritten for its symbols"
        ),
        group_name=GROUP,
        kinds={"qlib"},
        owners=[OWNER],
        required_resource_keys={LINEAGE},
    )
    def qlib_bundle(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        lineage: Lineage = getattr(context.resources, LINEAGE)
        done = export_bundle(input_of_home(lineage), folder)
        return dg.MaterializeResult(
            metadata={"folder": dg.MetadataValue.path(done.folder), **done.facts()}
        )

    return qlib_bundle
