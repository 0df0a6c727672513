"""Prediction quality by year, by hand."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from naxs_assets.reports.prediction_quality import (
    daily_coverage,
    yearly_correlations,
    yearly_coverage,
    yearly_quantiles,
)
from naxs_assets.reports.tear_sheet_inputs import SCHEMAS

OLD, NEW, LATER = date(2023, 12, 28), date(2023, 12, 29), date(2024, 1, 2)


def frame(name: str, *rows: tuple[object, ...]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMAS[name], orient="row")


def test_correlations_by_year_and_over_all() -> None:
    """ICIR is mean over sample deviation, not annualised: of 0.1 and 0.3, 0.2 / 0.1414."""
    rows = frame(
        "information_coefficient",
        (OLD, 0.2, 0.1, 9),
        (NEW, 0.4, 0.3, 9),
        (LATER, -0.3, -0.1, 9),
        (date(2024, 1, 3), None, None, 1),
    )
    found = {row["year"]: row for row in yearly_correlations(rows).to_dicts()}
    assert list(found) == ["2023", "2024", "all"]
    assert found["2023"] == {
        "year": "2023",
        "rank_ic": pytest.approx(0.2),
        "ic": pytest.approx(0.3),
        "rank_ic_icir": pytest.approx(2**0.5),
        "ic_icir": pytest.approx(0.3 / 0.02**0.5),
        "positive_days": 1.0,
        "days": 2,
    }
    # A single day has no spread.
    assert (found["2024"]["rank_ic"], found["2024"]["rank_ic_icir"]) == (-0.1, None)
    assert found["all"]["days"] == 3
    assert found["all"]["rank_ic"] == pytest.approx(0.1)
    assert found["all"]["rank_ic_icir"] == pytest.approx(0.1 / 0.2)
    assert found["all"]["positive_days"] == pytest.approx(2 / 3)


def test_quantiles_by_year_and_over_all() -> None:
    rows = frame(
        "quantiles",
        (OLD, 1, -0.01),
        (OLD, 2, 0.01),
        (NEW, 1, 0.02),
        (NEW, 2, 0.01),
        # No lowest quantile on this day, so no spread.
        (LATER, 2, 0.05),
    )
    assert yearly_quantiles(rows, 2).to_dicts() == [
        {
            "year": "2023",
            "q1": pytest.approx(0.005),
            "q2": pytest.approx(0.01),
            "spread": pytest.approx(0.005),
            "positive_days": 0.5,
            "days": 2,
        },
        {
            "year": "2024",
            "q1": None,
            "q2": pytest.approx(0.05),
            "spread": None,
            "positive_days": None,
            "days": None,
        },
        {
            "year": "all",
            "q1": pytest.approx(0.005),
            "q2": pytest.approx(0.07 / 3),
            "spread": pytest.approx(0.005),
            "positive_days": 0.5,
            "days": 2,
        },
    ]


def test_coverage_leaves_months_before_the_first_model_out() -> None:
    rows = frame("members", ("2023-11", 600, 0), ("2023-12", 600, 570), ("2024-01", 400, 400))
    assert yearly_coverage(rows).rows() == [
        ("2023", 1, 600, 570, 0.95),
        ("2024", 1, 400, 400, 1.0),
        ("all", 2, 1000, 970, 0.97),
    ]


def test_members_a_day_are_the_months_members_over_its_days() -> None:
    coverage = frame("coverage", (OLD, 299), (NEW, 300), (LATER, 280))
    found = daily_coverage(coverage, frame("members", ("2023-12", 601, 599)))
    assert found.rows() == [(OLD, 299, 300.5), (NEW, 300, 300.5), (LATER, 280, None)]


def test_nothing_in_nothing_out() -> None:
    assert yearly_correlations(frame("information_coefficient")).is_empty()
    assert yearly_quantiles(frame("quantiles"), 5).is_empty()
    assert yearly_coverage(frame("members")).is_empty()
    assert daily_coverage(frame("coverage"), frame("members")).is_empty()
