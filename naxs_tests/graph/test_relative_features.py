"""A feature set of a home's catalogue that compares symbols: no code is touched for it."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from naxs_tests.graph.conftest import Opener
from naxs_tests.graph.small import materialize, write_entry, write_home

pytestmark = pytest.mark.xdist_group("graph")

RELATIVE = {
    "name": "relative",
    "description": "features relative to the members of an index",
    "universe": "csi300",
    "features": {
        "RANK5": {"expression": "CSRank($close/Ref($close,5))"},
        "NEUTRAL5": {"expression": "IndNeutralize($close/Ref($close,5),1)"},
        "OWN": {"expression": "$close/$open"},
    },
}
MADE = ("market/calendar", "market/instruments", "market/index_members", "market/industry",
        "market/prices", "features/relative")  # fmt: skip


def test_a_set_put_into_the_home_is_made_and_records_what_it_read(
    folder: Path, opener: Opener
) -> None:
    home = write_home(folder / "home")
    write_entry(home, "features", RELATIVE)
    platform = opener(home)
    materialize(platform, "2021-07", "2021-09", MADE)
    library = platform.lineage.library
    version = library.ledger.current("features/relative", "2021-09")
    assert version is not None
    reads = library.ledger.reads(version.id)
    assert {read.asset for read in reads} == set(MADE) - {
        "features/relative", "market/calendar", "market/instruments"
    }  # fmt: skip
    cut = {read.asset: read.cut for read in reads if read.asset != "market/prices"}
    assert cut == {"market/index_members": "2021-09-30", "market/industry": "2021-09-30"}

    rows = library.frame(version)
    members = platform.lineage.reader("market/index_members").whole().frame()
    listed = members.filter(pl.col("index") == "000300.SH")["symbol"]
    inside = rows["symbol"].is_in(listed.to_list())
    assert rows.filter(~inside)["RANK5"].null_count() == rows.filter(~inside).height > 0
    assert rows.filter(inside)["RANK5"].drop_nulls().is_between(0, 1).all()
    assert rows.filter(inside)["RANK5"].count() > rows.filter(inside).height / 2
    assert rows["OWN"].count() > rows.height / 2
    industry = platform.lineage.reader("market/industry").whole().frame()
    means = (
        rows.drop_nulls("NEUTRAL5")
        .join(industry.filter(level=1).select("symbol", "code"), on="symbol")
        .group_by("date", "code")
        .agg(pl.col("NEUTRAL5").mean().abs())
    )
    assert means.filter(pl.col("NEUTRAL5") > 1e-6).is_empty()
