"""How many symbols are computed at a time; apart, so that to know it loads no compiler."""

LANES = 32
"""Symbols of one tile: a tile of ten years is 0.6 MB and stays in the second-level cache."""
