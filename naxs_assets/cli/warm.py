"""Compile every kernel once and keep it in numba's cache, so that no first run waits for it."""

from __future__ import annotations

from naxs_assets.backtest import warm as warm_backtest
from naxs_assets.factors.kernels import warm as warm_factors
from naxs_assets.factors.order_kernels import warm as warm_order

if __name__ == "__main__":
    warm_factors()
    warm_order()
    warm_backtest()
