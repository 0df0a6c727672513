"""By what a feature set is judged when nobody says it."""

from __future__ import annotations

from pathlib import Path

from naxs_assets.catalog.loading import load_catalogue
from naxs_assets.factors.report_standard import standard_of
from naxs_tests.graph.small import FEATURES, TINY, write_entry

WEEK = {"name": "week", "description": "a week", "expression": "Ref($close,-6)/Ref($close,-1)-1"}


def standard(home: Path, **entry: str) -> tuple[str, str]:
    write_entry(home, "features", FEATURES | entry)
    catalogue = load_catalogue(home)
    universe, label = standard_of(catalogue.feature_sets["few"], catalogue)
    return universe.name, label.name


def test_the_first_strategy_that_uses_it_says_among_whom_and_against_what(tmp_path: Path) -> None:
    write_entry(tmp_path, "labels", WEEK)
    write_entry(tmp_path, "strategies", TINY | {"name": "b", "label": "next_day"})
    write_entry(tmp_path, "strategies", TINY | {"name": "a", "label": "week", "universe": "all"})
    assert standard(tmp_path) == ("all", "week")


def test_a_set_of_no_strategy_says_it_itself(tmp_path: Path) -> None:
    assert standard(tmp_path, universe="all") == ("all", "next_day")


def test_a_set_that_says_nothing_is_judged_among_the_csi_300(tmp_path: Path) -> None:
    assert standard(tmp_path) == ("csi300", "next_day")
