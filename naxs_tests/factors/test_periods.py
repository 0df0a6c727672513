"""P and PRef: what is known of a period's figure on each day, and who may ask."""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from naxs_assets.errors import ConfigurationError
from naxs_assets.factors.expression import ExpressionError
from naxs_assets.factors.features import compile_features
from naxs_assets.factors.labels import compile_label
from naxs_assets.factors.periods import with_periods
from naxs_tests.factors.sample import panel_of, value_of

NAN = float("nan")
# The panel has the days from 1 to 8 August 2019 and the symbols 000000.SZ and 000001.SZ.
FIGURES = pl.DataFrame(
    [
        ("000000.SZ", date(2019, 4, 20), 201901, 0.1),
        ("000000.SZ", date(2019, 8, 3), 201902, 0.2),
        # The first quarter is revised after the second is known.
        ("000000.SZ", date(2019, 8, 5), 201901, 0.15),
        ("000000.SZ", date(2019, 8, 7), 201902, 0.25),
        ("000000.SZ", date(2019, 8, 9), 201903, 0.3),
        ("999999.SZ", date(2019, 8, 1), 201902, 9.0),
    ],
    schema=["symbol", "date", "period", "value"],
    orient="row",
)
PANEL = with_periods(panel_of(close=np.ones((8, 2))), {"roe_q": FIGURES})


def _of_first(text: str) -> npt.NDArray[np.float32]:
    found = value_of(text, PANEL)
    assert np.isnan(found[:, 1]).all()
    return found[:, 0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # As pyqlib 0.9.7 gives from the same records.
        ("P($$roe_q)", [0.1, 0.1, 0.2, 0.2, 0.2, 0.2, 0.25, 0.25]),
        ("PRef($$roe_q,201901)", [0.1, 0.1, 0.1, 0.1, 0.15, 0.15, 0.15, 0.15]),
        ("PRef($$roe_q,201902)", [NAN, NAN, 0.2, 0.2, 0.2, 0.2, 0.25, 0.25]),
        ("PRef($$roe_q,201903)", [NAN] * 8),
        ("Delta(P($$roe_q),1)/$close", [NAN, 0, 0.1, 0, 0, 0, 0.05, 0]),
    ],
)
def test_a_figure_is_known_from_its_own_date_and_until_it_is_revised(
    text: str, expected: list[float]
) -> None:
    np.testing.assert_allclose(_of_first(text), expected, rtol=1e-5, atol=1e-7)


def test_the_order_of_the_records_of_different_days_does_not_matter() -> None:
    panel = with_periods(panel_of(close=np.ones((8, 2))), {"roe_q": FIGURES.reverse()})
    for text in ("P($$roe_q)", "PRef($$roe_q,201901)"):
        np.testing.assert_array_equal(value_of(text, panel), value_of(text, PANEL))


def test_a_panel_without_the_figures_is_an_error_that_tells_how_to_give_them() -> None:
    with pytest.raises(ConfigurationError, match="no figures of") as caught:
        value_of("P($$eps_q)", PANEL)
    assert "with_periods" in caught.value.remedy


@pytest.mark.parametrize("text", ["$close*P($$roe_q)", "PRef($$roe_q,2018)"])
def test_sets_refuse_figures_of_a_period(text: str) -> None:
    with pytest.raises(ExpressionError, match="no table of fundamentals is wired"):
        compile_features({"A": text})
    with pytest.raises(ExpressionError, match="no table of fundamentals is wired"):
        compile_label(f"Ref($close,-1)*({text})")
