"""How numbers read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naxs_assets.pages.blocks import signed_decimal, signed_percent
from naxs_assets.pages.numbers import ABSENT, cny, count, decimal, percent


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1234, "12.34%"),
        (-0.2091, "\N{MINUS SIGN}20.91%"),
        (14.14, "1,414.00%"),
        (-0.000001, "0.00%"),
        (None, ABSENT),
        (float("nan"), ABSENT),
        (float("-inf"), ABSENT),
    ],
)
def test_percent(value: float | None, text: str) -> None:
    assert percent(value) == text


def test_amounts_and_counts_have_thousands() -> None:
    assert cny(24_728_051.72) == "24,728,052"
    assert cny(-1_234.4) == "\N{MINUS SIGN}1,234"
    assert count(1_130) == "1,130"
    assert count(None) == ABSENT
    assert decimal(1.2175) == "1.22"


@pytest.mark.parametrize(
    ("value", "tone"),
    [(0.01, "up"), (-0.01, "down"), (0.0, "plain"), (-1e-9, "plain"), (None, "plain")],
)
def test_red_is_up_and_green_is_down(value: float | None, tone: str) -> None:
    assert signed_percent(value).tone == tone
    assert signed_decimal(value).tone == tone


@given(st.floats(-50, 50))
def test_what_reads_as_zero_has_no_sign_and_no_colour(value: float) -> None:
    cell = signed_percent(value)
    if cell.text == "0.00%":
        assert cell.tone == "plain"
    else:
        assert (cell.tone == "down") == str(cell.text).startswith("\N{MINUS SIGN}")
