"""A person's own scorer of news: a Python file that defines ``score``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from naxs_assets.errors import ConfigurationError, DataError
from naxs_assets.factors.lexicon import Scorer

_REMEDY = "define score(titles), which returns a number from -1 to 1 for each title, in order"


def scorer_of_text(text: str, file: Path) -> Scorer:
    """The function ``score`` of the ``text`` of a Python file, which is run when it is first asked.

    It raises :class:`ConfigurationError` for a file that cannot be run or has no such function, and
    :class:`DataError` for an answer that is not one number from -1 to 1 for each title.
    """
    loaded: list[Any] = []

    def score(titles: Sequence[str]) -> list[float]:
        if not loaded:
            loaded.append(_function(text, file))
        answer = _numbers(loaded[0](list(titles)))
        if answer is None or len(answer) != len(titles) or not (np.abs(answer) <= 1).all():
            raise DataError(
                "a scorer gave something else than one number from -1 to 1 for each title",
                where=str(file),
                remedy=_REMEDY,
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


def _function(text: str, file: Path) -> Any:
    space: dict[str, Any] = {"__name__": file.stem, "__file__": str(file)}
    try:
        exec(compile(text, str(file), "exec"), space)  # noqa: S102 - the person's own file
    except Exception as error:
        raise ConfigurationError(
            f"the scorer cannot be run: {type(error).__name__}: {error}",
            where=str(file),
            remedy=_REMEDY,
        ) from error
    if not callable(space.get("score")):
        raise ConfigurationError(
            "the scorer has no function score", where=str(file), remedy=_REMEDY
        )
    return space["score"]
