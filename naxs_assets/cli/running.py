"""Running a plan: one Dagster run per batch, in this process, with its events in the instance."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from naxs_assets.cli.imports import import_lightgbm_alone
from naxs_assets.errors import NaxsError
from naxs_assets.lineage.monthly import Made
from naxs_assets.lineage.planning import Batch, Plan
from naxs_assets.lineage.records import Published
from naxs_assets.settings import Settings

if TYPE_CHECKING:
    from dagster import DagsterInstance

    from naxs_assets.definitions import Platform

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class RunInterruptedError(NaxsError):
    """A run was asked to stop."""


class RunBlockedError(NaxsError):
    """A check fails so that nothing is made of the prices, or of a feature set."""


def run_plans(platform: Platform, plans: Iterable[Plan], console: Console) -> list[Published]:
    """Run the batches of each plan; returns what was published, in order.

    A plan is asked for when the one before it is done.

    Raises whatever stopped a run, :class:`RunBlockedError` naming the rules where checks did, and
    :class:`RunInterruptedError` when it was asked to stop.
    """
    import dagster as dg
    from dagster._core.errors import (
        DagsterAssetCheckFailedError,
        DagsterExecutionInterruptedError,
    )

    from naxs_assets.definitions import build_defs
    from naxs_assets.operations.orphans import end_orphans, process_tag

    published: list[Published] = []
    with _instance(platform.settings) as instance, _Progress(console) as progress:
        end_orphans(instance)
        platform.lineage.store.remove_abandoned()

        def on_published(result: Published, _made: Made) -> None:
            published.append(result)
            progress.advance(result)

        @cache
        def job() -> dg.JobDefinition:  # built when there is something to run
            import_lightgbm_alone()
            definitions = build_defs(platform.settings, platform, on_published)
            return definitions.resolve_implicit_global_asset_job_def()

        for batch in _batches(plans, progress):
            leaking = _leaking(platform, instance, _read_and_not_made(platform, batch))
            if leaking:
                raise leaking
            try:
                job().execute_in_process(
                    instance=instance,
                    asset_selection=[dg.AssetKey(name.split("/")) for name in batch.assets],
                    tags={**_range_tags(batch), **process_tag()},
                    run_config=_QUIET,
                )
            except DagsterAssetCheckFailedError as error:
                raise _blocked(platform, instance, batch) from error
            except DagsterExecutionInterruptedError as error:
                raise RunInterruptedError(
                    "the run was interrupted",
                    remedy="what it had finished is kept; run again to go on from there",
                ) from error
    return published


def _read_and_not_made(platform: Platform, batch: Batch) -> set[str]:
    """The assets that a batch reads as they lie there."""
    recipes = [one.recipe for one in platform.assets if one.recipe.asset in batch.assets]
    read = {upstream.asset for recipe in recipes for upstream in recipe.upstream.values()}
    return read - set(batch.assets)


def _leaking(
    platform: Platform, instance: DagsterInstance, assets: Collection[str]
) -> RunBlockedError | None:
    """What stops a run that needs ``assets`` if feature sets among them leak."""
    from naxs_assets.automation.alerts import failing_checks
    from naxs_assets.factors.checks import leak_keys

    names = [name for name in platform.catalogue.feature_sets if f"features/{name}" in assets]
    failing = failing_checks(instance, [key for name in names for key in leak_keys(name)])
    if not failing:
        return None
    return RunBlockedError(
        "nothing is made of features that leak: "
        + "; ".join(f"{one.asset} {one.partition}: {one.why}" for one in failing),
        where=f"asset checks of {', '.join(dict.fromkeys(one.asset for one in failing))}",
        remedy="mend or remove the feature in the catalogue and run again (docs/leak-checks.md)",
    )


def _blocked(platform: Platform, instance: DagsterInstance, batch: Batch) -> RunBlockedError:
    leaking = _leaking(platform, instance, batch.assets)
    if leaking:
        return leaking
    from naxs_assets.automation.alerts import failing_checks
    from naxs_assets.market.checks import PRICE_CHECKS

    rules = {key.name: rule.id for key, rule in PRICE_CHECKS.items()}
    failing = failing_checks(instance, list(PRICE_CHECKS))
    return RunBlockedError(
        "nothing is made of market/prices, which breaks "
        + "; ".join(f"rule {rules[one.partition]}: {one.why}" for one in failing),
        where=f"asset checks of market/prices: {', '.join(one.partition for one in failing)}",
        remedy="naxs dq report tells the rows; mend the source (a live home asks for everything "
        "again by naxs pull --refetch) and run again, or accept the rows until a day in "
        "waivers.yaml of the home",
    )


def _batches(plans: Iterable[Plan], progress: _Progress) -> Iterator[Batch]:
    for plan in plans:
        progress.expect(plan.to_make)
        yield from plan.batches


def _range_tags(batch: Batch) -> dict[str, str]:
    return {
        "dagster/asset_partition_range_start": batch.first,
        "dagster/asset_partition_range_end": batch.last,
    }


@contextmanager
def _instance(settings: Settings) -> Iterator[DagsterInstance]:
    import dagster as dg

    point_dagster_at(settings.home)
    with dg.DagsterInstance.get() as instance:
        yield instance


def point_dagster_at(home: Path) -> None:
    """Let Dagster keep its state in the home, with the instance settings of this project."""
    project = Path(__file__).resolve().parents[2]
    os.environ["NAXS_HOME"] = str(home)
    if "DAGSTER_HOME" not in os.environ:
        os.environ["DAGSTER_HOME"] = str(project)


class _Progress:
    """A bar over everything that is to be made, on a terminal; silent elsewhere."""

    def __init__(self, console: Console) -> None:
        self._bar = Progress(
            TextColumn("{task.description:<28}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("starting", total=0)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._bar.stop()

    def expect(self, results: int) -> None:
        """So many results are to come from here on."""
        self._bar.update(self._task, total=self._bar.tasks[0].completed + results)

    def advance(self, result: Published) -> None:
        """One result is there."""
        self._bar.update(self._task, advance=1, description=result.version.place)
