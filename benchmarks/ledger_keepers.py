"""The small graph as Dagster assets, once for each way of keeping its results.

Without postponed annotations, for Dagster looks at those of an asset's function.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
from dagster import InputContext, OutputContext
from dagster._core.storage.fs_io_manager import PickledObjectFilesystemIOManager

from benchmarks.ledger_graph import GRAPH, Step
from naxs_assets.lineage.assets import LINEAGE, LINEAGE_IO, LineageAsset, to_dagster
from naxs_assets.lineage.home import open_lineage
from naxs_assets.lineage.io_manager import LineageIOManager
from naxs_assets.lineage.monthly import Made
from naxs_assets.lineage.reader import Reader
from naxs_assets.lineage.recipe import Months, Recipe
from naxs_assets.partitions import add_months, month_window, months_between
from naxs_assets.settings import Settings

Partitions = dg.PartitionsDefinition[str]
Kept = tuple[list[dg.AssetsDefinition], dict[str, Any]]
OfMonths = dict[str, pl.DataFrame]

_SINGLE_RUN = dg.BackfillPolicy.single_run()
# The code hash covers modules of the package only; any small one will do here.
_CODE = ("naxs_assets.partitions",)


def kept_by_naxs(folder: Path, months: Partitions) -> Kept:
    """Contract, content hash, store and ledger: the platform's own assets and IO manager."""
    import pandera.polars  # noqa: F401 - else the first contract would import it

    lineage = open_lineage(Settings(home=folder / "home"))
    assets = [
        to_dagster(_lineage_asset(name, step), months, _SINGLE_RUN) for name, step in GRAPH.items()
    ]
    return assets, {LINEAGE: lineage, LINEAGE_IO: LineageIOManager(lineage)}


def _lineage_asset(name: str, step: Step) -> LineageAsset:
    def make(pending: Iterator[str], **readers: Reader) -> Iterator[Made]:
        for month in pending:
            if step.reads is None:
                yield Made(month, step.make(month))
                continue
            upstream = readers[step.reads]
            window = months_between(add_months(month, -step.back), month)
            handles = tuple(upstream[each] for each in window)
            tables = [handle.frame() for handle in handles if handle]
            yield Made(month, step.make(month, tables), made_from=handles)

    recipe = Recipe(
        asset=f"small/{name}",
        code=_CODE,
        contract=step.contract,
        upstream={step.reads: Months(f"small/{step.reads}", back=step.back)} if step.reads else {},
    )
    return LineageAsset(
        recipe=recipe,
        generator=make,
        description=f"The {name}",
        group="small",
        kinds=frozenset({"polars"}),
        owner="team:research",
    )


class PickledMonths(PickledObjectFilesystemIOManager):
    """Dagster's filesystem IO manager, with the loop that it lacks for a range in one run."""

    def handle_output(self, context: OutputContext, obj: OfMonths) -> None:
        """Pickle each month to the path that the base class gives it, and reads it from."""
        for month, path in self._get_paths_for_partitions(context).items():
            self.make_directory(path.parent)
            self.dump_to_path(context, obj[month], path)


class MonthsInMemory(dg.IOManager):
    """Keeps nothing: what the run costs without any keeping."""

    def __init__(self) -> None:
        self._held: dict[dg.AssetKey, OfMonths] = {}

    def handle_output(self, context: OutputContext, obj: OfMonths) -> None:
        """Hold the months for the next asset of this run."""
        self._held[context.asset_key] = obj

    def load_input(self, context: InputContext) -> OfMonths:
        """The months of the window that were made."""
        held = self._held[context.asset_key]
        return {month: held[month] for month in context.asset_partition_keys if month in held}


def kept_by_pickle(folder: Path, months: Partitions) -> Kept:
    """Pickled files, as Dagster keeps results by default."""
    keeper = PickledMonths(base_dir=str(folder / "pickles"))  # type: ignore[no-untyped-call]
    return _plain_assets(months), {"io_manager": keeper}


def kept_by_nothing(_folder: Path, months: Partitions) -> Kept:
    """No files."""
    return _plain_assets(months), {"io_manager": MonthsInMemory()}


def _plain_assets(months: Partitions) -> list[dg.AssetsDefinition]:
    return [_plain_asset(name, step, months) for name, step in GRAPH.items()]


def _plain_asset(name: str, step: Step, months: Partitions) -> dg.AssetsDefinition:
    reads = step.reads
    mapping = month_window(step.back, 0)

    @dg.asset(
        key=["small", name],
        ins={reads: dg.AssetIn(key=["small", reads], partition_mapping=mapping)} if reads else {},
        partitions_def=months,
        backfill_policy=_SINGLE_RUN,
        description=f"The {name}",
        group_name="small",
        kinds={"polars"},
        owners=["team:research"],
    )
    def step_of(context: dg.AssetExecutionContext, **upstream: OfMonths) -> OfMonths:
        if reads is None:
            return {month: step.make(month) for month in context.partition_keys}
        held = upstream[reads]
        made = {}
        for month in context.partition_keys:
            window = months_between(add_months(month, -step.back), month)
            made[month] = step.make(month, [held[each] for each in window if each in held])
        return made

    return step_of


KEEPERS: Mapping[str, Callable[[Path, Partitions], Kept]] = {
    "naxs": kept_by_naxs,
    "pickle": kept_by_pickle,
    "nothing": kept_by_nothing,
}
