"""Performance figures in one named convention: empyrical's.

Daily simple returns, 252 days a year, standard deviations with ddof = 1, drawdowns at most 0 and
counted from a start of 1.0, excess = return - index return. Every function masks values that are
not finite (pairs jointly), returns a float and gives None where the figure has no meaning: too few
days, no spread, no loss. Figures of other tools are in :mod:`.conventions`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from naxs_assets.backtest.journal import COSTS, Journal
from naxs_assets.errors import DataError

DAYS_A_YEAR = 252

Floats = npt.NDArray[np.float64]
Series = npt.ArrayLike | pl.Series


def finite(*series: Series) -> tuple[tuple[Floats, ...], int]:
    """Return the series without the places where one is not finite, and how many those were.

    Raises :class:`DataError` when the series differ in length.
    """
    arrays = [
        np.asarray(one.cast(pl.Float64) if isinstance(one, pl.Series) else one, dtype=np.float64)
        for one in series
    ]
    if len({array.shape for array in arrays}) > 1:
        raise DataError(
            f"series of different lengths: {[array.size for array in arrays]}",
            where="backtest metrics",
            remedy="join the series by date first",
        )
    kept = np.logical_and.reduce([np.isfinite(array) for array in arrays])
    return tuple(array[kept] for array in arrays), int((~kept).sum())


def _spread(values: Floats) -> float | None:
    # Equal values have a rounding error for a spread, which would be divided by.
    if values.size < 2 or values.min() == values.max():
        return None
    return float(values.std(ddof=1))


def annual_return(returns: Series) -> float | None:
    """Compound growth a year: (product of 1 + r) ** (252 / days) - 1."""
    (values,), _ = finite(returns)
    if not values.size:
        return None
    end = float(np.prod(1.0 + values))
    return -1.0 if end <= 0 else end ** (DAYS_A_YEAR / values.size) - 1.0


def annual_volatility(returns: Series) -> float | None:
    """Standard deviation of daily returns times the root of 252."""
    (values,), _ = finite(returns)
    spread = float(values.std(ddof=1)) if values.size > 1 else None
    return None if spread is None else spread * math.sqrt(DAYS_A_YEAR)


def sharpe_ratio(returns: Series) -> float | None:
    """Mean over standard deviation of daily returns, times the root of 252; no risk-free rate."""
    (values,), _ = finite(returns)
    spread = _spread(values)
    return None if spread is None else float(values.mean()) / spread * math.sqrt(DAYS_A_YEAR)


def sortino_ratio(returns: Series) -> float | None:
    """Mean over the root mean square of the losses (gains count as 0), times the root of 252."""
    (values,), _ = finite(returns)
    if values.size < 2 or not (values < 0).any():
        return None
    downside = math.sqrt(float(np.mean(np.minimum(values, 0.0) ** 2)))
    return float(values.mean()) / downside * math.sqrt(DAYS_A_YEAR)


def drawdown(returns: Series) -> Floats:
    """Per day, the ratio below the highest wealth so far (the start of 1.0 included); at most 0.

    Days that are not finite keep the wealth of the day before.
    """
    values = np.asarray(returns, dtype=np.float64)
    wealth = np.cumprod(np.where(np.isfinite(values), 1.0 + values, 1.0))
    return wealth / np.maximum.accumulate(np.maximum(wealth, 1.0)) - 1.0


def max_drawdown(returns: Series) -> float | None:
    """Deepest drawdown, at most 0."""
    (values,), _ = finite(returns)
    return float(drawdown(values).min()) if values.size else None


def calmar_ratio(returns: Series) -> float | None:
    """Annual return over the size of the deepest drawdown; None without a drawdown."""
    growth, deepest = annual_return(returns), max_drawdown(returns)
    return None if growth is None or not deepest else growth / -deepest


def annual_excess_return(returns: Series, index_returns: Series) -> float | None:
    """Compound growth a year of the daily excess return."""
    (values, index), _ = finite(returns, index_returns)
    return annual_return(values - index)


def tracking_error(returns: Series, index_returns: Series) -> float | None:
    """Annual volatility of the daily excess return."""
    (values, index), _ = finite(returns, index_returns)
    return annual_volatility(values - index)


def information_ratio(returns: Series, index_returns: Series) -> float | None:
    """Sharpe ratio of the daily excess return."""
    (values, index), _ = finite(returns, index_returns)
    return sharpe_ratio(values - index)


def beta(returns: Series, index_returns: Series) -> float | None:
    """Slope of returns on index returns."""
    (values, index), _ = finite(returns, index_returns)
    if _spread(index) is None:
        return None
    return float(np.cov(values, index, ddof=1)[0, 1] / index.var(ddof=1))


def alpha(returns: Series, index_returns: Series) -> float | None:
    """Mean daily return beyond beta times the index, compounded over 252 days."""
    (values, index), _ = finite(returns, index_returns)
    slope = beta(values, index)
    if slope is None:
        return None
    return float((1.0 + (values - slope * index).mean()) ** DAYS_A_YEAR - 1.0)


def win_rate(returns: Series) -> float | None:
    """Share of days with a gain."""
    (values,), _ = finite(returns)
    return float((values > 0).mean()) if values.size else None


def trade_win_rate(orders: pl.DataFrame) -> float | None:
    """Share of filled sales whose proceeds exceed what was paid, costs of both sides included."""
    return win_rate(orders["profit"].drop_nulls())


def daily_turnover(account: pl.DataFrame) -> pl.DataFrame:
    """date, turnover: (bought + sold) / 2 over the mean of the day's opening and closing nav."""
    nav = (pl.col("nav") + pl.col("previous_nav")) / 2
    return account.select(
        "date", turnover=pl.when(nav > 0).then((pl.col("bought") + pl.col("sold")) / 2 / nav)
    )


def yearly_turnover(account: pl.DataFrame) -> float | None:
    """Traded value / 2 over the average nav, per 252 days. 1.0 replaces the portfolio once."""
    average = _average_nav(account)
    if average is None:
        return None
    traded = float(account.select((pl.col("bought") + pl.col("sold")).sum()).item())
    return traded / 2 / average / account.height * DAYS_A_YEAR


def cost_shares(account: pl.DataFrame) -> pl.DataFrame:
    """One row per cost component: component, cost (CNY), and as ratios of_costs (of all costs),
    of_traded (of bought + sold), of_nav_yearly (of the average nav, per 252 days).

    A ratio is null where its base is 0.
    """
    paid = {name: float(account[name].sum()) for name in COSTS}
    traded = float((account["bought"] + account["sold"]).sum())
    bases = {
        "of_costs": sum(paid.values()),
        "of_traded": traded,
        "of_nav_yearly": (_average_nav(account) or 0.0) * account.height / DAYS_A_YEAR,
    }
    return pl.DataFrame(
        {"component": list(paid), "cost": list(paid.values())},
        schema={"component": pl.String, "cost": pl.Float64},
    ).with_columns(
        (pl.col("cost") / base if base > 0 else pl.lit(None, dtype=pl.Float64)).alias(name)
        for name, base in bases.items()
    )


def _average_nav(account: pl.DataFrame) -> float | None:
    if account.is_empty():
        return None
    average = float(account.select(((pl.col("nav") + pl.col("previous_nav")) / 2).mean()).item())
    return average if average > 0 else None


@dataclass(frozen=True)
class Performance:
    """Headline figures of a backtest; ratios a year, None where a figure has no meaning.

    ``masked_days`` have no finite return, ``masked_index_days`` none of return and index; they are
    left out of the figures they concern. ``yearly_costs`` is a ratio of the average nav.
    """

    days: int
    masked_days: int
    masked_index_days: int
    annual_return: float | None
    annual_volatility: float | None
    sharpe_ratio: float | None
    sortino_ratio: float | None
    max_drawdown: float | None
    calmar_ratio: float | None
    win_rate: float | None
    trade_win_rate: float | None
    yearly_turnover: float | None
    yearly_costs: float | None
    index_annual_return: float | None
    annual_excess_return: float | None
    tracking_error: float | None
    information_ratio: float | None
    excess_max_drawdown: float | None
    alpha: float | None
    beta: float | None


def performance(journal: Journal, index_returns: pl.DataFrame | None = None) -> Performance:
    """Return the figures of ``journal``, against ``index_returns`` (date, return) where given.

    Days the index lacks are masked and counted.
    """
    account = journal.account()
    index = (
        account.select("date", index=pl.lit(None, dtype=pl.Float64))
        if index_returns is None
        else index_returns.select("date", index="return")
    )
    joined = account.join(index, on="date", how="left", maintain_order="left")
    returns, of_index = joined["return"], joined["index"]
    (kept, kept_index), masked_index = finite(returns, of_index)
    yearly = cost_shares(account)["of_nav_yearly"]
    return Performance(
        days=account.height,
        masked_days=finite(returns)[1],
        masked_index_days=0 if index_returns is None else masked_index,
        annual_return=annual_return(returns),
        annual_volatility=annual_volatility(returns),
        sharpe_ratio=sharpe_ratio(returns),
        sortino_ratio=sortino_ratio(returns),
        max_drawdown=max_drawdown(returns),
        calmar_ratio=calmar_ratio(returns),
        win_rate=win_rate(returns),
        trade_win_rate=trade_win_rate(journal.orders()),
        yearly_turnover=yearly_turnover(account),
        yearly_costs=None if yearly.null_count() else float(yearly.sum()),
        index_annual_return=annual_return(kept_index),
        annual_excess_return=annual_excess_return(kept, kept_index),
        tracking_error=tracking_error(kept, kept_index),
        information_ratio=information_ratio(kept, kept_index),
        excess_max_drawdown=max_drawdown(kept - kept_index),
        alpha=alpha(kept, kept_index),
        beta=beta(kept, kept_index),
    )


def returns_of_index(index_prices: pl.DataFrame, index: str) -> pl.DataFrame:
    """date, return (close over the close before - 1) of ``index`` from market/index_prices.

    The first day has no close before it and a null return: pass prices from the day before on.
    """
    return (
        index_prices.filter(pl.col("index") == index)
        .sort("date")
        .select("date", (pl.col("close") / pl.col("close").shift(1) - 1).alias("return"))
    )
