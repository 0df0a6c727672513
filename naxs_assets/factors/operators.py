"""The operators of the expression language in its mode qlib.

Their semantics are Qlib's (``qlib/data/ops.py``, checked against pyqlib 0.9.7): prices are float32;
rolling operators skip missing cells and need one value (``min_periods=1``); a comparison
with NaN is false. One rule is added so that results do not depend on how much history is loaded:
where a symbol has no row at all, every operator that could make a value out of NaN
(comparisons, If, Power) gives NaN.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from naxs_assets.factors.another import ANOTHER
from naxs_assets.factors.cross_section import CROSS_SECTION
from naxs_assets.factors.decay import DECAY
from naxs_assets.factors.elementwise import ELEMENTWISE
from naxs_assets.factors.operator import Operator
from naxs_assets.factors.resample import TRESAMPLE
from naxs_assets.factors.rolling import ROLLING

OPERATORS: Mapping[str, Operator] = MappingProxyType(
    {
        each.name: each
        for each in (*ELEMENTWISE, *ROLLING, *DECAY, *CROSS_SECTION, *ANOTHER, TRESAMPLE)
    }
)
