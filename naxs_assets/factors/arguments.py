"""Whether arguments fit the places that an operator gives them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from naxs_assets.factors.another import symbol_named
from naxs_assets.factors.expression import ExpressionError
from naxs_assets.factors.operator import (
    FREQUENCIES,
    FUNCTIONS,
    MAX_DAYS,
    Kind,
    Operator,
    Role,
)
from naxs_assets.factors.panel import INDUSTRY_FIELDS
from naxs_assets.factors.tree import Field, Node, Number, Text

_ALL_HISTORY_OR_DECAY = "a window of all history (0) or with decay (below 1) is refused here"


def left_out(operator: Operator, arguments: tuple[Node, ...], position: int) -> tuple[Number, ...]:
    """The operator's defaults for the last arguments, as far as they are not given."""
    missing = len(operator.roles) - len(arguments)
    if not 0 < missing <= len(operator.defaults):
        return ()
    return tuple(Number(value, position=position) for value in operator.defaults[-missing:])


def check_arguments(
    operator: Operator,
    arguments: tuple[Node, ...],
    error: Callable[[str, int, str], ExpressionError],
) -> None:
    """Raise the ``error`` (what, position, remedy) of the first argument that does not fit."""
    for argument, role in zip(arguments, operator.roles, strict=True):
        if isinstance(argument, Field) and argument.name in INDUSTRY_FIELDS:
            if role is not Role.GROUP:
                raise error(
                    f"{argument.text} numbers groups and is no quantity",
                    argument.position,
                    f"give it to CSNeutralize(x, {argument.text}) as the group",
                )
        elif _is_number_of(operator, arguments, argument):
            continue
        elif not _fits(argument, role, operator.fewest):
            wanted = _wanted(operator, role)
            raise error(
                f"{argument.text} does not fit here: {operator.name} needs {wanted}",
                argument.position,
                _remedy(operator, argument, role),
            )
    shares = [
        (each.value, each)
        for each, role in zip(arguments, operator.roles, strict=True)
        if role is Role.SHARE and isinstance(each, Number)
    ]
    for (low, lower), (high, upper) in pairwise(shares):
        if low > high:
            raise error(
                f"the lower share {lower.text} is above the upper one, {upper.text}",
                lower.position,
                "give the lower one first",
            )


def _is_number_of(operator: Operator, arguments: tuple[Node, ...], argument: Node) -> bool:
    """Whether a condition counts as 1 or 0: beside a number only, for numpy adds two of them to
    one."""
    others = [each.kind for each in arguments if each is not argument]
    return (
        operator.roles == (Role.NUMBER, Role.NUMBER)
        and argument.kind is Kind.CONDITION
        and others in ([Kind.SERIES], [Kind.CONSTANT])
    )


def _wanted(operator: Operator, role: Role) -> str:
    if role.is_days and operator.fewest > 1:
        return f"{role.value}, and at least {operator.fewest} of them"
    return role.value


def _remedy(operator: Operator, argument: Node, role: Role) -> str:
    remedy = f"give {_wanted(operator, role)}"
    if role.is_days and isinstance(argument, Number) and 0 <= argument.value < 1:
        return f"{_ALL_HISTORY_OR_DECAY}; {remedy}"
    if argument.kind is Kind.CONDITION:
        return "turn the condition into numbers with If(condition, 1, 0)"
    if role is Role.COMPARISON:
        return "compare first, and put each comparison into parentheses: ($close > 1) & ($open > 2)"
    return remedy


def _fits(argument: Node, role: Role, fewest: int) -> bool:
    if role.is_days or role in (Role.SHARE, Role.LEVEL):
        return isinstance(argument, Number) and _is_in_range(argument.value, role, fewest)
    if isinstance(argument, Text) or role in (Role.SYMBOL, Role.FREQUENCY, Role.FUNCTION):
        return isinstance(argument, Text) and _names(argument.value, role)
    match role:
        case Role.CONSTANT:
            return argument.kind is Kind.CONSTANT
        case Role.COMPARISON:
            return argument.kind is Kind.CONDITION
        case Role.NUMBER:
            return argument.kind is not Kind.CONDITION
    return argument.kind is not Kind.CONSTANT


def _names(text: str, role: Role) -> bool:
    match role:
        case Role.FREQUENCY:
            return text in FREQUENCIES
        case Role.FUNCTION:
            return text in FUNCTIONS
    return role is Role.SYMBOL and symbol_named(text) is not None


def _is_in_range(value: float, role: Role, fewest: int) -> bool:
    match role:
        case Role.SHARE:
            return 0 <= value <= 1
        case Role.LEVEL:
            return value in range(1, len(INDUSTRY_FIELDS) + 1)
    return _is_days(value, role, fewest)


def _is_days(value: float, role: Role, fewest: int) -> bool:
    if 0 < value < 1:
        return role is Role.DECAYING or role is Role.DECAY
    if value != int(value) or value > MAX_DAYS:
        return False
    match role:
        case Role.SHIFT:
            return value >= -MAX_DAYS
        case Role.WINDOW | Role.DECAYING if value == 0:
            return True
    return value >= fewest
