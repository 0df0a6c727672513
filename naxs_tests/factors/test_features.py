"""Feature sets: what is compiled, what is refused, which rows and nulls come out."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
import yaml

import naxs_assets
from naxs_assets.errors import ConfigurationError
from naxs_assets.factors.contracts import features_contract
from naxs_assets.factors.expression import ExpressionError
from naxs_assets.factors.features import compile_features, compute_features, missing_fields
from naxs_tests.factors.sample import FIRST_DATE, sample_prices

BASIC = Path(str(naxs_assets.__file__)).parent / "catalog" / "features" / "basic.yaml"


def _basic() -> dict[str, str]:
    features = yaml.safe_load(BASIC.read_text("utf-8"))["features"]
    return {name: feature["expression"] for name, feature in features.items()}


def test_a_set_knows_its_names_look_back_and_fields() -> None:
    compiled = compile_features({"B": "Mean($close,5)", "A": "Ref($open,9)/$close"})
    assert compiled.names == ("B", "A")
    assert compiled.look_back == 9
    assert compiled.fields == ("close", "open")


def test_the_code_follows_the_meaning_not_the_spelling() -> None:
    code = compile_features({"A": "Mean($close,5)", "B": "$open"}).code
    assert code == compile_features({"A": "Mean( ($close), 5)", "B": "$open"}).code
    assert code != compile_features({"A": "Mean($close,6)", "B": "$open"}).code
    assert code != compile_features({"C": "Mean($close,5)", "B": "$open"}).code
    assert code != compile_features({"B": "$open", "A": "Mean($close,5)"}).code


@pytest.mark.parametrize(
    ("text", "offset", "column"),
    [
        ("$close/Ref($close,-1)-1", 1, 8),
        ("Mean($open,5)+Mean(Ref($close,-3),2)", 3, 20),
        ("Ref(Ref($close,1),-1)", 1, 1),
    ],
)
def test_a_feature_that_looks_ahead_is_refused_by_name(text: str, offset: int, column: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_features({"GOOD": "$close", "PEEK": text})
    assert "feature PEEK" in caught.value.what
    assert f"+{offset}" in caught.value.what
    assert caught.value.position == column - 1


def test_a_bad_feature_is_named() -> None:
    with pytest.raises(ExpressionError, match="feature BAD, column 6"):
        compile_features({"BAD": "Mean(close,5)"})


@pytest.mark.parametrize("name", ["", "day", "date", "symbol", "2X", "a b", "Ｘ"])
def test_names_that_cannot_be_columns_are_refused(name: str) -> None:
    with pytest.raises(ConfigurationError):
        compile_features({name: "$close"})


def _bars(close: list[float | None], **columns: list[object]) -> pl.DataFrame:
    size = len(close)
    frame = pl.DataFrame(
        {
            "date": [date(2024, 1, 2 + row) for row in range(size)],
            "symbol": ["600000.SH"] * size,
            "day": pl.Series(range(8000, 8000 + size), dtype=pl.Int32),
            "open": close,
            "high": close,
            "low": close,
            "close": close,
            "pre_close": close,
            "volume": pl.Series([100] * size, dtype=pl.Int64),
            "amount": pl.Series([1100.0] * size),
            "adj_factor": [2.0] * size,
            "is_suspended": [False] * size,
            "quarantined_by": pl.Series([None] * size, dtype=pl.String),
        }
    )
    return frame.with_columns(pl.Series(name, values) for name, values in columns.items())


def _one(text: str, prices: pl.DataFrame) -> list[float | None]:
    compiled = compile_features({"F": text})
    return compute_features(compiled, prices, date(2024, 1, 1), date(2024, 1, 31))["F"].to_list()


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("$close", 20.0),
        ("$raw_close", 10.0),
        ("$volume", 50.0),
        ("$raw_volume", 100.0),
        ("$amount", 1100.0),
        ("$vwap", 22.0),
        ("$raw_vwap", 11.0),
        ("$adj_factor", 2.0),
    ],
)
def test_prices_are_back_adjusted_and_raw_fields_are_as_quoted(field: str, expected: float) -> None:
    assert _one(field, _bars([10.0])) == [expected]


def test_suspended_and_quarantined_rows_are_unknown_but_stay_rows() -> None:
    prices = _bars(
        [10.0, 11.0, 12.0, 13.0],
        is_suspended=[False, True, None, False],
        quarantined_by=[None, None, None, "price_band"],
    )
    assert _one("$close", prices) == [20.0, None, 24.0, None]
    # Rolling operators do not blank a suspended row; comparisons with the unknown are false.
    assert _one("Mean($close,2)", prices)[:3] == [20.0, 20.0, 24.0]
    assert _one("$close>Ref($close,1)", prices)[:3] == [0.0, 0.0, 0.0]
    # A quarantined row has no feature at all, not even one that only looks back.
    assert _one("Mean($close,2)", prices)[3] is None
    assert _one("Ref($close,1)", prices)[3] is None


def test_days_before_the_first_row_of_a_symbol_do_not_count() -> None:
    late = _bars([10.0, 11.0]).with_columns(
        pl.col("day") + 2, date=pl.col("date").dt.offset_by("2d")
    )
    early = _bars([10.0] * 4).with_columns(symbol=pl.lit("600001.SH"))
    prices = pl.concat([early, late]).sort("date", "symbol")
    compiled = compile_features(
        {"UP": "Mean($close>Ref($close,1),4)", "ONE": "Sum(If($close>0,1,1),4)"}
    )
    found = compute_features(compiled, prices, date(2024, 1, 1), date(2024, 1, 31))
    assert found.filter(symbol="600000.SH").select("UP", "ONE").rows() == [(0.0, 1.0), (0.5, 2.0)]


def test_what_is_not_finite_is_null() -> None:
    assert _one("1/($close-20)", _bars([10.0, 11.0])) == [None, 0.5]
    assert _one("Log($close-20)", _bars([10.0, 9.0])) == [None, None]


def test_a_field_that_the_data_lack_is_null_and_reported() -> None:
    prices = _bars([10.0, 11.0]).with_columns(amount=pl.lit(None, pl.Float64))
    compiled = compile_features({"A": "$vwap/$close", "B": "$close", "C": "$amount"})
    assert missing_fields(compiled, prices) == ("amount", "vwap")
    assert missing_fields(compiled, prices.drop("amount")) == ("amount", "vwap")
    assert missing_fields(compiled, _bars([10.0])) == ()
    for frame in (prices, prices.drop("amount")):
        found = compute_features(compiled, frame, date(2024, 1, 1), date(2024, 1, 31))
        assert found["A"].null_count() == 2
        assert found["B"].to_list() == [20.0, 22.0]


def test_the_rows_asked_for_come_out_sorted_whatever_the_order_of_prices() -> None:
    prices = sample_prices()
    compiled = compile_features({"RET": "$close/Ref($close,1)-1"})
    first, last = date(2019, 9, 1), date(2019, 9, 30)
    found = compute_features(compiled, prices, first, last)
    assert found.select("date", "symbol", "day").equals(
        prices.filter(pl.col("date").is_between(first, last)).select("date", "symbol", "day")
    )
    shuffled = prices.sample(fraction=1.0, shuffle=True, seed=1)
    assert compute_features(compiled, shuffled, first, last).equals(found)
    features_contract("one", compiled.names).validate(found, where="test")


def test_no_expressions_give_the_rows_alone() -> None:
    compiled = compile_features({})
    assert (compiled.look_back, compiled.fields) == (0, ())
    table = compute_features(compiled, _bars([1.0, 2.0]), date(2024, 1, 3), date(2024, 1, 31))
    assert table.rows() == [(date(2024, 1, 3), "600000.SH", 8001)]


def test_no_prices_give_no_rows() -> None:
    compiled = compile_features(_basic())
    empty = compute_features(compiled, sample_prices().clear(), FIRST_DATE, FIRST_DATE)
    assert empty.is_empty()
    features_contract("basic", compiled.names).validate(empty, where="test")


def test_the_basic_set_computes_and_meets_its_contract() -> None:
    catalogue = yaml.safe_load(BASIC.read_text("utf-8"))
    assert catalogue["name"] == "basic"
    assert all(" / " in each["description"] for each in catalogue["features"].values())
    compiled = compile_features(_basic())
    assert compiled.look_back == 60
    prices = sample_prices()
    assert missing_fields(compiled, prices) == ()
    found = compute_features(compiled, prices, date(2019, 10, 15), date(2019, 12, 31))
    features_contract("basic", compiled.names).validate(found, where="test")
    assert all(found[name].null_count() < found.height / 2 for name in compiled.names)


@pytest.mark.parametrize(
    "text",
    [
        "Mean($close,5)/$close",
        "Sum($volume,5)/(Sum($volume,20)+1e-12)",
        "($close-$open)/$open",
        "$close/(Mean($close,5)-Mean($close,5))",
    ],
)
def test_a_last_division_is_the_same_when_others_read_it(text: str) -> None:
    """It is made on the way into the column where no other part of the set needs it."""
    prices = sample_prices(symbols=40)
    first, last = prices["date"].min(), prices["date"].max()
    alone = compute_features(compile_features({"A": text}), prices, first, last)  # type: ignore[arg-type]
    shared = compute_features(
        compile_features({"A": text, "B": f"Abs({text})"}),
        prices,
        first,  # type: ignore[arg-type]
        last,  # type: ignore[arg-type]
    )
    assert alone.equals(shared.drop("B"))
