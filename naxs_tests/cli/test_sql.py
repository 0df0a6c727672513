"""``naxs sql`` and ``naxs warehouse``: one query to the home's tables, and nothing else."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from naxs_assets.errors import EXIT_DEGRADED, EXIT_FAILED
from naxs_assets.lineage.warehouse import WAREHOUSE_FILE
from naxs_tests.cli.conftest import MONTHS, Naxs
from naxs_tests.graph.small import ASSETS

# Models and reports are texts.
TABLES = sorted(
    asset.replace("/", ".") for asset in ASSETS if not asset.endswith(("/model", "/report"))
)


def test_a_run_publishes_the_warehouse(finished: Naxs) -> None:
    assert (finished.home / WAREHOUSE_FILE).exists()
    assert not finished.facts("warehouse", "publish")["published"], "it is up to date"


def test_the_tables_are_listed_with_rows_and_months(finished: Naxs) -> None:
    facts = finished.facts("sql", "--tables")
    assert not facts["degraded"]
    rows = {row[0]: row[1:] for row in facts["rows"]}
    assert sorted(rows) == TABLES
    counted, months, first, last, contract = rows["market.prices"]
    assert counted == finished.facts("sql", "SELECT count(*) FROM market.prices")["rows"][0][0]
    assert (months, first, last) == (len(MONTHS), MONTHS[0], MONTHS[-1])
    assert contract.startswith("prices v")
    assert rows["market.calendar"][1:4] == [1, None, None]


def test_a_table_is_described_with_units(finished: Naxs) -> None:
    columns = {row[0]: row for row in finished.facts("sql", "--describe", "market.prices")["rows"]}
    assert columns["close"][1:4] == ["DOUBLE", "CNY", True]
    assert columns["volume"][1:3] == ["BIGINT", "shares"]
    assert columns["limit_up"][1:3] == ["BIGINT", "cents"]
    said = finished.refusal("sql", "--describe", "market.price")
    assert "there is no table 'market.price'" in said
    assert "market.prices" in said


def test_every_table_and_column_has_a_comment(finished: Naxs) -> None:
    lacking = (
        "SELECT count(*) FROM duckdb_columns() JOIN naxs.tables USING (schema_name, table_name) "
        "WHERE coalesce(comment, '') = ''"
    )
    assert finished.facts("sql", lacking)["rows"] == [[0]]


def test_json_holds_columns_types_and_plain_cells(finished: Naxs) -> None:
    facts = finished.facts(
        "sql", "SELECT DATE '2020-01-02' AS day, 'NaN'::DOUBLE AS nan, NULL AS none, [1, 2] AS list"
    )
    assert [column["name"] for column in facts["columns"]] == ["day", "nan", "none", "list"]
    assert facts["columns"][0]["type"] == "DATE"
    assert facts["rows"] == [["2020-01-02", "nan", None, [1, 2]]]
    assert facts["published_at"]


def test_csv_holds_a_head_and_the_rows(finished: Naxs) -> None:
    query = "SELECT month, count(*) AS rows FROM market.prices GROUP BY ALL ORDER BY ALL"
    rows = list(csv.reader(io.StringIO(finished("sql", query, "--csv").stdout)))
    assert rows[0] == ["month", "rows"]
    assert [row[0] for row in rows[1:]] == MONTHS


def test_rows_beyond_the_limit_are_left_out_and_it_says_so(finished: Naxs) -> None:
    result = finished("sql", "SELECT date FROM market.prices", "--limit", 3)
    assert len(result.stdout.splitlines()) == 4
    assert "first 3 rows" in result.stderr
    assert finished.facts("sql", "SELECT date FROM market.prices", "--limit", 3)["truncated"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("SELECT clos FROM market.prices",), "line 1, at 'clos'"),
        (("DROP VIEW market.prices",), "only one query"),
        (("SELECT * FROM '/etc/hostname'",), "--tables"),
        ((), "one thing is asked at a time"),
        (("SELECT 1", "--tables"), "one thing is asked at a time"),
        (("SELECT 1", "--json", "--csv"), "one thing is asked at a time"),
    ],
)
def test_what_cannot_be_answered_is_told_in_words(
    finished: Naxs, arguments: tuple[str, ...], said: str
) -> None:
    assert said in finished.refusal("sql", *arguments)


def test_a_query_that_takes_too_long_is_ended(finished: Naxs) -> None:
    query = "SELECT count(*) FROM range(100_000_000_000)"
    said = finished.refusal("sql", query, "--seconds", 0.2, code=EXIT_FAILED)
    assert "longer than 0.2 seconds" in said


def test_a_home_that_is_not_there_is_refused(naxs: Naxs) -> None:
    assert "there is no home here" in naxs.refusal("sql", "SELECT 1")


@pytest.mark.parametrize("damage", ["missing", "broken"])
def test_without_the_file_the_answer_is_the_same_and_degraded(copied: Naxs, damage: str) -> None:
    query = "SELECT month, count(*), sum(amount) FROM market.prices GROUP BY ALL ORDER BY ALL"
    copied("warehouse", "publish")  # a copy lies at another place
    expected = copied.facts("sql", query)
    file: Path = copied.home / WAREHOUSE_FILE
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:20_000])
    result = copied("sql", query, "--csv", code=EXIT_DEGRADED)
    assert "degraded: warehouse.duckdb" in result.stderr
    assert "naxs warehouse publish" in result.stderr
    rows = list(csv.reader(io.StringIO(result.stdout)))[1:]
    assert rows == [[str(cell) for cell in row] for row in expected["rows"]]
    assert '"degraded": true' in copied("sql", query, "--json", code=EXIT_DEGRADED).stdout
    assert copied.facts("warehouse", "publish")["published"]
    assert not copied.facts("sql", query)["degraded"]
