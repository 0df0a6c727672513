"""Languages: which operators an expression may use, and what a missing value means to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from naxs_assets.factors.decay import decaying
from naxs_assets.factors.operator import Operator, Role
from naxs_assets.factors.operators import OPERATORS
from naxs_assets.factors.strict import strict
from naxs_assets.factors.tree import Node, Number


@dataclass(frozen=True)
class Language:
    """The operators of one mode by name.

    What becomes of a missing value is part of each operator: the two languages have different
    operators of the same names, so that one set of expressions must be of one language.
    """

    name: str
    operators: Mapping[str, Operator]

    def chosen(self, operator: Operator, arguments: tuple[Node, ...]) -> Operator:
        """The operator itself, or what it stands for with a window between 0 and 1."""
        for argument, role in zip(arguments, operator.roles, strict=True):
            if role is Role.DECAYING and isinstance(argument, Number) and 0 < argument.value < 1:
                return decaying(operator)
        return operator


QLIB = Language("qlib", OPERATORS)
"""Qlib's meaning (``qlib/data/ops.py`` of pyqlib 0.9.7): windows skip what is missing and need one
value, and a comparison with a missing value is false."""

STRICT = Language("strict", MappingProxyType(strict(OPERATORS)))
"""A window needs all of its values, and a comparison with a missing value is missing."""

LANGUAGES: Mapping[str, Language] = MappingProxyType({each.name: each for each in (QLIB, STRICT)})
"""By the mode that feature sets and labels name."""
