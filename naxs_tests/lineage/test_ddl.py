"""Contracts as statements of SQL: DuckDB runs them, ClickHouse's are told word for word."""

from __future__ import annotations

from datetime import UTC, date, datetime

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from naxs_assets.errors import DataError
from naxs_assets.lineage.contract import Column, Contract
from naxs_assets.lineage.ddl import DIALECTS, ddl
from naxs_assets.lineage.warehouse_tables import Described

INSTANT = pl.Datetime("us", "UTC")
KINDS = Contract(
    name="kinds",
    version=3,
    key=("date", "symbol"),
    columns=(
        Column("date", pl.Date, "-", "trading day"),
        Column("symbol", pl.String, "-", 'it\'s a "name"'),
        Column("close", pl.Float64, "CNY", "close", nullable=True),
        Column("feature", pl.Float32, "z", "a feature", nullable=True),
        Column("day", pl.Int32, "days", "index"),
        Column("volume", pl.Int64, "shares", "traded", nullable=True),
        Column("size", pl.UInt8, "-", "small"),
        Column("is_st", pl.Boolean, "-", "special treatment", nullable=True),
        Column("available_at", INSTANT, "UTC", "instant", nullable=True),
    ),
)
TABLES = {"market/kinds": Described(KINDS, "各类\n\nEvery kind")}
ROWS = pl.DataFrame(
    {
        "date": [date(1990, 12, 19), date(2024, 2, 29)],
        "symbol": ["600519.SH", "平安"],
        "close": [0.1 + 0.2, None],
        "feature": [1 / 3, None],
        "day": [0, 8000],
        "volume": [2**53 + 1, None],
        "size": [0, 255],
        "is_st": [True, None],
        "available_at": [datetime(2024, 1, 1, 9, 30, 0, 123456, tzinfo=UTC), None],
    },
    schema={column.name: column.dtype for column in KINDS.columns},
)

CLICKHOUSE = """\
CREATE DATABASE IF NOT EXISTS `market`;

CREATE TABLE IF NOT EXISTS `market`.`kinds` (
    `date` Date32 COMMENT 'trading day',
    `symbol` String COMMENT 'it\\'s a "name"',
    `close` Nullable(Float64) COMMENT 'close (CNY)',
    `feature` Nullable(Float32) COMMENT 'a feature (z)',
    `day` Int32 COMMENT 'index (days)',
    `volume` Nullable(Int64) COMMENT 'traded (shares)',
    `size` UInt8 COMMENT 'small',
    `is_st` Nullable(Bool) COMMENT 'special treatment',
    `available_at` Nullable(DateTime64(6, 'UTC')) COMMENT 'instant (UTC)'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(`date`)
ORDER BY (`date`, `symbol`)
COMMENT '各类\\n\\nEvery kind\\nkinds v3, key date, symbol';
"""


def test_rows_come_back_from_duckdb_as_they_went_in() -> None:
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(ddl(TABLES, "duckdb"))
        connection.register("rows", ROWS.to_arrow())
        connection.execute("INSERT INTO market.kinds SELECT * FROM rows")
        stored = connection.sql("FROM market.kinds ORDER BY date, symbol").to_arrow_table()
        assert_frame_equal(pl.DataFrame(stored), ROWS)
        with pytest.raises(duckdb.ConstraintException, match="uplicate key"):
            connection.execute("INSERT INTO market.kinds SELECT * FROM rows")
        with pytest.raises(duckdb.ConstraintException, match="NOT NULL"):
            connection.execute("INSERT INTO market.kinds (date, symbol) VALUES (now(), 'a')")


def test_duckdb_keeps_comments_with_units() -> None:
    with duckdb.connect(":memory:") as connection:
        connection.execute(ddl(TABLES, "duckdb"))
        said = dict(
            connection.execute("SELECT column_name, comment FROM duckdb_columns()").fetchall()
        )
        ((table,),) = connection.execute("SELECT comment FROM duckdb_tables()").fetchall()
    assert said["close"] == "close (CNY)"
    assert said["symbol"] == 'it\'s a "name"'
    assert table == "各类\n\nEvery kind\nkinds v3, key date, symbol"


def test_clickhouse_is_told_word_for_word() -> None:
    assert ddl(TABLES, "clickhouse") == CLICKHOUSE


def test_a_table_without_a_day_in_its_key_has_no_partitions() -> None:
    contract = Contract("names", 1, ("symbol",), (Column("symbol", pl.String, "-", "name"),))
    assert "PARTITION" not in ddl({"market/names": Described(contract, "x")}, "clickhouse")


def test_clickhouse_parses_where_sqlglot_is_installed() -> None:
    sqlglot = pytest.importorskip("sqlglot")
    assert len(sqlglot.parse(ddl(TABLES, "clickhouse"), dialect="clickhouse")) == 2


def test_an_instant_that_duckdb_cannot_hold_is_refused_by_its_column() -> None:
    fine = Column("at", pl.Datetime("ns", "UTC"), "UTC", "instant")
    contract = Contract("kinds", 1, ("at",), (fine,))
    with pytest.raises(DataError, match="no type for a column of timestamp") as refused:
        ddl({"market/kinds": Described(contract, "x")}, DIALECTS[0])
    assert refused.value.where == "market/kinds, column at"
