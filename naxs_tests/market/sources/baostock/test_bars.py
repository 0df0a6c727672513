"""BaoStock's bars: unadjusted only, suspended rows marked, percentages as ratios."""

import os
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from naxs_assets.market.fetching.errors import SchemaChangedError
from naxs_assets.market.sources.baostock import bars
from naxs_assets.market.sources.offers import PulledTable
from naxs_tests.market.sources.asking import FRIDAY, TODAY, answered, made, rows_of, wanted

OFFERS = {offer.table: offer for offer in bars.OFFERS}
HISTORY, DAY = OFFERS[PulledTable.HISTORY], OFFERS[PulledTable.DAY]
FACTORS, INDEX = OFFERS[PulledTable.FACTORS], OFFERS[PulledTable.INDEX_BARS]
ST = OFFERS[PulledTable.ST]
SPAN = wanted(date(2024, 1, 4), FRIDAY, "600000.SH")
# Field by field as the service writes them.
TRADED = (
    "2024-01-04", "sh.600000", "6.6000", "6.6200", "6.5600", "6.6000", "6.6100", "22114012",
    "145715862.0000", "3", "0.075300", "1", "-0.151300",
)  # fmt: skip
SUSPENDED = (
    "2024-01-05", "sh.600000", "6.6000", "6.6000", "6.6000", "6.6000", "6.6000", "", "", "3",
    "", "0", "0.000000",
)  # fmt: skip
VALUATION = ("5.1", "0.3", "1.1", "-2.0")


def test_unadjusted_daily_bars_are_asked_for_without_beijing() -> None:
    calls = HISTORY.calls(wanted(date(2024, 1, 4), FRIDAY, "600000.SH", "920002.BJ"))

    assert [str(call) for call in calls] == [
        "query_history_k_data_plus(code=sh.600000, fields=date,code,open,high,low,close,preclose,"
        "volume,amount,adjustflag,turn,tradestatus,pctChg,isST, start_date=2024-01-04, "
        "end_date=2024-01-05, frequency=d, adjustflag=3)"
    ]


def test_texts_become_numbers_ratios_and_flags() -> None:
    (call,) = HISTORY.calls(SPAN)
    rows = rows_of(HISTORY, SPAN, made(call, (*TRADED, "0"), (*SUSPENDED, "1")))

    assert rows.row(0, named=True) == {
        "date": date(2024, 1, 4),
        "symbol": "600000.SH",
        "open": 6.60,
        "high": 6.62,
        "low": 6.56,
        "close": 6.60,
        "pre_close": 6.61,
        "change": -0.001513,
        "volume": 22_114_012,
        "amount": 145_715_862.0,
        "turnover": 0.000753,
        "is_st": False,
        "is_suspended": False,
    }


def test_a_suspended_day_has_a_row_with_the_close_before() -> None:
    (call,) = HISTORY.calls(SPAN)
    row = rows_of(HISTORY, SPAN, made(call, (*SUSPENDED, "1"))).row(0, named=True)

    assert row["is_suspended"] is True
    assert row["is_st"] is True
    assert (row["open"], row["close"], row["volume"], row["amount"]) == (6.60, 6.60, None, None)


def test_adjusted_bars_are_refused() -> None:
    (call,) = HISTORY.calls(SPAN)
    adjusted = tuple("2" if cell == "3" else cell for cell in TRADED)

    with pytest.raises(SchemaChangedError, match="adjustflag is not 3, for example '2'"):
        HISTORY.rows(SPAN, [made(call, (*adjusted, "0"))])


@pytest.mark.parametrize(
    ("cell", "value", "message"),
    [
        (0, "2024-01-03", "date holds days outside 2024-01-04..2024-01-05"),
        (0, "04/01/2024", "date holds no date"),
        (1, "sh.600001", "code is not sh.600000"),
        (3, "6.6.2", "high holds no number"),
        (7, "221140", "volume of the main board has another unit"),
        (11, "2", "tradestatus holds no flag"),
    ],
)
def test_cells_that_cannot_be_right_are_refused_by_name(
    cell: int, value: str, message: str
) -> None:
    (call,) = HISTORY.calls(SPAN)
    row = [*TRADED, "0"]
    row[cell] = value

    with pytest.raises(SchemaChangedError, match=message):
        HISTORY.rows(SPAN, [made(call, tuple(row))])


def test_one_call_gives_every_stock_of_a_day() -> None:
    (call,) = DAY.calls(TODAY)
    traded = ("2024-01-05", *TRADED[1:], *VALUATION, "0")
    other = ("2024-01-05", "sz.000004", *SUSPENDED[2:], *VALUATION, "1")
    rows = rows_of(DAY, TODAY, made(call, other, traded))

    assert str(call) == "query_daily_history_k_AStock(date=2024-01-05)"
    assert rows["symbol"].to_list() == ["000004.SZ", "600000.SH"]
    assert rows["is_suspended"].to_list() == [True, False]
    with pytest.raises(SchemaChangedError, match="date is not 2024-01-05"):
        DAY.rows(TODAY, [made(call, (*TRADED, *VALUATION, "0"))])


def test_st_is_read_day_by_day_from_the_bars() -> None:
    span = wanted(date(2024, 1, 4), date(2024, 1, 7))
    calls = ST.calls(span)
    st = ("2024-01-05", "sz.000004", *SUSPENDED[2:], *VALUATION, "1")
    rows = rows_of(
        ST,
        span,
        made(calls[0], (*TRADED, *VALUATION, "0")),
        made(calls[1], ("2024-01-05", *TRADED[1:], *VALUATION, "0"), st),
    )

    assert [call.arguments["date"] for call in calls] == ["2024-01-04", "2024-01-05"]
    assert rows.rows() == [(FRIDAY, "000004.SZ")]


def test_factors_are_the_back_adjusted_series() -> None:
    (call,) = FACTORS.calls(SPAN)
    rows = rows_of(
        FACTORS,
        SPAN,
        made(
            call,
            ("sh.600000", "2022-07-21", "0.940000", "12.700000", "1.05"),
            ("sh.600000", "2023-07-21", "1.000000", "13.260000", "1.04"),
        ),
    )

    assert call.arguments["start_date"] == "1990-12-19"
    assert rows.rows() == [
        ("600000.SH", date(2022, 7, 21), 12.70),
        ("600000.SH", date(2023, 7, 21), 13.26),
    ]
    assert rows_of(FACTORS, SPAN, answered(call, pl.DataFrame())).is_empty()


@pytest.mark.parametrize("second", [("2022-07-21", "13.0"), ("2023-07-21", "0")])
def test_what_is_no_series_of_factors_is_refused(second: tuple[str, str]) -> None:
    (call,) = FACTORS.calls(SPAN)
    answer = made(
        call,
        ("sh.600000", "2022-07-21", "0.94", "12.70", "1.05"),
        ("sh.600000", second[0], "1.0", second[1], "1.04"),
    )

    with pytest.raises(SchemaChangedError, match="no factor series"):
        FACTORS.rows(SPAN, [answer])


def test_index_volume_is_in_shares() -> None:
    span = wanted(date(2024, 1, 4), FRIDAY, index="000300.SH")
    (call,) = INDEX.calls(span)
    bar = ("2024-01-05", "sh.000300", "3341.0100", "3378.4500", "3317.7500", "3329.1100")
    rows = rows_of(INDEX, span, made(call, (*bar, "12000000000", "210000000000.0000")))

    assert rows.row(0) == (
        FRIDAY, "000300.SH", 3341.01, 3378.45, 3317.75, 3329.11, 12_000_000_000, 2.1e11,
    )  # fmt: skip
    with pytest.raises(SchemaChangedError, match="volume has another unit"):
        INDEX.rows(span, [made(call, (*bar, "120000000", "210000000000.0000"))])


def test_bars_recorded_from_the_service_pass_and_keep_their_numbers() -> None:
    folder = os.environ.get("NAXS_REAL_DATA")
    if not folder:
        pytest.skip("NAXS_REAL_DATA names no folder of recorded data")
    recorded = pl.read_parquet(Path(folder) / "ci_small_2020_2021.parquet")
    span = wanted(date(2020, 1, 1), date(2021, 12, 31), *recorded["symbol"].unique(), now=FRIDAY)
    answers = []
    for call in HISTORY.calls(span):
        code = call.arguments["code"]
        symbol = f"{code[3:]}.{code[:2].upper()}"
        rows = recorded.filter(pl.col("symbol") == symbol)
        wire = rows.select(
            "date",
            pl.lit(code).alias("code"),
            "open",
            "high",
            "low",
            "close",
            pl.col("pre_close").alias("preclose"),
            "volume",
            "amount",
            pl.lit("3").alias("adjustflag"),
            pl.col("turnover_pct").alias("turn"),
            (~pl.col("is_suspended")).cast(pl.Int8).alias("tradestatus"),
            pl.col("pct_chg").alias("pctChg"),
            pl.col("is_st").cast(pl.Int8).alias("isST"),
        )
        answers.append(answered(call, wire.cast(pl.String).fill_null("")))

    rows = rows_of(HISTORY, span, *answers)

    same = recorded.sort("symbol", "date")
    for name in ("date", "symbol", "open", "close", "pre_close", "amount", "is_st"):
        assert rows[name].equals(same[name]), name
    assert rows["volume"].equals(same["volume"].cast(pl.Int64))
    assert rows["is_suspended"].equals(same["is_suspended"])
