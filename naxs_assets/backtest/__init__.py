"""Backtest: what a strategy's scores would have earned under the rules and costs of the market."""

from naxs_assets.backtest.contracts import JOURNAL
from naxs_assets.backtest.engine import PortfolioRule, run_backtest, run_month, simulate, warm
from naxs_assets.backtest.fees import Costs
from naxs_assets.backtest.journal import Journal, State, empty_journal, state_after
from naxs_assets.backtest.panel import build_panel

__all__ = [
    "JOURNAL",
    "Costs",
    "Journal",
    "PortfolioRule",
    "State",
    "build_panel",
    "empty_journal",
    "run_backtest",
    "run_month",
    "simulate",
    "state_after",
    "warm",
]
