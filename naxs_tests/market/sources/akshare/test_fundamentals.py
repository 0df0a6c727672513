"""Figures of a report are known from the end of the day on which they were disclosed."""

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from naxs_assets.market.fetching.errors import EmptyAnswerError, SchemaChangedError
from naxs_assets.market.sources.akshare.fundamentals import FUNDAMENTALS, ITEMS
from naxs_assets.market.sources.offers import Wanted
from naxs_tests.market.sources.asking import EVENING, answered, ask, rows_of, wanted

SPAN = wanted(date(2023, 10, 1), date(2024, 1, 5))
PERIOD = "20230930"


def report(code: str, **cells: Any) -> dict[str, Any]:
    """A row of the report table, 37 fields in the service's order."""
    row: dict[str, Any] = {f"x{number}": None for number in range(37)}
    names = {
        "code": 0, "noticed": 6, "eps": 8, "revenue": 10, "net_profit": 11, "roe": 12,
        "revenue_growth": 13, "net_profit_growth": 14, "bps": 15,
        "operating_cash_flow_per_share": 16, "gross_margin": 17, "revenue_growth_quarter": 18,
        "net_profit_growth_quarter": 19,
    }  # fmt: skip
    for name, cell in ({"code": code, "noticed": "2024-10-26 00:00:00"} | cells).items():
        row[f"x{names[name]}"] = cell
    return row


def appointment(code: str, actual: str | None) -> dict[str, Any]:
    return {
        "SECURITY_CODE": code, "SECURITY_NAME_ABBR": "x", "FIRST_APPOINT_DATE": "2023-10-20",
        "FIRST_CHANGE_DATE": None, "SECOND_CHANGE_DATE": None, "THIRD_CHANGE_DATE": None,
        "ACTUAL_PUBLISH_DATE": actual, "REPORT_TYPE": "x",
    }  # fmt: skip


def page(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"result": {"pages": 1, "data": list(rows)}}


def figures(
    reports: list[dict[str, Any]],
    appointments: list[dict[str, Any]],
    span: Wanted = SPAN,
) -> pl.DataFrame:
    calls = [call for call in FUNDAMENTALS.calls(span) if call.arguments["date"] == PERIOD]
    table, main, beijing = calls
    return rows_of(
        FUNDAMENTALS,
        span,
        ask(table, datacenter=page(*reports)),
        ask(main, datacenter=page(*appointments)) if appointments
        else answered(main, pl.DataFrame()),
        ask(beijing, datacenter=page(appointment("920002", "2023-10-27"))),
    )  # fmt: skip


def test_periods_that_may_be_disclosed_within_the_span_are_asked_for() -> None:
    asked = [str(call) for call in FUNDAMENTALS.calls(wanted(date(2024, 4, 28), date(2024, 4, 30)))]

    assert asked == [
        f"{call}date={period})"
        for period in ("20231231", "20240331")
        for call in (
            "stock_yjbb_em(",
            "stock_yysj_em(symbol=沪深A股, ",
            "stock_yysj_em(symbol=京市A股, ",
        )
    ]


def test_figures_are_dated_by_disclosure_not_by_the_latest_notice() -> None:
    rows = figures(
        [report("600519", revenue=1.03e11, roe=24.5, eps=42.09)],
        [appointment("600519", "2023-10-21")],
    )

    known = datetime(2023, 10, 21, 16, tzinfo=UTC)  # 24:00 in Shanghai
    head = ("600519.SH", date(2023, 9, 30), date(2023, 10, 21), known)
    assert rows.rows() == [
        (*head, "eps", 42.09),
        (*head, "revenue", 1.03e11),
        (*head, "roe", 0.245),
    ]


def test_every_item_is_read_from_its_column() -> None:
    numbers = {name: 10.0 + number for number, name in enumerate(ITEMS)}
    rows = figures([report("600519", **numbers)], [appointment("600519", "2023-10-21")])

    ratios = ("growth", "quarter", "roe", "margin")
    assert dict(rows.select("item", "value").iter_rows()) == pytest.approx(
        {
            name: number / 100 if name.endswith(ratios) else number
            for name, number in numbers.items()
        }
    )


def test_disclosures_outside_the_span_are_left_for_their_own_days() -> None:
    reports = [report("600519", eps=1.0), report("000001", eps=2.0)]
    rows = figures(
        reports,
        [appointment("600519", "2023-10-21"), appointment("000001", "2023-10-25")],
        wanted(date(2023, 10, 25), date(2023, 10, 25)),
    )

    assert rows["symbol"].to_list() == ["000001.SZ"]


def test_without_any_date_a_figure_is_known_since_it_was_fetched() -> None:
    rows = figures([report("600519", eps=1.0, noticed=None)], [appointment("600519", None)])

    assert rows["announced_at"].to_list() == [None]
    assert rows["available_at"].to_list() == [EVENING.astimezone(UTC)]


def test_companies_that_are_not_listed_are_left_out() -> None:
    reports = [report(code, eps=1.0) for code in ("920002", "830001", "A23099", "600519")]
    rows = figures(reports, [appointment("600519", "2023-10-21")])

    assert rows["symbol"].to_list() == ["600519.SH", "920002.BJ"]


def test_reports_without_any_appointment_are_not_dated_by_guess() -> None:
    calls = [call for call in FUNDAMENTALS.calls(SPAN) if call.arguments["date"] == PERIOD]
    answers = [ask(calls[0], datacenter=page(report("600519", eps=1.0)))]
    answers += [answered(call, pl.DataFrame()) for call in calls[1:]]

    with pytest.raises(EmptyAnswerError, match="without any day of disclosure"):
        FUNDAMENTALS.rows(SPAN, answers)


def test_a_period_without_reports_yet_has_no_rows() -> None:
    calls = [call for call in FUNDAMENTALS.calls(SPAN) if call.arguments["date"] == PERIOD]

    rows = rows_of(FUNDAMENTALS, SPAN, *(answered(call, pl.DataFrame()) for call in calls))

    assert rows.is_empty()


def test_revenue_in_another_unit_is_refused() -> None:
    reports = [report(f"60000{number}", revenue=9_000.0 + number) for number in range(10)]

    with pytest.raises(SchemaChangedError, match="has another unit, for example 9004"):
        figures(reports, [appointment("600000", "2023-10-21")])
