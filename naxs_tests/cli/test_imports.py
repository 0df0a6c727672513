"""What a command does not use it does not import."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
from naxs_assets.cli.imports import import_lightgbm_alone
import_lightgbm_alone()
assert not {"pandas", "sklearn"} & set(sys.modules), "taken along all the same"
import numpy as np
from naxs_assets.catalog.models import LightGBMModel
from naxs_assets.learning import lightgbm_model
chance = np.random.default_rng(1)
matrix = chance.normal(size=(400, 2)).astype(np.float32)
model = LightGBMModel(kind="lightgbm", rounds=20, parameters={"min_data_in_leaf": 10})
booster = lightgbm_model.fit(matrix, matrix[:, 0], ["a", "b"], model, 1)
scores = lightgbm_model.score(booster, matrix, 1)
assert np.corrcoef(scores, matrix[:, 0])[0, 1] > 0.9
import pandas, sklearn.linear_model  # what comes later finds them
print("works")
"""


def test_lightgbm_works_without_what_it_takes_along() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.split() == ["works"], done.stderr


def test_a_command_without_a_run_does_without_dagster() -> None:
    program = "import sys, naxs_assets.cli.main; print('dagster' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == ["False"]
