"""Evaluation of expression trees on a panel, every common part once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from naxs_assets.factors.operators import OPERATORS, Kind, Role, Value
from naxs_assets.factors.panel import Matrix, Panel
from naxs_assets.factors.tree import Call, Field, Node, Number


def evaluate(roots: Sequence[Node], panel: Panel) -> Iterator[Matrix]:
    """Yield the float32 (days x symbols) matrix of each root, in order.

    Parts with the same canonical text are computed once, within and across the roots, and freed
    after their last use. Conditions are 1 and 0. The panel must hold the fields of every root.
    A matrix that is a field itself is the panel's own: do not write into it.
    """
    run = _Evaluation(roots, panel)
    for root in roots:
        with np.errstate(all="ignore"):
            value = run.value(root)
        if not isinstance(value, np.ndarray):
            value = np.full(panel.present.shape, value, np.float32)
        yield value


class _Evaluation:
    def __init__(self, roots: Sequence[Node], panel: Panel) -> None:
        self._panel = panel
        self._known: dict[str, Value] = {}
        self._uses: Counter[str] = Counter()
        for root in roots:
            self._count(root)

    def _count(self, node: Node) -> None:
        if isinstance(node, Call):
            self._uses[node.text] += 1
            if self._uses[node.text] == 1:
                for argument in node.arguments:
                    self._count(argument)

    def value(self, node: Node) -> Value:
        if isinstance(node, Number):
            return np.float64(node.value)
        if isinstance(node, Field):
            return self._panel.fields[node.name]
        if node.text not in self._known:
            self._known[node.text] = self._compute(node)
        self._uses[node.text] -= 1
        if self._uses[node.text] == 0:
            return self._known.pop(node.text)
        return self._known[node.text]

    def _compute(self, call: Call) -> Value:
        operator = OPERATORS[call.operator]
        arguments: list[Value | int] = []
        for argument, role in zip(call.arguments, operator.roles, strict=True):
            if role.is_days:
                arguments.append(call.days)
            elif role is Role.SHARE:
                arguments.append(self.value(argument))
            elif argument.kind is Kind.CONSTANT and call.kind is not Kind.CONSTANT:
                # Beside a matrix a constant is float32, as in Qlib; among constants float64.
                arguments.append(np.float32(self.value(argument)))  # type: ignore[arg-type]
            else:
                arguments.append(self.value(argument))
        return operator.compute(self._panel, *arguments)
