"""Input that cannot be used: one message on one screen, the right exit code, and every stored
version as it was."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from click.testing import CliRunner

from naxs_assets.cli.main import cli
from naxs_assets.errors import EXIT_FAILED, EXIT_OK, EXIT_USAGE
from naxs_tests.cli.conftest import Naxs
from naxs_tests.cli.csv_market import write_csv_market
from naxs_tests.graph.small import FEATURES, TINY, write_entry

ONE_SCREEN = 12
"""Lines."""

# Rows of a bars file as text -> other rows.
Change = Callable[[pl.DataFrame], pl.DataFrame]


@dataclass(frozen=True)
class Market:
    """A home with results over CSV files that lie beside it."""

    root: Path

    @property
    def naxs(self) -> Naxs:
        return Naxs(self.root / "home")

    @property
    def home(self) -> Path:
        return self.root / "home"

    def bars(self) -> list[Path]:
        return sorted((self.root / "data/bars").glob("*.csv"))

    def spoil(self, change: Change, stocks: slice = slice(None)) -> None:
        """Rewrite the files of some stocks."""
        for file in self.bars()[stocks]:
            change(pl.read_csv(file, infer_schema=False)).write_csv(file)

    def edit(self, file: str, **values: Any) -> None:
        """Set keys of a YAML file of the home."""
        content = yaml.safe_load((self.home / file).read_text(encoding="utf-8"))
        text = yaml.safe_dump(content | values, allow_unicode=True)
        (self.home / file).write_text(text, encoding="utf-8")

    def refusal(self, *arguments: object, code: int) -> str:
        """What a command says that fails on one screen and leaves the ledger as it is."""
        before = ledger_of(self.home)
        result = self.naxs(*arguments, code=code)
        assert ledger_of(self.home) == before
        said = result.stderr
        assert said.startswith("error ")
        assert "\nremedy " in said
        assert "Traceback" not in said
        assert len(said.splitlines()) <= ONE_SCREEN, said
        return " ".join(said.split())


def ledger_of(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every version and every pointer of results, read without the platform.

    Refused rows are kept too, at places of their own.
    """
    results = "WHERE asset NOT LIKE '%.refused'"
    queries = {
        "versions": "SELECT id, asset, partition, content_hash, file_sha256, uri FROM versions "
        + results,
        "pointers": f"SELECT asset, partition, version_id FROM pointers {results} "
        "ORDER BY asset, partition",
    }
    with closing(sqlite3.connect(home / "ledger.db")) as ledger:
        return {name: ledger.execute(query).fetchall() for name, query in queries.items()}


@pytest.fixture(scope="module")
def made(memory: Path) -> Market:
    """A market of files on which ``naxs run tiny`` was run. Not to be changed: copy it."""
    root = memory / "own-files"
    data = write_csv_market(root / "data", last=date(2021, 10, 29))
    naxs = Naxs(root / "home")
    write_entry(naxs.home, "features", FEATURES)
    write_entry(naxs.home, "strategies", TINY)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DAGSTER_HOME", raising=False)
        patch.setenv("NAXS_HOME", "/nonexistent")
        naxs("init", "--source", "files", "--mapping", data / "mapping.yaml", "--data", data)
        market = Market(root)
        settings = yaml.safe_load((market.home / "naxs.yaml").read_text())["market"]
        settings["files"]["data"] = "../data"  # so that a copy reads its own
        market.edit("naxs.yaml", market=settings)
        naxs("run", "tiny")
    return market


@pytest.fixture
def market(made: Market, folder: Path) -> Market:
    """A copy of the made market, to be spoilt."""
    shutil.copytree(made.root, folder / "market")
    return Market(folder / "market")


# --- Data ---------------------------------------------------------------------------------------


def in_month(month: str, value: str, column: str = "close") -> Change:
    """Write ``value`` into a column of a month."""
    here = pl.col("日期").str.starts_with(month)
    changed = pl.when(here).then(pl.lit(value)).otherwise(column).alias(column)
    return lambda bars: bars.with_columns(changed)


def on_saturday(bars: pl.DataFrame) -> pl.DataFrame:
    friday = bars.filter(日期="2021-09-10")
    return pl.concat([bars, friday.with_columns(日期=pl.lit("2021-09-11"))])


def twice_otherwise(bars: pl.DataFrame) -> pl.DataFrame:
    september = bars.filter(pl.col("日期").str.starts_with("2021-09"))
    other = (pl.col("close").cast(pl.Float64) + 0.01).round(2).cast(pl.String)
    return pl.concat([bars, september.with_columns(close=other)])


def torn(market: Market) -> None:
    with market.bars()[3].open("a", encoding="utf-8") as file:
        file.write('2021-10-29,"600519')


def emptied(market: Market) -> None:
    for file in market.bars():
        file.write_bytes(b"")


DATA: dict[str, tuple[Callable[[Market], Any], int, tuple[str, ...]]] = {
    "a column missing in one file": (
        lambda m: m.spoil(lambda bars: bars.drop("close"), slice(3, 4)),
        EXIT_USAGE,
        (".csv has no column 'close'", "bars.columns.close", "map the name to one"),
    ),
    "a column of text": (
        lambda m: m.spoil(in_month("2021", "n/a")),
        EXIT_USAGE,
        ("of column 'close' cannot be read as a number", "'n/a'", "null_values"),
    ),
    "text in the prices of a month": (
        lambda m: m.spoil(in_month("2021-09", "n/a")),
        EXIT_FAILED,
        ("market/prices[2021-09] was refused", "rule schema", "what was stored before stays"),
    ),
    "text in the prices of every month": (
        lambda m: m.spoil(in_month("2021", "n/a"), slice(10)),
        EXIT_FAILED,
        ("4 months of market/prices were refused", "then 2021-08, 2021-09, 2021-10"),
    ),
    "keys twice, with other values": (
        lambda m: m.spoil(twice_otherwise),
        EXIT_FAILED,
        ("market/prices[2021-09] was refused", "(symbol, date) is unique"),
    ),
    "rows on a closed day": (
        lambda m: m.spoil(on_saturday),
        EXIT_FAILED,
        ("market/prices[2021-09] was refused", "rows on closed days", "2021-09-11"),
    ),
    "dates in another form": (
        lambda m: m.spoil(lambda bars: bars.with_columns(pl.col("日期").str.replace_all("-", "/"))),
        EXIT_USAGE,
        ("cannot be read as a date", "date_format is '%Y-%m-%d'"),
    ),
    "another encoding": (
        lambda m: m.bars()[3].write_bytes(m.bars()[3].read_text("utf-8").encode("gbk")),
        EXIT_USAGE,
        (".csv is not in the encoding utf-8", "bars.encoding", "gbk"),
    ),
    "a torn row": (torn, EXIT_FAILED, (".csv cannot be read", "check the file")),
    "files without a byte": (emptied, EXIT_FAILED, ("every file is empty",)),
    "no file": (
        lambda m: shutil.rmtree(m.root / "data/bars"),
        EXIT_USAGE,
        ("no file matches 'bars/*.csv'", "correct the path"),
    ),
    "no folder": (
        lambda m: shutil.rmtree(m.root / "data"),
        EXIT_USAGE,
        ("the data folder does not exist",),
    ),
}


@pytest.mark.parametrize("fault", DATA)
def test_data_that_cannot_be_used_are_refused(market: Market, fault: str) -> None:
    spoil, code, parts = DATA[fault]
    spoil(market)
    said = market.refusal("run", "tiny", code=code)
    for part in parts:
        assert part in said


def test_single_bad_rows_are_taken_out_and_the_run_goes_on(market: Market) -> None:
    here = (pl.col("日期") == "2021-10-12").alias("here")

    def text_in_a_price(bars: pl.DataFrame) -> pl.DataFrame:
        return bars.with_columns(close=pl.when(here).then(pl.lit("12.3x")).otherwise("close"))

    def a_key_twice(bars: pl.DataFrame) -> pl.DataFrame:
        return pl.concat([bars, bars.filter(here).with_columns(close="open")])

    market.spoil(text_in_a_price, slice(0, 1))
    market.spoil(a_key_twice, slice(1, 2))
    market.spoil(on_saturday, slice(2, 3))
    market.naxs("run", "tiny", code=EXIT_OK)
    market.naxs("lineage", "verify")
    symbols = [file.stem for file in market.bars()]
    listed = yaml.safe_load(market.naxs("findings", "--json").stdout)
    assert {
        (row["month"], row["rule"], row["verdict"], row["rows"], row["sample"]) for row in listed
    } == {
        ("2021-10", "schema", "quarantined", 1, f"{symbols[0]} 2021-10-12"),
        ("2021-10", "key", "quarantined", 1, f"{symbols[1]} 2021-10-12"),
        ("2021-09", "calendar", "quarantined", 1, f"{symbols[2]} 2021-09-11"),
    }


def test_what_was_made_can_be_looked_at_whatever_became_of_the_data(market: Market) -> None:
    shutil.rmtree(market.root / "data")
    (market.home / "mapping.yaml").write_text("bars:\n\tpath: x\n")
    market.naxs("lineage", "verify")
    market.naxs("lineage", "show", "market/prices", "2021-09")
    market.naxs("findings")


# --- Files that a person writes -----------------------------------------------------------------

MAPPING, STRATEGY = "mapping.yaml", "catalog/strategies/tiny.yaml"


def ahead(market: Market) -> None:
    looking = {"NEXT": {"expression": "Ref($close,-1)/$close"}}
    market.edit("catalog/features/few.yaml", features=looking)


def of_another_version(market: Market) -> None:
    with closing(sqlite3.connect(market.home / "ledger.db")) as ledger:
        ledger.execute("UPDATE home SET value = '99' WHERE key = 'ledger_schema'")
        ledger.commit()


FILES: dict[str, tuple[Callable[[Market], Any], tuple[str, ...]]] = {
    "an unknown setting": (lambda m: m.edit("naxs.yaml", treads=2), ("treads: no such setting",)),
    "an unknown key of the mapping": (
        lambda m: m.edit(MAPPING, calender={}),
        ("calender: unknown key", "mapping.yaml", "correct the keys"),
    ),
    "an unknown key of a strategy": (
        lambda m: m.edit(STRATEGY, colour="red"),
        ("colour: no such key", "tiny.yaml", "the keys of this file are name"),
    ),
    "a feature that looks ahead": (ahead, ("only a label may do", "feature NEXT", "looks back")),
    "a tab": (
        lambda m: (m.home / STRATEGY).write_text("name: tiny\n\tlabel: x\n"),
        ("not valid YAML at line 2, column 1", "tiny.yaml", "not tabs"),
    ),
    "a key twice": (
        lambda m: (m.home / STRATEGY).write_text("name: tiny\nname: other\n"),
        ("the key 'name' stands there twice", "tiny.yaml"),
    ),
    "a strategy in another encoding": (
        lambda m: (m.home / STRATEGY).write_bytes("name: 我的".encode("gbk")),
        ("byte 6 is not UTF-8", "tiny.yaml", "save the file in UTF-8"),
    ),
    "settings in another encoding": (
        lambda m: (m.home / "naxs.yaml").write_bytes(b"\xff\xfe\x00"),
        ("is not UTF-8", "naxs.yaml"),
    ),
    "an encoding that there is not": (
        lambda m: m.edit(MAPPING, index_members={"path": "members.csv", "encoding": "gkb"}),
        ("index_members.encoding: there is no encoding 'gkb'",),
    ),
    "no mapping": (lambda m: (m.home / MAPPING).unlink(), ("cannot be read", "mapping.yaml")),
    "a mapping of another market": (
        lambda m: m.edit(MAPPING, notes=["edited since"]),
        ("this home holds another market: mapping_sha256 was", "make another home"),
    ),
    "no settings": (
        lambda m: (m.home / "naxs.yaml").unlink(),
        ("the home has results but no naxs.yaml", "put the file back", "naxs init"),
    ),
    "a ledger of another version": (
        of_another_version,
        ("tables are of version 99", "ledger.db", "use the program that made this home"),
    ),
}


@pytest.mark.parametrize("fault", FILES)
def test_files_that_cannot_be_used_are_named(market: Market, fault: str) -> None:
    spoil, parts = FILES[fault]
    spoil(market)
    said = market.refusal("run", "tiny", code=EXIT_USAGE)
    for part in parts:
        assert part in said


def test_settings_that_were_lost_can_be_made_anew(market: Market) -> None:
    before = ledger_of(market.home)
    (market.home / "naxs.yaml").unlink()
    assert "holds another market" in market.refusal("init", code=EXIT_USAGE)
    data = market.root / "data"
    market.naxs("init", "--source", "files", "--mapping", data / "mapping.yaml", "--data", data)
    assert market.naxs.facts("run", "tiny")["made"] == {}
    assert ledger_of(market.home) == before


# --- Arguments and the environment --------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ("yesterday", "now: Input should be a valid datetime"),
        ("2020-05-01T00:00:00+08:00", "the clock stands at 2020-05-01, before the market"),
    ],
)
def test_a_clock_that_cannot_be_used_is_refused(
    made: Market, monkeypatch: pytest.MonkeyPatch, now: str, said: str
) -> None:
    monkeypatch.setenv("NAXS_NOW", now)
    assert said in made.refusal("run", "tiny", code=EXIT_USAGE)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "2030-01-01"), "the files cover 2021-07-01 to 2021-10-29, and no day of 2030"),
        (("--from", "2021-09-01", "--to", "2021-08-01"), "the first day lies after the last"),
    ],
)
def test_a_home_cannot_begin_where_there_are_no_data(
    made: Market, naxs: Naxs, arguments: tuple[str, ...], said: str
) -> None:
    data = made.root / "data"
    files = ("--source", "files", "--mapping", data / "mapping.yaml", "--data", data)
    assert said in naxs.refusal("init", *files, *arguments, code=EXIT_USAGE)
    assert not naxs.home.exists()


def test_a_file_is_no_home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "file").touch()
    said = Naxs(folder / "file").refusal("run", "tiny", code=EXIT_USAGE)
    assert "is a file" in said
    for place in (folder / "file", folder / "file/below"):
        monkeypatch.setenv("NAXS_HOME", str(place))
        for command, what in (("run tiny", "there is no home"), ("init", "cannot be written")):
            result = CliRunner().invoke(cli, command.split(), prog_name="naxs")
            assert result.exit_code == EXIT_USAGE
            assert what in result.stderr
