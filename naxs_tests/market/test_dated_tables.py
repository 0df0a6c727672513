"""Figures, news, distributions and industries: what was known, and since when."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest

from naxs_assets.errors import DataError
from naxs_assets.lineage.publishing import _schema
from naxs_assets.lineage.reader import cut_frame
from naxs_assets.market.contracts import FUNDAMENTALS, INDUSTRY, NEWS
from naxs_assets.market.fundamentals import available, with_revisions
from naxs_assets.market.news import news_table
from naxs_assets.market.reference import corporate_actions_table, industry_table
from naxs_assets.market.sources.base import (
    RAW_CORPORATE_ACTIONS,
    RAW_FUNDAMENTALS,
    RAW_INDUSTRY,
    RAW_NEWS,
)

STOCK = "600519.SH"
PERIOD = date(2022, 12, 31)


def evening(month: int, day: int) -> datetime:
    """18:00 in Shanghai."""
    return datetime(2023, month, day, 10, tzinfo=UTC)


def figure(value: float | None, at: datetime, symbol: str = STOCK) -> dict[str, object]:
    return {
        "symbol": symbol,
        "report_period": PERIOD,
        "announced_at": at.date(),
        "available_at": at,
        "item": "net_profit",
        "value": value,
    }


def figures(*rows: dict[str, object]) -> pl.DataFrame:
    return with_revisions(pl.DataFrame(list(rows), schema=RAW_FUNDAMENTALS))


def test_a_correction_is_a_further_revision_and_changes_nothing_that_was() -> None:
    table = figures(figure(93.0, evening(7, 3)), figure(100.0, evening(3, 31)))
    assert table.select("revision", "value").rows() == [(1, 100.0), (2, 93.0)]
    FUNDAMENTALS.validate(table, "here")


def test_the_same_value_published_again_is_no_revision_but_a_return_to_it_is() -> None:
    table = figures(
        figure(100.0, evening(3, 31)),
        figure(100.0, evening(4, 20)),
        figure(93.0, evening(7, 3)),
        figure(100.0, evening(8, 1)),
    )
    assert table["value"].to_list() == [100.0, 93.0, 100.0]
    assert table["revision"].to_list() == [1, 2, 3]


def test_what_is_no_figure_of_a_share_is_left_out() -> None:
    rows = (figure(None, evening(3, 31)), figure(1.0, evening(3, 31), "000300.SH"))
    assert figures(*rows).is_empty()


def test_a_month_holds_what_became_available_in_it_by_the_shanghai_day() -> None:
    late = datetime(2023, 3, 31, 16, 30, tzinfo=UTC)  # half past midnight of April
    table = figures(figure(100.0, evening(3, 31)), figure(93.0, late))
    march = available(table, date(2023, 3, 1), date(2023, 3, 31))
    assert march["value"].to_list() == [100.0]


def test_a_reader_cut_to_a_day_knows_what_was_available_that_day() -> None:
    table = figures(figure(100.0, evening(3, 31)), figure(93.0, evening(7, 3)))
    schema = _schema(FUNDAMENTALS, table)
    assert cut_frame(table, schema, date(2023, 7, 2))["value"].to_list() == [100.0]
    assert cut_frame(table, schema, date(2023, 7, 3)).height == 2


def test_a_figure_known_before_its_announcement_breaks_the_contract() -> None:
    table = figures(figure(1.0, evening(3, 31))).with_columns(announced_at=date(2023, 4, 2))
    with pytest.raises(DataError, match="before the day it is announced"):
        FUNDAMENTALS.validate(table, "here")


def news(*rows: tuple[str, str, datetime, str | None]) -> pl.DataFrame:
    full = [(key, symbol, at, at, title, None) for key, symbol, at, title in rows]
    return news_table(pl.DataFrame(full, schema=RAW_NEWS, orient="row"))


def test_the_same_news_twice_is_kept_as_first_available() -> None:
    table = news(
        ("a", STOCK, evening(3, 2), "中标"),
        ("a", STOCK, evening(3, 1), "中标"),
        ("a", "000001.SZ", evening(3, 1), "中标"),
        ("b", STOCK, evening(3, 1), None),
    )
    assert table.select("symbol", "available_at").rows() == [
        ("000001.SZ", evening(3, 1)),
        (STOCK, evening(3, 1)),
    ]
    NEWS.validate(table, "here")


def test_a_plan_without_an_ex_date_and_an_event_of_nothing_are_left_out() -> None:
    rows = [
        (STOCK, date(2023, 6, 30), date(2023, 6, 20), None, 25.911, None, None, None),
        (STOCK, None, date(2023, 6, 20), None, 1.0, None, None, None),
        ("000001.SZ", date(2023, 6, 14), None, None, 0.0, 0.0, None, None),
    ]
    table = corporate_actions_table(pl.DataFrame(rows, schema=RAW_CORPORATE_ACTIONS, orient="row"))
    assert table.select("symbol", "cash", "bonus", "rights", "rights_price").rows() == [
        (STOCK, 25.911, 0.0, 0.0, None)
    ]


def test_an_industry_without_a_date_is_carried_back_and_says_that_it_looks_ahead() -> None:
    rows = [
        (STOCK, None, "白酒", None, None),
        ("000001.SZ", date(2021, 7, 30), "480301", "股份制银行", 3),
    ]
    table = industry_table(pl.DataFrame(rows, schema=RAW_INDUSTRY, orient="row"))
    assert table.select("symbol", "start_date", "name", "level", "look_ahead").rows() == [
        ("000001.SZ", date(2021, 7, 30), "股份制银行", 3, False),
        (STOCK, date(1990, 12, 19), "", 1, True),
    ]
    INDUSTRY.validate(table, "here")
