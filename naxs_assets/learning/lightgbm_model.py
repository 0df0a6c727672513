"""Boosted trees by LightGBM, kept in LightGBM's own text format."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np

from naxs_assets.catalog.models import LightGBMModel
from naxs_assets.errors import ConfigurationError

_Matrix = np.ndarray[Any, np.dtype[np.float32]]
_Labels = np.ndarray[Any, np.dtype[np.float32]]
_Scores = np.ndarray[Any, np.dtype[np.float64]]

_WHERE = "model.parameters of the strategy"


def fit(
    matrix: _Matrix, labels: _Labels, features: Sequence[str], model: LightGBMModel, threads: int
) -> str:
    """The booster trained on ``matrix`` (rows x features, NaN where unknown), as text.

    The same rows, model and package versions give the same text, whatever the number of threads.
    Raises :class:`ConfigurationError` for parameters that LightGBM does not know or refuses.
    """
    import lightgbm

    _refuse_unknown(model)
    data = lightgbm.Dataset(
        matrix,
        label=labels,
        feature_name=list(features),
        params={"verbosity": -1},
        free_raw_data=True,
    )
    try:
        booster = lightgbm.train(_parameters(model, threads), data, num_boost_round=model.rounds)
    except lightgbm.basic.LightGBMError as error:
        raise ConfigurationError(
            f"LightGBM refuses the model: {str(error).partition(' at /')[0]}",
            where=_WHERE,
            remedy="correct the parameter in the strategy's file",
        ) from error
    return _without_threads(booster.model_to_string())


def score(booster: str, matrix: _Matrix, threads: int) -> _Scores:
    """The predictions of ``booster`` for the rows of ``matrix``, of which there is at least one."""
    import lightgbm

    scores = lightgbm.Booster(model_str=booster).predict(matrix, num_threads=threads)
    return np.asarray(scores, dtype=np.float64)


def _refuse_unknown(model: LightGBMModel) -> None:
    """Refuse a misspelt parameter: LightGBM would ignore it and train something else."""
    from lightgbm.basic import _ConfigAliases

    aliases = _ConfigAliases._get_all_param_aliases()
    known = {name for names in aliases.values() for name in names} | set(aliases)
    for name in model.parameters:
        if name not in known:
            near = get_close_matches(name, sorted(aliases), n=1)
            raise ConfigurationError(
                f"LightGBM has no parameter {name!r}",
                where=_WHERE,
                remedy=f"did you mean {near[0]}?" if near else "see LightGBM's list of parameters",
            )


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
