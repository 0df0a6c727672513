"""A tear sheet's headline figures as one JSON-ready mapping."""

from __future__ import annotations

import math
from typing import Any

import polars as pl

from naxs_assets.backtest import metrics
from naxs_assets.reports.performance import account_of, daily_performance
from naxs_assets.reports.tear_sheet_inputs import TearSheet


def summarise(inputs: TearSheet) -> dict[str, Any]:
    """The headline figures: plain strings, integers and finite floats; null where undefined.

    - net, gross, index, excess: total_return, annual_return, annual_volatility, max_drawdown
      (ratios), sharpe, sortino, calmar, win_rate; information_ratio of net against the index;
      index_days_missing
    - trading: annual_turnover, annual_cost (ratios), total_cost (CNY) and costs by component:
      amount (CNY), of_costs, of_traded, annual (ratios)
    - rejections: orders by cause
    - prediction: of rank_ic and ic the mean, deviation, icir, positive_days and days; mean_names
      with a prediction a day
    - models: months, retrained, last_retrained (month)

    Definitions are those of :mod:`naxs_assets.backtest.metrics` and :mod:`.performance`.
    """
    return summary_of(inputs, daily_performance(inputs))


def summary_of(inputs: TearSheet, daily: pl.DataFrame) -> dict[str, Any]:
    """As :func:`summarise`, from the daily performance already computed."""
    dates = daily["date"]
    retrained = inputs.training.filter(pl.col("trained"))["month"]
    market = inputs.market
    return {
        "strategy": inputs.strategy,
        "market": {
            "name": market.name,
            "synthetic": market.synthetic,
            "source": market.source,
            "coverage": market.coverage,
        },
        "index_name": inputs.index_name,
        "first_day": None if dates.is_empty() else dates[0].isoformat(),
        "last_day": None if dates.is_empty() else dates[-1].isoformat(),
        "days": len(dates),
        "starting_capital": inputs.starting_capital,
        "final_nav": None if dates.is_empty() else inputs.account["nav"][-1],
        **{side: _measures(daily[side]) for side in ("net", "gross", "index", "excess")},
        "information_ratio": metrics.information_ratio(daily["net"], daily["index"]),
        "index_days_missing": daily["index"].null_count(),
        "trading": _trading(inputs),
        "rejections": dict(
            inputs.rejections.group_by("cause").agg(pl.col("orders").sum()).sort("cause").rows()
        ),
        "prediction": {
            "rank_ic": _correlations(inputs.information_coefficient["rank_ic"]),
            "ic": _correlations(inputs.information_coefficient["ic"]),
            "mean_names": _finite(inputs.coverage["names"].mean()),
        },
        "models": {
            "months": inputs.training.height,
            "retrained": len(retrained),
            "last_retrained": None if retrained.is_empty() else retrained[-1],
        },
    }


def _finite(value: Any) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


def _measures(returns: pl.Series) -> dict[str, float | None]:
    level = (1.0 + returns.drop_nulls()).product()
    return {
        "total_return": _finite(level - 1.0) if returns.count() else None,
        "annual_return": metrics.annual_return(returns),
        "annual_volatility": metrics.annual_volatility(returns),
        "max_drawdown": metrics.max_drawdown(returns),
        "sharpe": metrics.sharpe_ratio(returns),
        "sortino": metrics.sortino_ratio(returns),
        "calmar": metrics.calmar_ratio(returns),
        "win_rate": metrics.win_rate(returns),
    }


def _trading(inputs: TearSheet) -> dict[str, Any]:
    account = account_of(inputs)
    components = metrics.cost_shares(account)
    costs = {
        row["component"]: {
            "amount": row["cost"],
            "of_costs": row["of_costs"],
            "of_traded": row["of_traded"],
            "annual": row["of_nav_yearly"],
        }
        for row in components.to_dicts()
    }
    # A sum over nulls would read as costs of 0.
    known = components["of_nav_yearly"].null_count() == 0
    return {
        "annual_turnover": metrics.yearly_turnover(account),
        "annual_cost": float(components["of_nav_yearly"].sum()) if known else None,
        "total_cost": float(components["cost"].sum()),
        "costs": costs,
    }


def _correlations(values: pl.Series) -> dict[str, float | int | None]:
    known = values.drop_nulls()
    mean, deviation = _finite(known.mean()), _finite(known.std())
    return {
        "mean": mean,
        "deviation": deviation,
        "icir": mean / deviation if mean is not None and deviation else None,
        "positive_days": _finite((known > 0).mean()),
        "days": len(known),
    }
