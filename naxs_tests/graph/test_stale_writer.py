"""A run that was overtaken by a later one writes nothing more, and says who overtook it."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from naxs_assets.errors import EXIT_BUSY
from naxs_assets.lineage.ledger import StaleWriterError
from naxs_assets.lineage.monthly import Made
from naxs_assets.lineage.records import Published
from naxs_tests.graph.conftest import Opener
from naxs_tests.graph.small import currents, hashes, materialize, version_count, write_home

pytestmark = pytest.mark.xdist_group("graph")

ASSETS = ["market/calendar", "market/instruments", "market/prices"]
EARLIER = "00000000-0000-0000-0000-000000000001"
LATER = "00000000-0000-0000-0000-000000000002"


def test_an_overtaken_run_is_refused_by_name(
    folder: Path, opener: Opener, instance: dg.DagsterInstance
) -> None:
    home = write_home(folder / "home")
    overtaken = opener(home)
    counts: list[int] = []

    def let_a_later_run_pass(published: Published, made: Made) -> None:
        if made.partition == "2021-08":
            later = opener(home)
            materialize(later, "2021-07", "2021-10", ASSETS, run_id=LATER)
            counts.append(version_count(later))

    with pytest.raises(StaleWriterError) as raised:
        materialize(
            overtaken,
            "2021-07",
            "2021-12",
            ASSETS,
            instance=instance,
            watcher=let_a_later_run_pass,
            run_id=EARLIER,
        )
    error = raised.value
    assert error.exit_code == EXIT_BUSY
    assert EARLIER in error.what
    assert LATER in error.what
    assert error.where == "market/prices[2021-09]"
    assert "run again" in error.remedy

    # What the earlier run had made first is kept, and nothing came after the later one.
    versions = currents(overtaken)
    made_by = {month: versions["market/prices", month].run_id for _, month in versions if month}
    assert made_by == {
        "2021-07": EARLIER,
        "2021-08": EARLIER,
        "2021-09": LATER,
        "2021-10": LATER,
    }
    assert [version_count(overtaken)] == counts


def test_the_overtaken_run_can_be_started_again(
    folder: Path, opener: Opener, finished_hashes: dict[tuple[str, str], str]
) -> None:
    home = write_home(folder / "home")
    platform = opener(home)
    materialize(platform, "2021-07", "2021-08", ASSETS, run_id=LATER)
    outcomes = materialize(platform, "2021-07", "2021-09", ASSETS, run_id=EARLIER)
    assert set(outcomes) == {("market/prices", "2021-09")}
    assert all(finished_hashes[place] == content for place, content in hashes(platform).items())
