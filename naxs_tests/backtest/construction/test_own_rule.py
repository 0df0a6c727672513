"""A person's own rule: run from its file, verified on every day, told of by name and day."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from naxs_assets.backtest.construction import Candidates, checked, rule_code, rule_of
from naxs_assets.errors import ConfigurationError, DataError
from naxs_tests.backtest.construction.sample import candidates

DAY = candidates([0.3, math.nan, 0.1, math.nan], held=np.array([0.0, 0.2, 0.0, 0.0]))

OWN = b"""
import numpy as np

def weights(candidates):
    return np.where(np.isfinite(candidates.scores), 1 / 3, candidates.held)
"""


def test_a_rule_of_a_file_is_run_and_rounded_to_billionths(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_bytes(OWN)
    code = rule_code(file)
    assert len(code.digest) == 64
    assert rule_of(code)(DAY).tolist() == [0.333333333, 0.2, 0.333333333, 0.0]


@pytest.mark.parametrize(
    ("source", "said"), [(b"x = 1", "no function weights"), (b"1 / 0", "ZeroDivisionError")]
)
def test_a_file_without_a_rule_is_named(tmp_path: Path, source: bytes, said: str) -> None:
    file = tmp_path / "mine.py"
    file.write_bytes(source)
    with pytest.raises(ConfigurationError, match=rf"{said}[\s\S]*mine.py"):
        rule_of(rule_code(file))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ([0.1, 0.0, 0.1, 0.0], "list, not a float64 array"),
        (None, "NoneType, not a float64 array"),
        (np.array([1, 0, 0, 0]), "int64, not a float64 array"),
        (np.array([0.5, 0.0]), r"shape \(2,\), not \(4,\)"),
        (np.array([[0.5, 0.0, 0.0, 0.0]]), r"shape \(1, 4\), not \(4,\)"),
        (np.array([math.nan, 0.0, 0.0, 0.0]), "600000.SH is nan"),
        (np.array([0.0, 0.0, -0.1, 0.0]), "600002.SH is -0.1"),
        (np.array([0.9, 0.0, 0.9, 0.0]), "sum to 1.8"),
        (np.array([0.5, 0.1, 0.0, 0.1]), "600003.SH gets .* no score and is not held"),
    ],
)
def test_what_is_no_portfolio_is_refused_by_rule_and_day(answer: Any, said: str) -> None:
    with pytest.raises(DataError, match=rf"{said}[\s\S]*where: mine, 2024-01-31"):
        checked(lambda day: answer, "mine")(DAY)


def test_whatever_a_rule_raises_is_told_by_rule_and_day() -> None:
    def weights(day: Candidates) -> Any:
        return day.scores[9]

    with pytest.raises(DataError, match=r"raises IndexError[\s\S]*where: mine, 2024-01-31") as told:
        checked(weights, "mine")(DAY)
    assert isinstance(told.value.__cause__, IndexError)


def test_a_rule_cannot_change_what_it_is_told() -> None:
    def weights(day: Candidates) -> Any:
        day.held[:] = 0.0
        return day.held

    with pytest.raises(DataError, match="read-only"):
        checked(weights, "mine")(DAY)
    assert DAY.held[1] == 0.2
    DAY.held[1] = 0.2
