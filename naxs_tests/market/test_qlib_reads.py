"""Qlib itself reads an exported bundle, to the bit."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from benchmarks.common.places import PEERS, ROOT
from naxs_assets.market.qlib_bundle_export import export_bundle
from naxs_tests.market.qlib_market import DAYS, FIELDS, PLAIN, SmallMarket, members, read_bundle

_READ = """
import sys
from pathlib import Path
from benchmarks.sides.qlib_start import start_qlib
start_qlib(Path(sys.argv[1]))
from qlib.data import D
fields = sys.argv[3].split(",")
for universe in ("all", "csi300"):
    table = D.features(D.instruments(universe), ["$" + name for name in fields], freq="day")
    table.columns = fields
    table.reset_index().to_parquet(Path(sys.argv[2]) / (universe + ".parquet"))
"""


@pytest.mark.slow
def test_qlib_returns_the_floats_that_were_written(tmp_path: Path) -> None:
    python = PEERS / "qlib" / "bin" / "python"
    if not python.exists():
        pytest.skip("the peer environment of Qlib is missing: make bench-setup")
    listed = members(("000300.SH", "600519.SH", DAYS[2], DAYS[4]))
    market = SmallMarket(PLAIN.restated("600519.SH", DAYS[3], close=13.37).rows, listed)
    export_bundle(market.until(DAYS[5]).input(), tmp_path / "bundle")
    export_bundle(market.input(), tmp_path / "bundle")
    command = [str(python), "-c", _READ, str(tmp_path), str(tmp_path), ",".join(FIELDS)]
    subprocess.run(command, check=True, cwd=ROOT, timeout=300)

    theirs = {}
    for record in pl.read_parquet(tmp_path / "all.parquet").to_dicts():
        for field in FIELDS:
            value = record[field]
            if value is not None and not np.isnan(value):
                theirs[record["instrument"], f"{record['datetime']:%Y-%m-%d}", field] = value
    assert theirs == read_bundle(tmp_path / "bundle")

    inside = pl.read_parquet(tmp_path / "csi300.parquet")
    assert inside["instrument"].unique().to_list() == ["SH600519"]
    assert inside["datetime"].dt.date().to_list() == DAYS[2:5]
