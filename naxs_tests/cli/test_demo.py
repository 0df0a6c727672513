"""``naxs demo``: offline, in a home of its own, whatever day it is."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from naxs_tests.cli.conftest import Naxs
from naxs_tests.graph.small import close, open_home


@pytest.mark.slow
def test_a_demo_beyond_the_calendar_librarys_last_year_ends_well(naxs: Naxs) -> None:
    arguments = ("demo", "--names", 20, "--months", 14, "--as-of", "2027-01-15")
    facts = naxs.facts(*arguments)
    assert facts["made"]["csi300_topk/backtest"] == {"new": 14}
    assert "csi300_linear/backtest" not in facts["made"]
    assert facts["summary"]["last_day"] == "2027-01-15"
    assert Path(facts["report"]).stat().st_size > 10_000

    # Days that no calendar knows yet are weekdays, and say that they are guessed.
    platform = open_home(naxs.home)
    days = platform.lineage.reader("market/calendar").whole().frame()
    guessed = days.filter("provisional").get_column("date")
    assert guessed.len() > 200
    assert guessed.dt.weekday().max() == 5
    assert days.get_column("date").max() >= guessed.max()
    prices = platform.lineage.reader("market/prices")["2027-01"].frame()
    assert prices.get_column("date").max() == days.filter(date=prices["date"].max())["date"][0]
    close(platform)

    assert naxs.facts(*arguments)["made"] == {}
    said = naxs.refusal("demo", "--names", 21, "--months", 14, "--as-of", "2027-01-15")
    assert "with other settings" in said


def test_a_demo_makes_a_home_of_its_own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[Path] = []

    def remember(platform: object, *_: object) -> dict[str, object]:
        ran.append(platform.settings.home)  # type: ignore[attr-defined]
        return {}

    monkeypatch.chdir(folder)
    monkeypatch.setattr("naxs_assets.cli.demo.run_strategy", remember)
    from click.testing import CliRunner

    from naxs_assets.cli.main import cli

    done = CliRunner().invoke(cli, ["demo", "--names", "20", "--months", "2", "--json"])
    assert done.exit_code == 0, done.output
    assert ran == [folder / ".naxs/demo-20x2-2023-12-29"]
    settings = yaml.safe_load((ran[0] / "naxs.yaml").read_text())
    assert settings["now"] == "2023-12-29T20:00:00+08:00"
    assert str(settings["market"]["synthetic"]["first"]) == "2023-11-01"


def test_a_demo_that_cannot_be_made_leaves_nothing_behind(naxs: Naxs) -> None:
    assert "market.synthetic.names" in naxs.refusal("demo", "--names", 3)
    assert not (naxs.home / "naxs.yaml").exists()
