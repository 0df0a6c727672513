"""Trees in pandas: shifts and rolling functions of a groupby over the symbols."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.translate_arrays import Array, ArrayTranslator
from benchmarks.trees import Plain, expressible

VERSIONS = {"pandas": pd.__version__}

_NAMES = {"Mean": "mean", "Sum": "sum", "Std": "std", "Max": "max", "Min": "min"}
_PLACES = {"IdxMax": np.argmax, "IdxMin": np.argmin}


class _Pandas(ArrayTranslator):
    windows = (*_NAMES, *_PLACES, "Quantile", "Rank")

    def __init__(self, rows: pd.DataFrame) -> None:
        """``rows`` are sorted by symbol and day."""
        fields = {name: rows[name].to_numpy(np.float64) for name in rows.columns[3:]}
        super().__init__(fields, rows["day"].to_numpy(np.float64), None)
        self._symbols = rows["symbol"].astype("category").cat.codes.to_numpy()

    def _grouped(self, values: Array) -> Any:
        return pd.Series(values).groupby(self._symbols, sort=False)

    def shift(self, values: Array, days: int) -> Array:
        return np.asarray(self._grouped(values).shift(days))

    def window(self, name: str, values: Array, days: int, *more: float) -> Array:
        rolling = self._grouped(values).rolling(days, min_periods=1)
        if name in _PLACES:
            found = rolling.apply(_PLACES[name], raw=True) + 1
        elif name == "Quantile":
            found = rolling.quantile(*more)
        elif name == "Rank":
            found = rolling.rank(pct=True)
        else:
            found = getattr(rolling, _NAMES[name])()
        return np.asarray(found)


class Peer:
    """Features of an input's folder as columns in memory."""

    def __init__(self, folder: Path) -> None:
        self._rows = pd.read_parquet(folder / "fields.parquet")
        self._found: dict[str, Array] = {}

    def compute(self, trees: Mapping[str, Plain]) -> list[str]:
        """Compute what can be expressed and return the names of what cannot."""
        kept, left_out = expressible(trees, _Pandas.operators())
        self._found = dict(_Pandas(self._rows).compute(kept))
        return left_out

    def write(self, file: Path) -> None:
        """Write date, symbol and the features."""
        keys = self._rows[["date", "symbol"]]
        pd.concat([keys, pd.DataFrame(self._found)], axis=1).to_parquet(file)
