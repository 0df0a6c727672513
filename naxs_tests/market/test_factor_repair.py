"""The adjustment factor against the change: found, rebuilt, taken out or kept by policy."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naxs_assets.market.factor_repair import TOLERANCE, half_up
from naxs_assets.market.rules import MonthRefused
from naxs_assets.market.sources.base import DeclaredGaps, FactorPolicy
from naxs_tests.market.hand_made import (
    APRIL,
    MARCH,
    STOCK,
    bar,
    build,
    finding,
    first_of,
    open_day,
    raw,
    suspended,
    verdicts,
)


def _series(factors: list[float | None], start: int = 0, **cells: Any) -> pl.DataFrame:
    """A stock that gains 1 % a day without any ex-date, under the vendor's ``factors``."""
    rows, before = [], 10.0
    for number, factor in enumerate(factors, start):
        close = round(before * 1.01, 2)
        rows.append(bar(number, close, before, adj_factor=factor, **cells))
        before = close
    return raw(*rows)


def test_a_shift_of_the_factor_is_rebuilt_and_stays_mended() -> None:
    # 000001.SZ on 2020-12-31: the factor fell from 119.96032 to 99.787354 and stayed there.
    built = build(_series([119.96032, 119.96032, 99.787354, 99.787354]))
    assert verdicts(built) == {"factor": "repaired"}
    assert finding(built, "factor")["sample"] == f"{STOCK} {open_day(2)}"
    assert built.frame["adj_factor"].to_list() == pytest.approx([119.96032] * 4, rel=1e-9)
    assert built.frame["source_adj_factor"].to_list() == [119.96032, 119.96032, *[99.787354] * 2]
    assert built.frame["repaired"].to_list() == [None, None, "adj_factor", None]


def test_a_factor_wrong_for_one_day_is_rebuilt_twice() -> None:
    # 000002.SZ on 2020-11-19: down and up again the day after.
    built = build(_series([115.094131, 112.152878, 115.094131, 115.094131]))
    assert built.frame["repaired"].to_list() == [None, "adj_factor", "adj_factor", None]
    assert built.frame["adj_factor"].to_list() == pytest.approx([115.094131] * 4, rel=1e-9)


def test_a_true_ex_date_after_the_fault_keeps_the_vendor_s_ratio() -> None:
    rows = [bar(0, 10.0), bar(1, 10.0, adj_factor=1.0), bar(2, 5.0, 5.0, adj_factor=2.0)]
    built = build(raw(*rows))
    assert built.frame["adj_factor"].to_list() == [2.0, 2.0, 4.0]
    assert built.frame["repaired"].to_list() == [None, "adj_factor", None]


def test_an_ex_date_that_the_factor_missed_is_rebuilt_from_the_pre_close() -> None:
    # 002466.SZ on 2019-12-26: 29.06 went ex-right to 24.45 while the factor stood still.
    rows = [bar(0, 29.06), bar(1, 26.9, 24.45, adj_factor=2.0)]
    built = build(raw(*rows))
    assert built.frame["adj_factor"].to_list() == pytest.approx([2.0, 2.0 * 29.06 / 24.45])
    assert built.frame["repaired"].to_list() == [None, "adj_factor"]


def test_the_repair_carries_over_the_month_s_end_without_drifting() -> None:
    april = first_of(APRIL)
    factors: list[float | None] = [3.0] * (april - 1) + [2.2] * 9
    bars = _series(factors)
    march = build(bars.filter(pl.col("date") < open_day(april)))
    rest = bars.filter(pl.col("date") >= open_day(april))
    after = build(rest, APRIL, previous=march.frame)
    assert verdicts(march) == {"factor": "repaired"}
    assert verdicts(after) == {}
    mended = after.frame["adj_factor"]
    assert mended.n_unique() == 1
    assert mended[0] == march.frame["adj_factor"][-1] == pytest.approx(3.0, rel=1e-9)
    assert march.frame["repaired"].null_count() == march.frame.height - 1


def test_a_fault_on_the_first_day_of_a_month_is_found() -> None:
    april = first_of(APRIL)
    bars = _series([3.0] * april + [2.2] * 3)
    march = build(bars.filter(pl.col("date") < open_day(april))).frame
    after = build(bars.filter(pl.col("date") >= open_day(april)), APRIL, previous=march)
    assert after.frame["repaired"].to_list() == ["adj_factor", None, None]
    assert after.frame["adj_factor"].to_list() == pytest.approx([3.0] * 3, rel=1e-9)


def test_policy_quarantine_takes_the_day_out_and_mends_the_level() -> None:
    built = build(_series([3.0, 3.0, 2.2, 2.2]), policy=FactorPolicy.QUARANTINE)
    assert verdicts(built) == {"factor": "quarantined"}
    assert built.frame["quarantined_by"].to_list() == [None, None, "factor", None]
    assert built.frame["repaired"].null_count() == 4
    assert built.frame["adj_factor"].to_list() == pytest.approx([3.0] * 4, rel=1e-9)


def test_policy_keep_only_warns() -> None:
    built = build(_series([3.0, 3.0, 2.2, 2.2]), policy=FactorPolicy.KEEP)
    assert verdicts(built) == {"factor": "warn"}
    assert built.frame["adj_factor"].to_list() == [3.0, 3.0, 2.2, 2.2]
    assert built.frame["repaired"].null_count() == 4


@pytest.mark.parametrize(("factor", "found"), [(2.0018, False), (2.0022, True)])
def test_a_tenth_of_a_point_is_tolerated(factor: float, *, found: bool) -> None:
    built = build(raw(bar(0, 10.0), bar(1, 10.0, adj_factor=factor)))
    assert ("factor" in verdicts(built)) is found
    assert TOLERANCE == 0.001


def test_a_suspended_row_that_flips_its_price_keeps_the_adjusted_price() -> None:
    # 000029.SZ in July 2019: 10.97, 11.17, 10.97 while suspended, with a factor of 1.487981.
    prices = [10.97, 11.17, 10.97]
    built = build(raw(*(suspended(n, p, adj_factor=1.487981) for n, p in enumerate(prices))))
    assert built.frame["repaired"].to_list() == [None, "adj_factor", "adj_factor"]
    adjusted = built.frame["close"] * built.frame["adj_factor"]
    assert adjusted.to_list() == pytest.approx([10.97 * 1.487981] * 3)


def test_a_wild_change_on_a_suspended_row_moves_nothing() -> None:
    # 601607.SH on 2010-03-05: change 227 % at an unchanged price, on a day without trading.
    built = build(raw(bar(0, 14.73), suspended(1, 14.73, change=2.273333), bar(2, 14.73)))
    assert verdicts(built) == {"factor": "repaired"}
    assert built.frame["adj_factor"].to_list() == [2.0, 2.0, 2.0]


def test_a_missing_factor_is_built_from_the_change_starting_at_one() -> None:
    rows = [bar(0, 10.0), bar(1, 10.5, 10.0), bar(2, 5.0, 5.25), bar(3, 5.1, 5.0)]
    built = build(raw(*(row | {"adj_factor": None} for row in rows)))
    assert built.frame["adj_factor"].to_list() == [1.0, 1.0, 2.0, 2.0]
    assert built.frame["source_adj_factor"].null_count() == 4
    assert verdicts(built) == {"factor": "repaired"}
    assert "without adj_factor" in finding(built, "factor")["note"]


def test_a_built_factor_carries_over_to_the_next_month() -> None:
    none = {"adj_factor": None}
    march = build(raw(bar(21, 10.0) | none, bar(22, 5.0, 5.0) | none)).frame
    april = first_of(APRIL)
    after = build(
        raw(bar(april, 5.0) | none, bar(april + 1, 2.5, 2.5) | none), APRIL, previous=march
    )
    assert after.frame["adj_factor"].to_list() == [2.0, 4.0]


def test_a_factor_that_is_a_declared_gap_is_built_without_a_repair() -> None:
    gaps = DeclaredGaps(frozenset({"adj_factor"}))
    built = build(_series([None] * 4), gaps=gaps)
    assert verdicts(built) == {"factor": "not_applicable"}
    assert built.frame["adj_factor"].to_list() == [1.0] * 4
    assert built.frame["repaired"].null_count() == 4


# A source that states no returns, save where its second table knows the previous close.
SILENT = DeclaredGaps(frozenset({"change", "pre_close"}))
_NO_RETURN = {"change": None, "pre_close": None}


def _told(*numbers: int, factors: list[float | None], **cells: Any) -> pl.DataFrame:
    """A flat price under ``factors``; the previous close is known on the days ``numbers``."""
    return raw(
        *(
            bar(n, 10.0, adj_factor=factor)
            | (_NO_RETURN if n not in numbers else {"change": None})
            | cells
            for n, factor in enumerate(factors)
        )
    )


def test_where_no_return_is_known_the_factor_is_the_vendor_s_and_not_checked() -> None:
    factors: list[float | None] = [2.0, 2.0, 1.9, None, 1.9]
    built = build(_told(factors=factors), gaps=SILENT)
    assert verdicts(built) == {"factor": "not_applicable", "limit": "not_applicable"}
    assert built.frame["adj_factor"].to_list() == factors
    assert built.frame["source_adj_factor"].to_list() == factors
    assert built.frame["repaired"].null_count() == 5


def test_where_the_return_is_known_on_some_rows_those_are_checked() -> None:
    built = build(_told(1, 4, factors=[2.0, 2.0, 1.9, 1.9, 2.1, 2.1]), gaps=SILENT)
    assert verdicts(built) == {"factor": "repaired"}
    found = finding(built, "factor")
    assert found["rows"] == 1
    assert found["sample"] == f"{STOCK} {open_day(4)}"
    assert found["note"].startswith("pre_close known for 2 of 6 rows; ")
    # The jump of day 2 may be an ex-date, that of day 4 is none.
    assert built.frame["adj_factor"].to_list() == pytest.approx([2.0, 2.0, *[1.9] * 4])
    assert finding(built, "limit")["note"] == "pre_close known for 2 of 6 rows"


def test_a_suspension_of_such_a_source_is_checked_only_where_its_return_is_known() -> None:
    halted = {"volume": 0, "amount": 0.0, "is_suspended": True}
    built = build(_told(3, factors=[2.0, 1.5, 1.5, 3.0], **halted), gaps=SILENT)
    assert built.frame["repaired"].to_list() == [None, None, None, "adj_factor"]


def test_such_a_repair_lasts_into_months_without_returns() -> None:
    april = first_of(APRIL)
    factors: list[float | None] = [2.0] * (april - 1) + [3.0] * 4
    bars = _told(april - 1, factors=factors)
    march = build(bars.filter(pl.col("date") < open_day(april)), gaps=SILENT)
    rest = bars.filter(pl.col("date") >= open_day(april))
    after = build(rest, APRIL, previous=march.frame, gaps=SILENT)
    assert verdicts(march) == {"factor": "repaired"}
    assert verdicts(after)["factor"] == "not_applicable"
    assert after.frame["adj_factor"].to_list() == pytest.approx([2.0] * 3, rel=1e-9)


def test_a_hole_in_the_factor_of_such_a_source_stays_a_hole() -> None:
    bars = _told(1, factors=[None, 2.0, None, 4.0])
    built = build(bars, gaps=SILENT)
    assert verdicts(built) == {}
    assert built.frame["adj_factor"].to_list() == [None, 2.0, None, 4.0]


def test_a_hole_in_the_factor_is_bridged() -> None:
    # The ex-date lies within the hole; the vendor's factor has it when it returns.
    rows = [
        bar(0, 10.0),
        bar(1, 10.0, adj_factor=None),
        bar(2, 5.0, 5.0, adj_factor=None),
        bar(3, 5.0, adj_factor=4.0),
        bar(4, 5.0, adj_factor=4.0),
    ]
    built = build(raw(*rows))
    assert built.frame["adj_factor"].to_list() == [2.0, 2.0, 4.0, 4.0, 4.0]
    assert built.frame["repaired"].to_list() == [None, "adj_factor", "adj_factor", None, None]


@pytest.mark.parametrize("factor", [0.0, -1.0, float("inf"), float("nan")])
def test_an_impossible_factor_counts_as_missing(factor: float) -> None:
    built = build(raw(bar(0, 10.0), bar(1, 10.0, adj_factor=factor), bar(2, 10.0)))
    assert built.frame["adj_factor"].to_list() == [2.0] * 3
    assert verdicts(built) == {"factor": "repaired"}


def test_a_row_whose_factor_nothing_tells_is_quarantined() -> None:
    silent = {"adj_factor": None, "change": None, "pre_close": None}
    built = build(raw(bar(0, 10.0), bar(1, 10.0) | silent, bar(2, 10.0)))
    assert verdicts(built) == {"factor": "quarantined"}
    assert built.frame["quarantined_by"].to_list() == [None, "factor", None]
    assert built.frame["adj_factor"].to_list() == [2.0] * 3


def test_a_quarantined_row_is_no_base_for_comparison() -> None:
    # The close of day 1 is unknown, so day 2 cannot contradict it.
    rows = [bar(0, 10.0), bar(1, 11.0, 10.0, high=1.0), bar(2, 11.5, 11.0)]
    assert verdicts(build(raw(*rows))) == {"ohlc": "quarantined"}


def test_a_factor_that_contradicts_all_the_time_refuses_the_month() -> None:
    with pytest.raises(MonthRefused, match="rule factor"):
        build(_series([float(n + 1) for n in range(10)]), MARCH)


_FACTORS = st.lists(st.sampled_from([1.0, 1.0, 1.0, 1.07, 0.5, 3.0]), min_size=2, max_size=4)


@settings(max_examples=60, deadline=None)
@given(
    factors=_FACTORS,
    moves=st.lists(st.integers(-900, 900), min_size=4, max_size=4),
    ex_right=st.booleans(),
)
def test_after_the_repair_every_adjusted_return_is_the_change(
    factors: list[float], moves: list[int], *, ex_right: bool
) -> None:
    before, rows = 10.0, []
    for number, (factor, move) in enumerate(zip(factors, moves, strict=False)):
        pre_close = round(before / 2, 2) if ex_right and number == 1 else before
        close = round(pre_close * (1 + move / 10_000), 2)
        rows.append(bar(number, close, pre_close, adj_factor=factor))
        before = close
    frame = build(raw(*rows)).frame
    adjusted = frame["close"] * frame["adj_factor"]
    returns = (adjusted / adjusted.shift(1) - 1)[1:]
    changes = pl.Series([row["change"] for row in rows])[1:]
    assert (returns - changes).abs().max() <= TOLERANCE  # type: ignore[operator]


@settings(max_examples=60, deadline=None)
@given(st.integers(100, 10_000_000))
def test_half_up_leaves_whole_cents_alone(cents: int) -> None:
    price = pl.DataFrame({"price": [cents / 100, cents / 100 + 0.005]})
    assert price.select(half_up(pl.col("price")))["price"].to_list() == [
        cents / 100,
        (cents + 1) / 100,
    ]
