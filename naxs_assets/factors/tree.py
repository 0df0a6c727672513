"""The immutable tree of an expression: its type, canonical text and reach, known statically."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, TypeAlias

from naxs_assets.factors.operator import ALL_HISTORY, Kind, Operator, Role

INFIX = {
    "+": "Add",
    "-": "Sub",
    "*": "Mul",
    "/": "Div",
    ">": "Gt",
    ">=": "Ge",
    "<": "Lt",
    "<=": "Le",
    "==": "Eq",
    "!=": "Ne",
    "&": "And",
    "|": "Or",
    "**": "Power",
}
"""The operators that are written between their arguments."""

_SYMBOLS = {name: symbol for symbol, name in INFIX.items()}
_COMPARISON, _OR, _AND, _SUM, _PRODUCT, _UNARY, _POWER, _ATOM = range(1, 9)
_STRENGTH = {
    "Or": _OR,
    "And": _AND,
    "Add": _SUM,
    "Sub": _SUM,
    "Mul": _PRODUCT,
    "Div": _PRODUCT,
    "Neg": _UNARY,
    "Power": _POWER,
}


@dataclass(frozen=True)
class Number:
    """A constant."""

    value: float
    position: int = field(default=0, compare=False)

    kind = Kind.CONSTANT
    depth = 1

    @property
    def text(self) -> str:
        if self.value.is_integer() and abs(self.value) < 1e15:
            return str(int(self.value))
        return repr(self.value)

    @property
    def strength(self) -> int:
        return _UNARY if self.value < 0 else _ATOM


@dataclass(frozen=True)
class Text:
    """A text in quotes, which names something to an operator."""

    value: str
    position: int = field(default=0, compare=False)

    kind = Kind.TEXT
    depth = 1
    strength = _ATOM

    @property
    def text(self) -> str:
        return f"'{self.value}'"


@dataclass(frozen=True)
class Field:
    """A field of the prices, such as ``$close``."""

    name: str
    position: int = field(default=0, compare=False)

    kind = Kind.SERIES
    depth = 1
    strength = _ATOM

    @property
    def text(self) -> str:
        return f"${self.name}"


@dataclass(frozen=True)
class PeriodField:
    """A figure of a period as known on each day: of the latest, or of the ``period`` named."""

    name: str
    period: int | None
    position: int = field(default=0, compare=False)

    kind = Kind.SERIES
    depth = 1
    strength = _ATOM

    @property
    def text(self) -> str:
        return f"P($${self.name})" if self.period is None else f"PRef($${self.name},{self.period})"


@dataclass(frozen=True)
class Call:
    """An operator applied to its arguments; days and shifts are ``Number`` arguments."""

    operator: Operator
    arguments: tuple[Node, ...]
    position: int = field(default=0, compare=False)

    @cached_property
    def kind(self) -> Kind:
        if all(argument.kind is Kind.CONSTANT for argument in self.arguments):
            return Kind.CONSTANT
        return self.operator.gives

    @cached_property
    def depth(self) -> int:
        return 1 + max(argument.depth for argument in self.arguments)

    @cached_property
    def days(self) -> float:
        """The window or shift among the arguments (an int where it is whole), or 0."""
        for argument, role in zip(self.arguments, self.operator.roles, strict=True):
            if role.is_days and isinstance(argument, Number):
                whole = argument.value.is_integer()
                return int(argument.value) if whole else argument.value
        return 0

    @cached_property
    def statistic(self) -> float:
        """Which statistic of a common pass: the operator's own, or the share it is given."""
        for argument, role in zip(self.arguments, self.operator.roles, strict=True):
            if role is Role.SHARE and isinstance(argument, Number):
                return argument.value
        return self.operator.statistic

    @cached_property
    def strength(self) -> int:
        otherwise = _COMPARISON if self.operator.name in _SYMBOLS else _ATOM
        return _STRENGTH.get(self.operator.name, otherwise)

    @cached_property
    def text(self) -> str:
        """Canonical text: infix where there is a symbol, parentheses only where they are needed."""
        name = self.operator.name
        if name == "Neg":
            return "-" + _operand(self.arguments[0], _UNARY)
        if name in _SYMBOLS:
            left, right = self.arguments
            if name == "Power":
                # It binds its left side most tightly, and its right side less than a sign.
                return f"{_operand(left, _ATOM)}**{_operand(right, _UNARY)}"
            weakest = _OR if self.strength == _COMPARISON else self.strength
            return (
                _operand(left, weakest)
                + _SYMBOLS[name]
                + _operand(right, max(weakest, self.strength + 1))
            )
        return f"{name}({','.join(argument.text for argument in self.arguments)})"


Node: TypeAlias = Number | Text | Field | PeriodField | Call


class Read(NamedTuple):
    """A field read from day ``first`` to day ``last``, relative to the row computed."""

    field: str
    first: int
    last: int


def _operand(node: Node, weakest: int) -> str:
    return node.text if node.strength >= weakest else f"({node.text})"


def reads_of(root: Node) -> frozenset[Read]:
    """The fields that ``root`` reads and when."""
    reads = set()
    pending = [(root, 0, 0)]
    while pending:
        node, first, last = pending.pop()
        if isinstance(node, Field):
            reads.add(Read(node.name, first, last))
        elif isinstance(node, Call):
            pending += _arguments_with_rows(node, first, last)
    return frozenset(reads)


def evaluated_rows(root: Node) -> tuple[int, int]:
    """First and last day, relative to a row, at which anything is evaluated for that row.

    Wider than the reads of fields where shifts undo each other: ``Ref(Ref($close, 1), -1)`` reads
    today's close only, yet takes its inner part from tomorrow's row.
    """
    earliest = latest = 0
    pending = [(root, 0, 0)]
    while pending:
        node, first, last = pending.pop()
        earliest, latest = min(earliest, first), max(latest, last)
        if isinstance(node, Call):
            pending += _arguments_with_rows(node, first, last)
    return earliest, latest


def sources_of(root: Node) -> dict[str, str]:
    """The operators in ``root`` that a researcher wrote, with the digests of their files."""
    if not isinstance(root, Call):
        return {}
    found = {root.operator.name: root.operator.source} if root.operator.source else {}
    for part in root.arguments:
        found |= sources_of(part)
    return found


def leaves_of(root: Node) -> Iterator[Node]:
    """What ``root`` is made of at last: numbers, texts and fields."""
    if isinstance(root, Call):
        for part in root.arguments:
            yield from leaves_of(part)
    else:
        yield root


def first_refused_in_sets(root: Node) -> Call | PeriodField | None:
    """The outermost part that feature sets and labels may not use, if any."""
    pending: list[Node] = [root]
    while pending:
        node = pending.pop(0)
        if isinstance(node, PeriodField) or (isinstance(node, Call) and node.operator.refusal):
            return node
        if isinstance(node, Call):
            pending += node.arguments
    return None


def first_look_ahead(root: Node) -> Call | None:
    """The outermost call that evaluates an argument at a later day than the row, if any."""
    pending = [(root, 0, 0)]
    while pending:
        node, first, last = pending.pop(0)
        if isinstance(node, Call):
            below = _arguments_with_rows(node, first, last)
            if any(end > 0 for _, _, end in below):
                return node
            pending += below
    return None


def first_of_all_history(root: Node) -> Call | None:
    """The outermost call that reads every day before, if any."""
    pending: list[Node] = [root]
    while pending:
        node = pending.pop(0)
        if isinstance(node, Call):
            if node.operator.reads(node.days)[0] <= ALL_HISTORY:
                return node
            pending += node.arguments
    return None


def _arguments_with_rows(node: Call, first: int, last: int) -> list[tuple[Node, int, int]]:
    start, end = node.operator.reads(node.days)
    return [
        (argument, first + start, last + end)
        for argument in node.arguments
        if not isinstance(argument, Number | Text)
    ]
