"""What software made a version: the interpreter and the packages that shape results."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import version

from naxs_assets.lineage.content_hash import canonical_json, json_hash

_PACKAGES = (
    "numpy",
    "numba",
    "polars",
    "pyarrow",
    "lightgbm",
    "scikit-learn",
    "scipy",
    "exchange-calendars",
    "naxs-assets",
)


@cache
def environment() -> tuple[str, str]:
    """The environment's hash and its description as canonical JSON."""
    facts = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        **{package: version(package) for package in _PACKAGES},
    }
    return json_hash(facts), canonical_json(facts)
