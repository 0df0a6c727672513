"""Compile every kernel of the factors once, into numba's cache on disk."""

from __future__ import annotations


def warm() -> None:
    """Compile every kernel, or load it from the disk cache; called when NAXS is installed."""
    from naxs_assets.factors import (
        kernels,
        order_kernels,
        pair_kernels,
        row_kernels,
        section_kernels,
    )

    for module in (kernels, pair_kernels, order_kernels, row_kernels, section_kernels):
        module.warm()
