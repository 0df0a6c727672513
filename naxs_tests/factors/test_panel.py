"""Panels: long rows as dense matrices."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from naxs_assets.errors import DataError
from naxs_assets.factors.panel import FIELDS, panel_from_prices
from naxs_tests.factors.sample import FIRST_DAY, sample_prices


def test_every_row_finds_its_cell() -> None:
    prices = sample_prices()
    panel = panel_from_prices(prices, ["raw_close"])
    assert panel.days[0] == panel.first_day == FIRST_DAY
    assert (np.diff(panel.days) == 1).all()
    assert panel.symbols == tuple(sorted(prices["symbol"].unique()))
    assert panel.present.sum() == prices.height
    for number in (0, 17, prices.height - 1):
        row = prices.row(number, named=True)
        day, column = divmod(int(panel.cells[number]), len(panel.symbols))
        assert panel.days[day] == row["day"]
        assert panel.dates[day] == np.datetime64(row["date"])
        assert panel.symbols[column] == row["symbol"]
    usable = prices["is_suspended"].not_() & prices["quarantined_by"].is_null()
    expected = np.where(usable, prices["close"].to_numpy(), np.nan).astype(np.float32)
    np.testing.assert_array_equal(panel.fields["raw_close"].ravel()[panel.cells], expected)


def test_a_day_without_rows_has_no_date_and_no_values() -> None:
    panel = panel_from_prices(sample_prices(days=120), FIELDS)
    assert np.isnat(panel.dates[60])
    assert all(np.isnan(matrix[60]).all() for matrix in panel.fields.values())


def test_matrices_are_float32_and_contiguous() -> None:
    for matrix in panel_from_prices(sample_prices(), FIELDS).fields.values():
        assert matrix.dtype == np.float32
        assert matrix.flags.c_contiguous


def test_a_key_that_appears_twice_is_refused() -> None:
    prices = sample_prices()
    with pytest.raises(DataError, match="keys"):
        panel_from_prices(pl.concat([prices, prices.head(1)]), ["close"])


def test_two_dates_of_one_trading_day_are_refused() -> None:
    prices = sample_prices()
    day = prices["day"][500]
    next_day = pl.col("day") == day + 1
    wrong = prices.with_columns(
        day=pl.when(next_day).then(day).otherwise("day").cast(pl.Int32),
        symbol=pl.when(next_day).then(pl.col("symbol") + "X").otherwise("symbol"),
    )
    with pytest.raises(DataError, match="trading-day index"):
        panel_from_prices(wrong, ["close"])
