"""Dagster's side of lineage: lazy readers in, month-by-month publishing out, never a pickle."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
import polars as pl
from dagster import InputContext, OutputContext

from naxs_assets.errors import NaxsError
from naxs_assets.lineage.ledger import Claim
from naxs_assets.lineage.monthly import Made, Monthly
from naxs_assets.lineage.publishing import Lineage, Watcher, count_outcomes, unwatched
from naxs_assets.lineage.reader import Reader
from naxs_assets.lineage.reads_summary import reads_summary
from naxs_assets.lineage.records import UNPARTITIONED, Published, Version, place_name

_PREVIEW_ROWS = 5
# How a fact begins that is a picture or a table.
_MARKDOWN = ("![", "| ")


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
        made: dict[str, dict[str, Any]] = {}

        def show(published: Published, result: Made) -> None:
            self._watcher(published, result)
            made[result.partition] = {
                "naxs/outcome": published.outcome.value,
                **_preview(result),
            }

        published = self._lineage.publish(obj.monthly, obj.partitions, obj.claim, show)
        outcomes = count_outcomes(published) | {"up to date": len(obj.partitions) - len(published)}
        said = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items())
        context.log.info(f"{recipe.asset}: {said}")
        ledger = self._lineage.ledger
        current = ledger.currents_with_reads(recipe.asset, obj.partitions)
        rows = ledger.current_rows(recipe.asset) if recipe.contract else None
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
                    **_row_counts(version, rows),
                    **_shown(version.metadata),
                    "naxs/outcome": "up to date",
                    **made.get(partition, {}),
                    "naxs/made_from": reads_summary(reads),
                    "naxs/made_at": version.made_at,
                    "naxs/version": version.short,
                    "naxs/version_id": str(version.id),
                    "naxs/file": self._file(version),
                },
                context.asset_key,
                partition or None,
            )

    def _file(self, version: Version) -> Any:
        """Where the file lies: a path that can be copied, or its name in a store that is remote."""
        path = self._lineage.store.local_path(version.uri)
        return version.uri if path is None else dg.MetadataValue.path(path)


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


def _row_counts(version: Version, rows_in_all: int | None) -> dict[str, int]:
    """Dagster's own names: rows of the whole table, and of this month of it."""
    counts = {"dagster/row_count": rows_in_all, "dagster/partition_row_count": version.rows}
    if not version.partition:
        del counts["dagster/partition_row_count"]
    return {name: count for name, count in counts.items() if count is not None}


def _shown(facts: Mapping[str, Any]) -> dict[str, Any]:
    """A maker's facts as the UI shows them: Markdown drawn, lists and mappings as tables."""
    found: dict[str, Any] = {}
    for name, value in facts.items():
        if isinstance(value, str) and value.startswith(_MARKDOWN):
            found[name] = dg.MetadataValue.md(value)
        elif isinstance(value, Mapping):
            rows = [{"name": key, "value": each} for key, each in _flat(value)]
            found[name] = metadata_table(rows)
        elif isinstance(value, list) and all(isinstance(row, Mapping) for row in value):
            found[name] = metadata_table(value)
        else:
            found[name] = value
    # Dagster shows metadata in the order given; a picture says most at a glance.
    return dict(sorted(found.items(), key=lambda item: item[0] != "plot"))


def metadata_table(rows: Sequence[Mapping[str, Any]]) -> Any:
    """The rows as a table in the UI, or the word ``none`` where there are none."""
    if not rows:
        return "none"
    return dg.MetadataValue.table(
        records=[
            dg.TableRecord({name: _cell(value) for name, value in row.items()}) for row in rows
        ],
        schema=dg.TableSchema(columns=[dg.TableColumn(name) for name in rows[0]]),
    )


def _cell(value: Any) -> str | int | float | bool | None:
    return value if value is None or isinstance(value, str | int | float) else str(value)


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def _preview(made: Made) -> dict[str, Any]:
    if not isinstance(made.value, pl.DataFrame):
        return {}
    with pl.Config(tbl_formatting="MARKDOWN", tbl_hide_column_data_types=True, tbl_cols=12):
        return {"preview": dg.MetadataValue.md(str(made.value.head(_PREVIEW_ROWS)))}
