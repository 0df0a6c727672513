"""Operators across the symbols of one day, over the point-in-time universe of that day.

A symbol outside the universe neither counts nor gets a value; a missing value stays missing.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from naxs_assets.factors.operator import Array, Operator, Role, Scope
from naxs_assets.factors.section import Section


def _known(section: Section, values: Array) -> npt.NDArray[np.float64]:
    """The values of the universe as float64, NaN where one is missing or infinite."""
    known = values.astype(np.float64)
    known[~(section.members & np.isfinite(known))] = np.nan
    return known


def _rank(section: Section, values: Array) -> Array:
    from naxs_assets.factors import section_kernels

    known = _known(section, values)
    result = np.empty_like(known)
    section_kernels.ranks(known, result)
    return result


def _demean(section: Section, values: Array) -> Array:
    known = _known(section, values)
    return known - _row_mean(known)


def _zscore(section: Section, values: Array) -> Array:
    """(x - mean) / std (ddof 1); NaN where the day has no spread."""
    known = _known(section, values)
    known -= _row_mean(known)
    count = np.isfinite(known).sum(axis=1, keepdims=True)
    square = _row_sum(known * known)
    spread = np.sqrt(square / np.where(count > 1, count - 1, np.nan))
    return known / np.where(spread > 0, spread, np.nan)


def _scale(section: Section, values: Array, total: float) -> Array:
    """Scaled so that the absolute values of the day sum to ``total``; NaN where all are zero."""
    known = _known(section, values)
    size = _row_sum(np.abs(known))
    return known * (total / np.where(size > 0, size, np.nan))


def _winsorize(section: Section, values: Array, lower: float, upper: float) -> Array:
    from naxs_assets.factors import section_kernels

    known = _known(section, values)
    section_kernels.clip_to_quantiles(known, lower, upper)
    return known


def _neutralize(section: Section, values: Array, groups: Array) -> Array:
    from naxs_assets.factors import section_kernels

    known = _known(section, values)
    section_kernels.demean_within(known, groups.astype(np.float64))
    return known


def _row_mean(known: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    count = np.isfinite(known).sum(axis=1, keepdims=True)
    total = _row_sum(known)
    return total / np.where(count > 0, count, np.nan)


def _row_sum(known: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The sum of each row in the order of the symbols.

    numpy.sum adds in blocks of columns, so that symbols without a value, such as those listed
    later, would change its bits.
    """
    total: npt.NDArray[np.float64] = np.nancumsum(known, axis=1)[:, -1:]
    return total


def _of_day(
    name: str,
    compute: Callable[..., Array],
    *more: Role,
    defaults: tuple[float, ...] = (),
) -> Operator:
    roles = (Role.SERIES, *more)
    return Operator(name, roles, compute, scope=Scope.DAY, defaults=defaults)


CROSS_SECTION = (
    _of_day("CSRank", _rank),
    _of_day("CSDemean", _demean),
    _of_day("CSZScore", _zscore),
    _of_day("CSScale", _scale, Role.CONSTANT, defaults=(1.0,)),
    _of_day("CSWinsor", _winsorize, Role.SHARE, Role.SHARE),
    _of_day("CSNeutralize", _neutralize, Role.GROUP),
    # The parser turns the level into the group field of that level.
    _of_day("IndNeutralize", _neutralize, Role.LEVEL),
)
