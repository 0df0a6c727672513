"""Portfolio construction: from scores to target weights, as functions of arrays."""

from naxs_assets.backtest.construction.candidates import Candidates, Floats, WeightRule
from naxs_assets.backtest.construction.optimised import (
    index_enhanced_weights,
    mean_variance_weights,
)
from naxs_assets.backtest.construction.own_rule import checked, rule_code, rule_of
from naxs_assets.backtest.construction.parts import legal_weights
from naxs_assets.backtest.construction.ranked import (
    equal_weights,
    inverse_volatility_weights,
    rank_weights,
    score_weights,
)
from naxs_assets.backtest.construction.rebalancing import Cadence, has_drifted, rebalance_days
from naxs_assets.backtest.construction.settings import IndexEnhancement, MeanVariance
from naxs_assets.backtest.construction.solving import InfeasibleWeightsError

__all__ = [
    "Cadence",
    "Candidates",
    "Floats",
    "IndexEnhancement",
    "InfeasibleWeightsError",
    "MeanVariance",
    "WeightRule",
    "checked",
    "equal_weights",
    "has_drifted",
    "index_enhanced_weights",
    "inverse_volatility_weights",
    "legal_weights",
    "mean_variance_weights",
    "rank_weights",
    "rebalance_days",
    "rule_code",
    "rule_of",
    "score_weights",
]
