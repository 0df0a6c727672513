"""NAXS: a Dagster asset-graph research platform for Chinese A-shares."""
