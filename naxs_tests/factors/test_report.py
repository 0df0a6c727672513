"""The factor report against scipy, day by day, and its definitions on a few rows by hand."""

from __future__ import annotations

import math
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from scipy import stats
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform

from naxs_assets.errors import DataError
from naxs_assets.factors.report import GROUPS, Judged, factor_report, judge
from naxs_assets.factors.report_sections import Sections, industries, sections
from naxs_assets.factors.report_statistics import clusters, newey_west_lags, newey_west_t, summary

DAY = 8_000
DATE = date(2021, 1, 4)


def keys_of(day: list[int], symbol: list[str]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "date": [DATE + timedelta(each) for each in day],
            "symbol": symbol,
            "day": pl.Series([DAY + each for each in day], dtype=pl.Int32),
        }
    )


class Sample:
    """A universe that changes, labels and a factor with ties, gaps and a day without variation."""

    def __init__(self, days: int = 40, names: int = 12, seed: int = 3) -> None:
        random = np.random.default_rng(seed)
        self.days, self.names = days, names
        self.there = random.random((days, names)) < 0.8
        self.labels = np.round(random.normal(size=(days, names)), 1).astype(np.float32)
        self.labels[random.random((days, names)) < 0.1] = np.nan
        self.factor = np.round(random.normal(size=(days, names)), 1).astype(np.float32)
        self.factor[random.random((days, names)) < 0.1] = np.nan
        self.factor[7] = 1.5
        day, name = np.nonzero(self.there)
        self.cut: Sections = sections(
            keys_of(day.tolist(), [f"{each:06}.SZ" for each in name]), self.label_table()
        )
        self.column = self.factor[self.there]

    def label_table(self) -> pl.DataFrame:
        day, name = (grid.ravel() for grid in np.mgrid[0 : self.days, 0 : self.names])
        keys = keys_of(day.tolist(), [f"{each:06}.SZ" for each in name])
        values = pl.Series("label", self.labels.ravel()).fill_nan(None)
        return keys.with_columns(values)

    def judged(self) -> Judged:
        return judge("F", self.column, self.cut)


@pytest.mark.parametrize("lag", [0, 1, 5, 20])
def test_correlations_are_those_of_scipy(lag: int) -> None:
    sample = Sample()
    found = sample.judged()
    for day in range(sample.days):
        expected = math.nan, math.nan
        if day + lag < sample.days:
            label = sample.labels[day + lag]
            both = sample.there[day] & np.isfinite(sample.factor[day]) & np.isfinite(label)
            x, y = sample.factor[day][both].astype(float), label[both].astype(float)
            if len(x) > 1 and np.ptp(x) > 0 and np.ptp(y) > 0:
                expected = stats.pearsonr(x, y)[0], stats.spearmanr(x, y)[0]
        got = found.ic[lag, day], found.rank_ic[lag, day]
        assert got == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_rank_autocorrelation_is_over_the_names_of_both_days() -> None:
    sample = Sample()
    found = sample.judged().autocorrelation
    assert math.isnan(found[0])
    for day in range(1, sample.days):
        both = sample.there[day] & sample.there[day - 1]
        both &= np.isfinite(sample.factor[day]) & np.isfinite(sample.factor[day - 1])
        x, y = sample.factor[day][both], sample.factor[day - 1][both]
        expected = stats.spearmanr(x, y)[0] if np.ptp(x) > 0 and np.ptp(y) > 0 else math.nan
        assert found[day] == pytest.approx(expected, abs=1e-12, nan_ok=True)


def ten(values: list[float], labels: list[float]) -> tuple[Sections, np.ndarray]:
    symbols = [f"{each:06}.SZ" for each in range(10)]
    keys = keys_of([0] * 10 + [1] * 10, symbols * 2)
    return sections(keys, keys.with_columns(label=pl.Series(labels))), np.array(values, np.float32)


def test_groups_are_fifths_formed_without_a_look_at_the_labels() -> None:
    labels = [0.01 * each for each in range(10)]
    labels[9] = math.nan
    cut, column = ten([*range(10), *range(10)], labels * 2)
    returns = judge("F", column, cut).returns
    assert returns.shape == (GROUPS, 2)
    assert returns[:, 0] == pytest.approx([0.005, 0.025, 0.045, 0.065, 0.08])


def test_turnover_is_the_share_of_the_top_group_that_is_new() -> None:
    cut, column = ten([*range(10), 9, 1, 2, 3, 4, 5, 6, 7, 8, 10], [0.0] * 20)
    assert judge("F", column, cut).turnover == pytest.approx([math.nan, 0.5], nan_ok=True)


def test_a_factor_within_an_industry_is_ranked_among_it_alone() -> None:
    values, labels = [1, 2, 3, 4, 5, 60, 50, 40, 30, 20], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    cut, column = ten([*values, *values], [float(each) for each in [*labels, *labels]])
    names = pl.Series(["bank"] * 5 + ["steel"] * 5).append(pl.Series(["bank"] * 5 + ["steel"] * 5))
    found = factor_report([("F", column)], cut, industries(cut, names, look_ahead=True))
    assert found.industry.to_dict(as_series=False) == {
        "factor": ["F", "F"],
        "industry": ["bank", "steel"],
        "rank_ic": pytest.approx([1.0, -1.0]),
        "days": [2, 2],
    }
    assert found.look_ahead


def test_the_tables_have_a_row_for_each_factor() -> None:
    sample = Sample()
    nothing = np.full_like(sample.column, np.nan)
    columns = [("A", sample.column), ("B", -sample.column), ("NOTHING", nothing)]
    found = factor_report(columns, sample.cut)
    assert found.factors["factor"].to_list() == ["A", "B", "NOTHING"]
    a, b, none = found.factors.to_dicts()
    assert a["rank_ic"] == pytest.approx(-b["rank_ic"])
    assert a["cluster"] == b["cluster"] != none["cluster"]
    assert (none["rank_ic"], none["t"], none["coverage"], none["days"]) == (None, None, 0.0, 0)
    assert found.decay.filter(factor="A", lag=0)["rank_ic"].item() == a["rank_ic"]
    assert found.yearly.filter(factor="A")["rank_ic"].item() == pytest.approx(a["rank_ic"])
    assert found.daily.height == 3 * sample.days


def plain_newey_west(values: np.ndarray, lags: int) -> float:
    error, days = values - values.mean(), len(values)

    def covariance(lag: int) -> float:
        return sum(error[t] * error[t - lag] for t in range(lag, days)) / days

    long_run = covariance(0)
    for lag in range(1, lags + 1):
        long_run += 2 * (1 - lag / (lags + 1)) * covariance(lag)
    return float(values.mean() / math.sqrt(long_run / days))


def test_the_t_value_is_that_of_newey_and_west() -> None:
    values = np.random.default_rng(1).normal(0.02, 0.1, 300)
    values[1:] += 0.5 * values[:-1]
    with_gaps = np.insert(values, [3, 50], np.nan)
    assert newey_west_t(with_gaps) == pytest.approx(plain_newey_west(values, newey_west_lags(300)))
    assert newey_west_t(values, 12) == pytest.approx(plain_newey_west(values, 12))


def test_the_lags_follow_the_rule_of_1994() -> None:
    assert [newey_west_lags(days) for days in (100, 250, 1_000, 3_400)] == [4, 4, 6, 8]
    assert newey_west_lags(100, overlap=9) == 9


def test_what_does_not_vary_has_no_t_value() -> None:
    assert math.isnan(newey_west_t(np.full(50, 0.1)))
    assert math.isnan(summary(np.array([np.nan])).mean)


@pytest.mark.parametrize("days", [1, 3, 50])
def test_what_does_not_vary_has_no_ratio(days: int) -> None:
    # The mean of such figures is off by a rounding, and so is their deviation.
    found = summary(np.full(days, 0.1))
    assert found.mean == pytest.approx(0.1)
    assert math.isnan(found.ratio)


def test_clusters_are_those_of_average_linkage() -> None:
    random = np.random.default_rng(5)
    base = random.normal(size=(4, 200))
    factors = base[random.integers(0, 4, 25)] + random.normal(0, 0.9, (25, 200))
    correlation = np.corrcoef(factors)
    distance = 1 - np.abs(correlation)
    np.fill_diagonal(distance, 0)
    tree = hierarchy.linkage(squareform(distance, checks=False), "average")
    expected = hierarchy.fcluster(tree, 1 - 0.5, "distance")
    found = np.array(clusters(correlation, 0.5))
    assert len(set(found)) > 1
    assert np.array_equal(found[:, None] == found, expected[:, None] == expected)


def test_rows_out_of_order_and_no_rows_are_refused() -> None:
    keys = keys_of([1, 0], ["000001.SZ", "000001.SZ"])
    labels = keys.with_columns(label=pl.Series([0.0, 0.0]))
    with pytest.raises(DataError, match="one for each day and symbol"):
        sections(keys, labels)
    with pytest.raises(DataError, match="no symbol of the universe"):
        sections(keys.head(0), labels)
