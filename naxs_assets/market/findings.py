"""What the quality rules found, over every month of the market's tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from naxs_assets.market.contracts import QUALITY_FINDINGS


def findings_table(
    found: Iterable[tuple[str, str, Sequence[Mapping[str, Any]]]],
) -> pl.DataFrame:
    """The table of contract ``QUALITY_FINDINGS``.

    ``found`` gives for each table and month its rows in the columns of ``rules.FINDINGS``.
    """
    rows = [
        {"asset": asset, "month": month, **finding}
        for asset, month, findings in found
        for finding in findings
    ]
    return pl.DataFrame(rows, schema=QUALITY_FINDINGS.empty().schema)
