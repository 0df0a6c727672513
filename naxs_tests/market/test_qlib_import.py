"""A Qlib bundle as a market: tables of Parquet and the mapping that reads them."""

from __future__ import annotations

import struct
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from naxs_assets.errors import ConfigurationError, DataError
from naxs_assets.market.qlib_bundle_export import export_bundle
from naxs_assets.market.qlib_bundle_import import import_bundle, read_series, write_imported
from naxs_assets.market.sources.files import FilesSource
from naxs_assets.market.sources.mapping import load_mapping
from naxs_tests.market.qlib_market import DAYS, PLAIN, SmallMarket, members, row

nan = float("nan")


def dump(folder: Path, symbol: str, first: int, **fields: list[float]) -> None:
    """Write series as Qlib's scripts/dump_bin.py does."""
    place = folder / "features" / symbol.lower()
    place.mkdir(parents=True, exist_ok=True)
    for name, values in fields.items():
        np.array([first, *values], "<f").tofile(place / f"{name}.day.bin")


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A bundle as Qlib makes it: a stock that is suspended on its second day, and an index."""
    folder = tmp_path / "bundle"
    for name in ("calendars", "instruments"):
        (folder / name).mkdir(parents=True)
    (folder / "calendars/day.txt").write_text("".join(f"{day}\n" for day in DAYS[:4]))
    (folder / "instruments/all.txt").write_text("SH600519\t2023-01-18\t2023-01-20\n")
    (folder / "instruments/csi300.txt").write_text("SH600519\t2023-01-18\t2023-01-20\n")
    (folder / "instruments/my_list.txt").write_text("SH600519\t2023-01-18\t2023-01-20\n")
    prices = {
        name: [0.5 * 1681.01, nan, 0.25 * 1700.0] for name in ("open", "high", "low", "close")
    }
    dump(folder, "SH600519", 1, **prices, volume=[200, nan, 800], factor=[0.5, 0.5, 0.25],
         change=[0.01, nan, -0.02])  # fmt: skip
    points = {name: [4000.5, 4010.25, 4020, 4030] for name in prices}
    dump(folder, "SH000300", 0, **points, volume=[1, 1, 1, 1], factor=[1, 1, 1, 1])
    return folder


def test_prices_and_volumes_are_as_quoted_and_suspended_days_absent(bundle: Path) -> None:
    bars = import_bundle(bundle).tables["bars"]
    assert bars["date"].to_list() == [DAYS[1], DAYS[3]]
    assert bars["symbol"].to_list() == ["600519.SH"] * 2
    assert bars["close"].to_list() == [1681.01, 1700.0]
    assert bars["volume"].to_list() == [100, 200]
    assert bars["adj_factor"].to_list() == [0.5, 0.25]
    assert bars["change"].to_list() == pytest.approx([0.01, -0.02])


def test_indices_their_members_and_the_calendar_are_tables(bundle: Path) -> None:
    imported = import_bundle(bundle)
    points = imported.tables["index_bars"]
    assert points["index"].unique().to_list() == ["000300.SH"]
    assert points["close"].to_list() == [4000.5, 4010.25, 4020, 4030]
    assert imported.tables["index_members"].rows() == [
        ("000300.SH", "600519.SH", date(2023, 1, 18), date(2023, 1, 20))
    ]
    assert imported.tables["calendar"]["date"].to_list() == DAYS[:4]
    assert imported.left_out == ("my_list.txt",)


def test_the_mapping_is_one_that_a_market_of_files_reads(bundle: Path, tmp_path: Path) -> None:
    mapping = write_imported(import_bundle(bundle), tmp_path / "tables", "mine")
    source = FilesSource(load_mapping(mapping), mapping.parent)
    bars = source.bars(DAYS[0], DAYS[3])
    assert bars["close"].to_list() == [1681.01, 1700.0]
    assert source.gaps.suspended_rows
    assert {"pre_close", "amount", "is_st", "turnover"} == source.gaps.columns
    assert source.index_members()["effective_to"].to_list() == [None], "still a member"
    assert source.index_bars(DAYS[0], DAYS[3])["close"].to_list()[0] == 4000.5


def test_what_was_exported_comes_back(tmp_path: Path) -> None:
    quoted = [1681.01, 9.99, 123.45]
    rows = [
        row("600519.SH", day, price, adj_factor=7.123456, volume=1_234_567)
        for day, price in zip(DAYS, quoted, strict=False)
    ]
    listed = members(("000300.SH", "600519.SH", DAYS[1], None))
    market = SmallMarket(tuple(rows), listed, tuple(DAYS[:3]))
    export_bundle(market.input(), tmp_path / "bundle")
    tables = import_bundle(tmp_path / "bundle").tables
    assert tables["bars"]["close"].to_list() == quoted
    assert tables["bars"]["volume"].to_list() == [1_234_567] * 3
    assert tables["bars"]["adj_factor"].to_list() == [np.float32(7.123456)] * 3
    assert tables["index_members"]["effective_from"].to_list() == [DAYS[1]]


@pytest.mark.parametrize("factor", [nan, float("inf"), 0.0, -1.0])
def test_without_a_factor_above_zero_nothing_that_it_adjusts_is_known(
    bundle: Path, factor: float
) -> None:
    dump(bundle, "SH600519", 1, factor=[0.5, 0.5, factor])
    last = import_bundle(bundle).tables["bars"].row(-1, named=True)
    assert last["date"] == DAYS[3]
    assert last["change"] == pytest.approx(-0.02)
    adjusted = ("open", "high", "low", "close", "volume", "adj_factor")
    assert [last[name] for name in adjusted] == [None] * 6


@pytest.mark.parametrize("field", ["open", "volume", "change"])
@pytest.mark.parametrize("value", [nan, float("inf")])
def test_what_is_not_finite_is_unknown(bundle: Path, field: str, value: float) -> None:
    dump(bundle, "SH600519", 1, **{field: [1, nan, value]})
    bars = import_bundle(bundle).tables["bars"]
    assert bars[field].is_null().to_list() == [False, True]
    assert bars["close"].to_list() == [1681.01, 1700.0]


def test_points_of_an_index_are_finite_or_unknown(bundle: Path) -> None:
    dump(bundle, "SH000300", 0, factor=[1, nan, 0, 1])
    points = import_bundle(bundle).tables["index_bars"]
    assert points["open"].to_list() == [4000.5, None, None, 4030]


def test_a_bundle_without_factors_is_refused(bundle: Path) -> None:
    for file in (bundle / "features").glob("*/factor.day.bin"):
        file.unlink()
    with pytest.raises(ConfigurationError, match="factor"):
        import_bundle(bundle)


def test_a_folder_that_is_no_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no Qlib bundle"):
        import_bundle(tmp_path)


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00", struct.pack("<2f", 0, 1) + b"\x00", struct.pack("<3f", 3, 1, 2),
     struct.pack("<2f", -1, 1)],
    ids=["empty", "torn head", "torn value", "beyond the calendar", "before it"],
)  # fmt: skip
def test_a_torn_series_is_named(bundle: Path, content: bytes) -> None:
    file = bundle / "features/sh600519/close.day.bin"
    file.write_bytes(content)
    with pytest.raises(DataError, match=r"sh600519/close\.day\.bin"):
        import_bundle(bundle)


@pytest.mark.parametrize(
    "line", ["SH600519\t2023-01-18", "SH600519 2023-01-18 2023-01-20", "SH600519\t2023/01/18\t-"]
)
def test_a_broken_line_of_members_is_named(bundle: Path, line: str) -> None:
    file = bundle / "instruments/csi300.txt"
    file.write_text(f"{file.read_text()}\n{line}\n")
    with pytest.raises(DataError, match=r"line 3 is not a symbol") as caught:
        import_bundle(bundle)
    assert str(file) in caught.value.where


def test_a_folder_that_holds_something_is_not_written_to(bundle: Path) -> None:
    with pytest.raises(ConfigurationError, match="not empty"):
        write_imported(import_bundle(bundle), bundle, "mine")


def test_a_series_reads_as_days_and_values(tmp_path: Path) -> None:
    export_bundle(PLAIN.input(), tmp_path / "bundle")
    file = tmp_path / "bundle/features/sz000001/close.day.bin"
    found = read_series(file, pl.Series("date", DAYS))
    assert found["date"].to_list() == DAYS[2:]
    assert found["value"].to_list() == [22, 23, 24, 25, 26, 27]
