"""Labels: offsets derived from the expression, and never a guess."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

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


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("Ref($close,-5)/Ref($close,-1)-1", (1, "close")),
        ("Ref($open,-2)/Ref($open,-1)-1", (1, "open")),
        ("Ref($raw_open,-2)/Ref($raw_open,-1)-1", (1, "open")),
        ("Ref($close,-1)/Ref($open,-1)-1", (1, "open")),
        ("Ref($vwap,-2)/Ref($vwap,-1)-1", (1, "vwap")),
        ("Ref($close,-3)/Ref($open,-1)-Mean($close,5)", (1, "open")),
        ("Ref($close,-5)/$close-1", (0, "close")),
        ("Max(Ref($high,-5),5)/$close-1", (0, "close")),
        ("Ref(Std($close,4),-7)", None),
        ("Ref($volume,-1)/$volume", None),
    ],
)
def test_the_entry_is_the_first_price_that_something_is_read_after(
    text: str, entry: tuple[int, str] | None
) -> None:
    assert compile_label(text).entry == entry


def _prices() -> pl.DataFrame:
    """Two symbols, eight days; the second is suspended on 01-05 and has no row on 01-08.

    No bar is at its limit.
    """
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
        open=pl.col("close"),
        high=pl.col("close") + 1,
        low=pl.col("close") - 1,
        pre_close=pl.col("close"),
        volume=pl.lit(1_000),
        amount=pl.col("close") * 1_000,
        is_st=pl.lit(value=False),
        limit_up=(pl.col("close") * 110).cast(pl.Int64),
        adj_factor=pl.lit(1.0),
        quarantined_by=pl.lit(None, pl.String),
    )


def _label(
    text: str, first: int = 1, last: int = 8, prices: pl.DataFrame | None = None
) -> pl.DataFrame:
    rows = _prices() if prices is None else prices
    return compute_label(compile_label(text), rows, date(2024, 1, first), date(2024, 1, last))


def _with(symbol: str, day: int, **values: Any) -> pl.DataFrame:
    """The prices with other values in one bar."""
    here = (pl.col("symbol") == symbol) & (pl.col("date") == date(2024, 1, day))
    rows = _prices()
    return rows.with_columns(
        pl.when(here).then(pl.lit(value, rows.schema[name])).otherwise(name).alias(name)
        for name, value in values.items()
    )


CLOSES = "Ref($close,-2)/Ref($close,-1)-1"
OPENS = "Ref($open,-2)/Ref($open,-1)-1"
VWAPS = "Ref($vwap,-2)/Ref($vwap,-1)-1"
# A's bar of 01-03, in cents 1320 at most: opened low, closed at the limit; and so on.
CLOSED_AT_LIMIT = {"open": 12.0, "low": 12.0, "high": 13.2, "close": 13.2, "limit_up": 1320}
OPENED_AT_LIMIT = {"open": 13.2, "low": 12.0, "high": 13.2, "close": 12.5, "limit_up": 1320}
TOUCHED_LIMIT = {"open": 12.0, "low": 12.0, "high": 13.2, "close": 13.19, "limit_up": 1320}
ONE_PRICE = {"open": 13.2, "low": 13.2, "high": 13.2, "close": 13.2, "limit_up": 1320}
FIRST_DAY_BACK = {"open": 39.22, "low": 33.0, "high": 43.9, "close": 35.9, "limit_up": 972}


@pytest.mark.parametrize(
    ("text", "bar", "reason"),
    [
        (CLOSES, CLOSED_AT_LIMIT, "limit_up_at_entry"),
        (OPENS, CLOSED_AT_LIMIT, None),
        (VWAPS, CLOSED_AT_LIMIT, None),
        (CLOSES, OPENED_AT_LIMIT, None),
        (OPENS, OPENED_AT_LIMIT, "limit_up_at_entry"),
        (CLOSES, TOUCHED_LIMIT, None),
        (CLOSES, ONE_PRICE, "limit_up_at_entry"),
        (OPENS, ONE_PRICE, "limit_up_at_entry"),
        (VWAPS, ONE_PRICE, "limit_up_at_entry"),
        (CLOSES, FIRST_DAY_BACK, None),
    ],
)
def test_what_cannot_be_bought_at_the_entry_price_has_no_label(
    text: str, bar: dict[str, float], reason: str | None
) -> None:
    row = _label(text, 2, 2, _with("A", 3, **bar)).row(0, named=True)
    assert (row["symbol"], row["null_reason"]) == ("A", reason)
    assert (row["label"] is None) == (reason is not None)


def test_a_bar_at_the_limit_is_no_hindrance_on_the_way_out() -> None:
    row = _label(CLOSES, 1, 1, _with("A", 3, **CLOSED_AT_LIMIT)).row(0, named=True)
    assert row["label"] == pytest.approx(13.2 / 11 - 1)


def test_a_label_of_the_row_itself_is_bought_at_its_close() -> None:
    row = _label("Ref($close,-1)/$close-1", 3, 3, _with("A", 3, **CLOSED_AT_LIMIT)).row(
        0, named=True
    )
    assert row["null_reason"] == "limit_up_at_entry"


@pytest.mark.parametrize(
    ("unknown", "known"),
    [
        ({}, True),
        ({"pre_close": None, "limit_up": None}, False),
        ({"is_st": None}, False),
        (FIRST_DAY_BACK, False),
    ],
)
def test_where_the_limit_cannot_be_told_the_label_stands_and_says_so(
    unknown: dict[str, Any], known: bool
) -> None:
    row = _label(CLOSES, 2, 2, _with("A", 3, **unknown)).row(0, named=True)
    assert row["label"] is not None
    assert row["limit_known"] is known


def test_every_null_has_its_reason() -> None:
    found = _label(CLOSES).filter(symbol="B")
    assert found["null_reason"].to_list() == [
        None,
        None,
        "suspended_at_exit",
        "suspended_at_entry",
        None,
        "no_bar",
        "not_known_yet",
    ]
    assert found["limit_known"].to_list() == [True, True, True, None, True, True, None]
    quarantined = _label(CLOSES, prices=_with("A", 4, quarantined_by="schema", close=None))
    assert quarantined.filter(symbol="A")["null_reason"].to_list() == [
        None,
        *["quarantined"] * 3,
        None,
        None,
        *["not_known_yet"] * 2,
    ]
    no_factor = _label(CLOSES, 1, 3, _with("A", 4, adj_factor=None)).filter(symbol="A")
    assert no_factor["null_reason"].to_list() == [None, "no_value", "no_value"]


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


def _recorded(folder: Path) -> pl.DataFrame:
    """The recorded prices, with limits by the rates of 2020 and 2021 in whole cents."""
    frame = pl.read_parquet(folder / "ci_small_2020_2021.parquet")
    days = frame.select(pl.col("date").unique().sort()).with_row_index("day")
    growth = pl.col("symbol").str.starts_with("30") & (pl.col("date") >= date(2020, 8, 24))
    rate = (
        pl.when(pl.col("symbol").str.starts_with("688") | growth)
        .then(120)
        .when("is_st")
        .then(105)
        .otherwise(110)
    )
    cents = (pl.col("pre_close") * 100).round().cast(pl.Int64)
    return (
        frame.join(days, on="date")
        .with_columns(
            pl.col("day").cast(pl.Int32),
            limit_up=(cents * rate + 50) // 100,
            quarantined_by=pl.lit(None, pl.String),
        )
        .sort("date", "symbol")
    )


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        (CLOSES, (31_089, 132, 379, 329, 19)),
        (OPENS, (31_373, 132, 379, 44, 20)),
        ("Ref($close,-6)/Ref($close,-1)-1", (30_795, 396, 379, 327, 51)),
    ],
)
def test_what_the_recorded_prices_leave_without_a_label(
    text: str, reasons: tuple[int, ...], real_data: Path
) -> None:
    found = compute_label(
        compile_label(text), _recorded(real_data), date(2020, 1, 1), date(2021, 12, 31)
    )
    counted = dict(found["null_reason"].value_counts().iter_rows())
    names = (None, "not_known_yet", "suspended_at_entry", "limit_up_at_entry", "suspended_at_exit")
    assert counted == dict(zip(names, reasons, strict=True))
    # 000792.SZ came back on 2021-08-10, after a year, under no limit.
    unsure = found.filter(~pl.col("limit_known"))
    assert unsure.select("symbol", "entry_date").rows() == [("000792.SZ", date(2021, 8, 10))]
