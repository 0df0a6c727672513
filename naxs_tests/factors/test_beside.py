"""What stands beside the prices: universe and industries, as known on each day."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from naxs_assets.catalog.models import Feature, FeatureSet, Universe
from naxs_assets.errors import ConfigurationError
from naxs_assets.factors.assets import feature_asset
from naxs_assets.factors.beside import Beside, beside, with_industries, with_membership
from naxs_assets.factors.features import compile_features
from naxs_assets.lineage.recipe import Months, Whole

CSI = Universe(name="csi", description="an index", kind="index", index="000300.SH")
ALL = Universe(name="all", description="every stock", kind="all")
DAYS = [date(2024, 1, 2), date(2024, 1, 3), date(2024, 1, 4)]
PRICES = pl.DataFrame({"date": DAYS * 2, "symbol": ["B"] * 3 + ["A"] * 3, "close": range(6)})


def _set(*expressions: str) -> FeatureSet:
    features = {f"F{number}": Feature(expression=text) for number, text in enumerate(expressions)}
    return FeatureSet(name="mine", description="my own", universe="csi", features=features)


def _beside(text: str, universe: Universe | None) -> Beside:
    mine = _set(text)
    return beside(mine, compile_features(mine.expressions), universe)


def test_a_set_of_single_symbols_reads_nothing_beside_the_prices() -> None:
    assert _beside("Mean($close,3)", CSI) == Beside(None, members=False, industry=False)
    assert _beside("Mean($close,3)", None) == Beside(None, members=False, industry=False)


def test_a_set_reads_the_members_of_an_index_and_the_industries_it_groups_by() -> None:
    assert _beside("CSRank($close)", CSI) == Beside(CSI, members=True, industry=False)
    assert _beside("CSRank($close)", ALL) == Beside(ALL, members=False, industry=False)
    assert _beside("IndNeutralize($close,2)", ALL) == Beside(ALL, members=False, industry=True)


def test_a_set_that_ranks_among_nobody_in_particular_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="feature F0 looks across the symbols of a day"):
        _beside("CSRank($close)", None)


def test_the_asset_declares_what_it_reads_and_tells_of_look_ahead() -> None:
    plain = feature_asset(_set("Mean($close,3)"), CSI, "2020-01")
    assert dict(plain.recipe.upstream) == {"prices": Months("market/prices", back=1)}
    asset = feature_asset(_set("IndNeutralize($close,1)"), CSI, "2020-01")
    assert dict(asset.recipe.upstream) == {
        "prices": Months("market/prices"),
        "members": Whole("market/index_members"),
        "industry": Whole("market/industry"),
    }
    assert "look-ahead" in asset.description
    assert "look-ahead" not in plain.description
    other = feature_asset(_set("IndNeutralize($close,1)"), ALL, "2020-01")
    assert other.recipe.config != asset.recipe.config


def test_membership_counts_from_its_day_to_its_last() -> None:
    members = pl.DataFrame(
        {
            "index": ["000300.SH", "000300.SH", "000905.SH"],
            "symbol": ["A", "B", "B"],
            "effective_from": [DAYS[1], date(2020, 1, 1), DAYS[1]],
            "effective_to": [None, DAYS[0], None],
        }
    )
    found = with_membership(PRICES, CSI, members)
    assert found.drop("in_universe").equals(PRICES)
    assert found["in_universe"].to_list() == [True, False, False, False, True, True]


def _industry(*rows: tuple[str, int, date, str]) -> pl.DataFrame:
    columns = ["symbol", "level", "start_date", "code"]
    return pl.DataFrame(rows, schema=columns, orient="row")


def test_an_industry_holds_from_its_day_and_a_coarser_one_stands_in_for_a_finer() -> None:
    industry = _industry(
        ("A", 1, date(1990, 12, 19), "bank"),
        ("A", 1, DAYS[2], "steel"),
        ("B", 1, DAYS[1], "steel"),
        ("B", 2, DAYS[2], "pipes"),
    )
    found = with_industries(PRICES, industry)
    assert found.select(PRICES.columns).equals(PRICES)
    bank, steel = found["industry_1"][3], found["industry_1"][5]
    assert bank != steel
    assert found["industry_1"].to_list() == [None, steel, steel, bank, bank, steel]
    pipes = found["industry_2"][2]
    assert pipes not in {bank, steel}
    assert found["industry_2"].to_list() == [None, steel, pipes, bank, bank, steel]
    assert found["industry_3"].to_list() == found["industry_2"].to_list()
    assert found["industry_1"].dtype == pl.Float32
