"""Half of an answer is refused, the next family is asked, and what nobody gave whole stays open."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from naxs_assets.market.fetching.calls import Family
from naxs_assets.market.pulling.parts import PulledStore
from naxs_assets.market.pulling.pull import FRESH, STALE, PullResult
from naxs_assets.market.pulling.universe import lives_of, sessions_of
from naxs_assets.market.sources.offers import PULLED, PulledTable
from naxs_tests.market.pulling.conftest import FIRST
from naxs_tests.market.pulling.memory import INDEX, ORDER, Clock, Upstream, puller
from naxs_tests.market.pulling.test_pull import TODAY, TOMORROW, live

T = PulledTable


def fallbacks(result: PullResult) -> list[tuple[Any, ...]]:
    names = ("table", "family", "kind")
    return [tuple(line[name] for name in names) for line in result.facts()["fallbacks"]]


@pytest.fixture
def filled(store: PulledStore, upstream: Upstream) -> PulledStore:
    """A home that was filled on ``TODAY``; it is the evening of the next day."""
    puller(store, upstream, T.INDUSTRY).pull(FIRST, TODAY)
    upstream.clock.set(TOMORROW)
    return store


def test_half_a_day_is_taken_from_the_next_family(filled: PulledStore, upstream: Upstream) -> None:
    upstream.lose(Family.SINA, T.DAY)
    result = puller(filled, upstream).pull(FIRST, TOMORROW)
    assert result.verdict == FRESH
    assert ("day", "akshare.sina", "incomplete") in fallbacks(result)
    (told,) = (s for s in result.setbacks if s.kind == "incomplete")
    assert "symbols are lacking, first " in told.what
    bars = live(filled, upstream.clock).bars(TOMORROW, TOMORROW)
    assert set(bars["symbol"]) >= set(lives_of(filled, INDEX))
    assert set(bars["source"]) == {"baostock"}


def test_what_nobody_gives_whole_is_asked_for_again(
    filled: PulledStore, upstream: Upstream
) -> None:
    true = dict(upstream.frames)
    for family in (Family.SINA, Family.BAOSTOCK):
        upstream.lose(family, T.DAY)
    upstream.break_down(Family.TENCENT)
    for family in (Family.SINA, Family.BAOSTOCK):
        upstream.frames[family, T.HISTORY] = upstream.frames[family, T.HISTORY].clear()
    result = puller(filled, upstream).pull(FIRST, TOMORROW)
    assert result.verdict == STALE
    assert TOMORROW not in set(live(filled, upstream.clock).bars(FIRST, TOMORROW)["date"])
    upstream.frames = true
    upstream.break_down()
    assert puller(filled, upstream).pull(FIRST, TOMORROW).verdict == FRESH
    assert TOMORROW in set(live(filled, upstream.clock).bars(FIRST, TOMORROW)["date"])


def test_a_calendar_that_contradicts_the_exchange_is_not_stored(
    store: PulledStore, upstream: Upstream
) -> None:
    upstream.lose(Family.SINA, T.OPEN_DAYS)
    result = puller(store, upstream).pull(FIRST, TODAY)
    assert result.verdict == FRESH
    assert ("open_days", "akshare.sina", "incomplete") in fallbacks(result)
    assert [part.family for part in store.parts(T.OPEN_DAYS)] == [Family.BAOSTOCK]


@pytest.mark.parametrize(
    ("family", "table"),
    [
        (Family.BAOSTOCK, T.HISTORY),
        (Family.EASTMONEY, T.INDEX_BARS),
        (Family.EXCHANGES, T.INSTRUMENTS),
    ],
)
def test_half_of_a_first_answer_is_refused(
    family: Family, table: PulledTable, store: PulledStore, upstream: Upstream
) -> None:
    upstream.lose(family, table)
    result = puller(store, upstream).pull(FIRST, TODAY)
    assert result.verdict == FRESH
    assert (table.value, family.value, "incomplete") in fallbacks(result)
    assert family not in {part.family for part in store.parts(table)}


def test_half_a_history_of_who_leaves_out_suspensions_is_refused_too(
    store: PulledStore, upstream: Upstream
) -> None:
    upstream.break_down(Family.BAOSTOCK)
    upstream.lose(Family.SINA, T.HISTORY)
    result = puller(store, upstream).pull(FIRST, TODAY)
    assert result.verdict == STALE
    assert ("history", "akshare.sina", "incomplete") in fallbacks(result)


@pytest.mark.parametrize(
    ("family", "table"), [(Family.CSINDEX, T.MEMBERS), (Family.SHENWAN, T.INDUSTRY)]
)
def test_a_list_does_not_lose_half_of_those_it_named(
    family: Family, table: PulledTable, store: PulledStore, upstream: Upstream
) -> None:
    symbols = upstream.frames[Family.EXCHANGES, T.INSTRUMENTS]["symbol"]
    upstream.frames[Family.SHENWAN, T.INDUSTRY] = pl.DataFrame(
        {"symbol": symbols, **dict.fromkeys(PULLED[T.INDUSTRY].keys() - {"symbol"})},
        schema=PULLED[T.INDUSTRY],
    )
    puller(store, upstream, T.INDUSTRY).pull(FIRST, TODAY)
    upstream.clock.set(later := date(2021, 9, 8))
    upstream.lose(family, table)
    before = len(store.parts(table))
    result = puller(store, upstream, T.INDUSTRY).pull(FIRST, later)
    assert (table.value, family.value, "incomplete") in fallbacks(result)
    assert all(part.family is not family for part in store.parts(table)[before:])


def test_days_that_nobody_offers_whole_are_asked_for_by_symbol(
    store: PulledStore, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sina alone knows the market of today only, and the histories."""
    monkeypatch.setattr(
        "naxs_tests.market.pulling.memory.ORDER",
        {**ORDER, T.DAY: (Family.SINA,), T.HISTORY: (Family.SINA,)},
    )
    puller(store, upstream).pull(FIRST, TODAY)
    upstream.clock.set(later := date(2021, 9, 2))
    assert puller(store, upstream).pull(FIRST, later).verdict == FRESH
    sessions = sessions_of(store, FIRST, later)
    days = live(store, upstream.clock).bars(FIRST, later).get_column("date")
    assert sessions == days.unique().sort().to_list()


def test_bars_of_the_afternoon_are_asked_for_again_in_the_evening(
    filled: PulledStore, upstream: Upstream
) -> None:
    upstream.clock.set(TOMORROW, 16)
    puller(filled, upstream).pull(FIRST, TOMORROW)
    true = upstream.frames[Family.SINA, T.DAY]
    upstream.frames[Family.SINA, T.DAY] = true.with_columns(pl.col("close") + 0.01)
    upstream.clock.set(TOMORROW, 17)
    assert puller(filled, upstream).pull(FIRST, TOMORROW).restatements.is_empty()
    upstream.clock.set(TOMORROW, 18)
    told = puller(filled, upstream).pull(FIRST, TOMORROW).restatements
    assert set(told["date"]) == {TOMORROW}
    assert "close" in set(told["column"])


def test_another_family_need_not_name_what_the_first_one_named(
    filled: PulledStore, upstream: Upstream
) -> None:
    """Baostock has no stock of the Beijing exchange."""
    place = Family.EXCHANGES, T.INSTRUMENTS
    beijing = [(f"920{n:03}.BJ", "", None, None) for n in range(20)]
    more = pl.DataFrame(beijing, schema=PULLED[T.INSTRUMENTS], orient="row")
    upstream.frames[place] = pl.concat([upstream.frames[place], more])
    puller(filled, upstream).pull(FIRST, TOMORROW)
    upstream.clock.set(later := date(2021, 9, 2))
    upstream.break_down(Family.EXCHANGES)
    result = puller(filled, upstream).pull(FIRST, later)
    assert result.verdict == FRESH
    assert filled.parts(T.INSTRUMENTS)[-1].family is Family.BAOSTOCK


def test_members_of_long_ago_are_no_measure(filled: PulledStore, upstream: Upstream) -> None:
    """Nor are those of now for the past."""
    for family in (Family.CSINDEX, Family.BAOSTOCK):
        members = upstream.frames[family, T.MEMBERS]
        others = members.with_columns(date=pl.lit(date(2022, 9, 1)))
        half = sorted(set(others["symbol"]))[::2]
        upstream.frames[family, T.MEMBERS] = pl.concat(
            [members, others.filter(pl.col("symbol").is_in(half)).unique(maintain_order=True)]
        )
    upstream.clock.set(later := date(2022, 9, 1))
    result = puller(filled, upstream).pull(FIRST, later)
    assert "members" not in {line["table"] for line in result.facts()["fallbacks"]}


def test_the_newest_day_that_histories_lack_is_asked_for_whole(
    store: PulledStore, upstream: Upstream, clock: Clock
) -> None:
    """Baostock has the bars of today from the evening on, the snapshot has them at once."""
    place = Family.BAOSTOCK, T.HISTORY
    upstream.frames[place] = upstream.frames[place].filter(pl.col("date") != TODAY)
    clock.set(TODAY, 16)
    assert puller(store, upstream).pull(FIRST, TODAY).verdict == FRESH
    bars = live(store, clock).bars(TODAY, TODAY)
    assert set(bars["symbol"]) == set(lives_of(store, INDEX))
    assert set(bars["source"]) == {"akshare.sina"}


def test_the_newest_bar_of_the_index_is_needed(store: PulledStore, upstream: Upstream) -> None:
    place = Family.EASTMONEY, T.INDEX_BARS
    upstream.frames[place] = upstream.frames[place].filter(pl.col("date") != TODAY)
    result = puller(store, upstream).pull(FIRST, TODAY)
    assert ("index_bars", "akshare.eastmoney", "incomplete") in fallbacks(result)
    assert result.verdict == FRESH


def test_a_history_with_todays_unfinished_bar_is_measured_too(
    store: PulledStore, upstream: Upstream, clock: Clock
) -> None:
    whole = upstream.frames[Family.BAOSTOCK, T.HISTORY]
    upstream.break_down(Family.BAOSTOCK)
    upstream.lose(Family.SINA, T.HISTORY, T.DAY)
    upstream.clock.set(TODAY, 14)
    result = puller(store, upstream).pull(FIRST, TODAY)
    assert ("history", "akshare.sina", "incomplete") in fallbacks(result)
    assert result.verdict == STALE
    halted = live(store, clock).bars(FIRST, TODAY).filter("is_suspended")
    true = whole.filter("is_suspended").select("date", "symbol")
    assert halted.join(true, on=["date", "symbol"], how="anti").is_empty()


def test_what_two_families_lack_alike_is_a_suspension(
    store: PulledStore, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "naxs_tests.market.pulling.memory.ORDER",
        {**ORDER, T.DAY: (Family.SINA,), T.HISTORY: (Family.SINA, Family.TENCENT)},
    )
    symbol = sorted(set(upstream.frames[Family.SINA, T.HISTORY]["symbol"]))[0]
    halted = (pl.col("symbol") == symbol) & pl.col("date").is_between(
        date(2021, 7, 5), date(2021, 8, 13)
    )
    told = upstream.frames[Family.SINA, T.HISTORY].filter(~halted)
    upstream.frames[Family.SINA, T.HISTORY] = told
    upstream.frames[Family.TENCENT, T.HISTORY] = told.filter(pl.col("symbol") != symbol)
    assert puller(store, upstream).pull(FIRST, TODAY).verdict == STALE
    upstream.frames[Family.TENCENT, T.HISTORY] = told
    assert puller(store, upstream).pull(FIRST, TODAY).verdict == FRESH
    bars = live(store, upstream.clock).bars(FIRST, TODAY).filter(symbol=symbol)
    assert bars.filter("is_suspended").height == 30


# --- A day without a row ------------------------------------------------------------------------


def test_a_row_that_is_lacking_is_no_suspension(
    filled: PulledStore, upstream: Upstream, clock: Clock
) -> None:
    symbol = sorted(lives_of(filled, INDEX))[0]
    without = upstream.frames[Family.SINA, T.DAY].filter(pl.col("symbol") != symbol)
    upstream.frames[Family.SINA, T.DAY] = without
    puller(filled, upstream).pull(FIRST, TOMORROW)
    bars = live(filled, clock).bars(TOMORROW, TOMORROW)
    assert symbol not in set(bars["symbol"])
    assert not live(filled, clock).gaps.suspended_rows


def test_on_a_day_without_most_bars_nobody_is_suspended(
    store: PulledStore, upstream: Upstream, clock: Clock
) -> None:
    """A hole in every history at once is no suspension."""
    hole = date(2021, 8, 18)
    upstream.break_down(Family.BAOSTOCK)
    place = Family.SINA, T.HISTORY
    upstream.frames[place] = upstream.frames[place].filter(pl.col("date") != hole)
    puller(store, upstream).pull(FIRST, TODAY)
    bars = live(store, clock).bars(FIRST, TODAY)
    assert bars.filter(pl.col("date") == hole).is_empty()
    assert bars.filter("is_suspended").height > 0


def test_the_list_of_suspensions_and_of_special_treatment_tell_the_status(
    filled: PulledStore, upstream: Upstream, clock: Clock
) -> None:
    halted, treated = sorted(lives_of(filled, INDEX))[:2]
    for table, symbol in ((T.SUSPENSIONS, halted), (T.ST, treated)):
        (family,) = ORDER[table]
        upstream.frames[family, table] = pl.DataFrame(
            {"date": [TOMORROW], "symbol": [symbol]}, schema=PULLED[table]
        )
    snapshot = upstream.frames[Family.SINA, T.DAY].filter(pl.col("symbol") != halted)
    upstream.frames[Family.SINA, T.DAY] = snapshot.with_columns(is_st=pl.lit(None, pl.Boolean))
    puller(filled, upstream, T.SUSPENSIONS, T.ST).pull(FIRST, TOMORROW)
    bars = live(filled, clock).bars(TOMORROW, TOMORROW)
    row = bars.row(by_predicate=pl.col("symbol") == halted, named=True)
    assert (row["is_suspended"], row["close"], row["volume"]) == (True, None, None)
    assert bars.filter("is_st")["symbol"].to_list() == [treated]
    assert bars["is_st"].null_count() == 0
    # Of the day before nobody had a list: what the bars say stands.
    assert live(filled, clock).bars(TODAY, TODAY)["is_st"].to_list().count(True) == 0


def test_a_history_without_rows_of_suspensions_has_suspended_days(
    store: PulledStore, upstream: Upstream, clock: Clock
) -> None:
    whole = upstream.frames[Family.BAOSTOCK, T.HISTORY]
    expected = whole.filter(
        "is_suspended", pl.col("date").is_between(FIRST, TODAY, closed="right")
    ).select("date", "symbol")
    assert expected.height
    upstream.break_down(Family.BAOSTOCK)
    puller(store, upstream).pull(FIRST, TODAY)
    bars = live(store, clock).bars(FIRST, TODAY)
    found = bars.filter("is_suspended").select("date", "symbol")
    since = bars.group_by("symbol").agg(since=pl.col("date").min())
    members = expected.join(since, on="symbol").filter(pl.col("date") > pl.col("since"))
    assert found.sort("date", "symbol").equals(members.drop("since").sort("date", "symbol"))
