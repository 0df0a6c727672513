"""One corrected bar makes anew what was made from it, and nothing else."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import numpy as np
import polars as pl
import pytest

from naxs_assets.backtest.journal import Journal
from naxs_assets.lineage.records import Outcome
from naxs_assets.lineage.walk import downstream
from naxs_assets.market.sources.base import Source
from naxs_assets.partitions import first_day, last_day
from naxs_tests.graph.conftest import Opener
from naxs_tests.graph.small import (
    FEATURES,
    LAST_DAY,
    MONTHS,
    Hashes,
    Restated,
    currents,
    hashes,
    make_planned,
    make_without_dagster,
    planned,
    version_count,
    write_entry,
    write_home,
    write_settings,
)

pytestmark = pytest.mark.xdist_group("restated")


def a_corrected_bar(
    source: Source, month: str, column: str, seed: int, *, at_end: bool
) -> Restated:
    """A traded bar of the month, drawn by seed, with another but still possible value."""
    random = np.random.default_rng(seed)
    bars = source.bars(first_day(month), last_day(month)).filter(
        ~pl.col("is_suspended") & (pl.col("high") > pl.col("low") + 0.02)
    )
    days = bars.get_column("date").unique().sort()
    day = days[-1] if at_end else days[int(random.integers(1, len(days) - 1))]
    bars = bars.filter(pl.col("date") == day).sort("symbol")
    bar = bars.row(int(random.integers(bars.height)), named=True)
    if column == "volume":
        corrected: dict[str, float] = {"volume": bar["volume"] * 3, "amount": bar["amount"] * 3}
    elif column == "high":
        corrected = {"high": round(bar["high"] + 0.01, 2)}
    else:
        close = bar["low"] if bar["close"] != bar["low"] else bar["high"]
        corrected = {"close": close, "change": close / bar["pre_close"] - 1}
    return Restated(source, bar["symbol"], day, **corrected)


ALWAYS = ["market/prices", "features/few", "tiny/dataset"]
LABELS = ["labels/next_day"]
MODELS = ["tiny/model", "tiny/predictions", "tiny/evaluation"]
RESULTS = ["tiny/backtest", "tiny/report"]
CORRECTIONS = [
    # The change of the day after contradicts the corrected close, so a rule finds it too.
    pytest.param(
        "2021-08",
        "close",
        False,
        1,
        ["market/findings", *LABELS, *MODELS, *RESULTS],
        id="early-close",
    ),
    pytest.param("2022-03", "volume", True, 2, [*MODELS, *RESULTS], id="volume-at-a-month-end"),
    # No order comes of the last day's scores any more.
    pytest.param(
        "2022-12",
        "close",
        True,
        4,
        [*LABELS, "tiny/predictions", "tiny/evaluation", "tiny/report"],
        id="close-of-the-last-day",
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize(("month", "column", "at_end", "seed", "assets"), CORRECTIONS)
def test_a_corrected_bar_changes_what_a_home_made_from_nothing_would_hold_otherwise(
    month: str,
    column: str,
    at_end: bool,
    seed: int,
    assets: list[str],
    copied: Path,
    folder: Path,
    opener: Opener,
    instance: dg.DagsterInstance,
    finished_hashes: Hashes,
) -> None:
    original = opener(copied)
    bad = currents(original)["market/prices", month]
    source = a_corrected_bar(original.source, month, column, seed, at_end=at_end)
    made_from_nothing = opener(write_home(folder / "anew"), source)
    make_without_dagster(made_from_nothing, MONTHS)
    expected = hashes(made_from_nothing)

    platform = opener(copied, source)
    outcomes = make_planned(platform, instance)

    found = hashes(platform)
    assert found == expected
    changed = {place for place in found if found[place] != finished_hashes[place]}
    assert ("market/prices", month) in changed
    assert {asset for asset, _ in changed} == {*ALWAYS, *assets}
    assert {place for place, outcome in outcomes.items() if outcome is Outcome.NEW} == changed
    assert not [place for place in outcomes if outcomes[place] is Outcome.UNCHANGED]
    # The ledger told before what would be touched.
    touched = {(v.asset, v.partition) for v in downstream(platform.lineage.ledger.database, bad.id)}
    assert changed <= touched | {("market/prices", month)}
    assert set(outcomes) <= touched | {("market/prices", month)}
    # And there is nothing left to do.
    assert planned(platform).batches == ()


def test_a_column_that_nothing_reads_changes_prices_only(
    copied: Path, opener: Opener, instance: dg.DagsterInstance, finished_hashes: Hashes
) -> None:
    original = opener(copied)
    bars = original.source.bars(date(2022, 6, 1), date(2022, 6, 30))
    bar = bars.filter(~pl.col("is_suspended")).row(0, named=True)
    source = Restated(original.source, bar["symbol"], bar["date"], amount=bar["amount"] + 1)
    platform = opener(copied, source)
    outcomes = make_planned(platform, instance)
    found = hashes(platform)
    assert {place for place in found if found[place] != finished_hashes[place]} == {
        ("market/prices", "2022-06")
    }
    # What read the month is on record as made from its new version, with the content it had.
    confirmed = {place for place, outcome in outcomes.items() if outcome is Outcome.CONFIRMED}
    assert {("features/few", "2022-06"), ("tiny/backtest", "2022-06")} <= confirmed
    assert not {asset for asset, _ in confirmed} & {"tiny/model", "tiny/predictions"}


def test_a_reader_as_of_before_a_restatement_sees_what_was_there(
    copied: Path, opener: Opener, instance: dg.DagsterInstance
) -> None:
    before = datetime(2022, 12, 31, tzinfo=UTC)
    original = opener(copied)
    places = [
        ("market/prices", "2022-12"),
        ("features/few", "2022-12"),
        ("tiny/dataset", "2022-12"),
        ("tiny/backtest", "2022-12"),
    ]
    frames = {place: original.lineage.reader(place[0])[place[1]].frame() for place in places}
    report = original.lineage.reader("tiny/report").whole().text()
    positions = Journal(frames["tiny/backtest", "2022-12"]).positions()
    held = positions.filter(pl.col("date") == LAST_DAY).get_column("symbol")[0]
    bar = original.source.bars(LAST_DAY, LAST_DAY).filter(symbol=held).row(0, named=True)
    close = bar["low"] if bar["low"] < bar["close"] else bar["high"]
    source = Restated(original.source, held, LAST_DAY, close=close)

    write_settings(copied, last=LAST_DAY, now=date(2023, 1, 3))
    platform = opener(copied, source)
    make_planned(platform, instance)

    for asset, month in places:
        now, then = platform.lineage.reader(asset), platform.lineage.reader(asset, before)
        assert then[month].frame().equals(frames[asset, month])
        assert not now[month].frame().equals(frames[asset, month])
    assert platform.lineage.reader("tiny/report", before).whole().text() == report
    assert platform.lineage.reader("tiny/report").whole().text() != report
    # Before the home was made, there was nothing.
    first_run = datetime(2022, 12, 1, tzinfo=UTC)
    assert list(platform.lineage.reader("market/prices", first_run)) == []


def test_a_changed_feature_makes_anew_what_uses_it_and_no_prices(
    copied: Path, opener: Opener
) -> None:
    changed = {"expression": "Mean($close,4)/$close"}
    write_entry(
        copied, "features", FEATURES | {"features": FEATURES["features"] | {"MA5": changed}}
    )
    stale = planned(opener(copied)).stale
    assert set(stale) == {
        "features/few",
        "tiny/dataset",
        "tiny/model",
        "tiny/predictions",
        "tiny/evaluation",
        "tiny/backtest",
        "tiny/report",
    }
    assert stale["features/few"]["2022-01"] == "its configuration changed"
    assert list(stale["tiny/backtest"]) == MONTHS


def test_a_source_that_gives_the_same_bars_again_writes_nothing(
    copied: Path, opener: Opener, instance: dg.DagsterInstance
) -> None:
    platform = opener(copied)
    before = version_count(platform)
    bars = platform.source.bars(date(2022, 6, 1), date(2022, 6, 30))
    bar = bars.row(0, named=True)
    same = opener(copied, Restated(platform.source, bar["symbol"], bar["date"], close=bar["close"]))
    assert make_planned(same, instance) == {}
    assert version_count(same) == before
