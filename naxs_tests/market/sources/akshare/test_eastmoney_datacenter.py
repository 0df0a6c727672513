"""Suspensions by day, distributions per share, news by publication time."""

import ast
import inspect
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from naxs_assets.market.fetching.errors import SchemaChangedError
from naxs_assets.market.sources.akshare import eastmoney_datacenter
from naxs_assets.market.sources.offers import PulledTable
from naxs_tests.market.sources.asking import FRIDAY, TODAY, answered, ask, made, rows_of, wanted

OFFERS = {offer.table: offer for offer in eastmoney_datacenter.OFFERS}
SUSPENSIONS, ACTIONS = OFFERS[PulledTable.SUSPENSIONS], OFFERS[PulledTable.CORPORATE_ACTIONS]
NEWS = OFFERS[PulledTable.NEWS]


def page(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"result": {"pages": 1, "data": list(rows), "count": len(rows)}}


def halt(code: str, start: str, end: str | None, lasts: str) -> dict[str, Any]:
    """A row of the service, in its order."""
    return {
        "SECURITY_CODE": code, "SECURITY_NAME_ABBR": "x", "SUSPEND_START_TIME": start,
        "SUSPEND_END_TIME": end, "SUSPEND_EXPIRE": lasts, "SUSPEND_REASON": "重大事项",
        "TRADE_MARKET": "深交所", "SUSPEND_START_DATE": start, "PREDICT_RESUME_DATE": None,
        "TRADE_MARKET_CODE": "1", "SECURITY_TYPE_CODE": "058001001", "x": 1,
    }  # fmt: skip


def test_who_is_suspended_the_whole_day_is_told_for_each_weekday() -> None:
    span = wanted(FRIDAY, date(2024, 1, 7))
    calls = SUSPENSIONS.calls(span)
    rows = [
        halt("000004", "2024-01-02 09:30:00", None, "连续停牌"),
        halt("600200", "2024-01-05 09:30:00", "2024-01-05 15:00:00", "停牌一天"),
        halt("300001", "2024-01-05 10:00:00", "2024-01-05 10:30:00", "盘中停牌"),
        halt("000005", "2024-01-03 09:30:00", "2024-01-04 15:00:00", "停牌"),
        halt("000006", "2024-01-08 09:30:00", None, "停牌"),
        halt("510300", "2024-01-05 09:30:00", None, "停牌"),
    ]
    found = rows_of(SUSPENSIONS, span, ask(calls[0], datacenter=page(*rows)))

    assert [str(call) for call in calls] == ["stock_tfp_em(date=20240105)"]
    assert found.rows() == [(FRIDAY, "000004.SZ"), (FRIDAY, "600200.SH")]


def test_a_day_without_suspensions_has_no_rows() -> None:
    (call,) = SUSPENSIONS.calls(TODAY)

    assert call.may_be_empty
    assert rows_of(SUSPENSIONS, TODAY, answered(call, pl.DataFrame())).is_empty()


def action(code: str, **cells: Any) -> dict[str, Any]:
    """A distribution as the service sends it: 30 fields, of which AKShare names some."""
    row: dict[str, Any] = {f"x{number}": None for number in range(30)}
    names = {
        "code": 4, "total": 5, "cash": 8, "plan": 9, "record": 10, "ex": 11, "progress": 13,
        "notice": 15,
    }  # fmt: skip
    filled = {"code": code, "progress": "实施分配", "plan": "2023-10-28", "notice": "2023-12-28"}
    for name, cell in (filled | cells).items():
        row[f"x{names[name]}"] = cell
    return row


def actions(*rows: dict[str, Any]) -> pl.DataFrame:
    span = wanted(date(2024, 1, 2), FRIDAY)
    calls = [call for call in ACTIONS.calls(span) if call.arguments["date"] == "20230930"]
    return rows_of(ACTIONS, span, ask(calls[0], datacenter=page(*rows)))


def test_periods_whose_distributions_may_fall_into_the_span_are_asked_for() -> None:
    calls = ACTIONS.calls(wanted(date(2024, 1, 2), FRIDAY))

    assert [call.arguments["date"] for call in calls] == [
        "20221231", "20230331", "20230630", "20230930", "20231231",
    ]  # fmt: skip


def test_figures_per_ten_shares_become_figures_per_share() -> None:
    rows = actions(
        action("600000", cash=3.2, ex="2024-01-04"),
        action("000001", total=4.0, ex="2024-01-05"),
        action("000002", cash=1.0, ex="2024-01-08"),  # after the span
        action("000004", cash=1.0, progress="董事会预案"),  # not yet
        action("A23099", cash=1.0, ex="2024-01-04"),  # not listed
    )

    assert rows.rows() == [
        ("000001.SZ", FRIDAY, date(2023, 12, 28), None, 0.0, 0.4, None, None),
        ("600000.SH", date(2024, 1, 4), date(2023, 12, 28), None, 0.32, 0.0, None, None),
    ]


@pytest.mark.parametrize("cells", [{"cash": -1.0}, {"total": 250.0}, {"cash": 2e5}])
def test_what_no_company_distributes_is_refused(cells: dict[str, float]) -> None:
    with pytest.raises(SchemaChangedError, match="holds what no company distributes"):
        actions(action("600000", ex="2024-01-04", **cells))


def test_news_is_known_from_its_publication_on() -> None:
    span = wanted(date(2024, 1, 4), FRIDAY, "600519.SH")
    (call,) = NEWS.calls(span)
    rows = rows_of(
        NEWS,
        span,
        made(
            call,
            ("600519", "晚间公告", "x", "2024-01-05 15:30:00", "证券时报",
             "http://finance.eastmoney.com/a/202401052950000001.html"),
            ("600519", "旧闻", "x", "2024-01-03 23:59:59", "证券时报",
             "http://finance.eastmoney.com/a/202401032950000002.html"),
        ),
    )  # fmt: skip

    known = datetime(2024, 1, 5, 7, 30, tzinfo=UTC)
    assert rows.rows() == [
        ("eastmoney:202401052950000001:600519.SH", "600519.SH", known, known, "晚间公告",
         "证券时报"),
    ]  # fmt: skip


@pytest.mark.parametrize("told", ["5 minutes ago", "2024-01-05 17:00:01", "None"])
def test_a_time_that_cannot_be_right_is_refused(told: str) -> None:
    span = wanted(date(2024, 1, 4), FRIDAY, "600519.SH")
    (call,) = NEWS.calls(span)
    answer = made(call, ("600519", "x", "x", told, "x", "http://x/a/1.html"))

    with pytest.raises(SchemaChangedError, match="unreadable or after the fetch"):
        NEWS.rows(span, [answer])


def test_news_columns_are_those_of_the_functions_source() -> None:
    """Its client is not one that a test can feed without a server."""
    import akshare

    last = [
        ast.literal_eval(node)
        for node in ast.walk(ast.parse(inspect.getsource(akshare.stock_news_em)))
        if isinstance(node, ast.List) and len(node.elts) > 1
    ]
    assert list(eastmoney_datacenter.NEWS_COLUMNS) in last
