"""A pull: what is asked of whom, what is kept, and what happens when somebody does not answer."""

from __future__ import annotations

from collections import Counter
from datetime import date

import polars as pl
import pytest

from naxs_assets.market.fetching.calls import Family
from naxs_assets.market.pulling.parts import PulledStore
from naxs_assets.market.pulling.pull import FRESH, STALE, bar_ranks, table_ranks
from naxs_assets.market.pulling.universe import sessions_of
from naxs_assets.market.pulling.winners import BAR_TABLES
from naxs_assets.market.sources.live import LiveSource
from naxs_assets.market.sources.offers import PulledTable
from naxs_assets.market.sources.synthetic import SyntheticSource
from naxs_tests.market.pulling.conftest import FIRST
from naxs_tests.market.pulling.memory import INDEX, Clock, Upstream, offers, puller

TODAY, TOMORROW = date(2021, 8, 31), date(2021, 9, 1)


def live(store: PulledStore, clock: Clock, as_of: object = None) -> LiveSource:
    return LiveSource(
        store,
        universe="csi300",
        index=INDEX,
        first=FIRST,
        clock=clock,
        ranks=lambda table: (
            bar_ranks(offers) if table in BAR_TABLES else table_ranks(offers, table)
        ),
        as_of=as_of,  # type: ignore[arg-type]
    )


def functions(upstream: Upstream) -> Counter[tuple[str, str]]:
    """What was asked since the last look, by family and table."""
    asked = Counter((call.family.value, call.function) for call in upstream.asked)
    upstream.asked.clear()
    return asked


# --- What is asked ------------------------------------------------------------------------------


def test_a_new_home_is_filled_by_symbol_and_then_day_by_day(
    store: PulledStore, upstream: Upstream, market: SyntheticSource
) -> None:
    members = market.index_members().filter(pl.col("effective_from") <= TODAY)
    symbols = members.get_column("symbol").n_unique()
    result = puller(store, upstream).pull(FIRST, TODAY)
    assert result.verdict == FRESH
    assert result.setbacks == []
    assert functions(upstream) == {
        ("akshare.sina", "open_days"): 1,
        ("akshare.exchanges", "instruments"): 1,
        ("baostock", "members"): 1,
        ("akshare.csindex", "members"): 1,
        ("baostock", "history"): symbols,
        ("akshare.eastmoney", "index_bars"): 1,
        ("baostock", "factors"): symbols,
        ("akshare.tencent", "confirming_day"): 1,
        ("akshare.sina", "confirming_history"): 5,
    }
    # The same evening there is nothing left to ask for.
    assert puller(store, upstream).pull(FIRST, TODAY).taken == []
    assert functions(upstream) == {}
    # The next day brings its snapshot, and the last sessions again.
    upstream.clock.set(TOMORROW)
    puller(store, upstream).pull(FIRST, TOMORROW)
    asked = functions(upstream)
    assert asked["akshare.sina", "day"] == 1
    assert asked["baostock", "day"] == 4
    assert asked["baostock", "history"] == 0


def test_every_week_more_sessions_are_fetched_again(store: PulledStore, upstream: Upstream) -> None:
    puller(store, upstream).pull(FIRST, TODAY)
    functions(upstream)
    upstream.clock.set(date(2021, 9, 7))
    result = puller(store, upstream).pull(FIRST, date(2021, 9, 7))
    sessions = len(sessions_of(store, FIRST, date(2021, 9, 7)))
    assert result.trailing == 60
    assert functions(upstream)["baostock", "day"] == min(60, sessions) - 1


def test_refetch_asks_for_everything_again(store: PulledStore, upstream: Upstream) -> None:
    puller(store, upstream).pull(FIRST, TODAY)
    before = functions(upstream)
    result = puller(store, upstream).pull(FIRST, TODAY, refetch=True)
    assert functions(upstream) == before
    assert result.restatements.is_empty()


# --- What is kept -------------------------------------------------------------------------------


def test_the_live_source_gives_the_market_that_was_served(
    store: PulledStore, upstream: Upstream, market: SyntheticSource, clock: Clock
) -> None:
    puller(store, upstream).pull(FIRST, TODAY)
    source = live(store, clock)
    assert source.coverage() == (FIRST, TODAY)
    members = source.index_members().get_column("symbol").unique()
    served = market.bars(FIRST, TODAY).filter(pl.col("symbol").is_in(members.implode()))
    bars = source.bars(FIRST, TODAY)
    told = ["date", "symbol", "open", "high", "low", "close", "pre_close", "change", "volume"]
    told += ["amount", "is_st", "is_suspended"]
    assert bars.select(told).equals(served.select(told))
    ratio = bars.get_column("adj_factor") / served.get_column("adj_factor")
    by_symbol = pl.DataFrame({"symbol": bars["symbol"], "ratio": ratio})
    spread = by_symbol.group_by("symbol").agg(pl.col("ratio").max() - pl.col("ratio").min())
    assert spread.get_column("ratio").max() < 1e-12
    assert source.index_bars(FIRST, TODAY).equals(market.index_bars(FIRST, TODAY))
    assert source.bars(date(2021, 8, 2), date(2021, 8, 4)).get_column("date").n_unique() == 3
    provenance = source.provenance()
    assert provenance["baostock:history"].startswith("baostock 1.0; ")
    assert "fetched 2021-08-31T11:00:00Z" in provenance["baostock:history"]


def test_a_day_is_wholly_from_one_family(
    store: PulledStore, upstream: Upstream, clock: Clock
) -> None:
    puller(store, upstream).pull(FIRST, TODAY)
    clock.set(TOMORROW)
    puller(store, upstream).pull(FIRST, TOMORROW)
    # The snapshot does not tell who is suspended; the next day the history's family does.
    assert live(store, clock).bars(TOMORROW, TOMORROW)["is_suspended"].is_null().all()
    clock.set(date(2021, 9, 2))
    result = puller(store, upstream).pull(FIRST, date(2021, 9, 2))
    assert live(store, clock).bars(TOMORROW, TOMORROW)["is_suspended"].null_count() == 0
    # It fills in what was unknown and changes nothing that was known.
    assert result.restatements.is_empty()


def test_todays_bars_before_half_past_three_are_kept_raw_alone(
    store: PulledStore, upstream: Upstream, clock: Clock
) -> None:
    puller(store, upstream).pull(FIRST, TODAY)
    clock.set(TOMORROW, 15, 29)
    result = puller(store, upstream).pull(FIRST, TOMORROW)
    assert result.partial["day"] > 0
    assert store.parts(PulledTable.DAY, scope=TOMORROW.isoformat()) == []
    assert any(a.call.arguments.get("first") == "2021-09-01" for a in upstream.recorded)
    assert live(store, clock).coverage()[1] == TODAY
    clock.set(TOMORROW, 15, 30)
    result = puller(store, upstream).pull(FIRST, TOMORROW)
    assert result.partial["day"] == 0
    assert live(store, clock).bars(TOMORROW, TOMORROW).height > 0


# --- Who does not answer ------------------------------------------------------------------------


def test_another_family_is_asked_and_named(store: PulledStore, upstream: Upstream) -> None:
    upstream.break_down(Family.BAOSTOCK)
    result = puller(store, upstream).pull(FIRST, TODAY)
    facts = result.facts()
    told = {(line["table"], line["family"]): line for line in facts["fallbacks"]}
    assert told["history", "baostock"]["kind"] == "broken"
    assert told["history", "baostock"]["what"] == "the connection was closed"
    assert {part.family for part in store.parts(PulledTable.HISTORY)} <= {Family.SINA}
    assert {line["family"] for line in facts["taken"] if line["table"] == "factors"} <= {
        "akshare.sina"
    }


def test_when_nobody_answers_what_is_stored_stands(
    store: PulledStore, upstream: Upstream, clock: Clock
) -> None:
    puller(store, upstream).pull(FIRST, TODAY)
    before = live(store, clock).bars(FIRST, TODAY)
    clock.set(TOMORROW)
    upstream.break_down(*Family)
    result = puller(store, upstream).pull(FIRST, TOMORROW)
    assert result.verdict == STALE
    assert result.taken == []
    assert {line["table"] for line in result.facts()["unanswered"]} >= {"day", "index_bars"}
    assert live(store, clock).bars(FIRST, TOMORROW).equals(before)
    assert store.pulls()[-1]["verdict"] == STALE
    # The next pull that is answered brings what this one could not.
    upstream.break_down()
    assert puller(store, upstream).pull(FIRST, TOMORROW).verdict == FRESH
    assert live(store, clock).bars(TOMORROW, TOMORROW).height > 0


def test_a_day_that_nobody_gives_whole_is_asked_for_by_symbol(
    store: PulledStore, upstream: Upstream, clock: Clock
) -> None:
    puller(store, upstream).pull(FIRST, TODAY)
    clock.set(date(2021, 9, 2))
    upstream.break_down(Family.BAOSTOCK)
    result = puller(store, upstream).pull(FIRST, date(2021, 9, 2))
    days = live(store, clock).bars(TOMORROW, date(2021, 9, 2)).get_column("date").unique()
    assert days.sort().to_list() == [TOMORROW, date(2021, 9, 2)]
    # The sessions before could not be looked at again.
    assert result.verdict == STALE


def test_a_killed_pull_keeps_what_was_answered(store: PulledStore, upstream: Upstream) -> None:
    asked = 0

    def stop(_ask: object, _left: int) -> None:
        nonlocal asked
        asked += 1
        if asked == 10:
            raise KeyboardInterrupt

    first = puller(store, upstream)
    first.on_asked = stop
    with pytest.raises(KeyboardInterrupt):
        first.pull(FIRST, TODAY)
    kept = len(store.parts())
    assert kept == 10
    functions(upstream)
    result = puller(store, upstream).pull(FIRST, TODAY)
    assert functions(upstream)["akshare.sina", "open_days"] == 0
    assert len(store.parts()) == kept + len(result.taken)
