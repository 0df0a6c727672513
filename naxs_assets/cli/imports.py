"""Heavy imports, made lighter for a command that ends soon."""

from __future__ import annotations

import sys

_TAKEN_ALONG = ("pandas", "sklearn")


def import_lightgbm_alone() -> None:
    """Import LightGBM without pandas and scikit-learn.

    It takes them along for interfaces that no run uses: three seconds of every night. To be called
    by a command only, for in its process LightGBM's scikit-learn classes do not work.
    """
    absent = [name for name in _TAKEN_ALONG if name not in sys.modules]
    # With None in its place a module cannot be imported, and LightGBM does without.
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]
    try:
        import lightgbm  # noqa: F401 - for the modules that import it later
    finally:
        for name in absent:
            del sys.modules[name]
