"""The plan of a set of expressions: each common part once, in an order that frees it early.

Equal parts of all expressions share one matrix. Statistics of the same window that one pass can
give (slope, R² and residual of a line; several quantiles) share that pass. A plan is a list of
stages: within one, every step sees the days of a few symbols; between two of them stand the
operators that need all symbols of a day.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

import numpy as np

from naxs_assets.factors.elementwise import DIVIDE, constant_of
from naxs_assets.factors.operator import Array, Kind, Scope, Statistics, Together
from naxs_assets.factors.tile import Tile
from naxs_assets.factors.tree import Call, Node, Number, Text

Slot: TypeAlias = int
Name: TypeAlias = int | str
"""What a stage keeps: the index of a root, or the text of a part that a later stage reads."""


@dataclass(frozen=True)
class Step:
    """One computation on a tile, from the slots ``reads`` to the slots ``gives``.

    Without ``compute`` the step hands its slot over as ``keeps``, or two slots of which the second
    divides the first. The slots ``frees`` are not read again.
    """

    compute: Callable[..., list[Array]] | None
    reads: tuple[Slot, ...]
    gives: tuple[Slot, ...]
    keeps: Name | None
    frees: tuple[Slot, ...]


@dataclass(frozen=True)
class Across:
    """An operator that needs all symbols: from the texts of its matrices, numbers and names.

    Where it only hands on the days of another symbol, it ``keeps_type``: that of its matrix.
    """

    how: Callable[..., Array]
    arguments: tuple[str | float | Text, ...]
    text: str
    keeps_type: bool


@dataclass(frozen=True)
class Stage:
    """First what is computed across symbols, then the steps on each tile."""

    across: tuple[Across, ...]
    steps: tuple[Step, ...]
    slots: int

    @property
    def kept(self) -> tuple[Name, ...]:
        return tuple(step.keeps for step in self.steps if step.keeps is not None)


def plan(roots: Sequence[Node]) -> tuple[Stage, ...]:
    """The stages that compute ``roots``, of which each is a field or a call."""
    across = {call.text: call for root in roots for call in _calls(root) if _is_across(call)}
    whole: set[str] = set()
    stages = []
    for number in range(max(map(_stage_of, roots)) + 1):
        now = [call for call in across.values() if _stage_of(call) == number]
        whole |= {call.text for call in now}
        wanted: dict[Name, Node] = {}
        for call in across.values():
            for part in call.arguments:
                ready = not isinstance(part, Call) or part.text in whole
                if _stage_of(part) == number and not ready:
                    wanted[part.text] = part
        wanted |= {i: root for i, root in enumerate(roots) if _stage_of(root) == number}
        stages.append(_TileSteps(wanted, whole).stage(tuple(map(_across, now))))
        whole |= {name for name in wanted if isinstance(name, str)}
    return tuple(stages)


def needs_all_symbols(root: Node) -> bool:
    """Whether any part of ``root`` is computed from more than the days of one symbol."""
    return any(map(_is_across, _calls(root)))


def needs_universe(root: Node) -> bool:
    """Whether any part of ``root`` compares the symbols of a day."""
    return any(call.operator.scope is Scope.DAY for call in _calls(root))


def _is_across(node: Node) -> bool:
    return isinstance(node, Call) and node.operator.scope is not Scope.SYMBOL


def _stage_of(node: Node) -> int:
    """How many operators across symbols lie one inside the other in ``node``."""
    if not isinstance(node, Call):
        return 0
    return max(map(_stage_of, node.arguments)) + _is_across(node)


def _calls(root: Node) -> Iterator[Call]:
    pending = [root]
    while pending:
        node = pending.pop()
        if isinstance(node, Call):
            yield node
            pending += node.arguments


def _across(call: Call) -> Across:
    arguments = tuple(map(_argument, call.arguments))
    if isinstance(call.operator.how, Together):
        raise TypeError(f"{call.operator.name}: an operator across symbols has a pass of its own")
    another = call.operator.scope is Scope.ANOTHER
    return Across(call.operator.how, arguments, call.text, keeps_type=another)


def _argument(part: Node) -> str | float | Text:
    if isinstance(part, Text):
        return part
    return constant(part) if part.kind is Kind.CONSTANT else part.text


def constant(node: Node) -> float:
    """The value of a part that reads no field."""
    if isinstance(node, Call):
        return constant_of(node.operator, tuple(map(constant, node.arguments)))
    return node.value if isinstance(node, Number) else math.nan


_Pass: TypeAlias = tuple[str, ...]
"""A pass that several statistics share: its name, the texts of what it reads, its days."""


class _TileSteps:
    """The steps of one stage, in the order of the wanted parts, each part before what reads it."""

    def __init__(self, wanted: dict[Name, Node], whole: set[str]) -> None:
        self._wanted = wanted
        self._whole = whole
        self._steps: list[Step] = []
        self._slots: dict[str | tuple[_Pass, float], Slot] = {}
        self._windows: dict[Slot, Slot] = {}
        self._count = 0
        self._asked: defaultdict[_Pass, set[float]] = defaultdict(set)
        self._read: set[str] = set()

    def stage(self, across: tuple[Across, ...]) -> Stage:
        for node in self._wanted.values():
            self._ask(node)
        for name, node in self._wanted.items():
            parts = self._quotient(node) if isinstance(name, int) else (node,)
            self._add(None, tuple(map(self._slot, parts)), 0, name)
        return Stage(across, _freeing(self._steps), self._count)

    def _quotient(self, node: Node) -> tuple[Node, ...]:
        """The two matrices of a last division, which is made while it is handed over and so costs
        no matrix of its own; ``node`` itself where it is none or others read it."""
        if (
            isinstance(node, Call)
            and node.operator.how is DIVIDE
            and node.text not in self._read
            and all(part.kind is not Kind.CONSTANT for part in node.arguments)
        ):
            return node.arguments
        return (node,)

    def _ask(self, node: Node) -> None:
        """Note what is read, and which statistics of one pass are wanted, wherever they stand."""
        if isinstance(node, Call) and node.text not in self._whole:
            if isinstance(node.operator.how, Together):
                self._asked[_pass_of(node, node.operator.how)].add(node.statistic)
            for part in node.arguments:
                self._read.add(part.text)
                self._ask(part)

    def _add(
        self,
        compute: Callable[..., list[Array]] | None,
        reads: tuple[Slot, ...],
        gives: int,
        keeps: Name | None = None,
    ) -> tuple[Slot, ...]:
        slots = tuple(range(self._count, self._count + gives))
        self._count += gives
        self._steps.append(Step(compute, reads, slots, keeps, ()))
        return slots

    def _slot(self, node: Node) -> Slot:
        key = self._key(node)
        if key not in self._slots:
            if isinstance(node, Call) and node.text not in self._whole:
                self._compute(node)
            else:
                (self._slots[key],) = self._add(partial(_load, node.text), (), 1)
        return self._slots[key]

    def _key(self, node: Node) -> str | tuple[_Pass, float]:
        if isinstance(node, Call) and node.text not in self._whole:
            how = node.operator.how
            if isinstance(how, Together):
                return _pass_of(node, how), node.statistic
        return node.text

    def _compute(self, call: Call) -> None:
        operator = call.operator
        layout: list[float | int | str | None] = []
        reads = []
        for part, role in zip(call.arguments, operator.roles, strict=True):
            if role.is_days:
                layout.append(call.days)
            elif part.kind is Kind.CONSTANT:
                layout.append(constant(part))
            elif isinstance(part, Text):
                layout.append(part.value)
            else:
                slot = self._slot(part)
                reads.append(self._window(slot) if operator.windowed else slot)
                layout.append(None)
        if isinstance(operator.how, Together):
            shared = _pass_of(call, operator.how)
            asked = tuple(sorted(self._asked[shared]))
            compute = partial(_pass, operator.how, int(call.days), asked)
            if operator.windowed and call.days == 0:
                compute = partial(_pass_over_history, operator.how, asked)
            slots = self._add(compute, tuple(reads), len(asked))
            self._slots |= {(shared, each): slot for each, slot in zip(asked, slots, strict=True)}
        else:
            run = _apply_over_history if operator.windowed and call.days == 0 else _apply
            slots = self._add(partial(run, operator.how, tuple(layout)), tuple(reads), 1)
            self._slots[call.text] = slots[0]
        if operator.windowed:
            self._windows |= {slot: slot for slot in slots}

    def _window(self, slot: Slot) -> Slot:
        """The same values as a windowed operator wants them."""
        if slot not in self._windows:
            (self._windows[slot],) = self._add(_as_window, (slot,), 1)
        return self._windows[slot]


def _pass_of(call: Call, together: Together) -> _Pass:
    series = (part.text for part in call.arguments if part.kind is not Kind.CONSTANT)
    return (together.name, *series, str(call.days))


def _freeing(steps: list[Step]) -> tuple[Step, ...]:
    """The same steps, each with the slots that it is the last to touch."""
    later: set[Slot] = set()
    found = []
    for step in reversed(steps):
        touched = {*step.reads, *step.gives}
        found.append(replace(step, frees=tuple(sorted(touched - later))))
        later |= touched
    return tuple(reversed(found))


def _load(text: str, tile: Tile) -> list[Array]:
    return [tile.load(text)]


def _as_window(tile: Tile, values: Array) -> list[Array]:
    window = tile.empty()
    np.copyto(window, values)
    np.copyto(window, np.nan, where=np.isinf(values))
    return [window]


def _apply(
    function: Callable[..., Array],
    layout: tuple[float | int | str | None, ...],
    tile: Tile,
    *reads: Array,
) -> list[Array]:
    following = iter(reads)
    return [function(tile, *(next(following) if each is None else each for each in layout))]


def _pass(
    together: Together, days: int, asked: Statistics, tile: Tile, *reads: Array
) -> list[Array]:
    return together.compute(tile, reads, days, asked)


def _apply_over_history(
    function: Callable[..., Array],
    layout: tuple[float | int | str | None, ...],
    tile: Tile,
    *reads: Array,
) -> list[Array]:
    """A window of all history is one as long as the tile, of which the first block is the head."""
    days = len(reads[0])
    whole = tuple(days if each == 0 and isinstance(each, int) else each for each in layout)
    return _apply(function, whole, replace(tile, first_day=0), *reads)


def _pass_over_history(
    together: Together, asked: Statistics, tile: Tile, *reads: Array
) -> list[Array]:
    return _pass(together, len(reads[0]), asked, replace(tile, first_day=0), *reads)
