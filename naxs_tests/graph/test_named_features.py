"""Named features in a home: made with their lineage, and point in time."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from naxs_assets.market.sources.base import Source
from naxs_assets.market.sources.files import FilesSource
from naxs_assets.market.sources.mapping import load_mapping
from naxs_assets.settings import SHANGHAI
from naxs_tests.graph.conftest import Opener
from naxs_tests.graph.small import currents, materialize, write_entry, write_home

PROJECT = Path(__file__).resolve().parents[2]
LAST = date(2021, 10, 29)
SET: dict[str, Any] = {
    "name": "named",
    "description": "by name, beside an expression",
    "include": ["px_turnover", {"name": "senti_news", "half_life": 3}],
    "features": {"RET1": {"expression": "$close/Ref($close,1)-1"}},
}
ASSETS = ("market/calendar", "market/instruments", "market/prices", "market/news", "features/named")


class AlsoTold:
    """A source of which one more item of news is known."""

    def __init__(self, source: Source, symbol: str, when: datetime, title: str) -> None:
        self._source, self._symbol, self._when, self._title = source, symbol, when, title

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)

    def news(self, first: date, last: date) -> pl.DataFrame:
        told = self._source.news(first, last)
        if not first <= self._when.date() <= last:
            return told
        row = (("also",), (self._symbol,), (self._when,), (self._when,), (self._title,), ("x",))
        return pl.concat([told, pl.DataFrame(list(row), schema=told.schema)])


@pytest.fixture
def home(folder: Path) -> Path:
    write_home(folder / "home", names=40, last=LAST)
    write_entry(folder / "home", "features", SET)
    return folder / "home"


def made(opener: Opener, home: Path, source: Source | None = None) -> pl.DataFrame:
    """features/named of the whole market."""
    platform = opener(home, source)
    materialize(platform, "2021-07", "2021-10", ASSETS)
    reader = platform.lineage.reader("features/named")
    return pl.concat(reader[month].frame() for month in reader)


def test_they_are_columns_beside_the_expressions(home: Path, opener: Opener) -> None:
    table = made(opener, home)
    assert table.columns == ["date", "symbol", "day", "RET1", "px_turnover", "senti_news"]
    platform = opener(home)
    prices = platform.lineage.reader("market/prices")
    rows = table.join(pl.concat(prices[m].frame() for m in prices), on=("date", "symbol"))
    traded = rows.filter(~pl.col("is_suspended"))
    np.testing.assert_array_equal(
        traded["px_turnover"].to_numpy(), traded["turnover"].cast(pl.Float32).to_numpy()
    )
    assert (
        rows.filter("is_suspended")["px_turnover"].null_count()
        == rows.filter("is_suspended").height
    )
    known = table["senti_news"].drop_nulls()
    assert len(known) > table.height / 2
    assert known.is_between(-1, 1).all()
    assert known.min() == -1
    assert known.max() == 1


def test_the_lineage_names_the_months_of_news_that_were_read(home: Path, opener: Opener) -> None:
    made(opener, home)
    platform = opener(home)
    version = currents(platform)["features/named", "2021-10"]
    reads = [(one.asset, one.partition) for one in platform.lineage.ledger.reads(version.id)]
    assert [month for asset, month in reads if asset == "market/news"] == [
        "2021-08", "2021-09", "2021-10",
    ]  # fmt: skip
    assert [month for asset, month in reads if asset == "market/prices"] == ["2021-09", "2021-10"]


def test_news_after_the_cut_off_changes_nothing_until_the_next_day(
    home: Path, opener: Opener
) -> None:
    before = made(opener, home)
    day = date(2021, 9, 30)  # a month and a holiday end with it
    symbol = before.filter(pl.col("date") == date(2021, 10, 8))["symbol"][0]
    when = datetime(2021, 9, 30, 15, 0, tzinfo=SHANGHAI)
    source = AlsoTold(opener(home).source, symbol, when, "立案处罚")
    after = made(opener, home, source)  # type: ignore[arg-type]
    changed = before.join(after, on=("date", "symbol"), suffix="_after").filter(
        pl.col("senti_news").ne_missing(pl.col("senti_news_after"))
    )
    assert changed["symbol"].unique().to_list() == [symbol]
    assert changed["date"].min() == date(2021, 10, 8), "the first trading day after the holiday"
    assert (changed["senti_news_after"] < changed["senti_news"].fill_null(1)).all()
    assert before.drop("senti_news").equals(after.drop("senti_news"))

    sooner = AlsoTold(opener(home).source, symbol, when - timedelta(seconds=1), "立案处罚")
    again = made(opener, home, sooner)  # type: ignore[arg-type]
    changed = before.join(again, on=("date", "symbol"), suffix="_after").filter(
        pl.col("senti_news").ne_missing(pl.col("senti_news_after"))
    )
    assert changed["date"].min() == day


def test_real_news_counts_from_the_day_after_it_was_published(
    real_data: Path, folder: Path, opener: Opener
) -> None:
    mapping = load_mapping(PROJECT / "docs/mappings/panel_2010_2023.yaml")
    source = FilesSource(mapping, real_data, first=date(2020, 7, 1), last=date(2020, 9, 30))
    write_home(folder / "real")
    write_entry(folder / "real", "features", SET)
    platform = opener(folder / "real", source)
    materialize(platform, "2020-07", "2020-09", ASSETS)
    table = pl.concat(
        platform.lineage.reader("features/named")[month].frame()
        for month in ("2020-07", "2020-08", "2020-09")
    )
    news = source.news(date(2020, 7, 1), date(2020, 9, 30))
    scored = table.filter(pl.col("senti_news").is_not_null())
    assert 0 < scored.height < table.height
    first = scored.group_by("symbol").agg(pl.col("date").min())
    told = news.group_by("symbol").agg(pl.col("published_at").min())
    days = first.join(told, on="symbol")
    shanghai = days["published_at"].dt.convert_time_zone(str(SHANGHAI)).dt.date()
    assert (days["date"] > shanghai).all()
    # The turnover of this market is known where its second table has the row.
    assert 0 < table["px_turnover"].count() < table.height
