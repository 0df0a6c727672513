"""Results at a researcher's fingertips: any table of the home as a pandas frame."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from naxs_assets.factors.bench import FactorBench


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


def factor_bench(
    universe: str = "csi300",
    first: str | None = None,
    last: str | None = None,
    *,
    label: str = "next_day",
    home: Path | None = None,
) -> FactorBench:
    """A bench that judges expressions on the home's prices, kept in memory.

    ``universe`` and ``label`` are names of the catalogue; ``first`` and ``last`` are days
    (``YYYY-MM-DD``, both included; None is the first and the last there is).
    ``bench.eval("Mean($close,5)/$close")`` prints IC, RankIC, ICIR, t and decay.

    Raises :class:`~naxs_assets.errors.ConfigurationError` for an unknown name and
    :class:`~naxs_assets.errors.DataError` if no prices have been made.
    """
    from naxs_assets.factors.bench_home import open_bench
    from naxs_assets.settings import load_settings

    return open_bench(
        load_settings(home),
        universe,
        label,
        date.fromisoformat(first) if first else None,
        date.fromisoformat(last) if last else None,
    )
