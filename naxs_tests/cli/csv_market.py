"""The synthetic market in CSV files, one for each stock, and their mapping."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import yaml

from naxs_tests.cli.conftest import Naxs
from naxs_tests.graph.small import FEATURES, TINY, open_home, write_entry

MAPPING = {
    "name": "my_market",
    "bars": {
        "path": "bars/*.csv",
        "columns": {
            "date": "日期",
            "symbol": "代码",
            **{name: name for name in ("open", "high", "low", "close", "pre_close")},
            **{name: name for name in ("change", "volume", "amount", "adj_factor")},
            **{name: name for name in ("is_st", "is_suspended")},
        },
        "units": {"volume": "shares", "amount": "cny", "change": "ratio"},
    },
    "suspension": "column",
    "index_bars": {
        "path": "index.csv",
        "columns": {
            name: name
            for name in ("date", "index", "open", "high", "low", "close", "volume", "amount")
        },
        "units": {"volume": "shares", "amount": "cny"},
    },
    "index_members": {
        "path": "members.csv",
        "columns": {name: name for name in ("index", "symbol", "effective_from", "effective_to")},
    },
}


def write_csv_market(root: Path, last: date = date(2021, 11, 30)) -> Path:
    """Write the market of 30 stocks from July 2021 on into ``root``, which is returned.

    The synthetic home that it comes from lies beside the files.
    """
    home = root / "synthetic"
    Naxs(home)("init", "--names", 30, "--from", "2021-07-01", "--to", last)
    source = open_home(home).source
    first, last = source.coverage()
    (root / "bars").mkdir()
    for (symbol,), bars in source.bars(first, last).group_by("symbol"):
        renamed = bars.drop("bad_cells").rename({"date": "日期", "symbol": "代码"})
        renamed.write_csv(root / f"bars/{symbol}.csv")
    source.index_bars(first, last).write_csv(root / "index.csv")
    members = source.index_members().filter(pl.col("effective_from") <= last)
    members.drop("announced_at").write_csv(root / "members.csv")
    (root / "mapping.yaml").write_text(yaml.safe_dump(MAPPING, allow_unicode=True))
    return root


def own_market(root: Path) -> Naxs:
    """A home of CSV files, which lie in ``bars``; nothing is made yet."""
    data = write_csv_market(root)
    naxs = Naxs(root / "home")
    naxs("init", "--source", "files", "--mapping", data / "mapping.yaml", "--data", data)
    write_entry(naxs.home, "features", FEATURES)
    write_entry(naxs.home, "strategies", TINY)
    return naxs


def bars_of(naxs: Naxs) -> Path:
    """Where the files of a home lie, one for each stock."""
    settings = yaml.safe_load((naxs.home / "naxs.yaml").read_text())
    return Path(settings["market"]["files"]["data"]) / "bars"


def write_lots(naxs: Naxs, *days: str) -> None:
    """Turn the volumes of days, or of whole months, of the home's files into lots."""
    here = pl.any_horizontal(pl.col("日期").str.starts_with(day) for day in days)
    lots = pl.when(here).then(pl.col("volume") // 100).otherwise("volume")
    for file in bars_of(naxs).iterdir():
        pl.read_csv(file).with_columns(volume=lots).write_csv(file)
