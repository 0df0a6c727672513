"""Loading results into a notebook."""

from __future__ import annotations

from pathlib import Path

import pytest

import naxs_assets
from naxs_assets.errors import DataError
from naxs_tests.lineage.support import numbers, put, small_home


@pytest.fixture
def home(tmp_path: Path) -> Path:
    months = ("2020-01", "2020-02", "2020-03")
    put(small_home(tmp_path), "bars", {month: numbers(month, 1) for month in months})
    return tmp_path


def test_months_are_joined_in_order_as_pandas(home: Path) -> None:
    frame = naxs_assets.load("bars", home=home)
    assert list(frame["date"].dt.strftime("%Y-%m").unique()) == ["2020-01", "2020-02", "2020-03"]
    assert frame["date"].is_monotonic_increasing


def test_a_range_takes_both_ends(home: Path) -> None:
    months = naxs_assets.load("bars", "2020-02", "2020-03", home=home)["date"].dt.month
    assert set(months) == {2, 3}


def test_what_was_not_made_is_named(home: Path) -> None:
    with pytest.raises(DataError, match="nothing has been made") as error:
        naxs_assets.load("bars", "2021-01", home=home)
    assert "2021-01" in error.value.where
