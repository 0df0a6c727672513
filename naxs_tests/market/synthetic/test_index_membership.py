"""The index: constant size, reviews in June and December, announced two weeks ahead."""

from datetime import date, timedelta

import polars as pl
import pytest

from naxs_assets.market.boards import board_expression
from naxs_assets.market.synthetic import INDEX_SYMBOL, Panel, SyntheticMarket, generate
from naxs_assets.market.synthetic.index import review_days

MARKET = SyntheticMarket(seed=21, names=300, first=date(2022, 1, 4), last=date(2026, 3, 31))


@pytest.fixture(scope="module")
def panel() -> Panel:
    return generate(MARKET)


@pytest.fixture(scope="module")
def daily(panel: Panel) -> pl.DataFrame:
    """One row for each member and trading day of the market."""
    days = pl.DataFrame({"date": panel.open_days()})
    return panel.index_members.join_where(
        days,
        pl.col("date") >= pl.col("effective_from"),
        pl.col("date") <= pl.col("effective_to").fill_null(date(2100, 1, 1)),
    )


def test_reviews_follow_the_second_friday() -> None:
    """2023: Fridays 06-09 and 12-08, announced two weeks before; 06-10 of 2024 was a holiday."""
    from naxs_assets.market.calendar import trading_days

    calendar = trading_days(None, date(2024, 12, 31))["date"].to_list()
    reviews = {calendar[key]: calendar[value] for key, value in review_days(calendar).items()}
    assert reviews[date(2023, 5, 26)] == date(2023, 6, 12)
    assert reviews[date(2023, 11, 24)] == date(2023, 12, 11)
    assert reviews[date(2024, 5, 31)] == date(2024, 6, 17)


@pytest.mark.parametrize(("names", "size"), [(1, 1), (10, 8), (300, 240), (374, 299), (420, 300)])
def test_size_is_300_or_four_fifths_of_the_names(names: int, size: int) -> None:
    market = SyntheticMarket(seed=1, names=names, first=MARKET.first, last=MARKET.last)
    assert market.index_size == size


def test_the_size_holds_every_day(panel: Panel, daily: pl.DataFrame) -> None:
    counts = daily.group_by("date").len()
    assert counts.height == len(panel.days)
    assert counts["len"].min() >= MARKET.index_size - 2
    assert counts["len"].max() <= MARKET.index_size + 2
    assert daily.select("date", "symbol").is_unique().all()


def test_changes_are_announced_before_they_take_effect(panel: Panel) -> None:
    members = panel.index_members
    assert members["index"].unique().to_list() == [INDEX_SYMBOL]
    assert (members["effective_to"] >= members["effective_from"]).all()
    first = members.filter(pl.col("effective_from") == panel.days[0])
    assert first["announced_at"].null_count() == first.height == MARKET.index_size
    later = members.filter(pl.col("effective_from") > panel.days[0])
    notice = later["effective_from"] - later["announced_at"]
    assert notice.min() >= timedelta(days=9)
    reviewed = later.group_by("effective_from").len().filter(pl.col("len") > 1)["effective_from"]
    assert {6, 12} <= set(reviewed.dt.month())


def test_members_are_listed_and_neither_long_st_nor_of_the_beijing_board(
    panel: Panel, daily: pl.DataFrame
) -> None:
    bars = panel.bars(MARKET.first, MARKET.last).with_columns(board_expression())
    joined = daily.join(bars, on=["date", "symbol"], how="left")
    assert joined["close"].null_count() == 0
    assert "bse" not in joined["board"].unique().to_list()
    st_days = joined.filter("is_st").group_by("symbol", "effective_from").len()["len"]
    assert st_days.max() <= 12
