"""The reference that judges between two engines, and what is counted."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
import pytest

from benchmarks.brute_force import series_of
from benchmarks.exactness import Exactness, Suspect, _compare, _count, _judge, groups
from benchmarks.exactness_expressions import exponential_forms, operator_forms
from naxs_assets.factors.evaluate import evaluate
from naxs_assets.factors.language import QLIB
from naxs_assets.factors.parser import parse
from naxs_assets.market.qlib_bundle import qlib_symbol
from naxs_tests.factors.sample import panel_of

NAN = float("nan")
X = np.array([1, 2, NAN, 4, 3, 5, 5, 8], np.float32)
Y = np.array([2, 1, 3, NAN, 5, 4, 6, 7], np.float32)


@pytest.mark.parametrize(
    ("text", "expected"),
    [  # computed with pyqlib 0.9.7
        ("Mean(x,3)", [1, 1.5, 1.5, 3, 3.5, 4, 4.333333, 6]),
        ("Std(x,3)", [NAN, 0.707107, 0.707107, 1.414214, 0.707107, 1, 1.154701, 1.732051]),
        ("Rank(x,3)", [1, 1, NAN, 1, 0.5, 1, 0.833333, 1]),
        ("IdxMax(x,3)", [1, 2, 3, 2, 1, 3, 2, 3]),
        ("IdxMin(x,3)", [1, 1, 3, 2, 1, 2, 1, 1]),
        ("Slope(x,3)", [NAN, 1, 1, 1, -1, 0.5, 1, 1.5]),
        ("Rsquare(x,3)", [NAN, 1, 1, 1, 1, 0.25, 0.75, 0.75]),
        ("Resi(x,3)", [NAN, 0, NAN, 0, 0, 0.5, -0.333333, 0.5]),
        ("WMA(x,3)", [1, 0.833333, 0.416667, 1.166667, 1.416667, 1.388889, 1.555556, 2.166667]),
        ("EMA(x,3)", [1, 1.666667, 1.666667, 3.363636, 3.148148, 4.152542, 4.593496, 6.330677]),
        ("Quantile(x,3,0.8)", [1, 1.8, 1.8, 3.6, 3.8, 4.6, 5, 6.8]),
        ("Mad(x,3)", [0, 0.5, 0.5, 1, 0.5, 0.666667, 0.888889, 1.333333]),
        ("Cov(x,y,3)", [NAN, -0.5, -0.5, NAN, NAN, -1, 0, 2]),
        ("Mean(x>y,3)", [0, 0.5, 0.333333, 0.333333, 0, 0.333333, 0.333333, 0.666667]),
        ("Slope(x,0)", [NAN, 1, 1, 1, 0.6, 0.697674, 0.658385, 0.836957]),
    ],
)
def test_the_reference_gives_the_golden_vectors(text: str, expected: list[float]) -> None:
    names = {"x": "$raw_close", "y": "$raw_open"}
    root = parse(re.sub(r"\b[xy]\b", lambda found: names[found.group()], text)).root
    found = np.asarray(series_of(root, {"raw_close": X, "raw_open": Y}), np.float64)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


def test_every_operator_of_a_symbols_own_days_is_compared() -> None:
    text = " ".join([*operator_forms(), *exponential_forms()])
    unnamed = {"Neg", "Sub", "Add", "Mul", "Div", "Power", "And", "Or", "Not"}
    ours_alone = {"decay_linear", "ts_product", "signedpower"}
    elsewhere = {"Mask", "ChangeInstrument", "TResample", "P", "PRef"}
    missing = {
        name
        for name, operator in QLIB.operators.items()
        if not name.startswith(("CS", "Ind")) and f"{name}(" not in text
    }
    assert missing <= unnamed | ours_alone | elsewhere


def test_our_engine_is_the_reference_on_every_form() -> None:
    random = np.random.default_rng(3)
    shape = 90, 1
    close = 10 * np.exp(np.cumsum(random.normal(0, 0.02, shape), axis=0))
    fields = {
        "close": close,
        "open": close * np.exp(random.normal(0, 0.01, shape)),
        "high": close * 1.03,
        "low": close * 0.97,
        "vwap": close,
        "volume": random.uniform(1e5, 1e6, shape),
    }
    fields = {name: each.astype(np.float32) for name, each in fields.items()}
    for each in fields.values():
        each[[20, 41, 42]] = np.nan
    panel = panel_of(**fields)
    series = {name: each[:, 0] for name, each in fields.items()}
    for text in (*operator_forms(), *exponential_forms()):
        root = parse(text).root
        (matrix,) = evaluate([root], panel)
        expected = np.asarray(series_of(root, series), np.float64)
        both = np.isfinite(expected) & np.isfinite(matrix[:, 0])
        assert both.sum() > 0, text
        np.testing.assert_allclose(
            matrix[both, 0], expected[both], rtol=1e-4, atol=1e-6, err_msg=text
        )


def test_cells_are_counted() -> None:
    found = Exactness()
    ours = np.array([1.0, 1.0, NAN, np.inf, 3.0, 1e-16, NAN])
    qlib = np.array([1.0, 1.0 + 1e-4, 1.0, np.inf, 3.0 + 1e-12, 0.0, NAN])
    assert _count(ours, qlib, 1.0, found).tolist() == [1, 2]
    assert (found.cells, found.known, found.known_in_one_only) == (7, 5, 1)
    assert (found.apart, found.same_float32) == (1, 3)
    assert found.largest_difference == pytest.approx(1e-12 / 3, rel=1e-3)


def test_who_is_closer_to_the_reference_is_told() -> None:
    panel = panel_of(close=[1.0, 2.0, 4.0])
    mean = parse("Mean($close,2)")
    found = Exactness()
    _judge([mean], panel, [Suspect(0, 2, 0, ours=3.0, qlib=3.3, size=2.0)], found)
    _judge([mean], panel, [Suspect(0, 1, 0, ours=1.8, qlib=1.5, size=2.0)], found)
    assert found.ours_at_least_as_close == 1
    assert found.largest_error_of_qlib == pytest.approx(0.1)
    assert found.largest_error_of_ours == pytest.approx(0.2)


def test_who_knows_a_value_that_the_definition_knows_is_told() -> None:
    panel = panel_of(close=[1.0, 2.0, 4.0])
    deviation = parse("Std($close,2)")
    found = Exactness()
    _judge([deviation], panel, [Suspect(0, 0, 0, ours=NAN, qlib=0.0, size=1.0)], found)
    _judge([deviation], panel, [Suspect(0, 1, 0, ours=NAN, qlib=0.7, size=1.0)], found)
    assert found.ours_as_defined == 1


def test_answers_are_compared_cell_by_cell(tmp_path) -> None:
    panel = panel_of(close=[[1.0, 4.0], [2.0, 5.0], [4.0, 7.0]], open=[[1.0, 2.0]] * 3)
    some = [parse("$close/$open"), parse("Mean($close,2)")]
    rows = [(day, column) for day in range(3) for column in range(2)]
    answers = pl.DataFrame(
        {
            "instrument": [qlib_symbol(panel.symbols[column]) for _, column in rows],
            "datetime": panel.dates[[day for day, _ in rows]],
            "0": [1.0, 2.0, 2.0, 2.5, 4.0, 3.5],
            "1": [1.0, 4.0, 1.5, 4.5, 3.0, 6.6],
        }
    )
    answers.write_parquet(tmp_path / "answers.parquet")
    found = Exactness()
    _compare(some, panel, tmp_path / "answers.parquet", found)
    assert (found.expressions, found.cells, found.same_float32) == (2, 12, 11)
    assert (found.apart, found.ours_at_least_as_close) == (1, 1)


def test_the_sets_are_compared_too(tmp_path) -> None:
    found = groups(tmp_path)
    assert {name: len(texts) for name, texts in found.items() if name.startswith("alpha")} == {
        "alpha158": 158,
        "alpha360": 360,
    }
