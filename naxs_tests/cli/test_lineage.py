"""``naxs lineage`` and ``naxs restore``: what was made from what, and undoing a bad release."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from naxs_assets.errors import EXIT_FAILED, EXIT_USAGE
from naxs_tests.cli.conftest import MONTHS, Naxs
from naxs_tests.graph.small import FEATURES, close, currents, open_home, write_entry

OTHER_FEATURES = FEATURES | {
    "features": FEATURES["features"] | {"MA5": {"expression": "Mean($close,4)/$close"}}
}


def stored_file(naxs: Naxs, asset: str, month: str) -> Path:
    uri = naxs.facts("lineage", "show", asset, month)["current"]["uri"]
    return naxs.home / "store" / uri


# --- Looking ------------------------------------------------------------------------------------


def test_show_gives_the_versions_and_exactly_what_was_read(finished: Naxs) -> None:
    facts = finished.facts("lineage", "show", "tiny/model", "2021-11")
    (version,) = facts["versions"]
    assert version == facts["current"]
    assert version["actor"] == "ann"
    assert facts["held"] is None
    # Between retrainings a model is the one of the month before.
    (read,) = facts["made_from"]
    assert (read["asset"], read["partition"]) == ("tiny/model", "2021-10")
    assert read["read_hash"] == version["content_hash"]

    trained = finished.facts("lineage", "show", "tiny/model", "2021-10")
    months = [r["partition"] for r in trained["made_from"] if r["asset"] == "tiny/dataset"]
    assert months == ["2021-07", "2021-08", "2021-09"]
    # The last training month is cut where its labels were known before October.
    cuts = [r["cut"] for r in trained["made_from"] if r["asset"] == "tiny/dataset"]
    assert cuts == ["", "", "2021-09-28"]


def test_show_in_words_marks_the_current_version(finished: Naxs) -> None:
    said = finished("lineage", "show", "tiny/dataset", "2021-08").output
    assert "tiny/dataset[2021-08]" in said
    assert "features/few[2021-08]" in said
    assert "market/index_members until 2021-08-31" in said


def test_show_in_words_counts_the_months_of_an_input_that_are_too_many_to_list(
    finished: Naxs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("naxs_assets.cli.lineage._MOST_LISTED", len(MONTHS) - 1)
    said = finished("lineage", "show", "tiny/report").output
    span, count = f"{MONTHS[0]}..{MONTHS[-1]}", len(MONTHS)
    assert f"tiny/backtest[{span}]  {count} versions" in said
    assert f"tiny/dataset[{span}] its member_days  {count} facts" in said
    assert "market/findings  version" in said


def test_show_as_of_an_instant_before_the_home_finds_nothing(finished: Naxs) -> None:
    asked = ("lineage", "show", "market/prices", "2021-08", "--as-of")
    assert finished.facts(*asked, "2022-01-01")["current"]["partition"] == "2021-08"
    # The frozen clock stands at 20:00 in Shanghai.
    finished(*asked, "2021-12-31T12:00:00")
    assert "nothing is recorded" in finished.refusal(*asked, "2021-12-31T11:59:59", code=1)


def test_what_is_not_there_is_refused(finished: Naxs) -> None:
    for asset in (("market/price", "2021-08"), ("market/prices", "2030-01"), ("market/prices",)):
        said = finished.refusal("lineage", "show", *asset, code=EXIT_FAILED)
        assert "nothing is recorded here" in said


def test_up_goes_back_to_the_source(finished: Naxs) -> None:
    facts = finished.facts("lineage", "up", "tiny/report")
    found = {(version["asset"], version["partition"]) for version in facts["versions"]}
    assert {("market/prices", month) for month in MONTHS} <= found
    assert {("tiny/model", month) for month in MONTHS} <= found
    assert ("market/calendar", "") in found
    assert ("tiny/report", "") not in found
    assert {read["asset"] for read in facts["sources"]} == {
        "synthetic:bars",
        "synthetic:index_bars",
        "synthetic:index_members",
        "synthetic:instruments",
        "synthetic:open_days",
    }
    assert "market/prices  2021-07..2021-12" in finished("lineage", "up", "tiny/report").output


def test_down_goes_forward_to_every_result(finished: Naxs) -> None:
    facts = finished.facts("lineage", "down", "market/prices", "2021-11")
    found = {(version["asset"], version["partition"]) for version in facts["versions"]}
    assert found == {
        ("market/findings", ""),
        ("market/prices", "2021-12"),
        ("features/few", "2021-11"),
        ("features/few", "2021-12"),
        ("labels/next_day", "2021-10"),
        ("labels/next_day", "2021-11"),
        ("labels/next_day", "2021-12"),
        # Through the labels of the last days of October.
        *(
            (f"tiny/{name}", month)
            for name in ("dataset", "predictions", "evaluation")
            for month in MONTHS[3:]
        ),
        *(("tiny/backtest", month) for month in MONTHS[3:]),
        ("tiny/report", ""),
    }


# --- Damage -------------------------------------------------------------------------------------


def test_an_intact_home_verifies(finished: Naxs) -> None:
    facts = finished.facts("lineage", "verify")
    assert facts["versions"] == finished.version_count()
    assert facts["damaged"] == []
    assert facts["broken_event"] is None
    assert "0 damaged" in finished("lineage", "verify").output


def flip_a_bit(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def cut_off(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-7])


DAMAGES = [flip_a_bit, cut_off, Path.unlink]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_file_is_named_set_aside_and_made_anew(
    copied: Naxs, damage: Callable[[Path], None]
) -> None:
    results, count = copied.hashes(), copied.version_count()
    file = stored_file(copied, "features/few", "2021-09")
    damage(file)

    named = copied("lineage", "verify", "--json", code=EXIT_FAILED)
    facts: dict[str, Any] = json.loads(named.stdout)
    assert [damaged["place"] for damaged in facts["damaged"]] == ["features/few[2021-09]"]
    said = copied.refusal("lineage", "verify", "--set-aside", code=EXIT_FAILED)
    assert "naxs run re-makes" in said
    assert not file.exists()
    assert len(list((copied.home / "store").glob("damaged/*"))) == (damage is not Path.unlink)

    copied("run", "tiny")
    copied("lineage", "verify")
    assert copied.hashes() == results
    assert copied.version_count() == count


def test_a_broken_chain_of_events_is_found(copied: Naxs) -> None:
    platform = open_home(copied.home)
    with platform.lineage.ledger.database.write() as connection:
        connection.exec_driver_sql("UPDATE events SET actor = 'eve' WHERE seq = 7")
    close(platform)
    assert json.loads(copied("lineage", "verify", "--json", code=1).stdout)["broken_event"] == 7
    assert "breaks at event 7" in copied("lineage", "verify", code=EXIT_FAILED).stdout


# --- Restoring ----------------------------------------------------------------------------------


def test_a_restored_result_is_held_until_released(copied: Naxs) -> None:
    good = copied.hashes()
    write_entry(copied.home, "features", OTHER_FEATURES)
    copied("run", "tiny")
    bad = copied.hashes()
    assert bad["features/few", "2021-11"] != good["features/few", "2021-11"]

    place = ("features/few", "2021-11")
    first, _ = copied.facts("lineage", "show", *place)["versions"]
    restored = copied.facts("restore", first["id"], "--reason", "the new feature is wrong")
    assert restored["restored"] == "features/few[2021-11]"
    assert restored["held_by"] == "ann"
    facts = copied.facts("lineage", "show", *place)
    assert facts["current"]["content_hash"] == good[place]
    assert facts["held"] == {"by": "ann", "reason": "the new feature is wrong"}

    # A run makes what hangs on it from the restored version, and leaves it alone itself.
    copied("run", "tiny")
    held = copied.hashes()
    assert held[place] == good[place]
    assert held["tiny/dataset", "2021-11"] == good["tiny/dataset", "2021-11"]
    assert held["tiny/dataset", "2021-10"] == bad["tiny/dataset", "2021-10"]
    assert copied.facts("run", "tiny")["made"] == {}

    assert copied.facts("restore", first["id"], "--release", "--reason", "it was right") == {
        "released": "features/few[2021-11]"
    }
    copied("run", "tiny")
    assert copied.hashes() == bad
    assert copied.facts("lineage", "show", *place)["held"] is None
    copied("lineage", "verify")


def test_the_record_says_who_restored_what_and_why(copied: Naxs) -> None:
    version = copied.facts("lineage", "show", "market/prices", "2021-08")["current"]["id"]
    copied("restore", version, "--reason", "看看")
    copied("restore", version, "--release", "--reason", "enough")
    platform = open_home(copied.home)
    with platform.lineage.ledger.database.read() as connection:
        rows = connection.exec_driver_sql(
            "SELECT action, asset, partition, actor, reason FROM events ORDER BY seq DESC LIMIT 2"
        ).fetchall()
    assert [tuple(row) for row in rows] == [
        ("release_hold", "market/prices", "2021-08", "ann", "enough"),
        ("restore", "market/prices", "2021-08", "ann", "看看"),
    ]
    assert currents(platform)["market/prices", "2021-08"].id == version
    close(platform)


def test_a_damaged_version_cannot_be_restored(copied: Naxs) -> None:
    version = copied.facts("lineage", "show", "tiny/model", "2021-10")["current"]
    flip_a_bit(copied.home / "store" / version["uri"])
    said = copied.refusal("restore", version["id"], "--reason", "try", code=EXIT_FAILED)
    assert "damaged" in said
    assert copied.facts("lineage", "show", "tiny/model", "2021-10")["held"] is None


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("99999", "--reason", "x"), EXIT_FAILED, "holds no version 99999"),
        (("1",), EXIT_USAGE, "--reason"),
        (("--reason", "x"), EXIT_USAGE, "Missing argument 'VERSION'"),
        (("one", "--reason", "x"), EXIT_USAGE, "not a valid integer"),
        (("1", "--release", "--reason", "x"), EXIT_FAILED, "nothing is held"),
    ],
)
def test_what_cannot_be_restored_is_refused(
    finished: Naxs, arguments: tuple[str, ...], code: int, said: str
) -> None:
    assert said in finished.refusal("restore", *arguments, code=code)
