"""The journal's frames for people, and the table they come from."""

import subprocess
import sys

import polars as pl
import pytest

from naxs_assets.backtest import JOURNAL, Costs, Journal, empty_journal, run_backtest
from naxs_assets.backtest.contracts import REFUSED
from naxs_assets.errors import DataError
from naxs_tests.backtest.sample import FIRST, MAIN, OTHER, bar, day_date, prices, rule, scores


@pytest.fixture(scope="module")
def journal() -> Journal:
    """Day 1 buys MAIN; day 2 sells it and cannot buy OTHER; day 3 has no signal."""
    return run_backtest(
        prices(
            bar(FIRST, MAIN),
            bar(FIRST + 1, MAIN, 11.0),
            bar(FIRST + 1, OTHER, limit_up=1000),
            bar(FIRST + 2, MAIN),
        ),
        scores({FIRST - 1: {MAIN: 1.0}, FIRST: {OTHER: 1.0}}),
        rule=rule(cash_reserve=0.0),
        costs=Costs(),
    )


def test_account(journal: Journal) -> None:
    account = journal.account()
    assert account.columns == [
        "date",
        "day",
        "cash",
        "holdings",
        "nav",
        "previous_nav",
        "return",
        "gross_return",
        "bought",
        "sold",
        "commission",
        "stamp_duty",
        "transfer_fee",
        "exchange_fees",
        "slippage",
        "signal",
    ]
    # 9,900 shares: bought for 99,000.00 + 24.75 + 0.99, sold for 108,900.00 - 27.23 - 54.45 - 1.09.
    assert account["nav"].to_list() == [99_974.26, 109_791.49, 109_791.49]
    assert account["previous_nav"].to_list() == [100_000.0, 99_974.26, 109_791.49]
    assert account["return"].to_list() == pytest.approx([-0.0002574, 0.0981975760, 0.0])
    assert account["gross_return"].to_list() == pytest.approx([0.0, 9_900 / 99_974.26, 0.0])
    assert account["bought"].to_list() == [99_000.0, 0.0, 0.0]
    assert account["sold"].to_list() == [0.0, 108_900.0, 0.0]
    assert account["commission"].to_list() == [24.75, 27.23, 0.0]
    assert account["stamp_duty"].to_list() == [0.0, 54.45, 0.0]
    assert account["signal"].to_list() == [True, True, False]


def test_positions(journal: Journal) -> None:
    (row,) = journal.positions().rows(named=True)
    assert row == {
        "date": day_date(FIRST),
        "symbol": MAIN,
        "shares": 9_900,
        "available": 0,
        "last_close": 10.0,
        "value": 99_000.0,
        "cost": 99_025.74,
        "weight": pytest.approx(99_000 / 99_974.26),
        "adj_factor": 1.0,
    }


def test_orders_and_rejections(journal: Journal) -> None:
    orders = journal.orders()
    assert orders.select("symbol", "side", "shares", "status", "cause").rows() == [
        (MAIN, "buy", 9_900, "filled", None),
        (MAIN, "sell", 9_900, "filled", None),
        (OTHER, "buy", 0, "rejected", "limit_up"),
    ]
    assert orders["profit"].to_list() == [None, 9_791.49, None]
    # What would have been bought at the refused price.
    assert orders["requested"].to_list() == [9_900, 9_900, 10_900]
    assert journal.rejections().rows() == [(day_date(FIRST + 1), "limit_up", 1)]
    assert set(journal.rejections()["cause"]) <= set(REFUSED)


def test_frames_of_an_empty_journal_have_their_columns() -> None:
    empty = Journal(empty_journal())
    for frame in (empty.account(), empty.positions(), empty.orders(), empty.distributions()):
        assert frame.is_empty()
        assert "date" in frame.columns
    assert empty.rejections().columns == ["date", "cause", "count"]


@pytest.mark.parametrize(
    ("column", "record", "wrong"),
    [
        ("nav_cents", "account", 1),
        ("cash_cents", "account", None),
        ("value_cents", "position", 1),
        ("shares", "position", None),
        ("cause", "order", "limit_up"),
        ("status", "order", None),
        ("status", "order", "lost"),
    ],
)
def test_the_contract_refuses_what_does_not_add_up(
    journal: Journal, column: str, record: str, wrong: object
) -> None:
    chosen = (pl.col("record") == record) & (pl.col("date") == day_date(FIRST))
    broken = journal.table.with_columns(
        pl.when(chosen).then(pl.lit(wrong)).otherwise(pl.col(column)).alias(column)
    ).cast({column: journal.table.schema[column]})
    with pytest.raises(DataError, match="journal v1"):
        JOURNAL.validate(broken, "test")


def test_importing_the_backtest_does_not_load_the_compiler() -> None:
    code = "import sys, naxs_assets.backtest; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
