"""ChangeInstrument and Mask: what another symbol's days are to a symbol."""

from __future__ import annotations

import numpy as np
import pytest

from naxs_assets.factors.features import compile_features, compute_features
from naxs_assets.factors.language import LANGUAGES, Language
from naxs_tests.factors.sample import FIRST_DATE, panel_of, sample_prices, value_of

NAN = float("nan")
OWN = [1, 2, NAN, 4, 3, 5, 5, 8]
OTHER = [2, 1, 3, NAN, 5, 4, 6, 7]
PANEL = panel_of(close=np.array([OWN, OTHER]).T)


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # What ChangeInstrument and Mask of pyqlib 0.9.7 load for any instrument.
        ("ChangeInstrument('SZ000001',$close)", OTHER),
        ("Mask($close,'SZ000001')", OTHER),
        ("Mask($close,'000001.SZ')-ChangeInstrument('sz000001',Ref($close,1))",
         [NAN, -1, 2, NAN, NAN, -1, 2, 1]),
        ("Ref(Mask($close,'SZ000001'),6)", [NAN] * 6 + [2, 1]),
        ("ChangeInstrument('SZ000001',Mask($close,'SZ000000'))", OWN),
    ],
)  # fmt: skip
def test_every_symbol_is_given_the_values_of_the_named_one(
    text: str, expected: list[float], language: Language
) -> None:
    for column in value_of(text, PANEL, language).T:
        np.testing.assert_allclose(column, expected)


def test_the_values_of_another_symbol_stay_float32_as_in_qlib() -> None:
    """pyqlib 0.9.7 computes with them as with a field, so that a float32 rounds them here."""
    (column, _) = value_of("Mask($close,'SZ000001')+16777216-16777216", PANEL).T
    np.testing.assert_array_equal(column, [2, 0, 4, NAN, 4, 4, 6, 8])


def test_a_symbol_beside_another_keeps_its_own_values() -> None:
    found = value_of("$close/ChangeInstrument('SZ000001',$close)", PANEL)
    np.testing.assert_allclose(found[:, 0], np.array(OWN) / np.array(OTHER), rtol=1e-6)
    np.testing.assert_array_equal(found[[0, 1, 7], 1], [1, 1, 1])


def test_a_symbol_that_the_panel_does_not_hold_is_unknown() -> None:
    assert np.isnan(value_of("Mask($close,'SH600519')", PANEL)).all()


def test_a_monthly_set_needs_no_universe_for_a_named_symbol() -> None:
    prices = sample_prices(days=30)
    compiled = compile_features(
        {"RATIO": "$close/Mask($close,'600002.SH')", "NONE": "Mask($close,'000300.SH')"}
    )
    found = compute_features(compiled, prices, FIRST_DATE, prices["date"][-1])
    own = found.filter(symbol="600002.SH")["RATIO"].drop_nulls()
    assert own.len() > 20
    assert (own == 1).all()
    assert found["NONE"].null_count() == found.height
