"""Refusals that still want mending."""

from __future__ import annotations

from collections.abc import Mapping

from naxs_assets.lineage.freshness import stale_partitions
from naxs_assets.lineage.reader import Library
from naxs_assets.lineage.recipe import Recipe
from naxs_assets.lineage.records import Refusal


def open_refusals(library: Library, recipes: Mapping[str, Recipe]) -> list[Refusal]:
    """The refusals of the recipes' assets that still want mending, by asset and partition.

    A refusal is over when the place has been made since, or when nothing would be made anew there
    now: the source is again what the current version was made from.
    """
    return [
        refusal
        for refusal in library.ledger.refusals()
        if refusal.asset in recipes
        and stale_partitions(library, recipes[refusal.asset], [refusal.partition])
    ]
