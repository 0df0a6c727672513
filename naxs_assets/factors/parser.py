"""The parser: from the text of an expression to its typed, immutable tree.

Grammar (Qlib's, of ``qlib/utils`` ``parse_field``, with the strengths of Python's operators, which
Qlib evaluates; nothing is ever evaluated as Python here)::

    expression  := alternative [(">" | ">=" | "<" | "<=" | "==" | "!=") alternative]
    alternative := conjunction {"|" conjunction}
    conjunction := sum {"&" sum}
    sum         := product {("+" | "-") product}
    product     := unary {("*" | "/") unary}
    unary       := ("-" | "!") unary | power
    power       := atom ["**" unary]
    atom        := number | text | "$" name | name "(" expression {"," expression} ")"
                 | "(" expression ")" | "P" "(" figure ")" | "PRef" "(" figure "," number ")"
    figure      := "$$" name
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import NamedTuple

from naxs_assets.factors.another import symbol_named
from naxs_assets.factors.arguments import check_arguments, left_out
from naxs_assets.factors.expression import Expression, ExpressionError
from naxs_assets.factors.language import QLIB, Language
from naxs_assets.factors.operator import Kind
from naxs_assets.factors.panel import FIELDS, INDUSTRY_FIELDS, REFUSED_FIELDS
from naxs_assets.factors.tree import INFIX, Call, Field, Node, Number, PeriodField, Text

MAX_LENGTH = 10_000
"""Characters of one expression."""
MAX_DEPTH = 64
"""Levels of nesting of one expression, and of the tree it gives."""
MAX_NODES = 1_000
"""Operators of one expression."""

_LARGEST_FLOAT32 = 3.4e38
_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<text>'[^']*'|\"[^\"]*\")"
    r"|(?P<figure>\$\$[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<field>\$[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<symbol>>=|<=|==|!=|\*\*|[-+*/<>(),&|!])"
)
PERIOD_OPERATORS = ("P", "PRef")
"""The operators that are given a figure of a period, and no expression."""

_PERIOD = re.compile(r"[0-9]{4}(?:0[1-4])?")
_COMPARISONS = frozenset({">", ">=", "<", "<=", "==", "!="})


class _Token(NamedTuple):
    kind: str
    text: str
    position: int


def parse(text: str, owner: str = "", language: Language = QLIB) -> Expression:
    """Parse ``text``; ``owner`` (such as ``feature RET5``) is named in errors.

    Raises :class:`ExpressionError`, and nothing else, for any text that is not an expression of
    known fields and operators within the limits of this module.
    """
    return Expression(text, _Parser(text, owner, language).parse(), owner, language.name)


def _suggestion(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else f"known are {', '.join(names)}"


def _with_one_spelling(argument: Node) -> Node:
    """A text that names a symbol as the panel writes it."""
    symbol = symbol_named(argument.value) if isinstance(argument, Text) else None
    return replace(argument, value=symbol) if isinstance(argument, Text) and symbol else argument


class _Parser:
    def __init__(self, text: str, owner: str, language: Language) -> None:
        self._text = text
        self._owner = owner
        self._language = language
        self._tokens = self._tokenize()
        self._next = 0
        self._depth = 0
        self._calls = 0

    def parse(self) -> Node:
        root = self._comparison()
        token = self._peek()
        if token.kind != "end":
            raise self._unexpected(token, "an operator or the end of the expression")
        if root.kind in {Kind.CONSTANT, Kind.TEXT}:
            raise self._error(
                "the expression reads no field", 0, "write a field such as $close into it"
            )
        if isinstance(root, Field) and root.name in INDUSTRY_FIELDS:
            raise self._error(
                f"{root.text} numbers groups and is no quantity",
                root.position,
                f"give it to CSNeutralize(x, {root.text}) as the group",
            )
        return root

    def _error(self, what: str, position: int, remedy: str) -> ExpressionError:
        return ExpressionError(
            what, expression=self._text, position=position, remedy=remedy, owner=self._owner
        )

    def _unexpected(self, token: _Token, expected: str) -> ExpressionError:
        found = "the expression ends" if token.kind == "end" else f"found {token.text!r}"
        return self._error(
            f"{found} where {expected} is expected",
            token.position,
            "write calls as Mean($close, 5), fields as $close or P($$roe_q), and balance the "
            "parentheses",
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
                    "an expression holds numbers, $fields, operators such as Mean(...), names in "
                    "quotes, + - * / **, & | !, > >= < <= == !=, commas and parentheses",
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
        left = self._alternative()
        token = self._peek()
        if token.text in _COMPARISONS:
            self._take()
            left = self._call(INFIX[token.text], (left, self._alternative()), token)
            again = self._peek()
            if again.text in _COMPARISONS:
                raise self._error(
                    "comparisons cannot be chained",
                    again.position,
                    "compare two values at a time, for example If(a > b, If(b > c, 1, 0), 0)",
                )
        self._depth -= 1
        return left

    def _joined(self, symbols: frozenset[str], part: Callable[[], Node]) -> Node:
        """Parts of one strength, joined from the left."""
        left = part()
        while (token := self._peek()).text in symbols:
            self._take()
            left = self._call(INFIX[token.text], (left, part()), token)
        return left

    def _alternative(self) -> Node:
        return self._joined(frozenset("|"), self._conjunction)

    def _conjunction(self) -> Node:
        return self._joined(frozenset("&"), self._sum)

    def _sum(self) -> Node:
        return self._joined(frozenset("+-"), self._product)

    def _product(self) -> Node:
        return self._joined(frozenset("*/"), self._unary)

    def _unary(self) -> Node:
        token = self._peek()
        if token.text not in {"-", "!"}:
            return self._power()
        self._take()
        self._enter(token.position)
        operand = self._unary()
        self._depth -= 1
        return self._call("Neg" if token.text == "-" else "Not", (operand,), token)

    def _power(self) -> Node:
        base = self._atom()
        token = self._peek()
        if token.text != "**":
            return base
        self._take()
        self._enter(token.position)
        exponent = self._unary()
        self._depth -= 1
        return self._call("Power", (base, exponent), token)

    def _atom(self) -> Node:
        token = self._take()
        if token.kind == "number":
            return self._number(token)
        if token.kind == "text":
            return Text(token.text[1:-1], position=token.position)
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

    def _figure(self, operator: _Token) -> Node:
        """``P($$name)``, or ``PRef($$name, period)`` with a year or a year and its quarter."""
        self._expect("(", f"'(' after {operator.text}")
        name = self._take()
        if name.kind != "figure":
            raise self._unexpected(name, "a figure of a period such as $$roe_q")
        period = None
        if operator.text == "PRef":
            self._expect(",", "a period after a comma")
            number = self._take()
            if not _PERIOD.fullmatch(number.text):
                raise self._unexpected(number, "a period such as 201903 or 2019")
            period = int(number.text)
        self._expect(")", f"the ')' of {operator.text}(")
        return PeriodField(name.text[2:], period, position=operator.position)

    def _function(self, token: _Token) -> Node:
        if token.text in PERIOD_OPERATORS:
            return self._figure(token)
        if token.text not in self._language.operators:
            hint = _suggestion(token.text, self._language.operators)
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
        operator = self._language.operators[name]
        arguments += left_out(operator, arguments, token.position)
        if len(arguments) != len(operator.roles):
            raise self._error(
                f"{name} takes {len(operator.roles)} arguments, not {len(arguments)}",
                token.position,
                f"write {name}({', '.join(role.value for role in operator.roles)})",
            )
        check_arguments(operator, arguments, self._error)
        if name == "IndNeutralize":
            return self._of_industry(arguments, token)
        if name == "Mask":
            return self._call("ChangeInstrument", arguments[::-1], token)
        arguments = tuple(map(_with_one_spelling, arguments))
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
        call = Call(self._language.chosen(operator, arguments), arguments, position=token.position)
        if call.depth > MAX_DEPTH:
            raise self._too_deep(token.position)
        return call

    def _of_industry(self, arguments: tuple[Node, ...], token: _Token) -> Node:
        """``IndNeutralize(x, level)`` as CSNeutralize within the industries of that level."""
        values, level = arguments
        if not isinstance(level, Number):
            raise TypeError(f"a checked level is a number, not {level}")
        group = Field(INDUSTRY_FIELDS[int(level.value) - 1], position=level.position)
        return self._call("CSNeutralize", (values, group), token)
