"""What a rule is told has one layout, or is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from naxs_assets.errors import DataError
from naxs_tests.backtest.construction.sample import candidates


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"symbols": ("600001.SH", "600000.SH")}, "not in order"),
        ({"symbols": ("600000.SH", "600000.SH")}, "not in order, each once"),
        ({"industries": ("bank",)}, "industries are of 1 names, not of 2"),
        ({"returns": np.zeros((3, 1))}, r"returns have the shape \(3, 1\)"),
        ({"sizes": np.zeros(3)}, r"sizes have the shape \(3,\)"),
        ({"held": np.array([0.1, np.nan])}, "held of 600001.SH"),
        ({"held": np.array([-0.1, 0.0])}, "held of 600000.SH"),
        ({"benchmark": np.array([0.5, 0.4])}, "sum to 0.9, neither to 1 nor to 0"),
    ],
)
def test_another_layout_is_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=rf"{said}[\s\S]*2024-01-31"):
        candidates([0.1, 0.2], **fields)
