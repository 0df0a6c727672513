"""Labels: offsets derived from the expression, and never a guess."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
import yaml

import naxs_assets
from naxs_assets.factors.contracts import label_contract
from naxs_assets.factors.expression import ExpressionError
from naxs_assets.factors.labels import compile_label, compute_label
from naxs_tests.factors.sample import sample_prices

NEXT_DAY = Path(str(naxs_assets.__file__)).parent / "catalog" / "labels" / "next_day.yaml"


def test_the_next_day_label_is_entered_at_the_next_close_and_left_at_the_one_after() -> None:
    label = compile_label(yaml.safe_load(NEXT_DAY.read_text("utf-8"))["expression"])
    assert (label.entry_offset, label.exit_offset, label.reach, label.look_back) == (1, 2, 2, 0)


@pytest.mark.parametrize(
    ("text", "entry", "leave", "reach", "look_back"),
    [
        ("Ref($close,-5)/Ref($close,-1)-1", 1, 5, 5, 0),
        ("Ref($close,-5)/$close-1", 5, 5, 5, 0),
        ("Ref($close,-3)/Ref($open,-1)-Mean($close,5)", 1, 3, 3, 4),
        ("Max(Ref($high,-5),5)/$close-1", 1, 5, 5, 4),
        ("Ref(Std($close,4),-7)", 4, 7, 7, 0),
    ],
)
def test_offsets_follow_from_the_expression(
    text: str, entry: int, leave: int, reach: int, look_back: int
) -> None:
    label = compile_label(text)
    assert (label.entry_offset, label.exit_offset) == (entry, leave)
    assert (label.reach, label.look_back) == (reach, look_back)


@pytest.mark.parametrize("group", ["IndNeutralize(Ref($close,-1),2)",
                                   "CSNeutralize(Ref($close,-1),$industry2)"])  # fmt: skip
def test_a_label_that_reads_more_than_prices_is_refused(group: str) -> None:
    with pytest.raises(ExpressionError, match=r"made of prices alone, and .* \$industry2"):
        compile_label(group)


@pytest.mark.parametrize("text", ["$close", "$close/Ref($close,5)-1", "Ref(Ref($close,1),-1)"])
def test_a_label_without_a_future_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError, match="nothing to predict"):
        compile_label(text)


def _prices() -> pl.DataFrame:
    """Two symbols, eight days; the second is suspended on 01-05 and has no row on 01-08."""
    rows = [
        (date(2024, 1, 1 + row), symbol, 8000 + row, base + row, symbol == "B" and row == 4)
        for row in range(8)
        for symbol, base in (("A", 10.0), ("B", 20.0))
        if not (symbol == "B" and row == 7)
    ]
    frame = pl.DataFrame(
        rows, schema=["date", "symbol", "day", "close", "is_suspended"], orient="row"
    )
    return frame.with_columns(
        pl.col("day").cast(pl.Int32),
        adj_factor=pl.lit(1.0),
        quarantined_by=pl.lit(None, pl.String),
    )


def _label(text: str, first: int = 1, last: int = 8) -> pl.DataFrame:
    return compute_label(compile_label(text), _prices(), date(2024, 1, first), date(2024, 1, last))


def test_a_label_and_its_dates() -> None:
    row = _label("Ref($close,-2)/Ref($close,-1)-1", 2, 2).row(0, named=True)
    assert row["label"] == pytest.approx(13 / 12 - 1)
    assert row["entry_date"] == date(2024, 1, 3)
    assert row["exit_date"] == date(2024, 1, 4)


def test_a_label_is_null_until_every_later_day_is_there() -> None:
    found = _label("Ref($close,-2)/Ref($close,-1)-1").filter(symbol="A")
    assert found["label"].is_null().to_list() == [False] * 6 + [True] * 2
    assert found["entry_date"].is_null().to_list() == [False] * 7 + [True]
    assert found["exit_date"].is_null().to_list() == [False] * 6 + [True] * 2


@pytest.mark.parametrize(
    "text", ["Ref($close,-2)/Ref($close,-1)-1", "If(Ref($close,-2)>Ref($close,-1),1,0)"]
)
def test_a_label_is_null_where_a_bar_that_it_needs_cannot_be_traded(text: str) -> None:
    # The suspension of 01-05 is the exit of 01-03 and the entry of 01-04; 01-08 has no row.
    found = _label(text).filter(symbol="B")
    assert found["label"].is_null().to_list() == [False, False, True, True, False, True, True]


def test_a_suspended_row_itself_may_have_a_label() -> None:
    found = _label("Ref($close,-2)/Ref($close,-1)-1").filter(symbol="B", date=date(2024, 1, 5))
    assert found["label"].item() == pytest.approx(26 / 25 - 1)


def test_a_window_of_later_days_waits_for_the_last_of_them() -> None:
    found = _label("Max(Ref($close,-3),3)/$close-1").filter(symbol="A")
    assert found["label"].is_null().to_list() == [False] * 5 + [True] * 3


def test_labels_meet_their_contract() -> None:
    label = compile_label("Ref($close,-2)/Ref($close,-1)-1")
    for prices in (sample_prices(), sample_prices().clear()):
        found = compute_label(label, prices, date(2019, 9, 1), date(2019, 9, 30))
        label_contract("next_day").validate(found, where="test")
