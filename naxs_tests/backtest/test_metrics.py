"""Figures equal empyrical's on the same series, and mean nothing where there is no meaning."""

import warnings
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from naxs_assets.backtest import Costs, Journal, empty_journal, metrics, run_backtest
from naxs_assets.backtest.conventions import qlib_product, qlib_sum, rqrisk
from naxs_assets.errors import DataError
from naxs_tests.backtest.sample import FIRST, MAIN, OTHER, bar, day_date, prices, rule, scores

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import empyrical

SINGLE = {
    "annual_return": empyrical.annual_return,
    "annual_volatility": empyrical.annual_volatility,
    "sharpe_ratio": empyrical.sharpe_ratio,
    "sortino_ratio": empyrical.sortino_ratio,
    "max_drawdown": empyrical.max_drawdown,
    "calmar_ratio": empyrical.calmar_ratio,
}
AGAINST_INDEX = {
    "information_ratio": lambda r, b: empyrical.excess_sharpe(r, b) * np.sqrt(252),
    "alpha": empyrical.alpha,
    "beta": empyrical.beta,
}


@pytest.fixture(scope="module")
def measured() -> tuple[np.ndarray, np.ndarray]:
    """The series of the reference's table of metrics (trading rules, section 4)."""
    random = np.random.RandomState(7)
    return random.normal(0.0006, 0.012, 250), random.normal(0.0003, 0.01, 250)


def test_reference_vectors_empyrical(measured: tuple[np.ndarray, np.ndarray]) -> None:
    returns, index = measured
    assert metrics.annual_return(returns) == pytest.approx(0.039606, abs=5e-7)
    assert metrics.sharpe_ratio(returns) == pytest.approx(0.303298, abs=5e-7)
    assert metrics.max_drawdown(returns) == pytest.approx(-0.159838, abs=5e-7)
    assert metrics.sortino_ratio(returns) == pytest.approx(0.434768, abs=5e-7)
    assert metrics.alpha(returns, index) == pytest.approx(0.049498, abs=5e-7)
    # 0.058276 a day; rqrisk's excess_sharpe.
    assert metrics.information_ratio(returns, index) == pytest.approx(0.925100, abs=5e-7)


def test_reference_vectors_of_other_tools(measured: tuple[np.ndarray, np.ndarray]) -> None:
    returns, index = measured
    added = qlib_sum(returns)
    assert added.annual_return == pytest.approx(0.052465, abs=5e-7)
    assert added.information_ratio == pytest.approx(0.294753, abs=5e-7)
    assert added.max_drawdown == pytest.approx(-0.172694, abs=5e-7)
    product = qlib_product(returns)
    assert product.annual_return == pytest.approx(0.039606, abs=5e-7)
    assert product.information_ratio == pytest.approx(0.212081, abs=5e-7)
    assert product.max_drawdown == pytest.approx(-0.159838, abs=5e-7)
    of_rqrisk = rqrisk(returns, index)
    assert of_rqrisk.max_drawdown == pytest.approx(0.159838, abs=5e-7)
    assert of_rqrisk.sortino_ratio == pytest.approx(0.427309, abs=5e-7)
    assert of_rqrisk.alpha == pytest.approx(0.032520, abs=5e-7)
    assert of_rqrisk.information_ratio == pytest.approx(0.177669, abs=5e-7)


returns_of_days = hnp.arrays(
    np.float64,
    st.integers(2, 60),
    elements=st.floats(-0.3, 0.3).map(lambda value: round(value, 4)),
)


@settings(deadline=None)
@given(returns_of_days)
@pytest.mark.parametrize("name", SINGLE)
def test_single_figures_equal_empyrical(name: str, returns: np.ndarray) -> None:
    ours = getattr(metrics, name)(returns)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        theirs = SINGLE[name](returns)
    if ours is None:
        # No spread, no loss, no drawdown: empyrical gives nan or a number that grows without bound.
        assert np.ptp(returns) == 0 or returns.min() >= 0
    else:
        assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-12)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(3, 80))
@pytest.mark.parametrize("name", AGAINST_INDEX)
def test_figures_against_an_index_equal_empyrical(name: str, seed: int, days: int) -> None:
    random = np.random.default_rng(seed)
    returns, index = random.normal(0.0005, 0.02, (2, days))
    ours = getattr(metrics, name)(returns, index)
    assert ours == pytest.approx(AGAINST_INDEX[name](returns, index), rel=1e-9, abs=1e-12)


def test_excess_is_the_daily_difference() -> None:
    returns, index = [0.02, 0.01, -0.01], [0.01, 0.02, -0.02]
    excess = [0.01, -0.01, 0.01]
    assert metrics.annual_excess_return(returns, index) == metrics.annual_return(excess)
    assert metrics.tracking_error(returns, index) == metrics.annual_volatility(excess)


EVERY_SINGLE = (*SINGLE, "win_rate")
EVERY_PAIR = (*AGAINST_INDEX, "annual_excess_return", "tracking_error")


@pytest.mark.parametrize("returns", [[], [float("nan")], [float("inf"), float("nan")]])
def test_nothing_finite_is_none_without_a_warning(returns: list[float]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert [getattr(metrics, name)(returns) for name in EVERY_SINGLE] == [None] * 7
        assert [getattr(metrics, name)(returns, returns) for name in EVERY_PAIR] == [None] * 5
        assert qlib_sum(returns).annual_return is None
        assert qlib_product(returns).information_ratio is None
        assert rqrisk(returns, returns).alpha is None


def test_one_day_and_constant_returns_have_no_ratio() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for returns in ([0.01], [0.01] * 30):
            assert metrics.sharpe_ratio(returns) is None
            assert metrics.sortino_ratio(returns) is None
            assert metrics.calmar_ratio(returns) is None
            assert metrics.information_ratio(returns, [0.0] * len(returns)) is None
            assert metrics.beta([0.0] * len(returns), returns) is None
    assert metrics.annual_return([0.01] * 30) == pytest.approx(1.01**252 - 1)


def test_what_is_not_finite_is_masked_and_counted() -> None:
    dirty = [0.01, float("nan"), -0.02, float("inf"), 0.03]
    (values,), masked = metrics.finite(dirty)
    assert (values.tolist(), masked) == ([0.01, -0.02, 0.03], 2)
    assert metrics.sharpe_ratio(dirty) == metrics.sharpe_ratio([0.01, -0.02, 0.03])
    (left, right), masked = metrics.finite(dirty, [float("nan"), 0.0, 1.0, 1.0, 2.0])
    assert (left.tolist(), right.tolist(), masked) == ([-0.02, 0.03], [1.0, 2.0], 3)
    (values,), masked = metrics.finite(pl.Series([None, 0.5]))
    assert (values.tolist(), masked) == ([0.5], 1)
    with pytest.raises(DataError, match="different lengths"):
        metrics.finite([1.0], [1.0, 2.0])


def test_drawdown_counts_from_the_start() -> None:
    assert metrics.drawdown([-0.1, 0.2, float("nan"), -0.5]).tolist() == pytest.approx(
        [-0.1, 0.0, 0.0, -0.5]
    )
    assert metrics.max_drawdown([-0.1]) == pytest.approx(-0.1)
    assert metrics.max_drawdown([0.1]) == 0.0


def test_a_total_loss_is_minus_one() -> None:
    assert metrics.annual_return([0.1, -1.0]) == -1.0


@pytest.fixture(scope="module")
def journal() -> Journal:
    """Buy 9,900 shares at 10.00, sell at 11.00, buy 9,900 others at 11.00 that end at 10.00."""
    return run_backtest(
        prices(
            bar(FIRST, MAIN),
            bar(FIRST + 1, MAIN, 11.0),
            bar(FIRST + 1, OTHER, 11.0),
            bar(FIRST + 2, OTHER),
        ),
        scores({FIRST - 1: {MAIN: 1.0}, FIRST: {OTHER: 1.0}}),
        rule=rule(cash_reserve=0.0),
        costs=Costs(),
    )


def test_turnover_by_hand(journal: Journal) -> None:
    account = journal.account()
    nav, previous = account["nav"].to_numpy(), account["previous_nav"].to_numpy()
    average = (nav + previous) / 2
    traded = np.array([99_000.0, 217_800.0, 0.0])
    assert metrics.daily_turnover(account)["turnover"].to_list() == pytest.approx(
        list(traded / 2 / average)
    )
    assert metrics.yearly_turnover(account) == pytest.approx(316_800 / 2 / average.mean() / 3 * 252)


def test_cost_shares_by_hand(journal: Journal) -> None:
    shares = metrics.cost_shares(journal.account())
    paid = dict(shares.select("component", "cost").iter_rows())
    assert paid == pytest.approx(
        {
            "commission": 24.75 + 27.23 + 27.23,
            "stamp_duty": 54.45,
            "transfer_fee": 0.99 + 1.09 + 1.09,
            "exchange_fees": 0.0,
            "slippage": 0.0,
        }
    )
    assert shares["of_costs"].sum() == pytest.approx(1.0)
    assert shares["of_traded"].sum() == pytest.approx(sum(paid.values()) / 316_800)


def test_performance_of_a_journal_against_an_index(journal: Journal) -> None:
    index = pl.DataFrame({"date": [day_date(FIRST), day_date(FIRST + 2)], "return": [0.01, -0.02]})
    figures = metrics.performance(journal, index)
    returns = journal.account()["return"].to_list()
    assert (figures.days, figures.masked_days, figures.masked_index_days) == (3, 0, 1)
    assert figures.annual_return == metrics.annual_return(returns)
    assert figures.win_rate == pytest.approx(1 / 3)
    assert figures.trade_win_rate == 1.0
    assert figures.information_ratio == metrics.information_ratio(
        [returns[0], returns[2]], [0.01, -0.02]
    )
    alone = metrics.performance(journal)
    assert (alone.masked_index_days, alone.information_ratio, alone.beta) == (0, None, None)


def test_performance_of_an_empty_journal() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figures = metrics.performance(Journal(empty_journal()))
    assert figures.days == 0
    assert figures.sharpe_ratio is None
    assert figures.yearly_turnover is None
    assert figures.trade_win_rate is None


def test_returns_of_an_index() -> None:
    days = [date(2024, 1, 2) + timedelta(days=place) for place in range(3)]
    table = pl.DataFrame(
        {
            "date": [*days, days[0]],
            "index": ["000300.SH"] * 3 + ["000905.SH"],
            "close": [100.0, 110.0, 99.0, 7.0],
        }
    )
    returns = metrics.returns_of_index(table, "000300.SH")
    assert returns["return"].to_list() == [None, pytest.approx(0.1), pytest.approx(-0.1)]
