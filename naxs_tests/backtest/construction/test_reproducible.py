"""The same input has the same bits in another process, with other threads and another hash seed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from naxs_assets.backtest.construction import (
    IndexEnhancement,
    MeanVariance,
    index_enhanced_weights,
    legal_weights,
    mean_variance_weights,
)
from naxs_tests.backtest.construction.sample import a_market


def digests() -> str:
    """Of both optimisations of an index of 300 names over a year of days."""
    import hashlib

    day = a_market(300, 250)
    shared = {"invested": 0.95, "size_deviation": 0.2, "turnover_cap": 0.4}
    found = [
        mean_variance_weights(
            day, MeanVariance(**shared, risk_aversion=5.0, name_cap=0.05, industry_cap=0.3)
        ),
        index_enhanced_weights(
            day, IndexEnhancement(**shared, name_deviation=0.02, industry_deviation=0.03)
        ),
    ]
    for weights in found:
        legal_weights(weights, day.symbols)
        assert weights.sum() == pytest.approx(0.95, abs=1e-9)
    return " ".join(hashlib.sha256(weights.tobytes()).hexdigest() for weights in found)


def test_threads_and_the_hash_seed_do_not_matter() -> None:
    for threads, seed in (("1", "1"), ("4", "2")):
        set_so = {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
        done = subprocess.run(
            [sys.executable, "-c", f"from {__name__} import digests; print(digests())"],
            env={**os.environ, **set_so, "RAYON_NUM_THREADS": threads, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.split() == digests().split()
