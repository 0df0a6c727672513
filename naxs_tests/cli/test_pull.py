"""``naxs init --source live`` and ``naxs pull``: what they say, and how they end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import pytest
import yaml
from filelock import FileLock

from naxs_assets.market.fetching.calls import Family
from naxs_assets.market.sources.synthetic import SyntheticSource
from naxs_assets.market.synthetic import SyntheticMarket
from naxs_assets.settings import SHANGHAI
from naxs_tests.cli.conftest import Naxs
from naxs_tests.graph.live import FIRST, served_by, write_live_home
from naxs_tests.market.pulling.memory import Clock, Upstream, upstream_of

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
