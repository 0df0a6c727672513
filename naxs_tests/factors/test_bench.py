"""A bench judges expressions exactly as the stored features and labels would be judged."""

from __future__ import annotations

import math
from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from naxs_assets.catalog.models import Universe
from naxs_assets.errors import DataError
from naxs_assets.factors.bench import FactorBench, sparks
from naxs_assets.factors.expression import ExpressionError
from naxs_assets.factors.features import compile_features, compute_features
from naxs_assets.factors.labels import compile_label, compute_label
from naxs_assets.factors.report import judge
from naxs_assets.factors.report_sections import sections
from naxs_tests.factors.sample import FIRST_DATE, sample_prices

EVERYONE = Universe(name="all", description="", kind="all")
LABEL = "Ref($close,-2)/Ref($close,-1)-1"
FIRST, LAST = FIRST_DATE + timedelta(20), FIRST_DATE + timedelta(100)
TEXT = "Mean($close,5)/$close"


@pytest.fixture(scope="module")
def prices() -> pl.DataFrame:
    return sample_prices(symbols=14)


@pytest.fixture(scope="module")
def bench(prices: pl.DataFrame) -> FactorBench:
    return FactorBench(prices, EVERYONE, compile_label(LABEL), FIRST, LAST)


def test_it_sees_the_values_that_the_assets_store(bench: FactorBench, prices: pl.DataFrame) -> None:
    features = compute_features(compile_features({"F": TEXT}), prices, FIRST, LAST)
    trusted = prices.filter(pl.col("quarantined_by").is_null()).select("date", "symbol")
    features = features.join(trusted, on=["date", "symbol"], maintain_order="left")
    labels = compute_label(compile_label(LABEL), prices, FIRST, prices["date"].max())
    cut = sections(features.select("date", "symbol", "day"), labels)
    expected = judge("F", features["F"].fill_null(math.nan).to_numpy(), cut)
    found = bench.eval(TEXT)
    assert found.rank_ic.mean == pytest.approx(np.nanmean(expected.rank_ic[0]))
    assert found.ic.mean == pytest.approx(np.nanmean(expected.ic[0]))
    assert found.decay[5] == pytest.approx(np.nanmean(expected.rank_ic[5]))
    assert found.coverage == expected.coverage


def test_a_set_is_judged_like_its_expressions_one_by_one(bench: FactorBench) -> None:
    texts = {"MA": TEXT, "RANK": "CSRank($volume)"}
    rows = bench.report(texts).factors.to_dicts()
    assert [row["rank_ic"] for row in rows] == [bench.eval(x).rank_ic.mean for x in texts.values()]


def test_the_order_of_the_rows_is_of_no_account(bench: FactorBench, prices: pl.DataFrame) -> None:
    for other in (prices.sample(fraction=1, shuffle=True, seed=1), prices.sort("symbol", "day")):
        found = FactorBench(other, EVERYONE, compile_label(LABEL), FIRST, LAST).eval(TEXT)
        assert found.daily.equals(bench.eval(TEXT).daily)


def test_members_count_while_they_are_members(prices: pl.DataFrame) -> None:
    symbols = prices["symbol"].unique().sort()[:10]
    members = pl.DataFrame({"symbol": symbols}).with_columns(
        index=pl.lit("000300.SH"),
        effective_from=pl.lit(FIRST + timedelta(10)),
        effective_to=pl.lit(None, pl.Date),
    )
    universe = Universe(name="csi300", description="", kind="index", index="000300.SH")
    bench = FactorBench(prices, universe, compile_label(LABEL), FIRST, LAST, members)
    assert bench.days[0] >= FIRST + timedelta(10)
    assert bench.names <= 10


def test_the_summary_reads_on_a_terminal(bench: FactorBench) -> None:
    said = str(bench.eval(TEXT))
    for word in ("RankIC", "ICIR", "Newey-West", "coverage", "cumulative"):
        assert word in said


def test_a_field_without_values_is_named(prices: pl.DataFrame) -> None:
    bench = FactorBench(prices.drop("amount"), EVERYONE, compile_label(LABEL), FIRST, LAST)
    assert "know nothing of $amount" in str(bench.eval("$amount/$close"))


def test_an_error_points_at_the_column(bench: FactorBench) -> None:
    with pytest.raises(ExpressionError, match="looks 1 trading days ahead") as error:
        bench.eval("$close/Ref($close,-1)")
    assert "column 8" in error.value.where


def test_days_without_rows_are_refused(prices: pl.DataFrame) -> None:
    late = LAST + timedelta(1_000)
    with pytest.raises(DataError, match="no symbol"):
        FactorBench(prices, EVERYONE, compile_label(LABEL), late, late)


def test_sparks_rise_with_the_values() -> None:
    assert sparks([0.0, 1.0, math.nan, 7.0]) == "▁▂ █"
    assert sparks([math.nan]) == ""
