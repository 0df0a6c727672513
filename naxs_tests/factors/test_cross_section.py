"""Operators across the symbols of a day: golden vectors, and pandas over random universes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from naxs_assets.factors.expression import ExpressionError
from naxs_assets.factors.parser import parse
from naxs_tests.factors.sample import panel_of, value_of

NAN = float("nan")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CSRank($close)", [0.25, 0.625, NAN, 1, 0.625]),
        ("CSDemean($close)", [-1.75, -0.75, NAN, 3.25, -0.75]),
        ("CSZScore($close)", np.array([-1.75, -0.75, NAN, 3.25, -0.75]) / np.sqrt(14.75 / 3)),
        ("CSScale($close)", np.array([1, 2, NAN, 6, 2]) / 11),
        ("CSScale(-$close,3)", -np.array([1, 2, NAN, 6, 2]) * 3 / 11),
        # The quantiles 0.25 and 0.75 of 1 2 2 6 are 1.75 and 3.
        ("CSWinsor($close,0.25,0.75)", [1.75, 2, NAN, 3, 2]),
        ("CSWinsor($close,0,1)", [1, 2, NAN, 6, 2]),
        ("CSNeutralize($close,$industry)", [-2.5, -0, NAN, 2.5, 0]),
        ("IndNeutralize($close,1)", [-2.5, -0, NAN, 2.5, 0]),
        ("CSNeutralize($close,$close>1)", [0, -4 / 3, NAN, 8 / 3, -4 / 3]),
    ],
)
def test_golden_vectors(text: str, expected: list[float]) -> None:
    """By hand; ties share their mean rank, a missing value neither counts nor gets one."""
    panel = panel_of(close=[[1, 2, NAN, 6, 2]], industry=[[7, 3, 7, 7, 3]])
    assert value_of(text, panel)[0] == pytest.approx(expected, abs=1e-6, nan_ok=True)


@pytest.mark.parametrize("text", ["CSZScore($close)", "CSScale($close-2)"])
def test_a_day_without_spread_has_no_value(text: str) -> None:
    assert np.isnan(value_of(text, panel_of(close=[[2, 2, 2]]))).all()


def test_a_symbol_of_no_known_group_has_no_value() -> None:
    panel = panel_of(close=[[1, 2, 3]], industry=[[1, NAN, 1]])
    assert value_of("CSNeutralize($close,$industry)", panel)[0] == pytest.approx(
        [-1, NAN, 1], nan_ok=True
    )


_CELLS = arrays(
    np.float32,
    st.tuples(st.integers(1, 6), st.integers(1, 40)),
    elements=st.integers(-12, 12).map(float) | st.just(NAN) | st.just(float("inf")),
)


@settings(deadline=None)
@given(_CELLS, st.integers(0, 2**32 - 1))
def test_each_agrees_with_pandas_over_the_members_alone(
    values: npt.NDArray[np.float32], seed: int
) -> None:
    random = np.random.default_rng(seed)
    groups = random.integers(0, 4, values.shape).astype(np.float32)
    members = random.random(values.shape) < 0.7
    panel = replace(panel_of(close=values, industry=groups), universe=members)
    known = pd.DataFrame(np.where(members & np.isfinite(values), values, NAN).astype(float))
    middle = known.sub(known.mean(axis=1), axis=0)
    size = known.abs().sum(axis=1)
    spread = known.std(axis=1)
    expected = {
        "CSRank($close)": known.rank(axis=1, pct=True),
        "CSDemean($close)": middle,
        "CSZScore($close)": middle.div(spread.where(spread > 1e-9), axis=0),
        "CSScale($close,2)": known.div(size.where(size > 0) / 2, axis=0),
        "CSWinsor($close,0.1,0.7)": known.clip(
            known.quantile(0.1, axis=1), known.quantile(0.7, axis=1), axis=0
        ),
        "CSNeutralize($close,$industry)": pd.DataFrame(
            [row - row.groupby(groups[day]).transform("mean") for day, row in known.iterrows()]
        ),
    }
    for text, frame in expected.items():
        np.testing.assert_allclose(value_of(text, panel), frame, rtol=1e-5, atol=1e-5, err_msg=text)


def test_the_number_of_a_group_changes_no_bit() -> None:
    random = np.random.default_rng(3)
    values = random.normal(size=(20, 70)).astype(np.float32)
    groups = random.integers(0, 9, values.shape).astype(np.float32)
    found = [
        value_of("CSNeutralize($close,$industry)", panel_of(close=values, industry=each))
        for each in (groups, 100 - groups)
    ]
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize(
    "text",
    ["CSRank({})", "CSDemean({})", "CSZScore({})", "CSScale(CSDemean({}))",
     "CSWinsor({},0.1,0.7)", "CSNeutralize({},$industry)"],
)  # fmt: skip
def test_symbols_without_a_value_change_no_bit(text: str) -> None:
    """Else a month would depend on which later listings are computed together with it."""
    # Ranks from below and from above cancel out but for the last bits, which Float32 would hide.
    text = f"{text.format('CSRank($close)')}+{text.format('CSRank(-$close)')}"
    random = np.random.default_rng(5)
    values = random.lognormal(0, 3, size=(200, 150)).astype(np.float32)
    groups = random.integers(0, 9, values.shape).astype(np.float32)
    places = np.sort(random.permutation(400)[:150])
    wide = [np.full((200, 400), NAN, np.float32) for _ in range(2)]
    wide[0][:, places], wide[1][:, places] = values, groups
    alone = value_of(text, panel_of(close=values, industry=groups))
    among = value_of(text, panel_of(close=wide[0], industry=wide[1]))[:, places]
    np.testing.assert_array_equal(among, alone)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("$industry", r"\$industry numbers groups and is no quantity"),
        ("Mean($industry,3)", r"\$industry numbers groups and is no quantity"),
        ("CSRank($industry2)", r"\$industry2 numbers groups and is no quantity"),
        ("$close*$industry", r"give it to CSNeutralize\(x, \$industry\)"),
        ("CSNeutralize($close,2)", "CSNeutralize needs a group"),
        ("IndNeutralize($close,4)", "IndNeutralize needs a level of the industries: 1, 2 or 3"),
        ("IndNeutralize($close,$industry)", "numbers groups"),
        ("CSWinsor($close,0.9,0.1)", "the lower share 0.9 is above the upper one, 0.1"),
        ("CSWinsor($close,5,95)", "CSWinsor needs a number from 0 to 1"),
        ("CSScale($close,$open)", "CSScale needs a number"),
        ("CSScale($close,1,2)", "CSScale takes"),
        ("CSRank($cap)", r"\$cap is refused: no table of the market tells market capitalisation"),
    ],
)
def test_misuse_is_refused_by_name(text: str, message: str) -> None:
    with pytest.raises(ExpressionError, match=message):
        parse(text)


def test_a_default_and_a_level_have_one_canonical_text() -> None:
    assert parse("CSScale($close)").canonical == "CSScale($close,1)"
    assert parse("IndNeutralize($close,1)").canonical == "CSNeutralize($close,$industry)"
    assert parse("IndNeutralize($close,3)").fields == ("close", "industry3")
