"""Another family is asked about the bars that stand: kept apart, compared, and never in the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from naxs_assets.market.fetching.calls import Family
from naxs_assets.market.pulling.opening import LiveHome
from naxs_assets.market.pulling.parts import Part, PulledStore
from naxs_assets.market.pulling.pull import FRESH
from naxs_assets.market.pulling.reconciling import reconciliation
from naxs_assets.market.pulling.replay import replay
from naxs_assets.market.pulling.telling import pulled_tables
from naxs_assets.market.pulling.universe import lives_of, sessions_of
from naxs_assets.market.quality.tables import judge_tables
from naxs_assets.market.sources.offers import CONFIRMING, PulledTable
from naxs_assets.settings import load_settings
from naxs_tests.graph.live import served_by, write_live_home
from naxs_tests.market.pulling.conftest import FIRST
from naxs_tests.market.pulling.memory import INDEX, Upstream, offers, puller
from naxs_tests.market.pulling.test_pull import live

TODAY, TOMORROW = date(2021, 8, 31), date(2021, 9, 1)
LATER = date(2021, 9, 2)


def kept(store: PulledStore) -> list[Part]:
    return store.parts(*CONFIRMING)


def asked(upstream: Upstream) -> Counter[tuple[str, str]]:
    """What was asked to confirm since the last look."""
    found = Counter(
        (call.family.value, call.function)
        for call in upstream.asked
        if PulledTable(call.function) in CONFIRMING
    )
    upstream.asked.clear()
    return found


# --- Who is asked -------------------------------------------------------------------------------


def test_the_snapshot_confirms_today_and_a_few_histories_the_days_before(
    store: PulledStore, upstream: Upstream
) -> None:
    puller(store, upstream).pull(FIRST, TODAY)
    sessions = sessions_of(store, FIRST, TODAY)[-5:]
    day, *histories = kept(store)
    assert (day.table, day.family) == (PulledTable.CONFIRMING_DAY, Family.TENCENT)
    assert {part.family for part in histories} == {Family.SINA}  # baostock's bars stand
    assert {(p.wanted.first, p.wanted.last) for p in histories} == {(sessions[0], sessions[-2])}
    assert len({part.scope for part in histories}) == 5
    assert {part.scope for part in histories} <= set(lives_of(store, INDEX))


def test_the_sample_depends_on_the_day_alone(
    store: PulledStore, upstream: Upstream, tmp_path: Path
) -> None:
    again = PulledStore(tmp_path / "again")
    for one in (store, again):
        puller(one, upstream).pull(FIRST, TODAY)
    assert [part.scope for part in kept(store)] == [part.scope for part in kept(again)]
    other = PulledStore(tmp_path / "other")
    puller(other, upstream).pull(FIRST, date(2021, 8, 30))
    assert {p.scope for p in kept(other)} != {p.scope for p in kept(store)}


def test_a_confirmed_day_is_not_asked_about_again(store: PulledStore, upstream: Upstream) -> None:
    puller(store, upstream).pull(FIRST, TODAY)
    asked(upstream)
    puller(store, upstream).pull(FIRST, TODAY)
    assert asked(upstream) == {}
    upstream.clock.set(TOMORROW)
    puller(store, upstream).pull(FIRST, TOMORROW)
    assert asked(upstream) == {("akshare.tencent", "confirming_day"): 1}


def test_nobody_confirms_their_own_bars(store: PulledStore, upstream: Upstream) -> None:
    upstream.break_down(Family.BAOSTOCK)
    puller(store, upstream).pull(FIRST, TODAY)
    upstream.break_down()
    upstream.clock.set(TOMORROW)
    upstream.break_down(Family.BAOSTOCK)
    puller(store, upstream).pull(FIRST, TOMORROW)
    assert {part.family for part in kept(store)} <= {Family.TENCENT}


# --- What it does not touch ---------------------------------------------------------------------


def test_who_confirms_makes_no_bar(store: PulledStore, upstream: Upstream) -> None:
    puller(store, upstream).pull(FIRST, TODAY)
    before = live(store, upstream.clock).bars(FIRST, TODAY)
    shift(upstream, pl.lit(value=True))
    result = puller(store, upstream).pull(FIRST, TODAY, refetch=True)
    assert live(store, upstream.clock).bars(FIRST, TODAY).equals(before)
    assert result.restatements.is_empty()
    assert not any("confirming" in name for name in live(store, upstream.clock).provenance())


def test_a_failure_is_named_and_changes_no_verdict(store: PulledStore, upstream: Upstream) -> None:
    puller(store, upstream).pull(FIRST, TODAY)
    upstream.clock.set(TOMORROW)
    upstream.break_down(Family.TENCENT)
    result = puller(store, upstream).pull(FIRST, TOMORROW)
    assert result.verdict == FRESH
    facts = result.facts()
    assert (facts["fallbacks"], facts["unanswered"]) == ([], [])
    (line,) = facts["unconfirmed"]
    assert (line["table"], line["family"], line["kind"]) == (
        "confirming_day", "akshare.tencent", "broken",
    )  # fmt: skip
    # The next day a few histories make up for it.
    upstream.break_down()
    upstream.clock.set(LATER)
    asked(upstream)
    assert puller(store, upstream).pull(FIRST, LATER).facts()["unconfirmed"] == []
    assert asked(upstream) == {
        ("akshare.tencent", "confirming_day"): 1,
        ("akshare.sina", "confirming_history"): 5,
    }


def test_bars_of_a_day_that_is_not_over_confirm_nothing(
    store: PulledStore, upstream: Upstream
) -> None:
    puller(store, upstream).pull(FIRST, TODAY)
    upstream.clock.set(TOMORROW, 15, 29)
    puller(store, upstream).pull(FIRST, TOMORROW)
    assert all(part.wanted.last < TOMORROW for part in kept(store))


def test_a_replay_reads_it_again(store: PulledStore, upstream: Upstream) -> None:
    puller(store, upstream).pull(FIRST, TODAY)
    assert len(kept(store)) == 6
    assert replay(store, kept(store), upstream, offers) == []


# --- What is compared ---------------------------------------------------------------------------


def shift(upstream: Upstream, chosen: pl.Expr) -> None:
    """From now on who confirms tells other closes for the ``chosen`` rows."""
    for (family, table), frame in upstream.frames.items():
        if table in CONFIRMING:
            close = pl.when(chosen).then(pl.col("close") + 0.05).otherwise("close")
            upstream.frames[family, table] = frame.with_columns(close.alias("close"))


@pytest.fixture
def home(tmp_path: Path, upstream: Upstream) -> Iterator[LiveHome]:
    folder = write_live_home(tmp_path / "live", TODAY)
    with served_by(upstream):
        yield LiveHome.of(load_settings(folder, {}))


def recon(home: LiveHome) -> tuple[str, int, int]:
    (found,) = (
        judge_tables(pulled_tables(home), month="whole").findings.filter(rule="recon").to_dicts()
    )
    return found["verdict"], found["rows"], found["judged"]


def test_before_the_first_pull_there_is_nothing_to_compare(home: LiveHome) -> None:
    tables = reconciliation(home)
    assert {name: table.height for name, table in tables.items()} == {
        "sample": 0, "second_sample": 0,
    }  # fmt: skip
    assert recon(home)[0] == "not_applicable"


def test_the_newest_sessions_are_compared_with_who_confirmed_them(home: LiveHome) -> None:
    home.pull(FIRST, TODAY)
    tables = reconciliation(home)
    sessions = home.sessions(FIRST, TODAY)[-5:]
    for table in tables.values():
        assert table.columns == ["date", "symbol", "close", "volume", "amount"]
        assert table.get_column("date").unique().sort().to_list() == sessions
        assert set(table.get_column("symbol")) <= set(home.lives())
    standing = home.store.parts(PulledTable.HISTORY)
    assert {part.family for part in standing} == {Family.BAOSTOCK}
    verdict, rows, judged = recon(home)
    assert (verdict, rows) == ("pass", 0)
    assert judged == tables["second_sample"].height > 20


def test_closes_that_differ_are_critical(home: LiveHome, upstream: Upstream) -> None:
    chosen = sorted(upstream.frames[Family.TENCENT, PulledTable.CONFIRMING_DAY]["symbol"].unique())
    shift(upstream, pl.col("symbol").is_in(chosen[::3]))
    home.pull(FIRST, TODAY)
    verdict, rows, judged = recon(home)
    assert verdict == "critical"
    assert rows > 0.02 * judged


def test_a_second_answer_of_one_family_takes_the_place_of_its_first(
    home: LiveHome, upstream: Upstream
) -> None:
    shift(upstream, pl.lit(value=True))
    home.pull(FIRST, TODAY)
    for (family, table), frame in upstream.frames.items():
        if table in CONFIRMING:
            upstream.frames[family, table] = frame.with_columns(pl.col("close") - 0.05)
    home.pull(FIRST, TODAY, refetch=True)
    assert recon(home)[:2] == ("pass", 0)


def test_a_home_that_nobody_confirmed_is_not_judged(home: LiveHome, upstream: Upstream) -> None:
    upstream.break_down(Family.TENCENT, Family.SINA)
    home.pull(FIRST, TODAY)
    assert kept(home.store) == []
    assert recon(home)[0] == "not_applicable"


def test_a_bar_that_was_corrected_since_is_not_compared_with_what_was_told_before(
    home: LiveHome, upstream: Upstream
) -> None:
    """Every family tells the correction of yesterday, and who confirmed it is not asked again."""
    home.pull(FIRST, TODAY)
    snapshot = upstream.frames[Family.SINA, PulledTable.DAY]
    for symbol in sorted(set(snapshot["symbol"]))[:8]:
        upstream.correct(symbol, TODAY, close=1.23)
    upstream.clock.set(TOMORROW)
    later = LiveHome.of(load_settings(write_live_home(home.settings.home, TOMORROW), {}))
    assert later.pull(FIRST, TOMORROW).restatements.height
    assert recon(later)[:2] == ("pass", 0)
