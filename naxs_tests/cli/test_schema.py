"""``naxs schema``: the committed contracts are today's, and none breaks without a version."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import polars as pl
import pytest
import yaml
from polars.testing import assert_frame_equal

from naxs_assets.cli.schema import PAGE_FILE, SNAPSHOT_FILE
from naxs_assets.definitions import described_tables
from naxs_assets.errors import EXIT_FAILED
from naxs_assets.lineage.schema_changes import changes_between, unannounced
from naxs_assets.lineage.schema_page import schema_page
from naxs_assets.lineage.schema_snapshot import parse_snapshot, snapshot_of
from naxs_tests.cli.conftest import Naxs
from naxs_tests.graph.small import close, open_home

MEND = "run: naxs schema snapshot"


def test_no_contract_breaks_its_readers_without_a_higher_version() -> None:
    old = parse_snapshot(SNAPSHOT_FILE.read_text(encoding="utf-8"), SNAPSHOT_FILE)
    new = snapshot_of(described_tables(Path("/nonexistent")))
    changes = changes_between(old, new)
    broken = unannounced(changes, old, new)
    assert broken == [], [change for change in changes if change.table in broken]


def test_the_committed_snapshot_and_page_are_up_to_date() -> None:
    now = snapshot_of(described_tables(Path("/nonexistent")))
    assert SNAPSHOT_FILE.read_text(encoding="utf-8") == now.to_yaml(), MEND
    assert PAGE_FILE.read_text(encoding="utf-8") == schema_page(now), MEND


def test_every_column_has_a_unit_and_a_description() -> None:
    for name, table in described_tables(Path("/nonexistent")).items():
        for column in table.contract.columns:
            assert column.unit, f"{name}.{column.name}"
            assert column.description, f"{name}.{column.name}"


def older(folder: Path, column: str, **changed: object) -> Path:
    """The committed snapshot as if a column of the prices had been otherwise."""
    values = yaml.safe_load(SNAPSHOT_FILE.read_text(encoding="utf-8"))
    values["tables"]["market/prices"]["columns"][column] |= changed
    file = folder / "older.yaml"
    file.write_text(yaml.safe_dump(values, sort_keys=False), encoding="utf-8")
    return file


def test_a_breaking_change_ends_with_failure_and_says_what_to_do(naxs: Naxs, folder: Path) -> None:
    before = older(folder, "close", unit="cents")
    result = naxs("schema", "diff", "--against", before, code=EXIT_FAILED)
    assert "breaking    market/prices: column close: unit cents -> CNY" in result.stdout
    assert "no higher version" in result.stderr
    assert "market/prices" in result.stderr
    assert "contracts.py" in result.stderr


@pytest.fixture
def checkout(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where ``naxs schema snapshot`` writes, in place of this checkout; returns the snapshot."""
    file = folder / "schema.yaml"
    monkeypatch.setattr("naxs_assets.cli.schema.SNAPSHOT_FILE", file)
    monkeypatch.setattr("naxs_assets.cli.schema.PAGE_FILE", folder / "schema.md")
    return file


def test_a_snapshot_says_what_changed_and_writes_the_contracts(naxs: Naxs, checkout: Path) -> None:
    older(checkout.parent, "close", description="other").rename(checkout)
    facts = naxs.facts("schema", "snapshot")
    assert [change["table"] for change in facts["changes"]] == ["market/prices"]
    assert facts["without_version"] == []
    assert checkout.read_bytes() == SNAPSHOT_FILE.read_bytes()
    assert checkout.with_name("schema.md").read_bytes() == PAGE_FILE.read_bytes()
    said = naxs("schema", "snapshot").stdout
    assert said.startswith("nothing changed\nwrote ")


def test_a_snapshot_with_a_breaking_change_is_not_written(naxs: Naxs, checkout: Path) -> None:
    older(checkout.parent, "close", unit="cents").rename(checkout)
    before = checkout.read_bytes()
    result = naxs("schema", "snapshot", "--json", code=EXIT_FAILED)
    assert json.loads(result.stdout)["without_version"] == ["market/prices"]
    assert "no higher version" in result.stderr
    assert checkout.read_bytes() == before


def test_a_compatible_change_ends_well(naxs: Naxs, folder: Path) -> None:
    facts = naxs.facts("schema", "diff", "--against", older(folder, "close", description="other"))
    assert facts["without_version"] == []
    assert facts["changes"] == [
        {
            "table": "market/prices",
            "what": "column close: described in other words",
            "breaking": False,
        }
    ]
    assert naxs("schema", "diff").stdout == "nothing changed\n"


def test_a_file_that_is_no_snapshot_is_refused(naxs: Naxs, folder: Path) -> None:
    file = folder / "other.yaml"
    file.write_text("a: 1\n")
    assert "no snapshot of contracts" in naxs.refusal("schema", "diff", "--against", file)


def test_contracts_are_shown_without_a_home(naxs: Naxs) -> None:
    assert "market/prices" in naxs("schema", "show").stdout
    shown = naxs("schema", "show", "market.prices").stdout
    assert "close" in shown
    assert "CNY" in shown
    facts = naxs.facts("schema", "show", "market/prices")
    assert facts["market/prices"]["columns"]["close"]["unit"] == "CNY"
    assert "there is no table 'market/price'" in naxs.refusal("schema", "show", "market/price")


def test_the_homes_own_tables_are_shown_too(finished: Naxs) -> None:
    assert "tiny/predictions" in json.loads(finished("schema", "show", "--json").stdout)


def test_every_table_of_a_home_fits_into_duckdb_by_its_statements(finished: Naxs) -> None:
    platform = open_home(finished.home)
    with duckdb.connect(":memory:") as connection:
        connection.execute(finished("schema", "ddl", "--dialect", "duckdb").stdout)
        made = [name for name in platform.described if list(platform.lineage.reader(name))]
        assert {"market/prices", "tiny/backtest"} <= set(made)
        for asset in made:
            reader = platform.lineage.reader(asset)
            frame = pl.concat([reader[partition].frame() for partition in reader])
            name = ".".join(f'"{part}"' for part in asset.split("/"))
            connection.register("rows", frame.to_arrow())
            connection.execute(f"INSERT INTO {name} SELECT * FROM rows")
            stored = pl.DataFrame(connection.sql(f"FROM {name}").to_arrow_table())
            key = list(platform.described[asset].contract.key)
            assert_frame_equal(stored.sort(key), frame.sort(key))
    close(platform)


@pytest.mark.parametrize("dialect", ["duckdb", "clickhouse"])
def test_statements_can_be_had_for_one_table(naxs: Naxs, dialect: str) -> None:
    said = naxs("schema", "ddl", "--dialect", dialect, "--table", "market.prices").stdout
    assert said.count("CREATE TABLE") == 1
    assert "close, unadjusted (CNY)" in said
    facts = naxs.facts("schema", "ddl", "--dialect", dialect, "--table", "market/prices")
    assert facts == {"dialect": dialect, "sql": said}
