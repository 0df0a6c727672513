"""Codes, dates and spans of vendors in the platform's own form."""

from datetime import date

import polars as pl
import pytest

from naxs_assets.market.fetching.calls import Call, Family
from naxs_assets.market.fetching.errors import SchemaChangedError
from naxs_assets.market.sources.reading import (
    number,
    percent,
    prefixed,
    quarter_ends,
    read,
    text,
    weekdays,
    with_symbols,
)
from naxs_tests.market.sources.asking import FRIDAY, answered, wanted

CALL = Call(Family.SINA, "f", {"symbol": "x"})


@pytest.mark.parametrize(
    ("told", "symbol"),
    [
        ("600519", "600519.SH"),
        ("sh600519", "600519.SH"),
        ("sh.600519", "600519.SH"),
        ("SZ300750", "300750.SZ"),
        ("000001", "000001.SZ"),
        ("689009", "689009.SH"),
        ("920002", "920002.BJ"),
        ("430047", "430047.BJ"),
        ("bj832000", "832000.BJ"),
    ],
)
def test_codes_become_symbols(told: str, symbol: str) -> None:
    answer = answered(CALL, pl.DataFrame({"code": [told]}))

    assert with_symbols(answer, read(answer, symbol=text("code")))["symbol"].to_list() == [symbol]


def test_funds_indices_and_b_shares_are_left_out() -> None:
    codes = ["sh510300", "sh000001", "900901", "200002", "sz399001", "600519"]
    rows = pl.DataFrame({"symbol": codes})

    assert with_symbols(answered(CALL, rows), rows)["symbol"].to_list() == ["600519.SH"]


def test_another_text_is_refused_unless_the_table_lists_others() -> None:
    rows = pl.DataFrame({"symbol": ["600519", "000001", "A23099"]})
    answer = answered(CALL, rows)

    with pytest.raises(SchemaChangedError, match=r"column symbol holds no stock code, .* 'A23099'"):
        with_symbols(answer, rows)
    assert with_symbols(answer, rows, lists_others=True).height == 2
    with pytest.raises(SchemaChangedError):
        with_symbols(answer, rows.tail(1), lists_others=True)


def test_an_error_names_call_column_and_sample() -> None:
    answer = answered(CALL, pl.DataFrame({"price": ["1.5", "-", "", "12,5"]}))

    with pytest.raises(SchemaChangedError, match=r"column price holds no number.* '12,5'") as error:
        read(answer, price=number("price"))
    assert error.value.where == "akshare.sina f(symbol=x)"
    with pytest.raises(SchemaChangedError, match=r"column cost is absent, .*\['price'\]"):
        read(answer, cost=number("cost"))


def test_nothing_in_a_cell_is_null_and_a_percentage_its_exact_ratio() -> None:
    cells = ["0.39", "-0.723", "-", "--", "", "NaN", "2.97"]
    rows = read(answered(CALL, pl.DataFrame({"x": cells})), x=percent("x"))

    assert rows["x"].to_list() == [0.0039, -0.00723, None, None, None, None, 0.0297]


def test_an_empty_answer_has_the_columns_of_a_full_one() -> None:
    rows = read(answered(CALL, pl.DataFrame()), name=text("name"), x=percent("x"))

    assert rows.schema == {"name": pl.String, "x": pl.Float64}


def test_days_and_periods_of_a_span() -> None:
    assert list(weekdays(wanted(FRIDAY, date(2024, 1, 8)))) == [FRIDAY, date(2024, 1, 8)]
    assert quarter_ends(date(2023, 9, 30), date(2024, 3, 30)) == [
        date(2023, 9, 30),
        date(2023, 12, 31),
    ]
    assert prefixed("600519.SH", ".") == "sh.600519"
