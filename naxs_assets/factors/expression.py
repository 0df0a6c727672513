"""Factor expressions: tokens and a recursive descent parser that gives a typed, immutable tree.

Grammar (Qlib's, of ``qlib/utils`` ``parse_field``; nothing is ever evaluated as Python)::

    expression := sum [(">" | ">=" | "<" | "<=" | "==" | "!=") sum]
    sum        := product {("+" | "-") product}
    product    := unary {("*" | "/") unary}
    unary      := "-" unary | atom
    atom       := number | "$" name | name "(" expression {"," expression} ")" | "(" expression ")"
"""

from __future__ import annotations

import difflib
import hashlib
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from naxs_assets.errors import ConfigurationError
from naxs_assets.factors.operator import MAX_DAYS, Kind, Role
from naxs_assets.factors.operators import OPERATORS, REFUSED
from naxs_assets.factors.panel import FIELDS, INDUSTRY_FIELDS, REFUSED_FIELDS
from naxs_assets.factors.tree import (
    INFIX,
    Call,
    Field,
    Node,
    Number,
    Read,
    evaluated_rows,
    reads_of,
)

MAX_LENGTH = 10_000
"""Characters of one expression."""
MAX_DEPTH = 64
"""Levels of nesting of one expression, and of the tree it gives."""
MAX_NODES = 1_000
"""Operators of one expression."""

_SHOWN_EACH_SIDE = 60
_LARGEST_FLOAT32 = 3.4e38
_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<field>\$[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<symbol>>=|<=|==|!=|[-+*/<>(),])"
)
_COMPARISONS = frozenset({">", ">=", "<", "<=", "==", "!="})


class ExpressionError(ConfigurationError):
    """An expression that cannot be used: what is wrong, at which column, how to write it instead.

    ``position`` counts characters from 0; the message shows the column counted from 1 and
    a caret below it. ``owner`` names what the expression belongs to, such as a feature.
    """

    def __init__(
        self, what: str, *, expression: str, position: int, remedy: str, owner: str = ""
    ) -> None:
        self.expression = expression
        self.position = position
        first = max(0, position - _SHOWN_EACH_SIDE)
        shown = expression[first : position + _SHOWN_EACH_SIDE]
        line = "".join(character if character.isprintable() else " " for character in shown)
        caret = " " * (position - first) + "^"
        place = f"{owner}, column {position + 1}" if owner else f"column {position + 1}"
        super().__init__(what, where=f"{place}\n    {line}\n    {caret}", remedy=remedy)


@dataclass(frozen=True)
class Expression:
    """A parsed expression: the text as written, its tree, and its reach in trading days."""

    text: str
    root: Node
    owner: str = ""

    @property
    def canonical(self) -> str:
        """The one text of this tree: no spaces, no needless parentheses."""
        return self.root.text

    @property
    def code(self) -> str:
        """sha256 of the canonical text, in hex."""
        return hashlib.sha256(self.canonical.encode()).hexdigest()

    @cached_property
    def reads(self) -> frozenset[Read]:
        """The fields read, each with the first and last day relative to the row computed."""
        return reads_of(self.root)

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(sorted({read.field for read in self.reads}))

    @cached_property
    def _rows(self) -> tuple[int, int]:
        return evaluated_rows(self.root)

    @property
    def look_back(self) -> int:
        """Days before a row that must be loaded to compute it."""
        return -self._rows[0]

    @property
    def look_ahead(self) -> int:
        """Days after a row that must be loaded to compute it."""
        return self._rows[1]

    def error(self, what: str, *, position: int, remedy: str) -> ExpressionError:
        """An error at ``position`` of this expression."""
        return ExpressionError(
            what, expression=self.text, position=position, remedy=remedy, owner=self.owner
        )


class _Token(NamedTuple):
    kind: str
    text: str
    position: int


def parse(text: str, owner: str = "") -> Expression:
    """Parse ``text``; ``owner`` (such as ``feature RET5``) is named in errors.

    Raises :class:`ExpressionError`, and nothing else, for any text that is not an expression of
    known fields and operators within the limits of this module.
    """
    return Expression(text, _Parser(text, owner).parse(), owner)


def _suggestion(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else f"known are {', '.join(names)}"


class _Parser:
    def __init__(self, text: str, owner: str) -> None:
        self._text = text
        self._owner = owner
        self._tokens = self._tokenize()
        self._next = 0
        self._depth = 0
        self._calls = 0

    def parse(self) -> Node:
        root = self._comparison()
        token = self._peek()
        if token.kind != "end":
            raise self._unexpected(token, "an operator or the end of the expression")
        if root.kind is Kind.CONSTANT:
            raise self._error(
                "the expression reads no field", 0, "write a field such as $close into it"
            )
        if isinstance(root, Field) and root.name in INDUSTRY_FIELDS:
            raise self._group(root)
        return root

    def _group(self, field: Field) -> ExpressionError:
        return self._error(
            f"{field.text} numbers groups and is no quantity",
            field.position,
            f"give it to CSNeutralize(x, {field.text}) as the group",
        )

    def _error(self, what: str, position: int, remedy: str) -> ExpressionError:
        return ExpressionError(
            what, expression=self._text, position=position, remedy=remedy, owner=self._owner
        )

    def _unexpected(self, token: _Token, expected: str) -> ExpressionError:
        found = "the expression ends" if token.kind == "end" else f"found {token.text!r}"
        return self._error(
            f"{found} where {expected} is expected",
            token.position,
            "write calls as Mean($close, 5), fields as $close, and balance the parentheses",
        )

    def _tokenize(self) -> list[_Token]:
        if len(self._text) > MAX_LENGTH:
            raise self._error(
                f"the expression has {len(self._text)} characters, more than {MAX_LENGTH}",
                MAX_LENGTH,
                "split it into several features",
            )
        tokens = []
        position = 0
        while position < len(self._text):
            match = _TOKEN.match(self._text, position)
            if match is None:
                raise self._error(
                    f"unexpected character {self._text[position]!r}",
                    position,
                    "an expression holds numbers, $fields, operators such as Mean(...), "
                    "+ - * /, > >= < <= == !=, commas and parentheses",
                )
            if match.lastgroup != "space":
                tokens.append(_Token(str(match.lastgroup), match.group(), position))
            position = match.end()
        tokens.append(_Token("end", "", position))
        return tokens

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._tokens[self._next]
        self._next += 1
        return token

    def _expect(self, symbol: str, expected: str) -> None:
        token = self._peek()
        if token.text != symbol:
            raise self._unexpected(token, expected)
        self._next += 1

    def _enter(self, position: int) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._too_deep(position)

    def _too_deep(self, position: int) -> ExpressionError:
        return self._error(
            f"the expression is nested more than {MAX_DEPTH} levels deep",
            position,
            "split it into several features",
        )

    def _comparison(self) -> Node:
        self._enter(self._peek().position)
        left = self._sum()
        token = self._peek()
        if token.text in _COMPARISONS:
            self._take()
            left = self._call(INFIX[token.text], (left, self._sum()), token)
            again = self._peek()
            if again.text in _COMPARISONS:
                raise self._error(
                    "comparisons cannot be chained",
                    again.position,
                    "compare two values at a time, for example If(a > b, If(b > c, 1, 0), 0)",
                )
        self._depth -= 1
        return left

    def _sum(self) -> Node:
        left = self._product()
        while (token := self._peek()).text in {"+", "-"}:
            self._take()
            left = self._call(INFIX[token.text], (left, self._product()), token)
        return left

    def _product(self) -> Node:
        left = self._unary()
        while (token := self._peek()).text in {"*", "/"}:
            self._take()
            left = self._call(INFIX[token.text], (left, self._unary()), token)
        return left

    def _unary(self) -> Node:
        token = self._peek()
        if token.text != "-":
            return self._atom()
        self._take()
        self._enter(token.position)
        operand = self._unary()
        self._depth -= 1
        return self._call("Neg", (operand,), token)

    def _atom(self) -> Node:
        token = self._take()
        if token.kind == "number":
            return self._number(token)
        if token.kind == "field":
            return self._field(token)
        if token.kind == "name":
            return self._function(token)
        if token.text == "(":
            inner = self._comparison()
            self._expect(")", "')'")
            return inner
        raise self._unexpected(token, "a number, a $field, an operator or '('")

    def _number(self, token: _Token) -> Node:
        value = float(token.text)
        if value > _LARGEST_FLOAT32:
            raise self._error(
                f"the number {token.text} is too large", token.position, "use at most 3.4e38"
            )
        return Number(value, position=token.position)

    def _field(self, token: _Token) -> Node:
        name = token.text[1:]
        if name in REFUSED_FIELDS:
            reason, remedy = REFUSED_FIELDS[name]
            raise self._error(f"{token.text} is refused: {reason}", token.position, remedy)
        if name not in FIELDS:
            raise self._error(
                f"unknown field {token.text}",
                token.position,
                _suggestion(token.text, (f"${field}" for field in FIELDS)),
            )
        return Field(name, position=token.position)

    def _function(self, token: _Token) -> Node:
        if token.text in REFUSED:
            reason, remedy = REFUSED[token.text]
            raise self._error(f"{token.text} is refused: {reason}", token.position, remedy)
        if token.text not in OPERATORS:
            hint = _suggestion(token.text, OPERATORS)
            if f"${token.text}" in {f"${field}" for field in FIELDS}:
                hint = f"fields begin with a dollar sign: ${token.text}"
            raise self._error(f"unknown operator {token.text}", token.position, hint)
        self._expect("(", f"'(' after {token.text}")
        arguments = [self._comparison()]
        while self._peek().text == ",":
            self._take()
            arguments.append(self._comparison())
        self._expect(")", f"',' or the ')' of {token.text}(")
        return self._call(token.text, tuple(arguments), token)

    def _call(self, name: str, arguments: tuple[Node, ...], token: _Token) -> Node:
        operator = OPERATORS[name]
        roles = operator.roles
        missing = len(roles) - len(arguments)
        if 0 < missing <= len(operator.defaults):
            left_out = operator.defaults[-missing:]
            arguments += tuple(Number(value, position=token.position) for value in left_out)
        if len(arguments) != len(roles):
            raise self._error(
                f"{name} takes {len(roles)} arguments, not {len(arguments)}",
                token.position,
                f"write {name}({', '.join(role.value for role in roles)})",
            )
        for argument, role in zip(arguments, roles, strict=True):
            self._check(name, argument, role)
        if name == "IndNeutralize":
            return self._of_industry(arguments, token)
        self._check_order(arguments, roles)
        constant = all(argument.kind is Kind.CONSTANT for argument in arguments)
        if constant and operator.gives is Kind.CONDITION:
            raise self._error(
                "a comparison of two constants", token.position, "compare something with a field"
            )
        if name == "Neg" and isinstance(arguments[0], Number):
            # Adding zero turns -0 into 0, so that equal constants have one text.
            return Number(-arguments[0].value + 0.0, position=token.position)
        self._calls += 1
        if self._calls > MAX_NODES:
            raise self._error(
                f"the expression has more than {MAX_NODES} operators",
                token.position,
                "split it into several features",
            )
        call = Call(operator, arguments, position=token.position)
        if call.depth > MAX_DEPTH:
            raise self._too_deep(token.position)
        return call

    def _check_order(self, arguments: tuple[Node, ...], roles: tuple[Role, ...]) -> None:
        """A lower and an upper share stand in that order."""
        shares = [
            (each.value, each)
            for each, role in zip(arguments, roles, strict=True)
            if role is Role.SHARE and isinstance(each, Number)
        ]
        for (low, lower), (high, upper) in pairwise(shares):
            if low > high:
                raise self._error(
                    f"the lower share {lower.text} is above the upper one, {upper.text}",
                    lower.position,
                    "give the lower one first",
                )

    def _of_industry(self, arguments: tuple[Node, ...], token: _Token) -> Node:
        """``IndNeutralize(x, level)`` as CSNeutralize within the industries of that level."""
        values, level = arguments
        if not isinstance(level, Number):
            raise TypeError(f"a checked level is a number, not {level}")
        group = Field(INDUSTRY_FIELDS[int(level.value) - 1], position=level.position)
        return self._call("CSNeutralize", (values, group), token)

    def _check(self, name: str, argument: Node, role: Role) -> None:
        if isinstance(argument, Field) and argument.name in INDUSTRY_FIELDS:
            if role is not Role.GROUP:
                raise self._group(argument)
            return
        if _fits(argument, role):
            return
        remedy = f"give {role.value}"
        if role.is_days and isinstance(argument, Number):
            if argument.value == 0 and name == "Ref":
                remedy = "Ref(x, 0) is x itself: leave Ref out"
            elif 0 <= argument.value < 1:
                remedy = (
                    "windows of all history (0) or with decay (between 0 and 1) need "
                    f"unbounded memory; {remedy}"
                )
        elif argument.kind is Kind.CONDITION:
            remedy = "turn the condition into numbers with If(condition, 1, 0)"
        raise self._error(
            f"{argument.text} does not fit here: {name} needs {role.value}",
            argument.position,
            remedy,
        )


def _is_days(value: float, role: Role) -> bool:
    smallest = 1 if role is Role.DAYS else -MAX_DAYS
    return math.floor(value) == value and value != 0 and smallest <= value <= MAX_DAYS


def _fits(argument: Node, role: Role) -> bool:
    if role.is_days:
        return isinstance(argument, Number) and _is_days(argument.value, role)
    match role:
        case Role.SHARE:
            return isinstance(argument, Number) and 0 <= argument.value <= 1
        case Role.LEVEL:
            levels = range(1, len(INDUSTRY_FIELDS) + 1)
            return isinstance(argument, Number) and argument.value in levels
        case Role.CONSTANT:
            return argument.kind is Kind.CONSTANT
        case Role.NUMBER:
            return argument.kind is not Kind.CONDITION
    return argument.kind is not Kind.CONSTANT
