"""What a feature set is judged by: among whom its factors order the symbols, and against what."""

from __future__ import annotations

from naxs_assets.catalog.loading import Catalogue
from naxs_assets.catalog.models import FeatureSet, Label, Universe

UNIVERSE, LABEL = "csi300", "next_day"
"""Names of the built-in catalogue, for a set of which nothing else says by what it is judged."""


def standard_of(feature_set: FeatureSet, catalogue: Catalogue) -> tuple[Universe, Label]:
    """The universe and the label of the first strategy, by name, that learns from the set.

    A set that no strategy uses is judged among the universe that it names itself, else
    ``UNIVERSE``, against ``LABEL``.
    """
    universe, label = feature_set.universe or UNIVERSE, LABEL
    users = (each for each in catalogue.strategies.values() if each.features == feature_set.name)
    first = min(users, key=lambda strategy: strategy.name, default=None)
    if first is not None:
        universe, label = first.universe, first.label
    return catalogue.universes[universe], catalogue.labels[label]
