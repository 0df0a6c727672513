"""A Qlib bundle: its bytes, and how it grows, is restated and survives a kill."""

from __future__ import annotations

import itertools
import struct
import zlib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naxs_assets.errors import ConfigurationError, DataError
from naxs_assets.lineage import staging
from naxs_assets.market import qlib_bundle_export, qlib_bundle_manifest
from naxs_assets.market.qlib_bundle import qlib_symbol, rows_of_index_prices, symbol_of_qlib
from naxs_assets.market.qlib_bundle_export import BundleBusyError, Exported, export_bundle
from naxs_assets.market.qlib_bundle_input import BundleInput, Part
from naxs_assets.market.qlib_bundle_manifest import MANIFEST_FILE, damaged_files, read_manifest
from naxs_tests.market.qlib_market import (
    DAYS,
    FIELDS,
    PLAIN,
    SmallMarket,
    files_of,
    members,
    read_bundle,
    row,
)

nan = float("nan")


def export(market: SmallMarket, folder: Path) -> Exported:
    return export_bundle(market.input(), folder)


def fresh(market: SmallMarket, tmp_path: Path) -> dict[str, bytes]:
    """The files of a bundle that is made at once."""
    with TemporaryDirectory(dir=tmp_path) as name:
        export(market, Path(name) / "fresh")
        return dict(files_of(Path(name) / "fresh"))


def states(folder: Path) -> dict[str, tuple[int, int]]:
    """Inode and time of change of every file: another inode is another file."""
    return {
        str(file.relative_to(folder)): (file.stat().st_ino, file.stat().st_mtime_ns)
        for file in folder.rglob("*")
        if file.is_file()
    }


def series(folder: Path, symbol: str, field: str) -> list[float]:
    content = (folder / "features" / symbol.lower() / f"{field}.day.bin").read_bytes()
    return list(struct.unpack(f"<{len(content) // 4}f", content))


@pytest.mark.parametrize(
    ("ours", "qlib"),
    [("600519.SH", "SH600519"), ("000001.SZ", "SZ000001"), ("430047.BJ", "BJ430047")],
)
def test_symbols_go_both_ways(ours: str, qlib: str) -> None:
    assert qlib_symbol(ours) == qlib
    assert symbol_of_qlib(qlib) == symbol_of_qlib(qlib.lower()) == ours


@pytest.mark.parametrize("name", ["all", "csi300", "SH60051", "600519", "SH600519X"])
def test_other_names_are_no_symbols(name: str) -> None:
    assert symbol_of_qlib(name) is None


def test_the_values_are_those_of_qlibs_own_dump(tmp_path: Path) -> None:
    days = tuple(DAYS[:4])
    bars = SmallMarket(
        (
            row("600519.SH", days[1], 12.0, open=10.0, high=12.5, low=9.5, pre_close=8.0,
                volume=200, amount=2200.0, adj_factor=2.0),
            row("600519.SH", days[2], 12.0, volume=0, is_suspended=True, adj_factor=2.0),
            row("600519.SH", days[3], 6.0, pre_close=5.0,
                volume=200, amount=1200.0, adj_factor=4.0),
            row("000001.SZ", days[0], 1.0),
        ),
        days=days,
    )  # fmt: skip
    export(bars, tmp_path / "bundle")
    expected = {
        # the place of the first value in the calendar, then prices x factor
        "open": [1, 20, nan, 24],
        "high": [1, 25, nan, 24],
        "low": [1, 19, nan, 24],
        "close": [1, 24, nan, 24],
        "volume": [1, 100, nan, 50],  # shares over the factor
        "amount": [1, 2200, nan, 1200],  # CNY as traded
        "vwap": [1, 22, nan, 24],
        "change": [1, 0.5, nan, np.float32(0.2)],  # on the ex-right previous close
        "factor": [1, 2, 2, 4],  # known while suspended
    }
    for field, values in expected.items():
        np.testing.assert_array_equal(series(tmp_path / "bundle", "SH600519", field), values, field)


def test_the_calendar_and_the_instruments_are_text(tmp_path: Path) -> None:
    export(PLAIN, tmp_path / "bundle")
    calendar = (tmp_path / "bundle/calendars/day.txt").read_text()
    assert calendar == "".join(f"{day}\n" for day in DAYS)
    assert (tmp_path / "bundle/instruments/all.txt").read_text() == (
        "SH600519\t2023-01-17\t2023-02-02\n"
        "SZ000001\t2023-01-19\t2023-02-02\n"
        "SZ300750\t2023-01-17\t2023-01-20\n"
    )


def test_an_index_has_the_members_of_each_day_and_none_of_the_future(tmp_path: Path) -> None:
    listed = members(
        ("000300.SH", "600519.SH", date(2020, 1, 1), None),
        ("000300.SH", "000001.SZ", date(2023, 1, 18), date(2023, 1, 19)),
        ("000300.SH", "000001.SZ", date(2023, 1, 31), date(2023, 6, 30)),
        ("000300.SH", "300750.SZ", date(2023, 2, 3), None),
        ("000985.SH", "300750.SZ", date(2022, 1, 1), date(2022, 12, 31)),
        ("000986.SH", "300750.SZ", date(2022, 1, 1), date(2023, 1, 17)),
    )
    export(SmallMarket(PLAIN.rows, listed), tmp_path / "bundle")
    assert (tmp_path / "bundle/instruments/csi300.txt").read_text() == (
        "SZ000001\t2023-01-18\t2023-01-19\n"
        "SZ000001\t2023-01-31\t2023-02-02\n"
        "SH600519\t2023-01-17\t2023-02-02\n"
    )
    assert not (tmp_path / "bundle/instruments/sh000985.txt").exists()
    assert (tmp_path / "bundle/instruments/sh000986.txt").read_text() == (
        "SZ300750\t2023-01-17\t2023-01-17\n"
    )


def test_an_index_has_a_series_and_is_no_stock(tmp_path: Path) -> None:
    points = pl.DataFrame(
        {"date": DAYS[:2], "index": "000300.SH", "day": [0, 1], "open": 4000.0, "high": 4100.0,
         "low": 3900.0, "close": 4050.5, "volume": 7, "amount": None}
    )  # fmt: skip
    market = PLAIN.input()
    month = Part(
        date(2023, 1, 1), date(2023, 1, 31), "x", lambda: rows_of_index_prices(points), True
    )
    parts = {**market.parts, "market/index_prices 2023-01": month}
    export_bundle(BundleInput(market.calendar, parts, market.members), tmp_path / "bundle")
    assert series(tmp_path / "bundle", "SH000300", "close") == [0, 4050.5, 4050.5]
    assert series(tmp_path / "bundle", "SH000300", "factor") == [0, 1, 1]
    assert "SH000300" not in (tmp_path / "bundle/instruments/all.txt").read_text()


def test_one_more_day_appends_four_bytes_a_file_in_place(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    export(PLAIN.until(DAYS[5]), folder)
    before, sizes = states(folder), {name: len(of) for name, of in files_of(folder).items()}
    done = export(PLAIN.until(DAYS[6]), folder)  # the first day of another month
    assert (done.grown, done.rewritten) == (2, 0)
    after = files_of(folder)
    for symbol, grows in (("sh600519", 4), ("sz000001", 4), ("sz300750", 0)):
        for field in FIELDS:
            name = f"features/{symbol}/{field}.day.bin"
            assert len(after[name]) == sizes[name] + grows
            assert states(folder)[name][0] == before[name][0], "the same file"
    assert after == fresh(PLAIN.until(DAYS[6]), tmp_path)


def test_nothing_is_written_when_nothing_changed(tmp_path: Path) -> None:
    export(PLAIN, tmp_path / "bundle")
    before = states(tmp_path)
    done = export(PLAIN, tmp_path / "bundle")
    assert (done.written, done.grown, done.rewritten) == (0, 0, 0)
    assert states(tmp_path) == before


def test_a_restated_past_is_rewritten_for_its_symbol_and_fields_alone(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    export(PLAIN, folder)
    before = states(folder)
    restated = PLAIN.restated("600519.SH", DAYS[1], high=99.0)
    done = export(restated, folder)
    changed = {name for name, state in states(folder).items() if state != before[name]}
    assert changed == {"features/sh600519/high.day.bin", MANIFEST_FILE}
    assert (done.grown, done.rewritten) == (0, 1)
    assert files_of(folder) == fresh(restated, tmp_path)


def test_a_dividend_of_today_changes_nothing_of_the_past(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    export(PLAIN.until(DAYS[6]), folder)
    before = read_bundle(folder)
    export(PLAIN.restated("600519.SH", DAYS[7], adj_factor=3.0), folder)
    assert {key: value for key, value in read_bundle(folder).items() if key in before} == before
    assert series(folder, "SH600519", "factor")[-2:] == [1.5, 3.0]


def test_a_restated_factor_rewrites_its_symbol_alone(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    export(PLAIN, folder)
    before = states(folder)
    restated = PLAIN
    for day in DAYS:
        restated = restated.restated("600519.SH", day, adj_factor=4.5)
    export(restated, folder)
    changed = {name for name, state in states(folder).items() if state != before[name]}
    assert {name.split("/")[1] for name in changed - {MANIFEST_FILE}} == {"sh600519"}
    assert files_of(folder) == fresh(restated, tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        lambda market: market.without("300750.SZ"),
        lambda market: market.without("300750.SZ", DAYS[3]),
        lambda market: market.without("000001.SZ", DAYS[2]),
        lambda market: market.without("000001.SZ", DAYS[4]),
        lambda market: SmallMarket((row("000001.SZ", DAYS[0], 5.0), *market.rows)),
        lambda market: SmallMarket((*market.rows, row("300750.SZ", DAYS[7], 5.0))),
        lambda market: SmallMarket((*market.rows, row("688981.SH", DAYS[7], 5.0))),
        lambda market: market.until(DAYS[5]),
        lambda market: SmallMarket(market.rows[3:], days=tuple(DAYS[1:])).without(
            "600519.SH", DAYS[0]
        ).without("300750.SZ", DAYS[0]),
    ],
    ids=["symbol gone", "last row gone", "first row gone", "row gone", "earlier row", "comes back",
         "new symbol", "days gone", "begins later"],
)  # fmt: skip
def test_whatever_changes_the_bundle_is_the_one_made_at_once(
    change: Callable[[SmallMarket], SmallMarket], tmp_path: Path
) -> None:
    export(PLAIN, tmp_path / "bundle")
    changed = change(PLAIN)
    export(changed, tmp_path / "bundle")
    assert files_of(tmp_path / "bundle") == fresh(changed, tmp_path)


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(
            st.integers(0, len(DAYS) - 1),
            st.integers(0, len(PLAIN.rows) - 1),
            st.sampled_from(["close", "volume", "adj_factor", "remove"]),
            st.integers(1, 50),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_any_history_of_days_and_corrections_gives_the_bundle_made_at_once(
    steps: list[tuple[int, int, str, int]],
) -> None:
    with TemporaryDirectory() as name:
        market, folder = PLAIN, Path(name) / "bundle"
        for day, number, what, value in steps:
            hit: Any = market.rows[number % len(market.rows)]
            if what == "remove" and len(market.rows) > 12:
                market = market.without(hit["symbol"], hit["date"])
            elif what != "remove":
                market = market.restated(hit["symbol"], hit["date"], **{what: value})
            export(market.until(DAYS[day]), folder)
            assert files_of(folder) == fresh(market.until(DAYS[day]), Path(name))


class Killed(BaseException):
    """A process that ends here."""


def kill(patch: pytest.MonkeyPatch, at: int) -> None:
    """End the process at a step: before a file is replaced, or after one was changed."""
    steps = itertools.count(1)

    def stop_before(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: object) -> object:
            if next(steps) == at:
                raise Killed
            return real(*arguments)

        return step

    patch.setattr(qlib_bundle_export, "write_whole", stop_before(staging.write_whole))
    patch.setattr(qlib_bundle_manifest, "write_whole", stop_before(staging.write_whole))
    patch.setattr(qlib_bundle_export, "zlib", SimpleNamespace(crc32=stop_before(zlib.crc32)))


def calendar_of(market: SmallMarket) -> str:
    return "".join(f"{day}\n" for day in market.days)


def test_an_export_that_is_killed_anywhere_is_completed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = PLAIN.until(DAYS[6])
    target = PLAIN.restated("600519.SH", DAYS[1], high=99.0, close=11.5).without(
        "000001.SZ", DAYS[2]
    )
    expected = fresh(target, tmp_path)
    for kill_at in itertools.count(1):
        folder = tmp_path / f"killed-{kill_at}"
        export(start, folder)
        before = read_bundle(folder)
        with monkeypatch.context() as patch:
            kill(patch, kill_at)
            try:
                export(target, folder)
                break  # it was done before
            except Killed:
                pass
        left = read_bundle(folder)
        if (days := (folder / "calendars/day.txt").read_text()) == calendar_of(start):
            assert {key for key in left if key[0] != "SZ000001"} <= before.keys(), "nothing ahead"
        assert days in (calendar_of(start), calendar_of(target))
        export(target, folder)
        assert files_of(folder) == expected
    assert kill_at > 25


def test_a_first_export_that_is_killed_leaves_no_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        kill(patch, 4)
        with pytest.raises(Killed):
            export(PLAIN, tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()
    export(PLAIN, tmp_path / "bundle")
    assert files_of(tmp_path / "bundle") == fresh(PLAIN, tmp_path)


def test_a_torn_append_is_mended(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    export(PLAIN, folder)
    with (folder / "features/sh600519/close.day.bin").open("ab") as stream:
        stream.write(b"\x00\x01")
    export(PLAIN, folder)
    assert files_of(folder) == fresh(PLAIN, tmp_path)


def test_damage_is_found_by_reading(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    export(PLAIN, folder)
    manifest = read_manifest(folder)
    assert manifest is not None
    assert damaged_files(folder, manifest) == []
    close = folder / "features/sh600519/close.day.bin"
    close.write_bytes(close.read_bytes()[:-4] + struct.pack("<f", 1.25))
    (folder / "features/sz000001/vwap.day.bin").unlink()
    (folder / "calendars/day.txt").write_text("2023-01-17\n")
    names = {str(file.relative_to(folder)) for file in damaged_files(folder, manifest)}
    assert names == {
        "features/sh600519/close.day.bin",
        "features/sz000001/vwap.day.bin",
        "calendars/day.txt",
    }


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ConfigurationError, match="holds something"):
        export(PLAIN, tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_a_manifest_that_cannot_be_read_says_what_to_do(tmp_path: Path) -> None:
    export(PLAIN, tmp_path / "bundle")
    (tmp_path / "bundle" / MANIFEST_FILE).write_text("{")
    with pytest.raises(DataError, match="export it again"):
        export(PLAIN, tmp_path / "bundle")


def test_two_writers_do_not_meet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from filelock import FileLock

    monkeypatch.setattr(qlib_bundle_export, "_LOCK_SECONDS", 0)
    with FileLock(tmp_path / ".bundle.lock"), pytest.raises(BundleBusyError):
        export(PLAIN, tmp_path / "bundle")


def test_two_rows_of_one_day_are_refused(tmp_path: Path) -> None:
    twice = SmallMarket((*PLAIN.rows, row("600519.SH", DAYS[0], 1.0)))
    with pytest.raises(DataError, match="twice on one"):
        export(twice, tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()


def test_a_row_on_no_trading_day_is_refused(tmp_path: Path) -> None:
    closed = SmallMarket((*PLAIN.rows, row("600519.SH", date(2023, 1, 21), 1.0)))
    with pytest.raises(DataError, match="no day of the calendar"):
        export(closed, tmp_path / "bundle")
