"""A month of prices: what each quality rule does to a row, and what is kept of it."""

import json
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naxs_assets.errors import DataError
from naxs_assets.market.contracts import PRICE_FIELDS
from naxs_assets.market.rules import MonthRefused
from naxs_assets.market.sources.base import RAW_BARS, DeclaredGaps
from naxs_tests.market.hand_made import (
    APRIL,
    MARCH,
    OPEN_DAYS,
    OTHER,
    STOCK,
    bar,
    build,
    finding,
    first_of,
    instruments,
    open_day,
    raw,
    suspended,
    verdicts,
)


def test_a_clean_month_passes_every_rule_unchanged() -> None:
    bars = raw(bar(0, 10.0), bar(1, 10.5, 10.0), bar(0, 20.0, symbol=OTHER))
    built = build(bars)
    assert verdicts(built) == {}
    assert built.findings["rule"].to_list() == [
        "schema", "calendar", "key", "ohlc", "zero", "factor", "limit",
    ]  # fmt: skip
    assert built.rejected.is_empty()
    row = built.frame.row(2, named=True)
    assert row == {
        "date": open_day(1), "symbol": STOCK, "day": 7401,
        "open": 10.0, "high": 10.5, "low": 10.0, "close": 10.5, "pre_close": 10.0,
        "volume": 1000, "amount": 10500.0, "turnover": 0.001,
        "adj_factor": 2.0, "source_adj_factor": 2.0,
        "is_st": False, "is_suspended": False, "limit_up": 1100, "limit_down": 900,
        "quarantined_by": None, "quarantined_row": None, "repaired": None,
        "supplemented": False, "source": "hand",
    }  # fmt: skip


def test_no_rows_give_an_empty_month() -> None:
    built = build(raw())
    assert built.frame.is_empty()
    assert "no rows" in finding(built, "calendar")["note"]


def test_rows_of_another_month_are_refused() -> None:
    with pytest.raises(DataError, match="other months"):
        build(raw(bar(first_of(APRIL), 10.0)), MARCH)


BROKEN: list[tuple[str, dict[str, Any]]] = [
    ("schema", {"close": None, "bad_cells": '{"close": "10,5O"}'}),
    ("schema", {"open": None}),
    ("schema", {"volume": None}),
    ("schema", {"volume": -5}),
    ("schema", {"high": float("inf")}),
    ("schema", {"amount": float("nan")}),
    ("ohlc", {"high": 10.2}),
    ("ohlc", {"low": 10.3}),
    ("ohlc", {"open": 11.0}),
    ("ohlc", {"open": -1.0, "low": -1.0}),
    ("ohlc", {"low": 0.0}),
    ("zero", {"volume": 0, "amount": 0.0}),
    ("zero", {"amount": 0.0}),
    ("zero", {"is_suspended": True}),
    ("zero", {"is_suspended": True, "volume": 0}),
]


@pytest.mark.parametrize(("rule", "cells"), BROKEN)
def test_a_broken_row_is_quarantined_and_kept(rule: str, cells: dict[str, Any]) -> None:
    built = build(raw(bar(0, 10.0), bar(1, 10.5, 10.0, **cells), bar(2, 10.6, 10.5)))
    assert verdicts(built) == {rule: "quarantined"}
    assert finding(built, rule)["sample"] == f"{STOCK} {open_day(1)}"
    assert finding(built, rule)["rows"] == 1
    row = built.frame.row(1, named=True)
    assert row["quarantined_by"] == rule
    assert all(row[name] is None for name in (*PRICE_FIELDS, "limit_up", "is_suspended"))
    assert (row["adj_factor"], row["source_adj_factor"]) == (2.0, 2.0)
    (kept,) = json.loads(row["quarantined_row"])
    assert kept["symbol"] == STOCK
    assert kept["date"] == open_day(1).isoformat()
    # The rows around it are untouched.
    assert built.frame["close"].to_list() == [10.0, None, 10.6]


def test_the_raw_row_is_kept_word_for_word() -> None:
    dirty = bar(1, 10.5, 10.0, close=None, bad_cells='{"close": "10,5O"}', high=float("inf"))
    row = build(raw(bar(0, 10.0), dirty)).frame.row(1, named=True)
    (kept,) = json.loads(row["quarantined_row"])
    assert kept["close"] == "10,5O"
    assert kept["high"] == "inf"
    assert kept["volume"] == 1000


def test_identical_copies_collapse_with_a_warning() -> None:
    built = build(raw(bar(0, 10.0), bar(0, 10.0), bar(1, 10.5, 10.0)))
    assert verdicts(built) == {"key": "warn"}
    assert finding(built, "key")["rows"] == 1
    assert built.frame["close"].to_list() == [10.0, 10.5]


def test_copies_never_refuse_a_month() -> None:
    bars = raw(*(bar(n, 10.0) for n in range(20)))
    assert verdicts(build(pl.concat([bars, bars]))) == {"key": "warn"}


def test_conflicting_rows_of_one_key_quarantine_the_day() -> None:
    built = build(raw(bar(0, 10.0), bar(0, 10.1, 10.0), bar(0, 10.1, 10.0), bar(1, 10.5, 10.0)))
    assert verdicts(built) == {"key": "quarantined"}
    assert finding(built, "key")["rows"] == 1
    row = built.frame.row(0, named=True)
    assert row["quarantined_by"] == "key"
    assert [kept["close"] for kept in json.loads(row["quarantined_row"])] == [10.0, 10.1, 10.1]


def test_a_row_on_a_closed_day_is_kept_beside_the_table() -> None:
    saturday = bar(0, 10.0, date=date(2021, 3, 6))
    built = build(raw(bar(0, 10.0), saturday, bar(5, 10.0)))
    assert verdicts(built) == {"calendar": "quarantined"}
    assert built.frame.height == 2
    row = built.rejected.row(0, named=True)
    assert (row["date"], row["symbol"], row["rule"]) == (date(2021, 3, 6), STOCK, "calendar")
    assert json.loads(row["raw_row"])["close"] == 10.0


@pytest.mark.parametrize(
    "cells",
    [
        {"date": None, "bad_cells": '{"date": "2021-02-30"}'},
        {"symbol": None, "bad_cells": '{"symbol": "MAOTAI"}'},
        {"symbol": "000300.SH"},
    ],
)
def test_a_row_without_a_place_is_kept_beside_the_table(cells: dict[str, Any]) -> None:
    built = build(raw(bar(0, 10.0), bar(1, 10.0, **cells)))
    assert verdicts(built) == {"schema": "quarantined"}
    assert built.frame.height == 1
    assert built.rejected["rule"].to_list() == ["schema"]
    text = (cells.get("bad_cells") or '"000300.SH"').removeprefix("{").removesuffix("}")
    assert text in built.rejected["raw_row"][0]


def _many(days: range, symbols: int = 12) -> list[dict[str, Any]]:
    return [bar(n, 10.0, symbol=f"6000{s:02d}.SH") for n in days for s in range(symbols)]


def test_an_open_day_without_any_row_refuses_the_month() -> None:
    rows = [row for row in _many(range(23)) if row["date"] != open_day(7)]
    with pytest.raises(MonthRefused, match="open days without any row") as refused:
        build(raw(*rows))
    assert "every symbol 2021-03-10" in str(refused.value)


def test_days_before_the_first_and_after_the_last_row_are_no_holes() -> None:
    assert verdicts(build(raw(*_many(range(3, 9))))) == {}


def test_a_month_that_continues_must_begin_on_its_first_day() -> None:
    march = build(raw(*_many(range(first_of(APRIL))))).frame
    late = raw(*_many(range(first_of(APRIL) + 1, first_of(APRIL) + 9)))
    assert verdicts(build(late, APRIL)) == {}
    with pytest.raises(MonthRefused, match="calendar"):
        build(late, APRIL, previous=march)


def test_a_month_above_the_share_is_refused_by_name() -> None:
    rows = [bar(n, 10.0, symbol=f"6000{s:02d}.SH") for n in range(20) for s in range(10)]
    for row in rows[:11]:
        row["high"] = 9.0
    with pytest.raises(MonthRefused) as refused:
        build(raw(*rows))
    text = str(refused.value)
    assert "market/prices 2021-03" in text
    assert "rule ohlc" in text
    assert "11 of 200 rows" in text
    assert "5.50%, allowed 5.00%" in text
    assert "600000.SH 2021-03-01" in text
    assert "remedy" in text
    found = refused.value.findings
    assert found["rule"].to_list() == ["schema", "calendar", "key", "ohlc"]
    assert found["verdict"].to_list()[-1] == "refused"


def test_at_the_share_the_month_stands() -> None:
    rows = [bar(n, 10.0, symbol=f"6000{s:02d}.SH") for n in range(20) for s in range(10)]
    for row in rows[:10]:
        row["high"] = 9.0
    assert verdicts(build(raw(*rows))) == {"ohlc": "quarantined"}


def test_a_rule_on_a_declared_gap_is_not_applicable() -> None:
    bars = raw(
        bar(0, 10.0, amount=None, pre_close=None, is_st=None),
        bar(1, 10.5, 10.0, amount=None, pre_close=None, is_st=None),
    )
    built = build(bars, gaps=DeclaredGaps(frozenset({"amount", "pre_close", "is_st"})))
    assert verdicts(built) == {"zero": "not_applicable"}
    assert finding(built, "zero")["note"] == "declared gap: amount"
    assert built.frame["pre_close"].to_list() == [10.0, 10.0]
    assert built.frame["limit_up"].to_list() == [1100, 1100]


def test_the_rest_of_a_rule_is_checked_beside_a_gap() -> None:
    bars = raw(bar(0, 10.0, amount=None), bar(1, 10.0, amount=None, volume=0))
    built = build(bars, gaps=DeclaredGaps(frozenset({"amount"})))
    assert verdicts(built) == {"zero": "quarantined"}


# A source without amounts, whose second table knows some of them.
PARTLY = DeclaredGaps(frozenset({"amount", "pre_close", "is_st"}))


def _poor(
    number: int, close: float, before: float | None = None, /, **cells: Any
) -> dict[str, Any]:
    """A row as such a source has it where the second table has none."""
    return bar(number, close, before, amount=None, pre_close=None, is_st=None) | cells


def _rich(
    number: int, close: float, before: float | None = None, /, **cells: Any
) -> dict[str, Any]:
    return bar(number, close, before, supplemented=True) | cells


def test_rows_of_the_second_table_are_marked_and_counted() -> None:
    bars = raw(_poor(0, 10.0), _rich(1, 10.5, 10.0), _poor(2, 10.5, supplement_disagrees=True))
    built = build(bars, gaps=PARTLY)
    assert built.frame["supplemented"].to_list() == [False, True, False]
    assert built.frame["amount"].to_list() == [None, 10500.0, None]
    assert built.counts() == {
        "quarantined": 0, "repaired": 0, "supplemented_rows": 1, "supplement_disagrees": 1,
    }  # fmt: skip


def test_without_a_second_table_nothing_disagrees() -> None:
    nulls = raw(bar(0, 10.0, supplemented=None, supplement_disagrees=None))
    built = build(nulls)
    assert built.counts() == {"quarantined": 0, "repaired": 0, "supplemented_rows": 0}
    assert built.frame["supplemented"].to_list() == [False]


def test_a_gap_with_some_values_is_checked_on_those_rows_and_the_finding_says_how_many() -> None:
    built = build(raw(_poor(0, 10.0), _rich(1, 10.5, 10.0)), gaps=PARTLY)
    assert verdicts(built) == {}
    assert finding(built, "zero")["note"] == "amount known for 1 of 2 rows"


def test_a_month_without_any_value_stays_not_applicable() -> None:
    built = build(raw(_poor(0, 10.0), _poor(1, 10.5, 10.0)), gaps=PARTLY)
    assert verdicts(built) == {"zero": "not_applicable"}


@pytest.mark.parametrize(
    ("row", "broken"),
    [
        (_poor(1, 10.0), False),
        (_rich(1, 10.0), False),
        (_rich(1, 10.0, amount=0.0), True),
        (_poor(1, 10.0, volume=0), True),
        # The second table says suspended, the first one has a volume.
        (_rich(1, 10.0, is_suspended=True), True),
        (_poor(1, 10.0, volume=0, is_suspended=True), False),
        (_rich(1, 10.0, volume=0, amount=0.0, is_suspended=True), False),
        (_rich(1, 10.0, volume=0, amount=None, is_suspended=True), False),
    ],
)
def test_the_zero_rule_on_rows_with_and_without_an_amount(
    row: dict[str, Any], *, broken: bool
) -> None:
    built = build(raw(_rich(0, 10.0), row), gaps=PARTLY)
    assert ("zero" in verdicts(built)) is broken
    assert (built.frame["quarantined_by"][1] == "zero") is broken


def test_limits_follow_st_where_it_is_known() -> None:
    bars = raw(_poor(0, 10.0), _rich(1, 10.0, is_st=True), _poor(2, 10.8, 10.0))
    built = build(bars, gaps=PARTLY)
    assert verdicts(built) == {}
    assert built.frame["limit_up"].to_list() == [1100, 1050, 1100]
    beyond = build(raw(_poor(0, 10.0), _rich(1, 10.8, 10.0, is_st=True)), gaps=PARTLY)
    assert verdicts(beyond) == {"limit": "warn"}


def test_a_bad_cell_of_the_second_table_takes_the_row_out_and_is_kept() -> None:
    cell = '{"supplement.amount": "1.26万"}'
    built = build(raw(_poor(0, 10.0), _rich(1, 10.5, 10.0, amount=None, bad_cells=cell)))
    assert verdicts(built) == {"schema": "quarantined"}
    (kept,) = json.loads(built.frame["quarantined_row"][1])
    assert kept["supplement.amount"] == "1.26万"
    assert built.frame["supplemented"].to_list() == [False, True]


# (close, change, previous close): halves round up; 10.05 / 1.005 is 10 exactly.
@pytest.mark.parametrize(
    ("close", "change", "expected"),
    [(10.5, 0.05, 10.0), (9.99, -0.001, 10.0), (5.13, 0.0, 5.13), (1.13, 0.024, 1.10)],
)
def test_a_missing_pre_close_comes_from_the_change(
    close: float, change: float, expected: float
) -> None:
    row = bar(0, close, pre_close=None, change=change)
    assert build(raw(row)).frame["pre_close"].to_list() == [expected]


def test_without_change_the_pre_close_comes_from_the_factor() -> None:
    gaps = DeclaredGaps(frozenset({"change", "pre_close"}))
    silent = {"change": None, "pre_close": None}
    bars = raw(bar(0, 10.0) | silent, bar(1, 5.2, 5.0, adj_factor=4.0) | silent)
    built = build(bars, gaps=gaps)
    assert built.frame["pre_close"].to_list() == [None, 5.0]
    assert built.frame["adj_factor"].to_list() == [2.0, 4.0]
    assert verdicts(built) == {"factor": "not_applicable", "limit": "not_applicable"}


def test_a_row_beyond_its_limit_is_a_warning_and_stays() -> None:
    built = build(raw(bar(0, 10.0), bar(1, 11.5, 10.0)))
    assert verdicts(built) == {"limit": "warn"}
    assert finding(built, "limit")["sample"] == f"{STOCK} {open_day(1)}"
    assert built.frame["close"].to_list() == [10.0, 11.5]


@pytest.mark.parametrize(("close", "warned"), [(11.01, False), (11.02, True), (8.99, False)])
def test_the_limit_rule_allows_one_tick(close: float, *, warned: bool) -> None:
    assert ("limit" in verdicts(build(raw(bar(0, 10.0), bar(1, close, 10.0))))) is warned


def test_too_many_rows_beyond_their_limit_refuse_the_month() -> None:
    rows = [bar(n, 10.0, symbol=f"6000{s:02d}.SH") for n in range(20) for s in range(10)]
    for row in rows[20:24]:
        row |= {"high": 12.0}
    with pytest.raises(MonthRefused, match="rule limit"):
        build(raw(*rows))


def test_new_shares_have_no_limit_in_their_first_days() -> None:
    listed = instruments(X688001_SH=open_day(2))
    rows = [bar(n, 10.0, symbol="688001.SH") for n in range(2, 8)]
    frame = build(raw(*rows), listed=listed).frame
    assert frame["limit_up"].is_null().to_list() == [True] * 5 + [False]


def test_the_same_input_gives_the_same_frame_in_any_order() -> None:
    bars = raw(
        *(bar(n, 10.0 + n / 10, 10.0 + max(n - 1, 0) / 10) for n in range(10)),
        *(suspended(n, 8.0, symbol=OTHER) for n in range(10)),
        bar(4, 1.0, symbol="600000.SH", high=0.5),
    )
    once, again = build(bars), build(bars)
    assert once.frame.equals(again.frame)
    assert once.findings.equals(again.findings)
    assert build(bars.reverse()).frame.equals(once.frame)


# Within a day's limit of each other, so that no month is refused for leaving it.
_CENTS = st.integers(min_value=1_000, max_value=1_090)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(_CENTS, _CENTS, _CENTS, _CENTS), min_size=1, max_size=20))
def test_every_raw_row_is_in_the_month_whatever_its_prices(
    quotes: list[tuple[int, int, int, int]],
) -> None:
    rows = []
    for number, cents in enumerate(quotes):
        prices = dict(zip(("open", "high", "low", "close"), (c / 100 for c in cents), strict=True))
        rows.append(bar(number, prices["close"], **prices))
    broken = [max(cents) > cents[1] or min(cents) < cents[2] for cents in quotes]
    if sum(broken) > 3:
        with pytest.raises(MonthRefused, match="rule ohlc"):
            build(raw(*rows))
        return
    gaps = DeclaredGaps(frozenset({"change", "pre_close"}))
    silent = raw(*rows).with_columns(change=None, pre_close=None).cast(RAW_BARS)
    built = build(silent, gaps=gaps)
    assert built.frame["date"].to_list() == OPEN_DAYS[: len(rows)]
    assert built.frame["quarantined_by"].is_not_null().to_list() == broken
