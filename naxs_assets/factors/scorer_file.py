"""A person's own scorer of news: a Python file that defines ``score``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from naxs_assets.errors import ConfigurationError, DataError
from naxs_assets.factors.lexicon import Scorer
from naxs_assets.factors.own_code import OwnCode, own_code

_REMEDY = "define score(titles), which returns a number from -1 to 1 for each title, in order"


def scorer_code(file: Path) -> OwnCode:
    """The code of a scorer's ``file``, not yet run."""
    return own_code(file, "the scorer", _REMEDY)


def scorer_of(code: OwnCode) -> Scorer:
    """The function ``score`` of a scorer's code, which is run when it is first asked.

    It raises :class:`ConfigurationError` for a file that cannot be run or has no such function, and
    :class:`DataError` for an answer that is not one number from -1 to 1 for each title.
    """
    loaded: list[Any] = []

    def score(titles: Sequence[str]) -> list[float]:
        if not loaded:
            loaded.append(_function(code))
        answer = _numbers(loaded[0](list(titles)))
        if answer is None or len(answer) != len(titles) or not (np.abs(answer) <= 1).all():
            raise DataError(
                "a scorer gave something else than one number from -1 to 1 for each title",
                where=str(code.file),
                remedy=code.remedy,
            )
        return [float(value) for value in answer]

    return score


def _numbers(answer: Any) -> Any:
    """The answer as a row of numbers, None where it is none."""
    try:
        numbers = np.asarray(answer, np.float64)
    except (TypeError, ValueError):
        return None
    return numbers if numbers.ndim == 1 else None


def _function(code: OwnCode) -> Any:
    found = getattr(code.run(), "score", None)
    if not callable(found):
        raise ConfigurationError(
            "the scorer has no function score", where=str(code.file), remedy=code.remedy
        )
    return found
