"""pandas to polars: exact, the same way every time."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naxs_assets.market.fetching.errors import SchemaChangedError
from naxs_assets.market.fetching.frames import to_polars


def column(values: object) -> pl.Series:
    return to_polars(pd.DataFrame({"x": values}), "a test")["x"]


CASES = {
    "integers": ([1, 2], pl.Int64, [1, 2]),
    "numbers": ([1.5, None], pl.Float64, [1.5, None]),
    "truth": ([True, False], pl.Boolean, [True, False]),
    "texts": (["600000", None], pl.String, ["600000", None]),
    "nothing": ([None, None], pl.String, [None, None]),
    "days": ([date(2024, 1, 2), None], pl.Date, [date(2024, 1, 2), None]),
    "mixed": (["-", 1.5, 2, None], pl.String, ["-", "1.5", "2", None]),
    "numbers_as_objects": (pd.Series([1, 2.5], dtype=object), pl.Float64, [1.0, 2.5]),
    "large_with_fraction": (
        pd.Series([2**53 + 1, 0.5], dtype=object),
        pl.String,
        ["9007199254740993", "0.5"],
    ),
    "large": (pd.Series([2**80, 1], dtype=object), pl.String, [str(2**80), "1"]),
    "decimals": ([Decimal("1.10")], pl.String, ["1.10"]),
    "truth_as_objects": (pd.Series([True, None], dtype=object), pl.Boolean, [True, None]),
    "categories": (pd.Series(["a", "b"], dtype="category"), pl.String, ["a", "b"]),
    "nullable_integers": (pd.Series([1, None], dtype="Int64"), pl.Int64, [1, None]),
    "midnights": (pd.to_datetime(["2024-01-02", None]), pl.Date, [date(2024, 1, 2), None]),
    "instants": (
        pd.to_datetime(["2024-01-02 15:00"]),
        pl.Datetime("us"),
        [datetime(2024, 1, 2, 15)],
    ),
    "day_and_text": ([date(2024, 1, 2), "-"], pl.String, ["2024-01-02", "-"]),
}


@pytest.mark.parametrize(("values", "dtype", "expected"), CASES.values(), ids=CASES.keys())
def test_type_and_values(values: object, dtype: pl.DataType, expected: list[object]) -> None:
    series = column(values)
    assert series.dtype == dtype
    assert series.to_list() == expected


@given(st.lists(st.floats(allow_nan=False) | st.none(), min_size=1))
def test_numbers_keep_every_bit(values: list[float | None]) -> None:
    assert column(pd.Series(values, dtype="float64")).to_list() == values


@given(st.lists(st.text(max_size=5), min_size=1))
def test_texts_are_kept(values: list[str]) -> None:
    assert column(pd.Series(values, dtype=object)).to_list() == values


def test_named_index_becomes_the_first_column() -> None:
    frame = pd.DataFrame({"close": [1.0]}, index=pd.Index(["2024-01-02"], name="date"))
    assert to_polars(frame, "a test").columns == ["date", "close"]


def test_two_columns_of_one_name() -> None:
    with pytest.raises(SchemaChangedError, match="same name"):
        to_polars(pd.DataFrame([[1, 2]], columns=["-", "-"]), "a test")


def test_frame_without_columns() -> None:
    assert to_polars(pd.DataFrame(), "a test").shape == (0, 0)
