"""``naxs init``: one home for one market, refused where it cannot be had."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from naxs_tests.cli.conftest import Naxs
from naxs_tests.cli.csv_market import MAPPING, write_csv_market
from naxs_tests.graph.small import FEATURES, TINY, open_home, write_entry

SMALL = ("--names", 20, "--from", "2021-07-01", "--to", "2021-08-31")


def test_a_synthetic_home_says_what_it_holds(naxs: Naxs) -> None:
    facts = naxs.facts("init", *SMALL, "--seed", 3)
    assert facts == {
        "home": str(naxs.home),
        "source": "synthetic",
        "first": "2021-07-01",
        "last": "2021-08-31",
        "strategies": ["csi300_linear", "csi300_topk"],
    }
    settings = yaml.safe_load((naxs.home / "naxs.yaml").read_text())
    assert settings["market"]["synthetic"]["seed"] == 3
    assert f"naxs --home {naxs.home} run csi300_linear" in naxs("init", *SMALL, "--seed", 3).output


def test_an_empty_home_may_be_made_anew(naxs: Naxs) -> None:
    naxs("init", *SMALL, "--seed", 8)
    naxs("init", *SMALL)
    naxs("init", *SMALL)
    before = (naxs.home / "naxs.yaml").read_text()
    assert "market.synthetic.names" in naxs.refusal("init", "--names", 5)
    assert (naxs.home / "naxs.yaml").read_text() == before


def test_a_home_that_holds_results_keeps_its_market(copied: Naxs) -> None:
    before = (copied.home / "naxs.yaml").read_text()
    said = copied.refusal("init", *SMALL, "--seed", 8)
    assert "set up already, with other settings" in said
    assert "make another home" in said
    assert (copied.home / "naxs.yaml").read_text() == before


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("--names", 5), "market.synthetic.names"),
        (("--from", "2022-01-01", "--to", "2021-01-01"), "lies after the last"),
    ],
)
def test_settings_that_cannot_be_used_are_not_left_behind(
    naxs: Naxs, wrong: tuple[object, ...], said: str
) -> None:
    assert said in naxs.refusal("init", *wrong)
    assert not (naxs.home / "naxs.yaml").exists()
    naxs("init", *SMALL)


def test_a_home_below_a_file_cannot_be_written(folder: Path) -> None:
    (folder / "file").touch()
    said = Naxs(folder / "file/home").refusal("init")
    assert "the home cannot be written" in said
    assert "may write" in said


def test_a_market_from_files_needs_a_mapping_and_its_data(naxs: Naxs, folder: Path) -> None:
    assert "--mapping and --data" in naxs.refusal("init", "--source", "files")
    said = naxs.refusal("init", "--source", "files", "--mapping", folder / "none.yaml")
    assert "does not exist" in said
    broken = folder / "mapping.yaml"
    broken.write_text("name: [")
    naxs.refusal("init", "--source", "files", "--mapping", broken, "--data", folder)
    assert not naxs.home.exists()


# --- A market in CSV files ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The synthetic market written to CSV files with a mapping, beside the home it comes from."""
    return write_csv_market(tmp_path_factory.mktemp("data"))


@pytest.fixture
def own_files(naxs: Naxs, data: Path) -> Naxs:
    """A home over the CSV files with the small strategy in its catalogue."""
    write_entry(naxs.home, "features", FEATURES)
    write_entry(naxs.home, "strategies", TINY)
    naxs("init", "--source", "files", "--mapping", data / "mapping.yaml", "--data", data)
    return naxs


def test_a_market_without_index_members_names_no_strategy_that_needs_them(
    naxs: Naxs, data: Path, folder: Path
) -> None:
    alone = folder / "alone.yaml"
    mapping = {key: value for key, value in MAPPING.items() if key != "index_members"}
    alone.write_text(yaml.safe_dump(mapping, allow_unicode=True))
    asked = ("init", "--source", "files", "--mapping", alone, "--data", data)
    said = naxs(*asked).output
    assert "universe: all" in said
    assert "csi300" not in said
    write_entry(naxs.home, "features", FEATURES)
    write_entry(naxs.home, "strategies", TINY | {"universe": "all"})
    assert naxs.facts(*asked)["strategies"] == ["tiny"]


@pytest.mark.slow
def test_own_csv_files_run_to_a_report(own_files: Naxs, data: Path) -> None:
    facts = own_files.facts("run", "tiny")
    assert facts["made"]["tiny/backtest"] == {"new": 5}
    assert facts["summary"]["market"] == {
        "name": "my_market",
        "synthetic": False,
        "source": "files",
        "coverage": "2021-07-01 – 2021-11-30",
    }
    # The files hold what the synthetic market holds, so its prices are the same.
    synthetic = open_home(data / "synthetic")
    same = open_home(own_files.home).lineage.reader("market/prices")["2021-08"].frame()
    bars = synthetic.source.bars(same["date"][0], same["date"][-1])
    assert same.select("date", "symbol").equals(
        bars.select("date", "symbol").sort("date", "symbol")
    )
    assert same.get_column("quarantined_by").count() == 0
    # They come from outside, so the walk ends at the files' bars.
    walked = own_files.facts("lineage", "up", "tiny/report")
    assert {read["asset"] for read in walked["sources"]} >= {"files:bars", "files:index_bars"}


def test_a_mapping_may_be_mended_as_long_as_nothing_has_been_made(
    own_files: Naxs, data: Path, folder: Path
) -> None:
    other = folder / "other.yaml"
    other.write_text(yaml.safe_dump(MAPPING | {"notes": ["mended"]}, allow_unicode=True))
    again = ("init", "--source", "files", "--data", data, "--mapping")
    own_files(*again, data / "mapping.yaml")
    own_files(*again, other)
    assert (own_files.home / "mapping.yaml").read_text() == other.read_text()


def test_a_mapping_is_not_put_into_a_home_of_another_market(copied: Naxs, data: Path) -> None:
    copied.refusal("init", "--source", "files", "--mapping", data / "mapping.yaml", "--data", data)
    assert not (copied.home / "mapping.yaml").exists()
