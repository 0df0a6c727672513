"""Figures as other tools define them, so that their published numbers can be compared.

The formulas give what the tools were measured to give on one series of 250 normal returns; the
house's own figures are those of :mod:`.metrics`. Inputs are masked in the same way.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from naxs_assets.backtest import metrics
from naxs_assets.backtest.metrics import Series, finite

QLIB_SUM_DAYS = 238


@dataclass(frozen=True)
class Figures:
    """Annual return, the tool's Sharpe or information ratio, and its drawdown with its sign."""

    annual_return: float | None
    information_ratio: float | None
    max_drawdown: float | None


def qlib_sum(returns: Series) -> Figures:
    """Qlib's ``risk_analysis`` by default: returns are added up, 238 days a year."""
    (values,), _ = finite(returns)
    ratio = metrics.sharpe_ratio(values)
    if not values.size:
        return Figures(None, None, None)
    total = np.cumsum(values)
    return Figures(
        annual_return=float(values.mean()) * QLIB_SUM_DAYS,
        information_ratio=None
        if ratio is None
        else ratio * math.sqrt(QLIB_SUM_DAYS / metrics.DAYS_A_YEAR),
        max_drawdown=float((total - np.maximum.accumulate(total)).min()),
    )


def qlib_product(returns: Series) -> Figures:
    """Qlib's ``risk_analysis`` with ``mode="product"`` and 252 days: geometric mean over the
    standard deviation of log returns.
    """
    (values,), _ = finite(returns)
    if values.size < 2 or values.min() == values.max() or values.min() <= -1:
        return Figures(metrics.annual_return(values), None, metrics.max_drawdown(values))
    logs = np.log1p(values)
    ratio = math.expm1(float(logs.mean())) / float(logs.std(ddof=1))
    return Figures(
        annual_return=metrics.annual_return(values),
        information_ratio=ratio * math.sqrt(metrics.DAYS_A_YEAR),
        max_drawdown=metrics.max_drawdown(values),
    )


@dataclass(frozen=True)
class RqriskFigures:
    """rqrisk: drawdown as a positive number, downside about the series' own mean (ddof = 1),
    Jensen's alpha on annual returns, information ratio = alpha over the residual's volatility.
    """

    max_drawdown: float | None
    sortino_ratio: float | None
    alpha: float | None
    information_ratio: float | None


def rqrisk(returns: Series, index_returns: Series) -> RqriskFigures:
    """Figures as rqrisk defines them, with a risk-free rate of 0."""
    (values, index), _ = finite(returns, index_returns)
    slope = metrics.beta(values, index)
    growth, index_growth = metrics.annual_return(values), metrics.annual_return(index)
    if slope is None or growth is None or index_growth is None:
        return RqriskFigures(None, None, None, None)
    below = np.minimum(values - values.mean(), 0.0)
    downside = math.sqrt(float((below**2).sum()) / (values.size - 1))
    residual = metrics.annual_volatility(values - slope * index)
    alpha = growth - slope * index_growth
    deepest = metrics.max_drawdown(values)
    mean = float(values.mean())
    return RqriskFigures(
        max_drawdown=None if deepest is None else -deepest,
        sortino_ratio=mean / downside * math.sqrt(metrics.DAYS_A_YEAR) if downside else None,
        alpha=alpha,
        information_ratio=alpha / residual if residual else None,
    )
