"""Headline figures: JSON as it is, in the backtest's own convention."""

from __future__ import annotations

import json
from datetime import date

import empyrical
import polars as pl
import pytest

from naxs_assets.reports.performance import daily_performance
from naxs_assets.reports.summary import summarise
from naxs_assets.reports.tear_sheet_inputs import TearSheet
from naxs_tests.reports.sample import CAPITAL, REAL, SYNTHETIC, sample_tear_sheet


def test_is_json_and_the_same_every_time() -> None:
    first, second = (json.dumps(summarise(sample_tear_sheet()), allow_nan=False) for _ in range(2))
    assert first == second


def test_agrees_with_empyrical() -> None:
    inputs = sample_tear_sheet()
    summary, daily = summarise(inputs), daily_performance(inputs)
    for side in ("net", "gross", "index", "excess"):
        returns = daily[side].to_numpy()
        expected = {
            "total_return": empyrical.cum_returns_final(returns),
            "annual_return": empyrical.annual_return(returns),
            "annual_volatility": empyrical.annual_volatility(returns),
            "max_drawdown": empyrical.max_drawdown(returns),
            "sharpe": empyrical.sharpe_ratio(returns),
            "sortino": empyrical.sortino_ratio(returns),
            "calmar": empyrical.calmar_ratio(returns),
        }
        for name, value in expected.items():
            assert summary[side][name] == pytest.approx(float(value), rel=1e-9), (side, name)
    assert summary["information_ratio"] == summary["excess"]["sharpe"]


def test_costs_add_up() -> None:
    trading = summarise(sample_tear_sheet())["trading"]
    parts = trading["costs"].values()
    assert sum(part["amount"] for part in parts) == pytest.approx(trading["total_cost"])
    assert sum(part["of_costs"] for part in parts) == pytest.approx(1.0)
    assert sum(part["annual"] for part in parts) == pytest.approx(trading["annual_cost"])


def test_says_what_the_inputs_say() -> None:
    inputs = sample_tear_sheet()
    summary = summarise(inputs)
    assert summary["market"] == {
        "name": SYNTHETIC.name,
        "synthetic": True,
        "source": SYNTHETIC.source,
        "coverage": SYNTHETIC.coverage,
    }
    assert (summary["first_day"], summary["last_day"]) == ("2020-03-02", "2024-06-28")
    assert summary["days"] == inputs.account.height
    assert summary["final_nav"] == inputs.account["nav"][-1]
    assert sum(summary["rejections"].values()) == inputs.rejections["orders"].sum()
    known = inputs.information_coefficient["rank_ic"]
    assert summary["prediction"]["rank_ic"]["mean"] == pytest.approx(known.mean())
    assert summary["prediction"]["rank_ic"]["icir"] == pytest.approx(known.mean() / known.std())
    assert summary["models"] == {"months": 52, "retrained": 18, "last_retrained": "2024-06"}


def test_what_is_undefined_is_null() -> None:
    summary = summarise(TearSheet("none", "", REAL, "index", CAPITAL))
    json.dumps(summary, allow_nan=False)
    assert summary["days"] == 0
    assert summary["first_day"] is None
    assert set(summary["net"].values()) == {None}
    assert summary["information_ratio"] is None
    assert summary["trading"]["annual_cost"] is None
    assert summary["prediction"]["rank_ic"]["mean"] is None
    assert summary["rejections"] == {}


def test_a_single_day_has_a_return_but_no_spread() -> None:
    whole = sample_tear_sheet()
    one = TearSheet(
        "one",
        "",
        REAL,
        "index",
        CAPITAL,
        account=whole.account.head(1),
        index_closes=whole.index_closes.filter(pl.col("date") <= date(2020, 3, 2)),
    )
    summary = summarise(one)
    json.dumps(summary, allow_nan=False)
    assert summary["net"]["total_return"] == pytest.approx(one.account["nav"][0] / CAPITAL - 1)
    assert summary["net"]["sharpe"] is None
