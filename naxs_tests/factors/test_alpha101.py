"""The set alpha101 against plain numpy, formula by formula, and what it costs to hold."""

from __future__ import annotations

import tracemalloc
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from naxs_assets.catalog.loading import load_catalogue
from naxs_assets.factors.evaluate import evaluate, evaluate_tiles
from naxs_assets.factors.expression import ExpressionError
from naxs_assets.factors.panel import Panel
from naxs_assets.factors.parser import parse
from naxs_tests.factors.alpha101_formulas import ALPHAS
from naxs_tests.factors.alpha101_market import Market
from naxs_tests.factors.sample import panel_of

SET = load_catalogue(Path("/nonexistent")).feature_sets["alpha101"]
NUMBERS = [number for number in range(1, 102) if number != 56]
OF_INDUSTRY = (48, 58, 59, 63, 67, 69, 70, 76, 79, 80, 82, 87, 89, 90, 91, 93, 97, 100)

# Of several equal values each order comes up in some shake; few alphas need more than one.
_SHAKES = 64

Matrix = npt.NDArray[np.float32]


def _panel(symbols: int = 14) -> tuple[Panel, Mapping[int, Matrix]]:
    """A market with suspensions, a late and an ended listing, and a universe that changes; and
    its industries by level."""
    random = np.random.default_rng(0)
    shape = (300, symbols)
    close = 20 * np.exp(np.cumsum(random.normal(0, 0.02, shape), axis=0))
    opened = close * np.exp(random.normal(0, 0.01, shape))
    high = np.maximum(opened, close) * np.exp(np.abs(random.normal(0, 0.01, shape)))
    low = np.minimum(opened, close) * np.exp(-np.abs(random.normal(0, 0.01, shape)))
    volume = random.integers(10_000, 9_000_000, shape).astype(float)
    # Some symbols turn over fewer yuan than others do shares, so that alpha 7 takes both ways.
    amount = volume * close * np.where(np.arange(symbols) % 3, 1, 0.04)
    vwap = low + (high - low) * random.random(shape)
    prices = {"open": opened, "high": high, "low": low, "close": close, "vwap": vwap,
              "volume": volume, "amount": amount}  # fmt: skip
    present = np.ones(shape, np.bool_)
    present[:120, 1] = present[200:, 2] = False
    unknown = (random.random(shape) < 0.04) | ~present
    for matrix in prices.values():
        matrix[unknown] = np.nan
    members = present.copy()
    members[:150, 3] = members[140:, 4] = members[90:180, 5] = False
    number = np.broadcast_to(np.arange(symbols, dtype=np.float32), shape)
    industries = {level: number % (level + 2) for level in (1, 2, 3)}
    panel = panel_of(
        7_000,
        **prices,
        industry=industries[1],
        industry2=industries[2],
        industry3=industries[3],
    )
    return replace(panel, present=present, universe=members), industries


@cache
def _found() -> Mapping[str, Matrix]:
    roots = [parse(text).root for text in SET.expressions.values()]
    return dict(zip(SET.features, evaluate(roots, _panel()[0]), strict=True))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("number", NUMBERS)
def test_each_alpha_equals_plain_numpy(number: int) -> None:
    """Where a result hangs on the rounding of a sum (a rank among values equal but for it) the
    plain result itself is not one value; everywhere else they are the same."""
    panel, industries = _panel()
    plain = _by_numpy(number, Market(panel, industries))
    found = _found()[f"ALPHA{number:03}"]
    same = _equal(np.where(np.isfinite(found), found, np.nan), plain)
    definite = np.ones(plain.shape, np.bool_)
    for seed in range(_SHAKES):
        if same[definite].all():
            break
        shaken = _by_numpy(number, Market(panel, industries, np.random.default_rng(seed)))
        definite &= _equal(shaken, plain)
    assert same[definite].all(), np.argwhere(definite & ~same)[:5]
    assert definite.mean() > 0.8
    assert np.isfinite(plain[definite]).mean() > 0.1


def _equal(left: Matrix, right: Matrix) -> npt.NDArray[np.bool_]:
    return np.isclose(left, right, rtol=1e-4, atol=1e-5, equal_nan=True)


def _by_numpy(number: int, market: Market) -> Matrix:
    with np.errstate(all="ignore"):
        matrix = ALPHAS[number](market).astype(np.float32)
    return np.where(np.isfinite(matrix), matrix, np.float32(np.nan))


def test_the_set_holds_every_alpha_but_the_one_of_market_capitalisation() -> None:
    assert list(SET.features) == [f"ALPHA{number:03}" for number in NUMBERS]
    assert list(ALPHAS) == NUMBERS
    with pytest.raises(ExpressionError, match=r"\$cap is refused: no table of the market tells"):
        parse("-(CSRank(Sum($close,10)/Sum(Sum($close,2),3))*CSRank($close*$cap))")


def test_those_of_an_industry_are_the_papers() -> None:
    grouped = {name for name, text in SET.expressions.items() if "$industry" in text}
    assert grouped == {f"ALPHA{number:03}" for number in OF_INDUSTRY}


def test_the_look_back_of_each_is_counted_through_all_its_windows() -> None:
    look_back = {name: parse(text).look_back for name, text in SET.expressions.items()}
    # 250 returns; a correlation of 230 days with the close 5 days earlier; 250 pairs of changes.
    assert (look_back["ALPHA019"], look_back["ALPHA032"], look_back["ALPHA048"]) == (250, 234, 251)
    assert look_back["ALPHA101"] == 0
    assert max(look_back.values()) < 260


def test_memory_is_that_of_a_few_matrices_and_not_of_the_set() -> None:
    panel, _ = _panel(symbols=384)
    roots = [parse(text).root for text in SET.expressions.values()]
    evaluate_tiles(roots[:4], panel, lambda *_: None)
    tracemalloc.start()
    evaluate_tiles(roots, panel, lambda *_: None)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    held = peak / (panel.present.size * np.dtype(np.float64).itemsize)
    assert held < 60
