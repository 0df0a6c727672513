"""A market made from a seed: the offline first run, the tests and the benchmarks.

``generate(SyntheticMarket(...))`` returns a ``Panel`` of bars, instruments, index membership and
index bars. Days are made in order, each from its own random stream, so a market with a later end
starts with the same days, bit for bit.
"""

from naxs_assets.market.synthetic.generate import generate
from naxs_assets.market.synthetic.panel import Panel
from naxs_assets.market.synthetic.parameters import (
    INDEX_SYMBOL,
    NEWS_SIGNAL,
    REVERSAL_SIGNAL,
    TURNOVER_SIGNAL,
    VERSION,
    SyntheticMarket,
)

__all__ = [
    "INDEX_SYMBOL",
    "NEWS_SIGNAL",
    "REVERSAL_SIGNAL",
    "TURNOVER_SIGNAL",
    "VERSION",
    "Panel",
    "SyntheticMarket",
    "generate",
]
