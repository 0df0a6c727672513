"""Sums and means of groups do not depend on the number of threads."""

from __future__ import annotations

import os
import subprocess
import sys

import polars as pl

from naxs_assets.learning.steady import steady_mean, steady_sum

_PROGRAM = """
import numpy as np, polars as pl
from naxs_assets.learning.steady import steady_mean, steady_sum
values = np.random.default_rng(1).normal(size=60_000)
frame = pl.DataFrame({"group": np.repeat(np.arange(10), 6_000), "value": values})
value = pl.col("value")
found = frame.group_by("group", maintain_order=True).agg(
    steady_sum(value).alias("sum"),
    steady_mean(value).alias("mean"),
    steady_mean(value.filter(value > 0)).alias("some"),
)
print([number.hex() for row in found.drop("group").rows() for number in row])
"""


def test_any_number_of_threads_gives_the_same_bits() -> None:
    outputs = {
        subprocess.run(
            [sys.executable, "-c", _PROGRAM],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"POLARS_MAX_THREADS": threads},
        ).stdout
        for threads in ("1", "2", "7")
    }
    assert len(outputs) == 1


def test_they_are_sums_and_means() -> None:
    frame = pl.DataFrame({"group": ["a", "a", "b", "c"], "value": [1.0, 2.0, None, 4.0]})
    found = frame.group_by("group", maintain_order=True).agg(
        steady_sum(pl.col("value")).alias("sum"), steady_mean(pl.col("value")).alias("mean")
    )
    assert found.rows() == [("a", 3.0, 1.5), ("b", 0.0, None), ("c", 4.0, 4.0)]
    assert found.schema["sum"] == pl.Float64
    none = frame.clear().group_by("group").agg(steady_mean(pl.col("value")).alias("mean"))
    assert none.height == 0
    assert none.schema["mean"] == pl.Float64
