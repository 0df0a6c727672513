"""The synthetic market behind the protocol of every source."""

from datetime import date

import polars as pl
import pytest

from naxs_assets.market.calendar import trading_days
from naxs_assets.market.sources.base import (
    RAW_INDEX_MEMBERS,
    RAW_INSTRUMENTS,
    DeclaredGaps,
    FactorPolicy,
    Source,
)
from naxs_assets.market.sources.synthetic import SyntheticSource
from naxs_assets.market.synthetic import VERSION, SyntheticMarket

MARKET = SyntheticMarket(seed=4, names=30, first=date(2026, 10, 1), last=date(2027, 1, 15))


@pytest.fixture(scope="module")
def source() -> Source:
    return SyntheticSource(MARKET)


def test_it_declares_what_it_is(source: Source) -> None:
    assert source.name == "synthetic"
    assert source.gaps == DeclaredGaps()
    assert source.factor_policy is FactorPolicy.KEEP
    assert source.coverage() == (MARKET.first, MARKET.last)
    assert source.provenance() == {"synthetic": f"version {VERSION}"}


def test_the_end_is_no_part_of_the_identity(source: Source) -> None:
    longer = SyntheticMarket(seed=4, names=30, first=MARKET.first, last=date(2027, 6, 30))
    assert source.identity() == SyntheticSource(longer).identity()
    assert source.identity() == {
        "seed": 4,
        "version": VERSION,
        "names": 30,
        "first": "2026-10-01",
    }


def test_tables_have_the_protocol_s_columns(source: Source) -> None:
    assert dict(source.instruments().schema) == RAW_INSTRUMENTS
    assert source.instruments()["symbol"].is_sorted()
    assert dict(source.index_members().schema) == RAW_INDEX_MEMBERS
    month = source.bars(date(2026, 11, 1), date(2026, 11, 30))
    assert month["date"].dt.month().unique().to_list() == [11]
    assert source.index_bars(date(2026, 11, 1), date(2026, 11, 30)).height == 21


def test_the_market_runs_on_beyond_the_calendar_library(source: Source) -> None:
    days = source.open_days()
    assert days[-1] == MARKET.last
    calendar = trading_days(days, date(2027, 3, 31))
    assert calendar.filter(pl.col("date") <= MARKET.last)["provisional"].any() is False
    assert calendar.filter(pl.col("date") > MARKET.last)["provisional"].all()
