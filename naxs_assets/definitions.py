"""Every asset, check, job, schedule and resource of the platform, on one screen."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import dagster as dg

from naxs_assets.automation.alerts import alert_sensor
from naxs_assets.automation.jobs import strategy_job
from naxs_assets.automation.pipeline import (
    PIPELINE,
    PULL,
    data_pipeline_job,
    data_pipeline_schedules,
    on_time_checks,
    pull_asset,
)
from naxs_assets.automation.qlib_bundle import qlib_bundle_asset
from naxs_assets.automation.quality_report import failed_run_sensor, quality_report_asset
from naxs_assets.automation.restatements import restatement_sensor
from naxs_assets.automation.schedules import nightly_schedule
from naxs_assets.automation.warehouse import warehouse_asset
from naxs_assets.backtest.assets import backtest_asset
from naxs_assets.catalog.loading import Catalogue, load_catalogue
from naxs_assets.factors.assets import feature_asset, label_asset
from naxs_assets.factors.checks import leak_checks, leak_keys
from naxs_assets.factors.labels import compile_label
from naxs_assets.factors.named import named_features
from naxs_assets.factors.report_asset import factor_report_asset
from naxs_assets.factors.report_standard import standard_of
from naxs_assets.factors.user_operators import languages_with
from naxs_assets.learning.assets import learning_assets
from naxs_assets.lineage.assets import (
    LINEAGE,
    LINEAGE_IO,
    LineageAsset,
    described,
    recipes,
    to_dagster,
)
from naxs_assets.lineage.home import fix_market, open_lineage
from naxs_assets.lineage.io_manager import LineageIOManager, RefusingIOManager
from naxs_assets.lineage.publishing import Lineage, Watcher, unwatched
from naxs_assets.lineage.warehouse_tables import Described
from naxs_assets.market.assets import market_assets
from naxs_assets.market.checks import PRICE_CHECKS, price_checks
from naxs_assets.market.pulling.opening import LiveHome
from naxs_assets.market.pulling.telling import pulled_tables
from naxs_assets.market.quality.registry import RULES
from naxs_assets.market.sources.base import Source
from naxs_assets.market.sources.opening import open_source
from naxs_assets.market.waivers import load_waivers
from naxs_assets.pages.frame import MarketLabel
from naxs_assets.partitions import month_of, months_definition
from naxs_assets.reports.assets import report_asset
from naxs_assets.reports.quality_facts import QualityReport
from naxs_assets.reports.quality_gather import Gathered
from naxs_assets.reports.quality_opening import quality_report
from naxs_assets.settings import Settings, load_settings


@dataclass(frozen=True)
class Platform:
    """One home, opened: its lineage, source and catalogue, and every asset in graph order."""

    settings: Settings
    lineage: Lineage
    source: Source
    catalogue: Catalogue
    assets: tuple[LineageAsset, ...]

    @property
    def months(self) -> tuple[str, str]:
        """The first and the last month that the source has, up to today."""
        first, last = self.source.coverage()
        return month_of(first), month_of(min(last, self.settings.today()))

    @property
    def market_label(self) -> MarketLabel:
        """What the pages say of the market that their numbers come from."""
        return _market_label(self.source)

    @property
    def described(self) -> dict[str, Described]:
        """The contract and the description of every table asset, by name."""
        return described(self.assets)


def open_platform(settings: Settings) -> Platform:
    """Open a home. Raises ConfigurationError if it holds another market than the settings name."""
    source = open_source(settings)
    catalogue = load_catalogue(settings.home)
    lineage = open_lineage(settings)
    fix_market(lineage, source.identity(), settings.home)
    assets = tuple(_assets(settings, source, catalogue))
    return Platform(settings, lineage, source, catalogue, assets)


def described_tables(home: Path) -> dict[str, Described]:
    """The contract and the description of every table of the built-in catalogue and of the one in
    ``home``, which need not exist; nothing is opened or made."""
    settings = Settings(home=home)
    return described(_assets(settings, open_source(settings), load_catalogue(home)))


def _assets(settings: Settings, source: Source, catalogue: Catalogue) -> list[LineageAsset]:
    assets = market_assets(settings, source)
    first = month_of(source.coverage()[0])
    languages = languages_with(catalogue.operators)
    for feature_set in catalogue.feature_sets.values():
        looked_at = catalogue.universes[feature_set.universe] if feature_set.universe else None
        named = named_features(feature_set, catalogue.lexicons, catalogue.scorers)
        assets.append(feature_asset(feature_set, looked_at, first, languages, named))
    assets += [label_asset(label, first, languages) for label in catalogue.labels.values()]
    market = _market_label(source)
    for feature_set in catalogue.feature_sets.values():
        looked_at, label = standard_of(feature_set, catalogue)
        language = languages[label.mode]
        assets.append(factor_report_asset(feature_set, looked_at, label, language, market))
    for strategy in catalogue.strategies.values():
        universe = catalogue.universes[strategy.universe]
        features = catalogue.feature_sets[strategy.features].names
        label = catalogue.labels[strategy.label]
        reach = compile_label(label.expression, languages[label.mode]).reach
        assets += learning_assets(settings, strategy, universe, features, reach, first)
        assets += [backtest_asset(strategy, first), report_asset(strategy, market)]
    return assets


def _market_label(source: Source) -> MarketLabel:
    first, last = source.coverage()
    return MarketLabel(
        name=str(source.identity().get("mapping", source.name)),
        synthetic=source.name == "synthetic",
        source=source.name,
        coverage=f"{first} – {last}",
        gaps=source.gaps.notes,
    )


def build_defs(
    settings: Settings, platform: Platform | None = None, watcher: Watcher = unwatched
) -> dg.Definitions:
    """The code location of one home; ``watcher`` is told of each result as it is published."""
    # Backfill policies and missing upstream partitions are marked beta; tests cover what we use.
    warnings.filterwarnings("ignore", category=dg.BetaWarning)
    platform = platform or open_platform(settings)
    live = LiveHome.of(settings) if settings.market.source == "live" else None
    months = months_definition(*platform.months, grows=live is not None and settings.now is None)
    one_run = dg.BackfillPolicy.single_run()
    strategies = platform.catalogue.strategies.values()

    def months_now() -> tuple[str, str]:
        return platform.months

    return dg.Definitions(
        assets=[
            *([pull_asset(live)] if live else []),
            *(
                to_dagster(asset, months, one_run, _pulled_before(asset) if live else ())
                for asset in platform.assets
            ),
            quality_report_asset(lambda: _judged(platform), one_run),
            *(
                [qlib_bundle_asset(settings.home / settings.qlib_bundle, one_run)]
                if settings.qlib_bundle
                else []
            ),
            *(
                warehouse_asset(stage, platform.assets, settings.home, one_run)
                for stage in ("market", *platform.catalogue.strategies)
            ),
        ],
        asset_checks=[
            price_checks(
                platform.lineage,
                partial(load_waivers, settings.home, list(RULES)),
                partial(pulled_tables, live) if live else None,
            ),
            *_leak_checks(platform),
            *(on_time_checks(live, platform.lineage) if live else []),
        ],
        jobs=[
            data_pipeline_job(),
            *(strategy_job(strategy, (PULL,) if live else ()) for strategy in strategies),
        ],
        schedules=[
            *data_pipeline_schedules(platform.source, months_now),
            *(nightly_schedule(strategy, months_now) for strategy in strategies),
        ],
        sensors=[
            restatement_sensor(lambda: open_platform(settings)),
            alert_sensor(platform.lineage, live, [*PRICE_CHECKS, *_leak_keys(platform)]),
            failed_run_sensor(lambda: _judged(platform), PIPELINE),
        ],
        resources={
            LINEAGE: platform.lineage,
            LINEAGE_IO: LineageIOManager(platform.lineage, watcher),
            "io_manager": RefusingIOManager(),
        },
        executor=dg.in_process_executor,
    )


def _leak_checks(platform: Platform) -> Iterator[dg.AssetChecksDefinition]:
    catalogue, recipe_of = platform.catalogue, recipes(platform.assets)
    languages = languages_with(catalogue.operators)
    for feature_set in catalogue.feature_sets.values():
        yield leak_checks(
            platform.lineage,
            recipe_of[f"features/{feature_set.name}"],
            feature_set,
            catalogue.universes[feature_set.universe] if feature_set.universe else None,
            languages,
            named_features(feature_set, catalogue.lexicons, catalogue.scorers),
        )


def _leak_keys(platform: Platform) -> list[dg.AssetCheckKey]:
    return [key for name in platform.catalogue.feature_sets for key in leak_keys(name)]


def quality_report_of(platform: Platform, day: date | None = None) -> tuple[Gathered, Path]:
    """Judge a home and write its quality report; returns what was gathered, and the page."""
    return quality_report(
        platform.settings,
        platform.lineage,
        recipes(platform.assets),
        platform.source,
        _market_label(platform.source),
        day,
    )


def _judged(platform: Platform) -> tuple[QualityReport, Path]:
    gathered, page = quality_report_of(platform)
    return gathered.report, page


def _pulled_before(asset: LineageAsset) -> tuple[dg.AssetKey, ...]:
    """What is read from the source alone comes after the pull; the rest follows from it."""
    return () if asset.recipe.upstream else (PULL,)


@dg.definitions
def defs() -> dg.Definitions:
    """The code location of the home that the environment names."""
    return build_defs(load_settings())
