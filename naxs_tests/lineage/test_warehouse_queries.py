"""A connection to the warehouse answers one query at a time, and can do nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from naxs_assets.errors import EXIT_FAILED, EXIT_USAGE
from naxs_assets.lineage.publishing import Lineage
from naxs_assets.lineage.warehouse import WAREHOUSE_FILE, connect, publish
from naxs_assets.lineage.warehouse_queries import (
    Limits,
    QueryLimitError,
    QueryRefusedError,
    Warehouse,
)
from naxs_tests.lineage.support import numbers, put

OUTSIDE = "secret.csv"


@pytest.fixture
def home(lineage: Lineage, folder: Path) -> Path:
    put(lineage, "market/prices", {"2020-01": numbers("2020-01", 1, 2, 3)})
    publish(lineage, {}, folder / "home")
    (folder / OUTSIDE).write_text("password\nhunter2\n")
    return folder / "home"


@pytest.fixture(params=["published", "degraded"])
def warehouse(request: pytest.FixtureRequest, home: Path) -> Iterator[Warehouse]:
    """A connection by the file, and one without it."""
    if request.param == "degraded":
        (home / WAREHOUSE_FILE).unlink()
    with connect(home) as opened:
        yield opened


def files(folder: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize(
    "query",
    [
        "SELECT count(*) FROM market.prices",
        "FROM market.prices LIMIT 1",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "DESCRIBE market.prices",
        "SUMMARIZE market.prices",
        "VALUES (1)",
        "SELECT 1; -- and a word about it",
    ],
)
def test_queries_are_answered(warehouse: Warehouse, query: str) -> None:
    assert warehouse.query(query).rows


@pytest.mark.parametrize(
    "statement",
    [
        "",
        "-- nothing",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP VIEW market.prices",
        "INSERT INTO naxs.tables VALUES (1)",
        "UPDATE naxs.versions SET rows = 0",
        "DELETE FROM naxs.versions",
        "CREATE TABLE memory.main.t AS SELECT 1",
        "CREATE TEMP TABLE t AS SELECT 1",
        "CREATE MACRO f(x) AS x",
        "DROP VIEW market.prices",
        "COPY (SELECT 1) TO '{home}/out.csv'",
        "COPY (SELECT 1) TO '{home}/store/objects/out.csv'",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '{home}/store/objects/out.csv'",
        "EXPORT DATABASE '{home}/out'",
        "ATTACH '{home}/other.duckdb'",
        "DETACH warehouse",
        "USE memory",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "SET allowed_directories = ['/']",
        "RESET memory_limit",
        "PRAGMA database_list",
        "CALL enable_logging()",
        "PREPARE p AS SELECT 1",
        "BEGIN",
        "CHECKPOINT",
        "VACUUM",
    ],
)
def test_everything_else_is_refused_and_changes_nothing(
    warehouse: Warehouse, home: Path, statement: str
) -> None:
    before = files(home.parent)
    with pytest.raises(QueryRefusedError, match="only one query") as refused:
        warehouse.query(statement.format(home=home))
    assert refused.value.exit_code == EXIT_USAGE
    assert files(home.parent) == before
    assert warehouse.query("SELECT sum(value) FROM market.prices").rows == [(6.0,)]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM '{outside}'",
        "SELECT * FROM read_csv('{outside}')",
        "SELECT * FROM read_text('{outside}')",
        "SELECT * FROM read_blob('{home}/store/objects/../../../{name}')",
        "SELECT * FROM glob('{outside}')",
        "SELECT * FROM sniff_csv('{outside}')",
        "SELECT * FROM read_text('/proc/self/environ')",
        "SELECT * FROM read_parquet('http://127.0.0.1:9/x.parquet')",
        "SELECT * FROM read_parquet('s3://bucket/x.parquet')",
        "SELECT * FROM query('SELECT * FROM read_csv(''{outside}'')')",
        "SELECT * FROM enable_logging(storage = 'file', storage_path = '{home}/logs')",
        "SELECT * FROM read_duckdb('{home}/ledger.db')",
        "SELECT * FROM sqlite_scan('{home}/ledger.db', 'versions')",
        "SELECT * FROM duckdb_secrets()",
        "SELECT getenv('HOME')",
        "SELECT * FROM local_frame",
    ],
)
def test_nothing_but_the_stores_files_can_be_read(
    warehouse: Warehouse, home: Path, query: str
) -> None:
    local_frame = numbers("2020-01", 1)  # DuckDB would find a Python variable by its name
    assert local_frame.height == 1
    before = files(home.parent)
    outside = home.parent / OUTSIDE
    with pytest.raises(QueryRefusedError):
        warehouse.query(query.format(home=home, outside=outside, name=OUTSIDE))
    assert files(home.parent) == before


def test_the_stores_files_can_be_read_by_name(warehouse: Warehouse, home: Path) -> None:
    (file,) = warehouse.query("SELECT file FROM naxs.versions").rows[0]
    assert warehouse.query(f"SELECT sum(value) FROM '{home}/store/{file}'").rows == [(6.0,)]


@pytest.mark.parametrize(
    ("query", "what", "where"),
    [
        ("SELEC 1", "syntax error", "line 1, at 'SELEC' in: SELEC 1"),
        ("SELECT valu FROM market.prices", '"valu" not found', "line 1, at 'valu'"),
        ("SELECT *\nFROM market.price", "price does not exist", "line 2, at 'market.price'"),
        ("SELECT value::DATE FROM market.prices", "cast", "line 1"),
    ],
)
def test_wrong_sql_is_told_in_words(
    warehouse: Warehouse, query: str, what: str, where: str
) -> None:
    with pytest.raises(QueryRefusedError) as refused:
        warehouse.query(query)
    assert what in refused.value.what
    assert "\n" not in refused.value.what
    assert where in refused.value.where
    assert refused.value.remedy


def test_a_query_ends_when_its_time_is_over(home: Path) -> None:
    with connect(home, Limits(seconds=0.2)) as warehouse:
        with pytest.raises(QueryLimitError, match=r"longer than 0\.2 seconds") as refused:
            warehouse.query("SELECT count(*) FROM range(100_000_000_000) a")
        assert refused.value.exit_code == EXIT_FAILED
        assert warehouse.query("SELECT 1").rows == [(1,)], "the connection can be used further"


def test_a_query_ends_when_it_needs_too_much_memory(home: Path) -> None:
    with connect(home, Limits(memory="50MB")) as warehouse:
        with pytest.raises(QueryLimitError, match="more than 50MB of memory"):
            warehouse.query("SELECT * FROM range(100_000_000) a ORDER BY random()")
        assert warehouse.query("SELECT 1").rows == [(1,)]


def test_rows_beyond_the_limit_are_left_out_and_it_says_so(warehouse: Warehouse) -> None:
    answer = warehouse.query("SELECT value FROM market.prices ORDER BY value", limit=2)
    assert (answer.rows, answer.truncated) == ([(1.0,), (2.0,)], True)
    assert not warehouse.query("SELECT value FROM market.prices", limit=3).truncated


def test_a_file_that_is_gone_is_told_with_its_remedy(home: Path, lineage: Lineage) -> None:
    version = lineage.ledger.current("market/prices", "2020-01")
    assert version is not None
    (home / "store" / version.uri).unlink()
    with connect(home) as warehouse, pytest.raises(QueryRefusedError) as refused:
        warehouse.query("SELECT * FROM market.prices")
    assert "naxs lineage verify" in refused.value.remedy
