"""The report asset of one feature set: how its stored factors order a label."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from naxs_assets.catalog.models import FeatureSet, Label, Universe
from naxs_assets.errors import DataError
from naxs_assets.factors.labels import compile_label
from naxs_assets.factors.language import Language
from naxs_assets.lineage.assets import LineageAsset
from naxs_assets.lineage.monthly import Made
from naxs_assets.lineage.reader import Reader
from naxs_assets.lineage.recipe import AllMonths, Recipe, Upstream, Whole
from naxs_assets.pages.frame import MarketLabel, appearance

OWNER = "team:research"


def factor_report_asset(
    feature_set: FeatureSet,
    universe: Universe,
    label: Label,
    language: Language,
    market: MarketLabel,
) -> LineageAsset:
    """The report on every month of a feature set made so far, one self-contained page.

    The features are judged among ``universe`` against ``label``, which is written in ``language``.
    """
    features_name, label_name = f"features/{feature_set.name}", f"labels/{label.name}"
    overlap = compile_label(label.expression, language).overlap

    def make(
        pending: Iterator[str],
        features: Reader,
        labels: Reader,
        prices: Reader,
        industry: Reader,
        members: Reader | None = None,
    ) -> Iterator[Made]:
        # These bring numba, which opening a home must not.
        from naxs_assets.factors.report_page import render_factor_report, subject_of
        from naxs_assets.factors.report_stored import StoredMonth, report_on_stored
        from naxs_assets.factors.report_summary import strongest_markdown

        for partition in pending:
            made = features.current()
            if not made:
                raise DataError(
                    f"no month of {features_name} has been made",
                    where=features_name,
                    remedy="make the features first, then their report",
                )
            bars = prices.of([handle.partition for handle in made])
            # Every month of the label: a factor is also judged by the days after the last month.
            outcomes = labels.current()
            listed = members.whole() if members is not None else None
            sectors = industry.whole()
            report, cut = report_on_stored(
                (
                    StoredMonth(of_features.frame(), of_prices.frame())
                    for of_features, of_prices in zip(made, bars, strict=True)
                ),
                feature_set.names,
                pl.concat(handle.frame().select("symbol", "day", "label") for handle in outcomes),
                universe,
                listed.frame() if listed is not None else None,
                sectors.frame() if sectors else None,
                overlap,
            )
            subject = subject_of(feature_set, universe, label, cut.dates, cut.mean_names, market)
            yield Made(
                partition,
                render_factor_report(report, subject),
                made_from=(*made, *outcomes, *bars, *([] if listed is None else [listed]), sectors),
                metadata={
                    "strongest": strongest_markdown(report),
                    "factors": len(feature_set.names),
                    "universe": subject.universe,
                    "label": subject.label,
                    "days": subject.days,
                },
            )

    upstream: dict[str, Upstream] = {
        "features": AllMonths(features_name),
        "labels": AllMonths(label_name),
        "prices": AllMonths("market/prices"),
        "industry": Whole("market/industry"),
    }
    if universe.kind == "index":
        upstream["members"] = Whole("market/index_members")
    recipe = Recipe(
        asset=f"{features_name}/report",
        code=(
            "naxs_assets.factors.report_stored",
            "naxs_assets.factors.report_page",
            "naxs_assets.factors.report_summary",
        ),
        monthly=False,
        suffix=".html",
        config={
            "set": feature_set.name,
            "description": feature_set.description,
            "features": feature_set.names,
            "universe": universe.model_dump(),
            "label": label.model_dump(),
            "overlap": overlap,
            "market": vars(market),
            "appearance": appearance(),
        },
        upstream=upstream,
    )
    return LineageAsset(
        recipe=recipe,
        generator=make,
        description=(
            "因子报告：RankIC、衰减、分组收益、换手、相关聚类\n\n"
            "Factor report: RankIC, decay, returns by fifths, turnover, clusters"
        ),
        group="features",
        kinds=frozenset({"html", "numba", "plotly"}),
        owner=OWNER,
    )
