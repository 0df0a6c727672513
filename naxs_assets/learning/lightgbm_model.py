"""Boosted trees by LightGBM, kept in LightGBM's own text format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from naxs_assets.catalog.models import LightGBMModel

_Matrix = np.ndarray[Any, np.dtype[np.float32]]
_Labels = np.ndarray[Any, np.dtype[np.float32]]
_Scores = np.ndarray[Any, np.dtype[np.float64]]


def fit(
    matrix: _Matrix, labels: _Labels, features: Sequence[str], model: LightGBMModel, threads: int
) -> str:
    """The booster trained on ``matrix`` (rows x features, NaN where unknown), as text.

    The same rows, model and package versions give the same text, whatever the number of threads.
    """
    import lightgbm

    data = lightgbm.Dataset(
        matrix,
        label=labels,
        feature_name=list(features),
        params={"verbosity": -1},
        free_raw_data=True,
    )
    booster = lightgbm.train(_parameters(model, threads), data, num_boost_round=model.rounds)
    return _without_threads(booster.model_to_string())


def score(booster: str, matrix: _Matrix, threads: int) -> _Scores:
    """The predictions of ``booster`` for the rows of ``matrix``, of which there is at least one."""
    import lightgbm

    scores = lightgbm.Booster(model_str=booster).predict(matrix, num_threads=threads)
    return np.asarray(scores, dtype=np.float64)


def _parameters(model: LightGBMModel, threads: int) -> dict[str, Any]:
    return {
        "objective": "regression",
        **model.parameters,
        "seed": model.seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": threads,
        "verbosity": -1,
    }


def _without_threads(text: str) -> str:
    """The model text without the line that tells how many threads trained it."""
    return "\n".join(line for line in text.split("\n") if not line.startswith("[num_threads:"))
