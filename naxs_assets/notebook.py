"""Results at a researcher's fingertips: any table of the home as a pandas frame."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def load(
    asset: str,
    first: str | None = None,
    last: str | None = None,
    *,
    home: Path | None = None,
    as_of: datetime | None = None,
) -> pd.DataFrame:
    """The table of ``asset``, such as ``market/prices``, as a pandas frame.

    Months from ``first`` to ``last`` (``YYYY-MM``, both included; None is the first and the last
    there is) are joined in order; an unpartitioned asset ignores them. ``home`` is None for the
    home that the environment names. With ``as_of`` (aware) it is what was current then.

    Raises :class:`~naxs_assets.errors.DataError` if nothing has been made there.
    """
    import polars as pl

    from naxs_assets.errors import DataError
    from naxs_assets.lineage.home import open_lineage
    from naxs_assets.lineage.records import UNPARTITIONED
    from naxs_assets.settings import load_settings

    reader = open_lineage(load_settings(home)).reader(asset, as_of)
    wanted = [
        partition
        for partition in reader
        if partition == UNPARTITIONED or (first or "") <= partition <= (last or "9999-12")
    ]
    handles = [handle for handle in (reader[partition] for partition in wanted) if handle]
    if any(handle.version is not None and handle.version.kind != "table" for handle in handles):
        raise DataError(
            "this asset holds texts, not tables",
            where=asset,
            remedy="naxs lineage show names the file of each",
        )
    if not handles:
        raise DataError(
            "nothing has been made here",
            where=f"{asset} from {first or 'the first month'} to {last or 'the last'}",
            remedy="make it with naxs run, or check the asset's name in naxs ui",
        )
    return pl.concat([handle.frame() for handle in handles]).to_pandas()
