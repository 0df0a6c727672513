"""A month computed from its look-back alone has the bits of one pass over all history."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naxs_assets.factors.features import CompiledFeatures, compile_features, compute_features
from naxs_assets.factors.labels import compile_label, compute_label
from naxs_assets.factors.language import STRICT
from naxs_tests.factors.sample import ALL_OPERATORS, FIRST_DAY, SYMBOL_OPERATORS, sample_prices

COMPILED = compile_features(ALL_OPERATORS)
OF_SYMBOLS = compile_features(SYMBOL_OPERATORS)
STRICTLY = compile_features(
    {name: text for name, text in ALL_OPERATORS.items() if name != "ALPHA"}, STRICT
)
MONTH = 17


def _bits(frame: pl.DataFrame, names: tuple[str, ...]) -> npt.NDArray[np.uint32]:
    """The bits of the float columns; null (never a stored NaN) as all ones."""
    columns = []
    for name in names:
        assert not frame[name].is_nan().any()
        values = frame[name].fill_null(0.0).to_numpy().view(np.uint32)
        columns.append(np.where(frame[name].is_null(), np.uint32(0xFFFFFFFF), values))
    return np.stack(columns)


def _range(prices: pl.DataFrame, first: int, last: int) -> pl.DataFrame:
    return prices.filter(pl.col("day").is_between(FIRST_DAY + first, FIRST_DAY + last))


def _features(
    prices: pl.DataFrame, first: int, last: int, compiled: CompiledFeatures = COMPILED
) -> pl.DataFrame:
    wanted = _range(prices, first, last)["date"]
    return compute_features(compiled, prices, wanted.min(), wanted.max())  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("compiled", [COMPILED, STRICTLY], ids=["qlib", "strict"])
def test_every_month_alone_equals_one_pass(seed: int, compiled: CompiledFeatures) -> None:
    prices = sample_prices(seed=seed)
    whole = _features(prices, 0, 119, compiled)
    assert whole.height == prices.height
    for first in range(0, 120, MONTH):
        last = min(first + MONTH - 1, 119)
        loaded = _range(prices, first - compiled.look_back, last)
        month = _features(loaded, first, last, compiled)
        expected = _range(whole, first, last)
        assert month.select("date", "symbol", "day").equals(
            expected.select("date", "symbol", "day")
        )
        np.testing.assert_array_equal(_bits(month, compiled.names), _bits(expected, compiled.names))


@pytest.mark.parametrize("name", ALL_OPERATORS)
def test_a_look_back_as_short_as_one_operator_needs_is_enough(name: str) -> None:
    compiled = compile_features({name: ALL_OPERATORS[name]})
    prices = sample_prices(days=60, seed=5)
    whole = _features(prices, 0, 59, compiled)
    for first in range(1, 60, 3):
        loaded = _range(prices, first - compiled.look_back, first)
        expected = _range(whole, first, first)
        if not expected.is_empty():
            day = _features(loaded, first, first, compiled)
            np.testing.assert_array_equal(_bits(day, (name,)), _bits(expected, (name,)))


@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 99),
    first=st.integers(0, 119),
    length=st.integers(1, 40),
    more=st.integers(0, 25),
    symbols=st.sets(st.integers(0, 8), min_size=1),
)
def test_neither_more_history_nor_other_symbols_change_a_bit(
    seed: int, first: int, length: int, more: int, symbols: set[int]
) -> None:
    prices = sample_prices(seed=seed)
    chosen = pl.col("symbol").is_in([f"{600_000 + number}.SH" for number in symbols])
    last = min(first + length - 1, 119)
    expected = _range(_features(prices, 0, 119, OF_SYMBOLS), first, last).filter(chosen)
    loaded = _range(prices, first - OF_SYMBOLS.look_back - more, last).filter(chosen)
    if expected.is_empty():
        return
    month = _features(loaded, first, last, OF_SYMBOLS)
    np.testing.assert_array_equal(_bits(month, OF_SYMBOLS.names), _bits(expected, OF_SYMBOLS.names))


@pytest.mark.parametrize(
    "text",
    [
        "Ref($close,-2)/Ref($close,-1)-1",
        "Max(Ref($high,-5),5)/Ref($open,-1)-1",
        "(Ref($close,-3)/Ref($close,-1)-1)/Std($close/Ref($close,1)-1,10)",
        "If(Ref($close,-2)>Ref($close,-1),1,0)",
    ],
)
def test_labels_of_every_month_alone_equal_one_pass(text: str) -> None:
    prices = sample_prices(seed=4)
    label = compile_label(text)
    days = prices["date"]
    whole = compute_label(label, prices, days.min(), days.max())  # type: ignore[arg-type]
    for first in range(0, 120, MONTH):
        loaded = _range(prices, first - label.look_back, first + MONTH - 1 + label.reach)
        wanted = _range(prices, first, first + MONTH - 1)["date"]
        month = compute_label(label, loaded, wanted.min(), wanted.max())  # type: ignore[arg-type]
        expected = _range(whole, first, first + MONTH - 1)
        assert month.drop("label").equals(expected.drop("label"))
        np.testing.assert_array_equal(_bits(month, ("label",)), _bits(expected, ("label",)))
