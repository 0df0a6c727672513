"""Compile every kernel once and keep it in numba's cache, so that no first run waits for it."""

from __future__ import annotations

from naxs_assets.backtest import warm as warm_backtest
from naxs_assets.factors.warm import warm as warm_factors

if __name__ == "__main__":
    warm_factors()
    warm_backtest()
