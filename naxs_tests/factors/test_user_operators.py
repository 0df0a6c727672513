"""Operators that a researcher writes: how they are loaded, what is refused, what is proven."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from naxs_assets.catalog.loading import load_catalogue
from naxs_assets.errors import ConfigurationError
from naxs_assets.factors.expression import ExpressionError
from naxs_assets.factors.features import compile_features
from naxs_assets.factors.operator import Array, Operator
from naxs_assets.factors.operator_check import check_operator
from naxs_assets.factors.parser import parse
from naxs_assets.factors.user_operators import languages_with, series_operator
from naxs_tests.factors.sample import panel_of, value_of

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "operators.md"
EXAMPLE = GUIDE.read_text("utf-8").split("```python\n")[1].split("```")[0]


def _home(tmp_path: Path, **files: str) -> Path:
    folder = tmp_path / "catalog" / "operators"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return tmp_path


def test_the_example_of_the_guide_computes_and_keeps_its_promises(tmp_path: Path) -> None:
    files = load_catalogue(_home(tmp_path, mine=EXAMPLE)).operators
    for language in languages_with(files).values():
        found = value_of("Drawdown($close,3)", panel_of(close=[10, 8, 9, 12, 6]), language)
        assert found[2:, 0] == pytest.approx([-0.1, 0, -0.5])
        assert parse("Drawdown($close,3)", language=language).look_back == 2
        check_operator(language.operators["Drawdown"])


def test_a_changed_file_changes_the_code_of_what_uses_it_alone(tmp_path: Path) -> None:
    def codes() -> list[str]:
        language = languages_with(load_catalogue(tmp_path).operators)["qlib"]
        texts = ("Drawdown($close,3)", "Mean($close,3)")
        return [compile_features({"F": text}, language).code for text in texts]

    _home(tmp_path, mine=EXAMPLE)
    before = codes()
    _home(tmp_path, mine=EXAMPLE + "\n")
    after = codes()
    assert before[0] != after[0]
    assert before[1] == after[1]


def test_a_wrong_argument_of_such_an_operator_is_pointed_at(tmp_path: Path) -> None:
    language = languages_with(load_catalogue(_home(tmp_path, mine=EXAMPLE)).operators)["qlib"]
    with pytest.raises(ExpressionError, match="Drawdown needs a whole number") as caught:
        parse("1+Drawdown($close,0)", language=language)
    assert caught.value.position == 18


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (EXAMPLE.replace("Drawdown", "Mean"), "'Mean' is taken"),
        ("import nowhere", "ModuleNotFoundError"),
        (EXAMPLE.replace('"""', "# "), "cannot be loaded"),
        ("x = (", "SyntaxError"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, text: str, message: str) -> None:
    files = load_catalogue(_home(tmp_path, bad=text)).operators
    with pytest.raises(ConfigurationError, match=message) as caught:
        languages_with(files)
    assert "bad.py" in caught.value.where


@series_operator(look_back=1)
def Tomorrow(values: Array) -> Array:  # noqa: N802
    """The value of the next day."""
    return np.concatenate([values[1:], values[-1:]])


@series_operator(look_back=1)
def TwoDaysAgo(values: Array) -> Array:  # noqa: N802
    """The value of two days before, of which it declares one."""
    return np.concatenate([np.full((2, values.shape[1]), np.nan), values])[: len(values)]


@series_operator(look_back=0)
def AcrossSymbols(values: Array) -> Array:  # noqa: N802
    """The value less the mean of all symbols."""
    return values - np.nanmean(values, axis=1, keepdims=True)


@series_operator(look_back=0)
def Known(values: Array) -> Array:  # noqa: N802
    """1 where there is a value, else 0."""
    return np.isfinite(values).astype(np.float64)


@pytest.mark.parametrize(
    ("operator", "message"),
    [
        (Tomorrow, "looks ahead"),
        (TwoDaysAgo, "further back than the 1 days"),
        (AcrossSymbols, "mixes symbols"),
        (Known, "makes a value"),
    ],
    ids=lambda each: each if isinstance(each, str) else each.name,
)
@pytest.mark.filterwarnings("ignore:Mean of empty slice")
def test_a_broken_promise_is_told(operator: Operator, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        check_operator(operator)


def test_an_operator_cannot_change_what_others_read() -> None:
    @series_operator(look_back=0)
    def Clear(values: Array) -> Array:  # noqa: N802
        """Nothing, by writing zeros over its argument."""
        values[:] = 0
        return values

    with pytest.raises(ValueError, match="read-only"):
        check_operator(Clear)


def test_the_guide_names_every_operator() -> None:
    guide = GUIDE.read_text("utf-8")
    operators = languages_with([])["qlib"].operators
    assert [name for name in operators if f"`{name}`" not in guide] == []
