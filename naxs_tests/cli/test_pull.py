"""``naxs init --source live`` and ``naxs pull``: what they say, and how they end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
import yaml
from filelock import FileLock

from naxs_assets.market.fetching.calls import Family
from naxs_assets.market.pulling.parts import Part, PulledStore
from naxs_assets.market.sources.offers import PulledTable
from naxs_assets.market.sources.synthetic import SyntheticSource
from naxs_assets.market.synthetic import SyntheticMarket
from naxs_assets.settings import SHANGHAI
from naxs_tests.cli.conftest import Naxs
from naxs_tests.graph.live import FIRST, served_by, write_live_home
from naxs_tests.market.pulling.memory import Clock, Upstream, upstream_of
from naxs_tests.market.pulling.test_replay import any_damage, read_otherwise

TODAY, TOMORROW = date(2021, 8, 31), date(2021, 9, 1)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    last = date(2021, 9, 30)
    market = SyntheticSource(SyntheticMarket(seed=7, names=30, first=FIRST, last=last))
    clock = Clock(datetime(2021, 8, 31, 19, 0, tzinfo=SHANGHAI))
    serving = upstream_of(market, clock, last)
    with served_by(serving):
        yield serving


@pytest.fixture
def live(naxs: Naxs, upstream: Upstream) -> Naxs:
    write_live_home(naxs.home, TODAY)
    return naxs


def tomorrow(live: Naxs, upstream: Upstream) -> None:
    write_live_home(live.home, TOMORROW)
    upstream.clock.set(TOMORROW)


# --- A home -------------------------------------------------------------------------------------


def test_a_live_home_says_what_to_do_next(naxs: Naxs) -> None:
    said = naxs("init", "--source", "live", "--from", "2021-07-01").output
    assert f"next: naxs --home {naxs.home} pull" in said
    assert yaml.safe_load((naxs.home / "naxs.yaml").read_text()) == {
        "market": {"source": "live", "live": {"universe": "csi300", "first": FIRST}}
    }


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ((), "--from DAY"),
        (("--from", "2021-07-01", "--to", "2021-08-01"), "goes on to today"),
        (("--from", "2021-07-01", "--universe", "all"), "no universe that follows an index"),
    ],
)
def test_a_live_home_needs_a_first_day_and_an_index(
    wrong: tuple[str, ...], said: str, naxs: Naxs
) -> None:
    assert said in naxs.refusal("init", "--source", "live", *wrong)
    assert not (naxs.home / "naxs.yaml").exists()


def test_the_market_of_a_home_with_results_stays(live: Naxs) -> None:
    live("pull")
    live("run", "tiny")
    settings = yaml.safe_load((live.home / "naxs.yaml").read_text())
    settings["market"]["live"]["first"] = date(2021, 8, 2)
    (live.home / "naxs.yaml").write_text(yaml.safe_dump(settings))
    assert "first was '2021-07-01' and is now '2021-08-02'" in live.refusal("run", "tiny")


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"order": {"history": ["akshare.google"]}}, "'akshare.google' is not known"),
        ({"order": {"history": ["akshare.shenwan"]}}, "does not give history"),
        ({"order": {"ticks": []}}, "'ticks' is not known"),
        ({"budgets": {"yahoo": {"seconds": 1}}}, "'yahoo' is not known"),
        ({"baostock": "nowhere"}, "market.live.baostock"),
    ],
)
def test_settings_that_name_nobody_are_refused(
    section: dict[str, object], said: str, live: Naxs
) -> None:
    settings = yaml.safe_load((live.home / "naxs.yaml").read_text())
    settings["market"]["live"] |= section
    (live.home / "naxs.yaml").write_text(yaml.safe_dump(settings))
    assert said in live.refusal("pull")


# --- A pull -------------------------------------------------------------------------------------


def test_a_pull_tells_what_was_taken_of_whom(live: Naxs) -> None:
    said = live("pull").output
    (history,) = [line.split() for line in said.splitlines() if line.startswith("history")]
    table, source, parts, rows = history
    assert (table, source) == ("history", "baostock")
    assert int(parts) > 20
    assert int(rows.replace(",", "")) > 40 * int(parts)
    assert said.rstrip().endswith("fresh: 2021-07-01 to 2021-08-31")
    assert "nothing new was asked for" in live("pull").output
    facts = live.facts("pull")
    assert (facts["verdict"], facts["taken"], facts["stale"]) == ("fresh", [], {})


def test_a_fallback_is_told_with_its_reason(live: Naxs, upstream: Upstream) -> None:
    upstream.break_down(Family.EXCHANGES)
    said = live("pull").output
    assert "instruments: akshare.exchanges did not answer (broken): the connection" in said


def test_nobody_answers_ends_with_three(live: Naxs, upstream: Upstream) -> None:
    live("pull")
    tomorrow(live, upstream)
    upstream.break_down(*Family)
    said = live("pull", code=3).output
    assert "day: nobody answered" in said
    assert "stale: 2021-07-01 to 2021-09-01" in said


def test_a_correction_is_told_and_what_it_makes_stale(live: Naxs, upstream: Upstream) -> None:
    live("pull")
    live("run", "tiny")
    history = upstream.frames[Family.BAOSTOCK, "history"]  # type: ignore[index]
    bar = history.filter(date=date(2021, 8, 30), is_suspended=False).row(0, named=True)
    upstream.correct(bar["symbol"], bar["date"], volume=bar["volume"] + 100)
    tomorrow(live, upstream)
    said = live("pull", "--to", "2021-08-31").output
    told = f"restated: {bar['symbol']} 2021-08-30 volume {bar['volume']} -> {bar['volume'] + 100}"
    assert told in said
    assert "out of date: market/prices 2021-08..2021-08: 1" in said


# --- A replay -----------------------------------------------------------------------------------


def history_of(live: Naxs) -> tuple[Part, Path]:
    """A part of bars of a pulled home, and its file."""
    store = PulledStore(live.home / "pulled")
    part = store.parts(PulledTable.HISTORY)[0]
    return part, store.folder / part.uri


def test_a_replay_says_how_much_it_read(live: Naxs) -> None:
    live("pull")
    count = len(PulledStore(live.home / "pulled").parts())
    assert live.facts("pull", "--replay") == {
        "first": "2021-07-01",
        "last": "2021-08-31",
        "parts": count,
        "mended": [],
        "differences": [],
    }
    said = live("pull", "--replay").output
    assert said == f"{count} parts read again, bit by bit as they are stored\n"


@any_damage
def test_a_damaged_part_stops_a_run_until_its_replay(
    damage: Callable[[Path], None], live: Naxs
) -> None:
    live("pull")
    part, file = history_of(live)
    whole = file.read_bytes()
    damage(file)
    remedy = f"naxs pull --replay --from {part.wanted.first}"
    for command in (("run", "tiny"), ("lineage", "verify")):
        assert remedy in live.refusal(*command, code=1)

    said = live("pull", "--replay", "--from", part.wanted.first).output
    assert said.startswith(f"mended: {part}: a stored file is ")
    assert said.endswith(" parts read again, bit by bit as they are stored\n")
    assert file.read_bytes() == whole
    live("lineage", "verify")
    live("run", "tiny")


def test_a_result_stays_up_to_date_when_its_parts_are_mended(live: Naxs) -> None:
    live("pull")
    live("run", "tiny")
    part, file = history_of(live)
    file.unlink()
    (mended,) = live.facts("pull", "--replay")["mended"]
    assert (mended["part"], mended["fetched_at"]) == (str(part), part.fetched_at.isoformat())
    assert "a stored file is missing" in mended["what"]
    assert live.facts("run", "tiny")["made"] == {}


def test_verify_counts_pulled_parts_and_names_damaged_ones(live: Naxs) -> None:
    live("pull")
    count = len(PulledStore(live.home / "pulled").parts())
    assert f"{count} pulled parts checked, 0 damaged" in live("lineage", "verify").output
    part, file = history_of(live)
    file.unlink()
    facts = json.loads(live("lineage", "verify", "--set-aside", "--json", code=1).stdout)
    assert (facts["pulled_parts"], facts["damaged"]) == (count, [])
    (damaged,) = facts["damaged_parts"]
    assert (damaged["part"], damaged["id"]) == (str(part), part.id)
    assert "missing" in damaged["what"]
    said = live("lineage", "verify", code=1)
    assert f"{count} pulled parts checked, 1 damaged" in said.stdout
    assert "--set-aside" not in said.stderr  # the versions are whole


def test_what_the_answers_do_not_give_ends_with_one(live: Naxs, upstream: Upstream) -> None:
    live("pull")
    part, file = history_of(live)
    file.unlink()
    read_otherwise(upstream, part, pl.col("volume") * 100)
    said = live("pull", "--replay", code=1).output
    assert "1 of " in said
    assert "not mended: the answers give other values" in said
    assert "mended: history" not in said
    facts = json.loads(live("pull", "--replay", "--json", code=1).stdout)
    assert (facts["mended"], [one["part"] for one in facts["differences"]]) == ([], [str(part)])
    assert not file.exists()


def test_a_part_of_the_morning_is_replayed_too(live: Naxs, upstream: Upstream) -> None:
    write_live_home(live.home, TODAY, hour=9)
    upstream.clock.set(TODAY, hour=9)
    live("pull")
    store = PulledStore(live.home / "pulled")
    (part,) = store.parts(PulledTable.INSTRUMENTS)
    (store.folder / part.uri).unlink()
    assert part.wanted.first == TODAY
    remedy = f"naxs pull --replay --from {TODAY}"
    assert remedy in live.refusal("pull", code=1)
    assert len(live.facts("pull", "--replay", "--from", TODAY)["mended"]) == 1
    live("pull")


def test_a_replay_of_nothing_says_so(live: Naxs) -> None:
    said = live.refusal("pull", "--replay", code=1)
    assert "no part of the days 2021-07-01 to 2021-08-31 is stored" in said
    assert "naxs pull" in said.partition("remedy")[2]
    assert not (live.home / "pulled").exists()


def test_a_file_is_not_mended_while_a_pull_runs(live: Naxs) -> None:
    live("pull")
    _, file = history_of(live)
    with FileLock(live.home / "pulled" / "pull.lock"):
        live("pull", "--replay")
        file.unlink()
        assert "another pull runs in this home" in live.refusal("pull", "--replay", code=4)
    assert not file.exists()


# --- What is refused ----------------------------------------------------------------------------


def test_one_pull_at_a_time(live: Naxs) -> None:
    (live.home / "pulled").mkdir()
    with FileLock(live.home / "pulled" / "pull.lock"):
        assert "another pull runs in this home" in live.refusal("pull", code=4)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--universe", "csi500"), "of the universe csi300"),
        (("--from", "2020-01-01"), "do not lie within the market"),
        (("--to", "2021-09-01"), "do not lie within the market"),
        (("--replay", "--refetch"), "a replay asks nobody"),
        (("--replay", "--to", "2021-09-01"), "do not lie within the market"),
        (("--replay", "--from", "2021-08-02", "--to", "2021-08-01"), "do not lie within"),
    ],
)
def test_arguments_that_cannot_be_used(arguments: tuple[str, ...], said: str, live: Naxs) -> None:
    assert said in live.refusal("pull", *arguments)


def test_a_home_of_another_kind_is_not_pulled(naxs: Naxs) -> None:
    naxs("init", "--names", 20, "--from", "2021-07-01", "--to", "2021-08-31")
    assert "of kind synthetic, which is not pulled" in naxs.refusal("pull")


def test_a_rule_that_blocks_is_named_and_can_be_waived(live: Naxs, upstream: Upstream) -> None:
    upstream.disagree(0.05)
    live("pull")
    said = live.refusal("run", "tiny", code=1)
    assert "nothing is made of market/prices, which breaks rule recon: " in said
    assert "waivers.yaml" in said
    waiver = {"rule": "recon", "reason": "Tencent is wrong", "by": "ann", "until": "2030-01-01"}
    (live.home / "waivers.yaml").write_text(yaml.safe_dump([waiver]), encoding="utf-8")
    live("run", "tiny")
