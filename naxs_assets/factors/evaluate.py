"""Evaluation of expression trees on a panel: plans run tile by tile, on every core."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import local
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from naxs_assets.factors.lanes import LANES
from naxs_assets.factors.operator import Array, result_type
from naxs_assets.factors.panel import Panel
from naxs_assets.factors.periods import known_figures
from naxs_assets.factors.plan import Across, Stage, needs_all_symbols, plan
from naxs_assets.factors.section import Section
from naxs_assets.factors.tile import Scratch, Tile
from naxs_assets.factors.tree import Node, PeriodField, Text, leaves_of

Keep: TypeAlias = Callable[[int, int, int, Array, Array | None], None]
"""Takes the index of a root, a tile's first symbol, how many it has, its matrix (days x LANES), and
one to divide it by, or None. The matrices are used again afterwards; it is called from several
threads."""

_DAYS_AT_ONCE = 64
# Roots that are computed together when matrices of all symbols must be held between stages.
_ROOTS_AT_ONCE = 8


def evaluate(roots: Sequence[Node], panel: Panel) -> npt.NDArray[np.float32]:
    """The float32 matrices (roots x days x symbols). Conditions are 1 and 0.

    The panel must hold the fields of every root.
    """
    found = np.empty((len(roots), *panel.present.shape), np.float32)

    def keep(root: int, left: int, width: int, matrix: Array, divisor: Array | None) -> None:
        part, values = found[root, :, left : left + width], matrix[:, :width]
        if divisor is None:
            part[:] = values
        else:
            np.divide(values, divisor[:, :width], out=part, casting="same_kind")

    evaluate_tiles(roots, panel, keep)
    return found


def evaluate_tiles(roots: Sequence[Node], panel: Panel, keep: Keep) -> None:
    """Compute the roots of a panel tile by tile and hand each over to ``keep``.

    Parts with the same canonical text are computed once, within and across the roots; only a
    tile's worth of them is in memory. Where an operator needs all symbols of a day, its arguments
    are held for the whole panel, for a few roots at a time.
    """
    workers = len(os.sched_getaffinity(0))
    with ThreadPoolExecutor(workers) as threads:
        for chosen in _batches(roots):
            stages = plan([roots[index] for index in chosen])
            whole: dict[str, Array] = {f"${name}": each for name, each in panel.fields.items()}
            for leaf in (leaf for index in chosen for leaf in leaves_of(roots[index])):
                if isinstance(leaf, PeriodField):
                    whole[leaf.text] = known_figures(panel, leaf)
            for stage in stages:
                for across in stage.across:
                    whole[across.text] = _across(across, whole, panel, threads)
                for name in stage.kept:
                    if isinstance(name, str):
                        whole[name] = np.empty(panel.present.shape)
                _run_tiles(stage, whole, panel, threads, partial(_of_batch, keep, chosen))


def _batches(roots: Sequence[Node]) -> Iterator[list[int]]:
    """The roots that are computed together: few where they hold matrices of all symbols."""
    across = [index for index, root in enumerate(roots) if needs_all_symbols(root)]
    alone = sorted(set(range(len(roots))) - set(across))
    if alone:
        yield alone
    for first in range(0, len(across), _ROOTS_AT_ONCE):
        yield across[first : first + _ROOTS_AT_ONCE]


def _of_batch(
    keep: Keep,
    chosen: list[int],
    root: int,
    left: int,
    width: int,
    matrix: Array,
    divisor: Array | None,
) -> None:
    keep(chosen[root], left, width, matrix, divisor)


def _across(
    across: Across, whole: Mapping[str, Array], panel: Panel, threads: ThreadPoolExecutor
) -> Array:
    """Compute an operator that needs all symbols, some days at a time."""
    arguments = [
        each.value if isinstance(each, Text) else whole[each] if isinstance(each, str) else each
        for each in across.arguments
    ]
    matrices = [each for each in arguments if isinstance(each, np.ndarray)]
    dtype = result_type(*matrices) if across.keeps_type else np.float64
    result = np.empty(panel.present.shape, dtype)

    def run(first: int) -> None:
        days = slice(first, first + _DAYS_AT_ONCE)
        section = Section(panel.universe[days], panel.symbols)
        with np.errstate(all="ignore"):
            parts = (each[days] if isinstance(each, np.ndarray) else each for each in arguments)
            result[days] = across.how(section, *parts)

    for _ in threads.map(run, range(0, len(result), _DAYS_AT_ONCE)):
        pass
    return result


def _run_tiles(
    stage: Stage,
    whole: Mapping[str, Array],
    panel: Panel,
    threads: ThreadPoolExecutor,
    keep: Keep,
) -> None:
    own = local()

    def run(left: int) -> None:
        if not hasattr(own, "scratch"):
            own.scratch = Scratch(len(panel.days))
        with np.errstate(all="ignore"):
            _run_tile(stage, whole, Tile.of(panel, whole, left, own.scratch), keep)

    for _ in threads.map(run, range(0, len(panel.symbols), LANES)):
        pass


def _run_tile(stage: Stage, whole: Mapping[str, Array], tile: Tile, keep: Keep) -> None:
    slots: dict[int, Array] = {}
    for step in stage.steps:
        reads = [slots[slot] for slot in step.reads]
        if step.compute:
            slots.update(zip(step.gives, step.compute(tile, *reads), strict=True))
        else:
            matrix, divisor = reads[0], reads[1] if len(reads) > 1 else None
            if isinstance(step.keeps, str):
                part = whole[step.keeps][:, tile.left : tile.left + tile.width]
                np.copyto(part, matrix[:, : tile.width])
            elif step.keeps is not None:
                keep(step.keeps, tile.left, tile.width, matrix, divisor)
        for slot in step.frees:
            tile.scratch.give_back(slots.pop(slot))
