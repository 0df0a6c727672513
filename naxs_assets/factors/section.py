"""What an operator across the symbols of a day is given: all symbols of the panel at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Section:
    """The universe of each day: ``members`` marks the cells (days x symbols) that belong to it."""

    members: npt.NDArray[np.bool_]
    symbols: tuple[str, ...]
