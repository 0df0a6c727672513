"""Members, instruments and industries: who, since when and until when."""

import io
import json
from datetime import date
from typing import Any

import pandas as pd
import polars as pl
import pytest

from naxs_assets.market.fetching.calls import Answer
from naxs_assets.market.fetching.errors import SchemaChangedError
from naxs_assets.market.sources.akshare import csindex, exchanges, shenwan
from naxs_tests.market.sources.asking import FRIDAY, TODAY, ask, made, rows_of, wanted

(MEMBERS,) = csindex.OFFERS
(INSTRUMENTS,) = exchanges.OFFERS
(INDUSTRY,) = shenwan.OFFERS
INDEX = wanted(FRIDAY, FRIDAY, index="000300.SH")


def excel(*rows: tuple[Any, ...], columns: list[str] | None = None) -> bytes:
    file = io.BytesIO()
    pd.DataFrame(list(rows), columns=columns).to_excel(file, index=False)
    return file.getvalue()


def member(day: str, code: str, *weight: float) -> tuple[Any, ...]:
    names = ("沪深300", "CSI 300", code, "x", "x", "上海证券交易所", "Shanghai")
    return (int(day), 300, *names, *weight)


def members(weights: bytes, listed: bytes) -> pl.DataFrame:
    answers = [ask(call, closeweight=weights, cons=listed) for call in MEMBERS.calls(INDEX)]
    return rows_of(MEMBERS, INDEX, *answers)


def test_members_are_told_with_weights_of_month_end_and_as_of_now() -> None:
    rows = members(
        excel(member("20231229", "600519", 60.0), member("20231229", "000001", 40.0)),
        excel(member("20240105", "600519"), member("20240105", "300750")),
    )

    assert rows.rows() == [
        ("000300.SH", "000001.SZ", date(2023, 12, 29), 0.4),
        ("000300.SH", "600519.SH", date(2023, 12, 29), 0.6),
        ("000300.SH", "300750.SZ", FRIDAY, None),
        ("000300.SH", "600519.SH", FRIDAY, None),
    ]


def test_members_of_past_days_are_not_offered() -> None:
    assert not MEMBERS.calls(wanted(date(2023, 12, 1), FRIDAY, index="000300.SH"))
    assert not MEMBERS.calls(wanted(date(2024, 1, 4), date(2024, 1, 4), index="000300.SH"))


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ((member("20231229", "600519", 0.6), member("20231229", "000001", 0.4)), "sum to one"),
        ((member("20231101", "600519", 100.0),), "is not of late, for example 2023-11-01"),
        ((member("20240108", "600519", 100.0),), "is not of late, for example 2024-01-08"),
        ((member("20231229", "60x519", 100.0),), "holds no stock code, for example '60x519'"),
        (((20231229, 905, "x", "x", "600519", *"xxxx", 100.0),), "is not 000300.SH"),
    ],
)  # fmt: skip
def test_weights_that_cannot_be_right_are_refused(weights: Any, message: str) -> None:
    with pytest.raises(SchemaChangedError, match=message):
        members(excel(*weights), excel(member("20240105", "600519")))


def listed_shanghai(*rows: tuple[str, str, str]) -> dict[str, Any]:
    return {
        "result": [
            {"A_STOCK_CODE": code, "SEC_NAME_CN": name, "SEC_NAME_FULL": name, "COMPANY_ABBR": name,
             "FULL_NAME": name, "LIST_DATE": day}
            for code, name, day in rows
        ]
    }  # fmt: skip


def listed_shenzhen(*rows: tuple[str, str, str]) -> bytes:
    """The function reads its columns only from a list of more than ten."""
    filled = [*rows, *((f"3000{number}", "x", "2009-10-30") for number in range(10, 20))]
    columns = ["板块", "A股代码", "A股简称", "A股上市日期", "A股总股本", "A股流通股本", "所属行业"]
    return excel(*(("主板", *row, "1", "1", "J 金融业") for row in filled), columns=columns)


def listed_beijing(*rows: tuple[str, str, str]) -> str:
    """48 fields, as the function counts them; 0 lists, 22 reports, 38 is the code, 40 the name."""
    content = []
    for code, name, day in rows:
        cells: dict[str, Any] = {f"x{number:02}": None for number in range(48)}
        cells |= {"x00": day, "x22": "20240105", "x38": code, "x40": name}
        content.append(cells)
    return "null(" + json.dumps([{"totalPages": 1, "content": content}]) + ")"


def delisted_shanghai(*rows: tuple[str, str, str, str]) -> dict[str, Any]:
    names = ("COMPANY_CODE", "COMPANY_ABBR", "LIST_DATE", "DELIST_DATE")
    return {"result": [dict(zip(names, row, strict=True)) for row in rows]}


def delisted_shenzhen(*rows: tuple[str, str, str, str]) -> bytes:
    return excel(*rows, columns=["证券代码", "证券简称", "上市日期", "终止上市日期"])


def lists() -> list[Answer]:
    """The real functions on a few rows each; they keep answers, so that theirs are forgotten."""
    import akshare

    bodies: list[dict[str, Any]] = [
        {"sse": listed_shanghai(("600519", "贵州茅台", "20010827"), ("600001", "-", "20010827"))},
        {"sse": listed_shanghai(("688001", "华兴源创", "20190722"))},
        {"szse": listed_shenzhen(("000001", "平安银行", "1991-04-03"))},
        {"bse": listed_beijing(("920002", "万达轴承", "20240530"))},
        {"sse": delisted_shanghai(("600001", "邯郸钢铁", "19980122", "20091229"),
                                  ("900935", "阳晨B股", "19950727", "20161223"))},
        {"szse": delisted_shenzhen(("000003", "PT金田A", "1991-07-03", "2002-06-14"))},
    ]  # fmt: skip
    answers = []
    for call, body in zip(INSTRUMENTS.calls(TODAY), bodies, strict=True):
        function = getattr(akshare, call.function)
        if hasattr(function, "cache_clear"):
            function.cache_clear()
        answers.append(ask(call, **body))
        if hasattr(function, "cache_clear"):
            function.cache_clear()
    return answers


def test_instruments_of_three_exchanges_with_the_delisted_ones() -> None:
    rows = rows_of(INSTRUMENTS, TODAY, *lists()).filter(~pl.col("symbol").str.starts_with("30"))

    assert rows.rows() == [
        ("000001.SZ", "平安银行", date(1991, 4, 3), None),
        ("000003.SZ", "PT金田A", date(1991, 7, 3), date(2002, 6, 14)),
        ("600001.SH", "邯郸钢铁", date(1998, 1, 22), date(2009, 12, 29)),
        ("600001.SH", "-", date(2001, 8, 27), None),
        ("600519.SH", "贵州茅台", date(2001, 8, 27), None),
        ("688001.SH", "华兴源创", date(2019, 7, 22), None),
        ("920002.BJ", "万达轴承", date(2024, 5, 30), None),
    ]


def test_a_full_page_of_delisted_stocks_is_refused() -> None:
    call = INSTRUMENTS.calls(TODAY)[4]
    row = ("600001", "邯郸钢铁", date(1998, 1, 22), date(2009, 12, 29))

    with pytest.raises(SchemaChangedError, match="fills its page, for example 500 rows"):
        INSTRUMENTS.rows(TODAY, [made(call, *(row for _ in range(500)))])


def test_a_delisted_stock_without_its_day_is_refused() -> None:
    call = INSTRUMENTS.calls(TODAY)[5]

    with pytest.raises(SchemaChangedError, match="delist_date is empty"):
        INSTRUMENTS.rows(TODAY, [made(call, ("000003", "PT金田A", date(1991, 7, 3), None))])


def industry(*rows: tuple[str, str, str, str]) -> pl.DataFrame:
    (call,) = INDUSTRY.calls(TODAY)
    columns = ["股票代码", "计入日期", "行业代码", "更新日期"]
    return rows_of(INDUSTRY, TODAY, ask(call, swsresearch=excel(*rows, columns=columns)))


def test_a_change_of_industry_is_told_on_every_level() -> None:
    rows = industry(
        ("000001", "2014-01-01", "480101", "2015-10-27"),
        ("000001", "2021-07-30", "480301", "2021-07-31"),
        ("000001", "2021-07-30", "480300", "2021-07-30"),
    )

    assert rows.rows() == [
        ("000001.SZ", date(2014, 1, 1), "480000", None, 1),
        ("000001.SZ", date(2014, 1, 1), "480100", None, 2),
        ("000001.SZ", date(2014, 1, 1), "480101", None, 3),
        ("000001.SZ", date(2021, 7, 30), "480000", None, 1),
        ("000001.SZ", date(2021, 7, 30), "480300", None, 2),
        ("000001.SZ", date(2021, 7, 30), "480301", None, 3),
    ]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("000001", "", "480101", "2015-10-27"), "start_date is empty"),
        (
            ("000001", "2014-01-01", "银行", "2015-10-27"),
            "industry_code is no industry",
        ),
    ],
)
def test_an_industry_that_cannot_be_read_is_refused(row: Any, message: str) -> None:
    with pytest.raises(SchemaChangedError, match=message):
        industry(row)
