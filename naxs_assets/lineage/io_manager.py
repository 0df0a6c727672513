"""Dagster's side of lineage: lazy readers in, month-by-month publishing out, never a pickle."""

from typing import Any

import dagster as dg
import polars as pl
from dagster import InputContext, OutputContext

from naxs_assets.errors import NaxsError
from naxs_assets.lineage.ledger import Claim
from naxs_assets.lineage.monthly import Made, Monthly
from naxs_assets.lineage.publishing import Lineage, Watcher, count_outcomes, unwatched
from naxs_assets.lineage.reader import Reader
from naxs_assets.lineage.records import UNPARTITIONED, Published, Version, place_name

_PREVIEW_ROWS = 5


class ClaimedMonthly:
    """What an asset's step returns: the results to drain, and the run's claim to write them."""

    def __init__(self, monthly: Monthly, partitions: list[str], claim: Claim) -> None:
        self.monthly = monthly
        self.partitions = partitions
        self.claim = claim


class LineageIOManager(dg.IOManager):
    """Keeps results in the lineage store and reads them back from it."""

    def __init__(self, lineage: Lineage, watcher: Watcher = unwatched) -> None:
        self._lineage = lineage
        self._watcher = watcher

    def load_input(self, context: InputContext) -> Reader:
        """A lazy reader of the upstream asset; nothing is read before the asset asks for it."""
        return self._lineage.reader(context.asset_key.to_user_string())

    def handle_output(self, context: OutputContext, obj: object) -> None:
        """Publish each partition as it arrives and attach its facts to the materialization."""
        if not isinstance(obj, ClaimedMonthly):
            raise NaxsError(
                f"{context.asset_key.to_user_string()} returned {type(obj).__name__}",
                remedy="declare the asset with naxs_assets.lineage.assets.to_dagster",
            )
        recipe = obj.monthly.recipe
        facts: dict[str, dict[str, Any]] = {}

        def show(published: Published, made: Made) -> None:
            self._watcher(published, made)
            facts[made.partition] = {"naxs/outcome": published.outcome.value, **_preview(made)}

        published = self._lineage.publish(obj.monthly, obj.partitions, obj.claim, show)
        up_to_date = len(obj.partitions) - len(published)
        context.log.info(f"{recipe.asset}: {count_outcomes(published)}, {up_to_date} up to date")
        current = self._lineage.ledger.currents_with_reads(recipe.asset, obj.partitions)
        for partition in obj.partitions:
            if partition not in current:
                raise NaxsError(
                    "the asset gave no result for a month it was asked for",
                    where=place_name(recipe.asset, partition),
                    remedy="its generator must yield every partition that it takes",
                )
            version, reads = current[partition]
            context.step_context.add_asset_metadata(
                {
                    "naxs/outcome": "up to date",
                    **_facts_of(version, len(reads)),
                    **facts.get(partition, {}),
                },
                context.asset_key,
                partition or None,
            )


class RefusingIOManager(dg.IOManager):
    """The default IO manager: it refuses, because Dagster's own would pickle."""

    def handle_output(self, context: OutputContext, obj: object) -> None:  # noqa: ARG002
        """Refuse to store anything outside the lineage store."""
        raise NaxsError(
            "results are kept in the lineage store only, and never pickled",
            where=context.get_identifier()[-1],
            remedy="declare the asset with naxs_assets.lineage.assets.to_dagster",
        )

    def load_input(self, context: InputContext) -> object:
        """Refuse to load a pickle."""
        raise NaxsError(
            "results are read through the lineage store only, and never unpickled",
            where=context.name,
            remedy="declare the asset with naxs_assets.lineage.assets.to_dagster",
        )


def partitions_of(context: dg.AssetExecutionContext) -> list[str]:
    """The months that a step was asked for; ``[""]`` for an unpartitioned asset."""
    if not context.assets_def.partitions_def:
        return [UNPARTITIONED]
    return list(context.partition_keys)


def _facts_of(version: Version, read_count: int) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "naxs/version": version.short,
        "naxs/version_id": version.id,
        "naxs/made_from": read_count,
        "naxs/made_at": version.made_at,
        "naxs/file": version.uri,
    }
    if version.rows is not None:
        facts["dagster/row_count"] = version.rows
    for name, value in version.metadata.items():
        is_picture = isinstance(value, str) and value.startswith("![")
        facts[name] = dg.MetadataValue.md(value) if is_picture else value
    return facts


def _preview(made: Made) -> dict[str, Any]:
    if not isinstance(made.value, pl.DataFrame):
        return {}
    with pl.Config(tbl_formatting="MARKDOWN", tbl_hide_column_data_types=True, tbl_cols=12):
        return {"preview": dg.MetadataValue.md(str(made.value.head(_PREVIEW_ROWS)))}
