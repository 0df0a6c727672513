"""The null test: an engine that trades random scores for free earns what the universe earns."""

import numpy as np
import polars as pl
import pytest

from naxs_assets.backtest import Costs, PortfolioRule, run_backtest
from naxs_tests.backtest.sample import FIRST, SCHEMA, day_date

NAMES, DAYS = 120, 400


def dense_market(returns: np.ndarray, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Bars of (days x names) close-to-close returns from 50.00 on, and random scores."""
    days, names = returns.shape
    close = 50.0 * np.cumprod(1 + returns, axis=0)
    pre_close = np.vstack([np.full(names, 50.0), close[:-1]])
    place = np.repeat(np.arange(days), names)
    symbols = [f"{600000 + name}.SH" for name in range(names)]
    table = pl.DataFrame(
        {
            "date": pl.Series([day_date(FIRST + day) for day in range(days)]).gather(place),
            "symbol": symbols * days,
            "day": FIRST + place,
            "open": pre_close.ravel().round(2),
            "close": close.ravel().round(2),
            "pre_close": pre_close.ravel().round(2),
            "volume": 1_000_000,
            "adj_factor": 1.0,
            "is_suspended": False,
        }
    ).with_columns(limit_up=pl.lit(None), limit_down=pl.lit(None), quarantined_by=pl.lit(None))
    table = table.select(pl.col(name).cast(dtype) for name, dtype in SCHEMA.items())
    random = np.random.default_rng(seed)
    signals = table.select(
        "symbol", pl.col("day") - 1, score=pl.Series(random.normal(size=table.height))
    )
    return table, signals


def free_rule(deal_price: str) -> PortfolioRule:
    return PortfolioRule(
        top=30,
        drop=6,
        deal_price=deal_price,  # type: ignore[arg-type]
        capital=1e10,
        cash_reserve=0.0,
    )


def test_where_all_names_move_alike_any_pick_earns_that_return() -> None:
    common = np.random.default_rng(1).normal(0.0005, 0.015, DAYS)
    market, signals = dense_market(np.repeat(common[:, None], NAMES, axis=1), seed=2)
    nav = run_backtest(market, signals, rule=free_rule("close"), costs=Costs.none()).account()[
        "nav"
    ]
    # Bought at the first close: from there on the growth of the common price.
    assert nav[-1] / 1e10 == pytest.approx(np.prod(1 + common[1:]), rel=2e-3)


@pytest.mark.parametrize("deal_price", ["open", "close"])
def test_random_scores_track_the_equal_weight_universe_within_noise(deal_price: str) -> None:
    excess = []
    for seed in range(6):
        returns = np.random.default_rng(seed).normal(0.001, 0.02, (DAYS, NAMES))
        market, signals = dense_market(returns, seed=100 + seed)
        account = run_backtest(
            market, signals, rule=free_rule(deal_price), costs=Costs.none()
        ).account()
        excess.append(account["return"].to_numpy()[1:] - returns.mean(axis=1)[1:])
    pooled = np.concatenate(excess)
    error = pooled.std(ddof=1) / np.sqrt(pooled.size)
    assert abs(pooled.mean()) < 2.5 * error
    # 30 names of 120: the noise itself is that of a random quarter of the universe.
    assert pooled.std(ddof=1) == pytest.approx(0.02 * np.sqrt(1 / 30 - 1 / 120), rel=0.1)
