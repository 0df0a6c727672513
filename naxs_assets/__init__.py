"""NAXS: a Dagster asset-graph research platform for Chinese A-shares."""

from naxs_assets.notebook import load

__all__ = ["load"]
