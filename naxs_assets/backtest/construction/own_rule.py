"""A person's own portfolio rule: a Python file that defines ``weights``."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from naxs_assets.backtest.construction.candidates import Candidates, Floats, WeightRule
from naxs_assets.backtest.construction.parts import legal_weights, whole_parts
from naxs_assets.errors import ConfigurationError, DataError, NaxsError
from naxs_assets.factors.own_code import OwnCode, own_code

_REMEDY = "define weights(candidates), which returns a float64 array with a weight for each name"


def rule_code(file: Path) -> OwnCode:
    """The code of a rule's ``file``, not yet run."""
    return own_code(file, "the portfolio rule", _REMEDY)


def rule_of(code: OwnCode) -> WeightRule:
    """The function ``weights`` of a rule's code, which is run now, :func:`checked`.

    Raises :class:`ConfigurationError` for a file that cannot be run or has no such function.
    """
    found = getattr(code.run(), "weights", None)
    if not callable(found):
        raise ConfigurationError(
            "the portfolio rule has no function weights", where=str(code.file), remedy=_REMEDY
        )
    return checked(found, str(code.file))


def checked(rule: WeightRule, name: str) -> WeightRule:
    """``rule`` with its answer verified, and rounded to whole billionths of nav.

    The candidates' arrays cannot be written to. The returned rule raises :class:`DataError` that
    names ``name`` and the day where the rule raises, or its answer is not a float64 array (names,)
    of legal weights (:func:`.parts.legal_weights`), or gives weight to a name that has no score and
    is not held.
    """

    def weights(candidates: Candidates) -> Floats:
        try:
            answer: Any = rule(_protected(candidates))
            _verify(answer, candidates)
        except NaxsError as error:
            raise _failed(name, candidates, error.what, error.remedy) from error
        except Exception as error:
            told = f"it raises {type(error).__name__}: {error}"
            raise _failed(name, candidates, told, "mend the rule") from error
        return whole_parts(answer, 1.0)

    return weights


def _failed(name: str, candidates: Candidates, what: str, remedy: str) -> DataError:
    return DataError(
        f"the portfolio rule failed: {what}", where=f"{name}, {candidates.date}", remedy=remedy
    )


def _verify(answer: Any, candidates: Candidates) -> None:
    names = len(candidates.symbols)
    if not isinstance(answer, np.ndarray) or answer.dtype != np.float64:
        told = answer.dtype if isinstance(answer, np.ndarray) else type(answer).__name__
        raise DataError(f"the answer is {told}, not a float64 array", remedy=_REMEDY)
    if answer.shape != (names,):
        raise DataError(f"the answer has the shape {answer.shape}, not ({names},)", remedy=_REMEDY)
    legal_weights(answer, candidates.symbols)
    strange = np.flatnonzero(
        (answer > 0) & ~np.isfinite(candidates.scores) & ~(candidates.held > 0)
    )
    if strange.size:
        first = int(strange[0])
        raise DataError(
            f"{candidates.symbols[first]} gets {answer[first]!r} but has no score and is not held",
            remedy="give weight only to names whose score is finite",
        )


def _protected(candidates: Candidates) -> Candidates:
    """Views that cannot be written: the caller goes on to use the arrays."""
    views: dict[str, Any] = {}
    for field in fields(candidates):
        value = getattr(candidates, field.name)
        if isinstance(value, np.ndarray):
            views[field.name] = value.view()
            views[field.name].flags.writeable = False
    return replace(candidates, **views)
