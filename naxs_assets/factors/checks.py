"""Leak checks as asset checks: no feature knows more than its day, wherever history starts."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
import polars as pl

from naxs_assets.catalog.models import FeatureSet, Universe
from naxs_assets.errors import DataError
from naxs_assets.factors.beside import beside
from naxs_assets.factors.features import compile_features
from naxs_assets.factors.language import LANGUAGES, Language
from naxs_assets.factors.leaks import (
    Compared,
    Making,
    looking_ahead,
    sampled_days,
    start_shifted,
    truncated,
)
from naxs_assets.factors.named import NamedFeatures
from naxs_assets.lineage.publishing import Lineage
from naxs_assets.lineage.recipe import Recipe
from naxs_assets.lineage.records import ReadKind, Version

REACH, TRUNCATION, START = "static_reach", "truncation_invariance", "start_shift_invariance"
_DESCRIPTIONS = {
    REACH: "没有因子向前看\n\nno feature reads ahead of its row, by its own expression",
    TRUNCATION: "只用到当日为止的数据重算，逐位相等\n\n"
    "computed again from the data up to a day, every feature is bit for bit the stored one",
    START: "从别的起点重算，逐位相等\n\n"
    "computed again from the look-back alone, every feature is bit for bit the stored one",
}
_MONTHS_AT_MOST = 12


def leak_keys(feature_set: str) -> list[dg.AssetCheckKey]:
    """The checks of one feature set."""
    return [
        dg.AssetCheckKey(dg.AssetKey(["features", feature_set]), name) for name in _DESCRIPTIONS
    ]


def leak_checks(
    lineage: Lineage,
    recipe: Recipe,
    feature_set: FeatureSet,
    universe: Universe | None,
    languages: Mapping[str, Language] = LANGUAGES,
    named: NamedFeatures = NamedFeatures(),  # noqa: B008 - it is frozen
) -> dg.AssetChecksDefinition:
    """The three checks of a feature set, each of which blocks what is downstream.

    They judge the months that the run has made, at most twelve of them evenly spread; in a run that
    made none, the newest month. ``recipe`` is that of the asset; the rest is what the asset itself
    is built of.
    """
    key = dg.AssetKey(["features", feature_set.name])

    @dg.multi_asset_check(
        specs=[
            dg.AssetCheckSpec(name, asset=key, description=text, blocking=True)
            for name, text in _DESCRIPTIONS.items()
        ],
        name=f"{feature_set.name}_leaks",
        can_subset=True,
    )
    def check(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        compiled = compile_features(feature_set.expressions, languages[feature_set.mode])
        aside = beside(feature_set, compiled, universe)
        chosen = {one.name for one in context.selected_asset_check_keys}
        found: dict[str, list[Compared]] = {TRUNCATION: [], START: []}
        judged = _judged(lineage, recipe, context.run.run_id) if chosen - {REACH} else []
        for version in judged:
            stored = lineage.library.frame(version)
            read = _read_by(lineage, version)
            members, industry = read.get("market/index_members"), read.get("market/industry")
            prices = aside.add(read["market/prices"], members, industry)
            making = Making(compiled, prices, named, read.get("market/news"))
            if TRUNCATION in chosen:
                found[TRUNCATION].append(truncated(making, stored, sampled_days(stored)))
            if START in chosen:
                found[START].append(start_shifted(making, stored))
        if REACH in chosen:
            ahead = [f"{name} looks ahead" for name in looking_ahead(compiled)]
            facts = {"features": len(compiled.names), "look-back": compiled.look_back}
            yield _result(key, REACH, ahead, facts)
        months = ", ".join(version.partition for version in judged)
        for name in [one for one in (TRUNCATION, START) if one in chosen]:
            yield _result(key, name, _leaks(found[name]), _facts(months, found[name]))

    return check


def _judged(lineage: Lineage, recipe: Recipe, run_id: str) -> list[Version]:
    """The months to judge: what another catalogue or code made says nothing of the present one."""
    present = [
        version
        for version in lineage.ledger.current_versions(recipe.asset)
        if (version.code_hash, version.config_hash) == (recipe.code_hash, recipe.config_hash)
    ]
    if not present:
        raise DataError(
            "no month was made by the present code and catalogue, so there is nothing to judge",
            where=recipe.asset,
            remedy="make the features with naxs run; their checks run with them",
        )
    made = [version for version in present if version.run_id == run_id] or present[-1:]
    step = -(-len(made) // _MONTHS_AT_MOST)
    return made[::-1][::step][::-1]


def _read_by(lineage: Lineage, version: Version) -> dict[str, pl.DataFrame]:
    """What a version was made from, by asset, as it was then."""
    tables = defaultdict(list)
    for read in lineage.ledger.reads(version.id):
        if read.kind is ReadKind.VERSION:
            tables[read.asset].append(lineage.library.frame_read(read))
    return {asset: pl.concat(parts) for asset, parts in tables.items()}


def _leaks(parts: Sequence[Compared]) -> list[str]:
    """The first leak of each feature."""
    first: dict[str, str] = {}
    for leak in (leak for part in parts for leak in part.leaks):
        first.setdefault(leak.feature, str(leak))
    return list(first.values())


def _facts(months: str, parts: Sequence[Compared]) -> dict[str, Any]:
    return {
        "months": months,
        "days tested": ", ".join(day.isoformat() for part in parts for day in part.days),
        "cells compared": sum(part.cells for part in parts),
    }


def _result(
    key: dg.AssetKey, name: str, leaks: Sequence[str], facts: dict[str, Any]
) -> dg.AssetCheckResult:
    more = f"; {len(leaks) - 1} more features leak" if len(leaks) > 1 else ""
    return dg.AssetCheckResult(
        check_name=name,
        asset_key=key,
        passed=not leaks,
        description=leaks[0] + more if leaks else "符合 met",
        metadata={**facts, "features that leak": len(leaks), "first leaks": "; ".join(leaks[:5])},
    )
