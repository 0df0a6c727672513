"""The synthetic market in CSV files, one for each stock, and their mapping."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import yaml

from naxs_tests.cli.conftest import Naxs
from naxs_tests.graph.small import open_home

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
