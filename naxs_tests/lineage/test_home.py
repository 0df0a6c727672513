"""A home: made on first use, opened by many at once, and fixed to one market."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from naxs_assets.errors import ConfigurationError
from naxs_assets.lineage.home import fix_market, open_lineage
from naxs_assets.settings import Settings
from naxs_tests.lineage.support import numbers, put, small_home

SYNTHETIC = {"source": "synthetic", "seed": 7}


def test_a_home_is_made_on_first_use_and_keeps_its_results(tmp_path: Path) -> None:
    home = tmp_path / "deep" / "home"
    put(small_home(home), "bars", {"2020-01": numbers("2020-01", 1)})
    assert {path.name for path in home.iterdir()} >= {"store", "ledger.db"}
    assert list(small_home(home).reader("bars")) == ["2020-01"]


def test_threads_may_open_a_new_home_at_the_same_moment(tmp_path: Path) -> None:
    start, failures = threading.Barrier(6), []

    def run() -> None:
        start.wait()
        try:
            for _ in range(10):
                open_lineage(Settings(home=tmp_path / "home")).ledger.database.close()
        except ConfigurationError as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_home_that_cannot_be_written_is_refused_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file stands in the way")
    with pytest.raises(ConfigurationError) as caught:
        open_lineage(Settings(home=tmp_path / "home"))
    assert caught.value.where == str(tmp_path / "home")
    assert "NAXS_HOME" in caught.value.remedy


def test_a_home_holds_one_market(tmp_path: Path) -> None:
    # As long as nothing has been made, another market may be chosen.
    fix_market(small_home(tmp_path), SYNTHETIC | {"seed": 6}, tmp_path)
    fix_market(small_home(tmp_path), SYNTHETIC, tmp_path)
    put(small_home(tmp_path), "bars", {"2020-01": numbers("2020-01", 1)})
    fix_market(small_home(tmp_path), dict(reversed(SYNTHETIC.items())), tmp_path)
    with pytest.raises(ConfigurationError) as caught:
        fix_market(small_home(tmp_path), SYNTHETIC | {"seed": 8}, tmp_path)
    assert "seed was 7 and is now 8" in caught.value.what
    assert str(tmp_path / "naxs.yaml") in caught.value.where
    assert "init" in caught.value.remedy
    fix_market(small_home(tmp_path), SYNTHETIC, tmp_path)


def test_every_instant_on_record_comes_from_the_one_clock(tmp_path: Path) -> None:
    frozen = Settings.model_validate({"home": tmp_path, "now": "2023-12-29T16:00:00+08:00"})
    assert open_lineage(frozen).now() == "2023-12-29T08:00:00.000000+00:00"
