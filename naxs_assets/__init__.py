"""NAXS: a Dagster asset-graph research platform for Chinese A-shares."""

from naxs_assets.notebook import factor_bench, load

__all__ = ["factor_bench", "load"]
