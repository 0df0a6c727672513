"""A late correction makes a new part and a row for every value; the earlier part stays readable."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl

from naxs_assets.market.fetching.calls import Family
from naxs_assets.market.pulling.parts import PulledStore
from naxs_assets.market.pulling.replay import parts_of, replay
from naxs_assets.market.sources.offers import PULLED, PulledTable
from naxs_tests.market.pulling.conftest import FIRST
from naxs_tests.market.pulling.memory import Clock, Upstream, offers, puller
from naxs_tests.market.pulling.test_pull import TODAY, TOMORROW, live

CORRECTED = date(2021, 8, 27)


def corrected(store: PulledStore, upstream: Upstream, clock: Clock) -> tuple[str, float]:
    """Pull, correct one close upstream, pull again the next day."""
    puller(store, upstream).pull(FIRST, TODAY)
    bar = (
        live(store, clock)
        .bars(CORRECTED, CORRECTED)
        .filter(pl.col("volume") > 0)
        .row(0, named=True)
    )
    upstream.correct(bar["symbol"], CORRECTED, close=bar["close"] + 0.01)
    clock.set(TOMORROW)
    puller(store, upstream).pull(FIRST, TOMORROW)
    return bar["symbol"], bar["close"]


def test_a_corrected_bar_is_told_with_old_and_new(
    store: PulledStore, upstream: Upstream, clock: Clock
) -> None:
    symbol, close = corrected(store, upstream, clock)
    assert store.restatements().to_dicts() == [
        {
            "table": "bars",
            "symbol": symbol,
            "date": CORRECTED,
            "column": "close",
            "old": str(close),
            "new": str(close + 0.01),
            "old_source": "baostock",
            "new_source": "baostock",
            "seen_at": "2021-09-01T11:00:00.000000+00:00",
        }
    ]
    assert store.restatements(datetime(2021, 9, 2, tzinfo=UTC)).is_empty()
    now = live(store, clock).bars(CORRECTED, CORRECTED).filter(symbol=symbol)
    before = live(store, clock, datetime(2021, 9, 1, tzinfo=UTC))
    then = before.bars(CORRECTED, CORRECTED).filter(symbol=symbol)
    assert (now.item(0, "close"), then.item(0, "close")) == (close + 0.01, close)
    assert before.coverage()[1] == TODAY
    # It is told once.
    clock.set(date(2021, 9, 2))
    assert puller(store, upstream).pull(FIRST, date(2021, 9, 2)).restatements.is_empty()


def test_another_familys_rounding_corrects_nothing(
    store: PulledStore, upstream: Upstream, clock: Clock
) -> None:
    snapshots = Family.SINA, PulledTable.DAY
    exact = upstream.frames[snapshots]
    upstream.frames[snapshots] = exact.with_columns(pl.col("change").round(4))
    puller(store, upstream).pull(FIRST, TODAY)
    clock.set(TOMORROW)
    puller(store, upstream).pull(FIRST, TOMORROW)
    bars = live(store, clock).bars(TOMORROW, TOMORROW).filter(pl.col("volume") > 0)
    symbol, volume = bars.row(0, named=True)["symbol"], bars.item(0, "volume")
    upstream.correct(symbol, TOMORROW, volume=round(volume * 1.01))
    clock.set(date(2021, 9, 2))
    found = puller(store, upstream).pull(FIRST, date(2021, 9, 2)).restatements
    assert found.select("symbol", "column", "old_source", "new_source").rows() == [
        (symbol, "volume", "akshare.sina", "baostock")
    ]


def test_replay_reads_the_same_bits(store: PulledStore, upstream: Upstream, clock: Clock) -> None:
    corrected(store, upstream, clock)
    asked = len(upstream.asked)
    parts = parts_of(store, FIRST, TOMORROW)
    assert replay(store, parts, upstream, offers) == []
    assert len(upstream.asked) == asked
    assert {part.table for part in parts} >= {PulledTable.HISTORY, PulledTable.MEMBERS}


def test_replay_names_what_a_changed_parser_reads_otherwise(
    store: PulledStore, upstream: Upstream
) -> None:
    puller(store, upstream).pull(FIRST, TODAY)
    at = next(
        number
        for number, answer in enumerate(upstream.recorded)
        if answer.call.family is Family.BAOSTOCK and answer.call.function == "history"
    )
    answer = upstream.recorded[at]
    volumes = answer.frame.with_columns(pl.col("volume") * 100)
    upstream.recorded[at] = type(answer)(
        answer.call, volumes, answer.source_version, answer.fetched_at, answer.responses
    )
    del upstream.recorded[0]
    changed = replay(store, store.parts(), upstream, offers)
    told = [(difference.part.table, difference.what.partition(",")[0]) for difference in changed]
    assert told[0] == (PulledTable.OPEN_DAYS, "not_recorded: no answer was recorded")
    assert told[1][0] is PulledTable.HISTORY
    assert told[1][1].startswith("column volume differs in ")
    assert len(told) == 2


def test_bars_that_a_pull_left_uncompared_are_compared_by_the_next(
    store: PulledStore, upstream: Upstream, clock: Clock
) -> None:
    symbol, _ = corrected(store, upstream, clock)
    again = PulledStore(store.folder)
    through = again.compared_through()
    assert through == again.parts()[-1].id
    upstream.correct(symbol, CORRECTED, volume=12345)
    clock.set(date(2021, 9, 2))
    one = puller(again, upstream)
    one._note_restatements = lambda _result: None  # type: ignore[method-assign]
    one.pull(FIRST, date(2021, 9, 2))
    assert again.compared_through() == through
    found = puller(again, upstream).pull(FIRST, date(2021, 9, 2)).restatements
    assert found.get_column("column").to_list() == ["volume"]


def test_a_bar_that_is_not_told_any_more_is_noted_and_stands(
    store: PulledStore, upstream: Upstream, clock: Clock
) -> None:
    puller(store, upstream).pull(FIRST, TODAY)
    before = live(store, clock).bars(FIRST, TODAY)
    symbol = before.filter(pl.col("date") == CORRECTED).item(0, "symbol")
    here = (pl.col("symbol") == symbol) & (pl.col("date") == CORRECTED)
    place = (Family.BAOSTOCK, PulledTable.DAY)
    upstream.frames[place] = upstream.frames[place].filter(~here)
    clock.set(TOMORROW)
    told = puller(store, upstream).pull(FIRST, TOMORROW).restatements
    assert told.select("symbol", "date", "column", "old", "new").rows() == [
        (symbol, CORRECTED, "row", "present", None)
    ]
    assert live(store, clock).bars(FIRST, TODAY).equals(before)
    # It is told once.
    clock.set(later := date(2021, 9, 2))
    assert puller(store, upstream).pull(FIRST, later).restatements.is_empty()


def test_a_day_of_one_symbol_withdraws_no_other(
    store: PulledStore, upstream: Upstream, clock: Clock
) -> None:
    """Nobody gives the day whole, so it is asked for symbol by symbol, in two pulls."""
    puller(store, upstream).pull(FIRST, TODAY)
    clock.set(TOMORROW)
    for family in (Family.SINA, Family.BAOSTOCK):
        frame = upstream.frames[family, PulledTable.DAY]
        upstream.frames[family, PulledTable.DAY] = frame.filter(pl.col("date") != TOMORROW)
    place = Family.BAOSTOCK, PulledTable.HISTORY
    whole = upstream.frames[place]
    some = sorted(set(whole["symbol"]))[::2]
    kept = (pl.col("date") != TOMORROW) | pl.col("symbol").is_in(some)
    upstream.frames[place] = whole.filter(kept)
    upstream.frames[Family.SINA, PulledTable.HISTORY] = whole.clear()
    puller(store, upstream).pull(FIRST, TOMORROW)
    upstream.frames[place] = whole
    assert puller(store, upstream).pull(FIRST, TOMORROW).restatements.is_empty()


# --- Factors and fundamentals -------------------------------------------------------------------


def test_a_revised_factor_of_the_past_is_told(
    store: PulledStore, upstream: Upstream, clock: Clock
) -> None:
    puller(store, upstream).pull(FIRST, TODAY)
    series = upstream.frames[Family.BAOSTOCK, PulledTable.FACTORS]
    symbol, ex_date, factor = series.filter(pl.col("ex_date") <= TODAY).row(0)
    here = (pl.col("symbol") == symbol) & (pl.col("ex_date") == ex_date)
    revised = pl.when(here).then(factor * 1.01).otherwise("factor").alias("factor")
    upstream.frames[Family.BAOSTOCK, PulledTable.FACTORS] = series.with_columns(revised)
    clock.set(TOMORROW)
    assert puller(store, upstream).pull(FIRST, TOMORROW).restatements.is_empty()
    # A month after it was asked for, a series is asked for again.
    clock.set(later := date(2021, 9, 30))
    told = puller(store, upstream).pull(FIRST, later).restatements.filter(table="factors")
    assert told.select("symbol", "date", "column", "old", "new").rows() == [
        (symbol, ex_date, "factor", str(factor), str(factor * 1.01))
    ]


def test_a_figure_told_otherwise_is_a_revision_from_then_on(
    store: PulledStore, upstream: Upstream, clock: Clock
) -> None:
    announced = datetime(2021, 8, 27, 16, tzinfo=UTC)
    members = puller(store, upstream)
    members.pull(FIRST, TODAY)
    symbol = live(store, clock).instruments().item(0, "symbol")
    place = (Family.EASTMONEY_DATACENTER, PulledTable.FUNDAMENTALS)
    seen = []
    for day, value in ((TODAY, 9.15), (date(2021, 9, 8), 9.15), (date(2021, 9, 16), 91.5)):
        figure = (symbol, date(2021, 6, 30), date(2021, 8, 27), announced, "bps", value)
        upstream.frames[place] = pl.DataFrame(
            [figure], schema=PULLED[PulledTable.FUNDAMENTALS], orient="row"
        )
        clock.set(day)
        puller(store, upstream, PulledTable.FUNDAMENTALS).pull(FIRST, day)
        seen.append(clock().astimezone(UTC))
    figures = live(store, clock).fundamentals(date.min, date.max)
    assert figures.select("value", "available_at", "ingested_at").rows() == [
        (9.15, announced, seen[0]),
        (91.5, seen[2], seen[2]),
    ]
    told = store.restatements().filter(table="fundamentals")
    assert told.select("date", "column", "old", "new").rows() == [
        (date(2021, 6, 30), "bps", "9.15", "91.5")
    ]
    then = live(store, clock, seen[1]).fundamentals(date.min, date.max)
    assert then["value"].to_list() == [9.15]
