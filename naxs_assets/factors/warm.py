"""Compile every kernel of the factors once, into numba's cache on disk."""

from __future__ import annotations


def warm() -> None:
    """Compile every kernel, or load it from the disk cache; called when NAXS is installed."""
    from naxs_assets.factors import (
        decay_kernels,
        kernels,
        order_kernels,
        pair_kernels,
        report_kernels,
        row_kernels,
        section_kernels,
    )

    rolling = (kernels, pair_kernels, order_kernels, decay_kernels)
    for module in (*rolling, report_kernels, row_kernels, section_kernels):
        module.warm()
