"""The warehouse: views over the current files, published by rename; readers never wait."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import fsspec
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from naxs_assets.errors import NaxsError
from naxs_assets.lineage.contract import Column
from naxs_assets.lineage.publishing import Lineage
from naxs_assets.lineage.records import UNPARTITIONED
from naxs_assets.lineage.warehouse import WAREHOUSE_FILE, connect, publish
from naxs_assets.lineage.warehouse_tables import Described
from naxs_tests.lineage.support import NUMBERS, numbers, put, small_home

KILLS = 20
MONTHS = ("2020-01", "2020-02", "2020-03")
PRICES = "market/prices"
DESCRIBED = {PRICES: Described(NUMBERS, "数字\n\nO'Brien's \"numbers\"")}
ALL = "SELECT date, value, until FROM market.prices ORDER BY date"


@pytest.fixture
def home(folder: Path) -> Path:
    return folder / "home"


@pytest.fixture
def filled(lineage: Lineage) -> Lineage:
    """A home with three months of numbers, and an unpartitioned table."""
    put(lineage, PRICES, {month: numbers(month, 1, None, 3) for month in MONTHS})
    put(lineage, "market/days", {UNPARTITIONED: numbers("2020-01", 7)}, monthly=False)
    return lineage


def asked(home: Path, sql: str) -> list[tuple[object, ...]]:
    with connect(home) as warehouse:
        return warehouse.query(sql).rows


# --- What is published ---------------------------------------------------------------------------


def test_each_table_asset_is_a_view_of_its_current_rows(filled: Lineage, home: Path) -> None:
    done = publish(filled, DESCRIBED, home)
    assert (done.file, done.is_new, done.tables, done.results) == (
        home / WAREHOUSE_FILE,
        True,
        2,
        4,
    )
    with connect(home) as warehouse:
        assert warehouse.degraded is None
        assert_frame_equal(
            warehouse.frame(ALL), pl.concat(numbers(month, 1, None, 3) for month in MONTHS)
        )
        assert warehouse.query("SELECT value FROM market.days").rows == [(7.0,)]


def test_a_published_home_reads_the_same_as_its_parquet_files(filled: Lineage, home: Path) -> None:
    put(filled, PRICES, {"2020-02": numbers("2020-02", 5)})  # restated: the older file stays
    publish(filled, DESCRIBED, home)
    with connect(home) as warehouse:
        rows = warehouse.frame(ALL)
    reader = filled.reader(PRICES)
    assert_frame_equal(rows, pl.concat(reader[month].frame() for month in reader))


def test_the_month_of_a_row_is_a_column_and_a_condition_on_it_skips_other_files(
    filled: Lineage, home: Path
) -> None:
    publish(filled, DESCRIBED, home)
    march = asked(
        home, "SELECT month, count(*) FROM market.prices WHERE month > '2020-02' GROUP BY 1"
    )
    assert march == [("2020-03", 3)]
    version = filled.ledger.current(PRICES, "2020-02")
    assert version is not None
    (home / "store" / version.uri).write_bytes(b"not opened")
    assert asked(home, "SELECT sum(value) FROM market.prices WHERE month = '2020-03'") == [(4.0,)]


def test_an_unpartitioned_table_has_no_month(filled: Lineage, home: Path) -> None:
    publish(filled, DESCRIBED, home)
    columns = asked(home, "SELECT column_name FROM naxs.columns WHERE table_name = 'days'")
    assert columns == [("date",), ("value",), ("until",)]


def test_months_that_share_a_file_keep_their_own_month(lineage: Lineage, home: Path) -> None:
    same = numbers("2020-01", 1)
    empty = same.clear()
    put(lineage, PRICES, {"2020-01": same, "2020-02": same, "2020-03": empty, "2020-04": empty})
    publish(lineage, {}, home)
    rows = asked(home, "SELECT month, value FROM market.prices ORDER BY month")
    assert rows == [("2020-01", 1.0), ("2020-02", 1.0)]


def test_months_of_an_older_contract_lack_what_the_newer_one_added(
    lineage: Lineage, home: Path
) -> None:
    wider = replace(
        NUMBERS,
        version=2,
        columns=(*NUMBERS.columns, Column("source", pl.String, "-", "who said so", nullable=True)),
    )
    put(lineage, PRICES, {"2020-01": numbers("2020-01", 1)})
    newer = numbers("2020-02", 2).with_columns(source=pl.lit("vendor"))
    put(lineage, PRICES, {"2020-02": newer}, contract=wider)
    publish(lineage, {PRICES: Described(wider, "numbers")}, home)
    rows = asked(home, "SELECT month, value, source FROM market.prices ORDER BY month")
    assert rows == [("2020-01", 1.0, None), ("2020-02", 2.0, "vendor")]


def test_tables_and_columns_have_comments_with_units(filled: Lineage, home: Path) -> None:
    publish(filled, DESCRIBED, home)
    # As any DuckDB program sees them, not only this one.
    with duckdb.connect(str(home / WAREHOUSE_FILE), read_only=True) as plain:
        ((said,),) = plain.execute(
            "SELECT comment FROM duckdb_views() WHERE view_name = 'prices'"
        ).fetchall()
        columns = dict(
            plain.execute(
                "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'prices'"
            ).fetchall()
        )
        assert plain.execute("SELECT count(*) FROM market.prices").fetchall() == [(9,)]
    assert said == "数字\n\nO'Brien's \"numbers\"\nnumbers v1, key date"
    assert columns["date"] == "Day of the row"
    assert columns["value"] == "Any amount (CNY)"
    assert columns["month"].startswith("month that the row was made in")
    units = "SELECT data_type, unit, nullable FROM naxs.columns WHERE column_name = 'value'"
    assert ("DOUBLE", "CNY", True) in asked(home, units)


def test_the_versions_that_are_shown_are_on_record(filled: Lineage, home: Path) -> None:
    publish(filled, DESCRIBED, home)
    current = [
        (v.asset, v.partition or None, v.id, v.content_hash, v.rows, v.uri)
        for v in filled.ledger.current_versions()
    ]
    columns = "asset, month, version, content_hash, rows, file"
    shown = asked(home, f"SELECT {columns} FROM naxs.versions ORDER BY asset, month")
    assert shown == current
    ((made_at,),) = asked(home, "SELECT max(made_at) FROM naxs.versions")
    assert str(made_at).startswith("2024-01-01")
    tables = asked(home, "SELECT schema_name, table_name, rows, months FROM naxs.tables")
    assert sorted(tables) == [("market", "days", 1, 1), ("market", "prices", 9, 3)]


def test_texts_are_no_tables(home: Path, lineage: Lineage) -> None:
    assert publish(lineage, {}, home).tables == 0
    assert asked(home, "SELECT * FROM naxs.tables") == []


# --- When it is published ------------------------------------------------------------------------


def test_nothing_is_written_when_nothing_changed(filled: Lineage, home: Path) -> None:
    file = publish(filled, DESCRIBED, home).file
    before = file.stat()
    assert not publish(filled, DESCRIBED, home).is_new
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    put(filled, PRICES, {"2020-03": numbers("2020-03", 4)})
    assert publish(filled, DESCRIBED, home).is_new
    other_words = {PRICES: replace(DESCRIBED[PRICES], description="other words")}
    assert publish(filled, other_words, home).is_new


def test_a_reader_with_the_old_file_open_goes_on_and_a_new_one_sees_the_new_file(
    filled: Lineage, home: Path
) -> None:
    total = "SELECT sum(value) FROM market.prices"
    publish(filled, DESCRIBED, home)
    with connect(home) as old:
        assert old.query(total).rows == [(12.0,)]
        put(filled, PRICES, {"2020-03": numbers("2020-03", 100)})
        assert publish(filled, DESCRIBED, home).is_new
        assert asked(home, total) == [(108.0,)]
        assert old.query(total).rows == [(12.0,)]


def test_a_reader_in_another_process_neither_waits_nor_blocks(filled: Lineage, home: Path) -> None:
    publish(filled, DESCRIBED, home)
    program = (
        "import duckdb, sys\n"
        "c = duckdb.connect(sys.argv[1], read_only=True)\n"
        "print(c.execute('SELECT sum(value) FROM market.prices').fetchone()[0], flush=True)\n"
        "sys.stdin.readline()\n"
        "print(c.execute('SELECT sum(value) FROM market.prices').fetchone()[0], flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(home / WAREHOUSE_FILE)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as reader:
        assert reader.stdin is not None
        assert reader.stdout is not None
        assert reader.stdout.readline() == "12.0\n"
        put(filled, PRICES, {"2020-03": numbers("2020-03", 100)})
        assert publish(filled, DESCRIBED, home).is_new
        reader.stdin.write("\n")
        reader.stdin.flush()
        assert reader.stdout.readline() == "12.0\n"


def test_a_file_that_cannot_be_read_leaves_the_publication_before(
    filled: Lineage, home: Path
) -> None:
    publish(filled, DESCRIBED, home)
    put(filled, PRICES, {"2020-01": numbers("2020-01", 9)})
    version = filled.ledger.current(PRICES, "2020-01")
    assert version is not None
    (home / "store" / version.uri).unlink()
    with pytest.raises(NaxsError, match="the one before stays") as refused:
        publish(filled, DESCRIBED, home)
    assert "naxs lineage verify" in refused.value.remedy
    assert asked(home, "SELECT count(*) FROM market.prices") == [(9,)]
    assert not list(home.glob("*.new*"))


def test_killed_at_any_moment_the_old_file_or_the_new_one_is_there(
    filled: Lineage, home: Path
) -> None:
    moments = random.Random(20240102)  # noqa: S311
    total = "SELECT sum(value) FROM market.prices"
    publish(filled, {}, home)
    shown = 12.0
    with subprocess.Popen(
        [sys.executable, "-m", "naxs_tests.lineage.warehouse_worker", str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        takes = 0.0
        for value in range(1, KILLS + 1):
            put(filled, PRICES, {"2020-03": numbers("2020-03", value)})
            worker.stdin.write("\n")
            worker.stdin.flush()
            child = int(worker.stdout.readline())
            started = time.monotonic()
            if value > 1:  # the first one shows how long a publication takes
                time.sleep(moments.uniform(0, 1.2 * takes))
                with suppress(ProcessLookupError):  # it has ended
                    os.kill(child, signal.SIGKILL)
            worker.stdout.readline()
            takes = takes or time.monotonic() - started
            with connect(home) as warehouse:
                assert warehouse.degraded is None
                ((now,),) = warehouse.query(total).rows
            assert now in (shown, 8.0 + value)
            shown = now
        worker.stdin.close()
    publish(filled, {}, home)
    assert asked(home, total) == [(8.0 + KILLS,)]


def test_what_a_killed_publication_left_is_cleared_away_after_a_day(
    filled: Lineage, home: Path
) -> None:
    old, young = (home / f".{WAREHOUSE_FILE}.{name}.new" for name in ("old", "young"))
    for file in (old, young):
        file.touch()
    os.utime(old, (0, 0))
    publish(filled, DESCRIBED, home)
    assert not old.exists()
    assert young.exists()


# --- Without a usable file -----------------------------------------------------------------------


def torn(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:5000])


def garbled(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[4096:40960] = bytes(36864)
    file.write_bytes(data)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (Path.unlink, "is missing"),
        (torn, "cannot be read"),
        (garbled, "cannot be read"),
        (lambda file: file.write_text("not a database"), "cannot be read"),
        (lambda file: file.write_bytes(b""), "cannot be read"),
    ],
)
def test_without_a_usable_file_the_parquet_files_are_read_and_it_says_so(
    filled: Lineage, home: Path, damage: object, reason: str
) -> None:
    file = publish(filled, DESCRIBED, home).file
    with connect(home) as warehouse:
        expected = warehouse.frame("SELECT * FROM market.prices ORDER BY date")
    assert callable(damage)
    damage(file)
    with connect(home) as warehouse:
        assert warehouse.degraded is not None
        assert reason in warehouse.degraded
        assert warehouse.published_at is None
        found = warehouse.frame("SELECT * FROM market.prices ORDER BY date")
        assert_frame_equal(found, expected)
        assert warehouse.query("SELECT count(*) FROM naxs.versions").rows == [(4,)]
    assert publish(filled, DESCRIBED, home).is_new, "the next publication mends it"
    with connect(home) as warehouse:
        assert warehouse.degraded is None


def test_a_home_that_was_moved_does_not_read_the_files_of_the_old_place(
    filled: Lineage, home: Path, folder: Path
) -> None:
    publish(filled, DESCRIBED, home)
    filled.ledger.database.close()
    moved = home.rename(folder / "moved")
    with connect(moved) as warehouse:
        assert warehouse.degraded is not None
        assert "another store" in warehouse.degraded
        assert warehouse.query("SELECT count(*) FROM market.prices").rows == [(9,)]


# --- Stores on a URL -----------------------------------------------------------------------------


@pytest.fixture
def in_memory(home: Path) -> Iterator[Lineage]:
    """A home whose store is an object store: fsspec's, in the memory of this process."""
    home.mkdir(parents=True)
    url = f"memory://{home.name}-store"
    (home / "naxs.yaml").write_text(f"store: {url}\n")
    lineage = small_home(home, store=url)
    put(lineage, PRICES, {month: numbers(month, 1, 2) for month in MONTHS})
    yield lineage
    lineage.ledger.database.close()
    fsspec.filesystem("memory").store.clear()


def test_a_store_on_a_url_is_published_and_read_alike(in_memory: Lineage, home: Path) -> None:
    publish(in_memory, DESCRIBED, home)
    with connect(home) as warehouse:
        assert warehouse.degraded is None
        assert warehouse.query("SELECT sum(value) FROM market.prices").rows == [(9.0,)]
    (home / WAREHOUSE_FILE).unlink()
    with connect(home) as warehouse:
        assert warehouse.degraded is not None
        rows = warehouse.query("SELECT min(date) FROM market.prices WHERE month = '2020-02'").rows
        assert rows == [(date(2020, 2, 1),)]
