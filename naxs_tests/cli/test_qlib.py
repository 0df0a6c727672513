"""``naxs qlib``: a home's market as a bundle, and back."""

from __future__ import annotations

from pathlib import Path

from naxs_tests.cli.conftest import Naxs


def test_a_market_goes_to_qlib_and_comes_back(finished: Naxs, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    first = finished.facts("qlib", "export", bundle)
    assert first["symbols"] == first["rewritten"] > 30, "stocks and indices"
    assert finished.facts("qlib", "export", bundle)["bytes_written"] == 0
    assert "up to date" in finished("qlib", "export", bundle).stdout
    assert finished.facts("qlib", "verify", bundle)["symbols"] == first["symbols"]
    assert "every file intact" in finished("qlib", "verify", bundle).stdout

    facts = finished.facts("qlib", "import", bundle, tmp_path / "tables", "--name", "back")
    traded = "SELECT count(*) FROM market.prices WHERE NOT is_suspended AND quarantined_by IS NULL"
    assert facts["rows"]["bars"] == finished.facts("sql", traded)["rows"][0][0]
    other = Naxs(tmp_path / "home")
    made = other.facts(
        "init", "--source", "files", "--mapping", facts["mapping"], "--data", tmp_path / "tables"
    )
    assert (made["first"], made["last"]) == ("2021-07-01", "2021-12-31")
    assert "csi300_topk" in made["strategies"]


def test_damage_ends_with_an_error_that_names_a_file(finished: Naxs, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    finished("qlib", "export", bundle)
    file = sorted((bundle / "features").glob("*/close.day.bin"))[0]
    file.write_bytes(file.read_bytes()[:-4] + b"abcd")
    assert str(file.relative_to(bundle)) in finished.refusal("qlib", "verify", bundle, code=1)
    assert "no manifest" in finished.refusal("qlib", "verify", tmp_path, code=1)


def test_a_home_without_prices_says_what_to_do(naxs: Naxs, tmp_path: Path) -> None:
    naxs("init", "--names", 30)
    assert "naxs run" in naxs.refusal("qlib", "export", tmp_path / "bundle", code=1)
