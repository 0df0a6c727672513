"""What a run has to make: the needed months of each asset, and of those what is stale."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import pytest

from naxs_assets.lineage.assets import LineageAsset
from naxs_assets.lineage.monthly import Made
from naxs_assets.lineage.planning import Batch, Plan, plan
from naxs_assets.lineage.publishing import Lineage
from naxs_assets.lineage.reader import Reader
from naxs_assets.lineage.recipe import AllMonths, Months, Recipe, Upstream, Whole
from naxs_assets.partitions import add_months, months_between
from naxs_tests.lineage.support import a_recipe, new_run, numbers, small_home

YEAR = [f"2020-{month:02d}" for month in range(1, 13)]


def asset(
    name: str,
    *,
    monthly: bool = True,
    config: Mapping[str, int] = MappingProxyType({}),
    **upstream: Upstream,
) -> LineageAsset:
    """An asset of which nothing matters but what it reads."""
    recipe = a_recipe(name, monthly=monthly, config=config, upstream=upstream)

    def make(pending: Iterator[str], **readers: Reader) -> Iterator[Made]:
        for partition in pending:
            handles = [
                readers[name][month]
                for name, reads in upstream.items()
                for month in months_read(reads, partition, readers[name])
            ]
            yield Made(partition, numbers(partition or "2020-01", 1), tuple(handles))

    return LineageAsset(recipe, make, name, "small", frozenset(), "team:research")


def months_read(reads: Upstream, month: str, reader: Reader) -> list[str]:
    if isinstance(reads, Whole):
        return [""]
    if isinstance(reads, AllMonths):
        return list(reader)
    return list(months_between(add_months(month, -reads.back), add_months(month, reads.ahead)))


GRAPH = (
    asset("calendar", monthly=False),
    asset("prices", calendar=Whole("calendar"), previous=Months("prices", back=1, ahead=-1)),
    asset("index"),
    asset("features", prices=Months("prices", back=2)),
    asset("labels", prices=Months("prices", ahead=1)),
    asset("dataset", features=Months("features"), labels=Months("labels")),
    asset("scores", dataset=Months("dataset", back=3)),
    asset("unrelated", prices=Months("prices")),
    # What it reads stands before itself, so the order of its inputs must not matter.
    asset(
        "backtest", scores=Months("scores", back=1), previous=Months("backtest", back=1, ahead=-1)
    ),
    asset("report", monthly=False, backtest=AllMonths("backtest"), index=AllMonths("index")),
)
RECIPES: dict[str, Recipe] = {a.recipe.asset: a.recipe for a in GRAPH}


@pytest.fixture
def lineage(tmp_path: Path) -> Iterator[Lineage]:
    home = small_home(tmp_path / "home")
    yield home
    home.ledger.database.close()


def planned(
    lineage: Lineage,
    target: str = "report",
    first: str = "2020-01",
    last: str = "2020-12",
    graph: Sequence[LineageAsset] = GRAPH,
) -> Plan:
    return plan(
        graph,
        lineage.library,
        target,
        first=first,
        last=last,
        market_first="2020-01",
        market_last="2020-12",
    )


def make(lineage: Lineage, done: Plan) -> None:
    """Make what a plan says, batch by batch, as runs would."""
    for batch in done.batches:
        for name in batch.assets:
            (found,) = [a for a in GRAPH if a.recipe.asset == name]
            months = list(months_between(batch.first, batch.last))
            places = months if found.recipe.monthly else [""]
            readers = {
                key: lineage.reader(reads.asset) for key, reads in found.recipe.upstream.items()
            }
            claim = lineage.claim(name, places, new_run())
            lineage.publish(found.monthly(readers), places, claim)


# --- What is needed -----------------------------------------------------------------------------


def test_only_what_lies_upstream_of_the_target_is_needed(lineage: Lineage) -> None:
    assert set(planned(lineage).needed) == set(RECIPES) - {"unrelated"}
    assert set(planned(lineage, "labels").needed) == {"calendar", "prices", "labels"}


def test_look_back_and_look_ahead_add_months(lineage: Lineage) -> None:
    needed = planned(lineage, "dataset", "2020-05", "2020-06").needed
    assert needed["dataset"] == ["2020-05", "2020-06"]
    assert needed["features"] == ["2020-05", "2020-06"]
    # Prices follow from the month before, so all of them; labels need the month ahead.
    assert needed["prices"] == YEAR[:7]
    assert needed["calendar"] == [""]


def test_windows_end_with_the_market(lineage: Lineage) -> None:
    needed = planned(lineage, "scores", "2020-02", "2020-12").needed
    assert needed["dataset"] == YEAR
    assert needed["prices"] == YEAR


def test_what_starts_from_the_month_before_needs_every_earlier_month(lineage: Lineage) -> None:
    needed = planned(lineage, "report", "2020-06", "2020-08").needed
    for name in ("backtest", "scores", "dataset", "features", "index"):
        assert needed[name] == YEAR[:8], name
    assert needed["prices"] == YEAR[:9]


# --- What is stale ------------------------------------------------------------------------------


def test_in_an_empty_home_everything_is_not_made_yet(lineage: Lineage) -> None:
    fresh = planned(lineage)
    assert fresh.reused == 0
    assert fresh.to_make == sum(len(months) for months in fresh.needed.values())
    assert {reason for reasons in fresh.stale.values() for reason in reasons.values()} == {
        "not made yet"
    }


def test_what_was_made_is_reused(lineage: Lineage) -> None:
    make(lineage, planned(lineage))
    again = planned(lineage)
    assert again.to_make == 0
    assert again.batches == ()
    assert again.reused == sum(len(months) for months in again.needed.values())


def test_a_run_up_to_a_month_prepares_the_months_after_it(lineage: Lineage) -> None:
    make(lineage, planned(lineage, last="2020-06"))
    rest = planned(lineage)
    assert set(rest.stale["prices"]) == set(YEAR[7:])
    # June's labels read July, which was there already.
    assert set(rest.stale["labels"]) == set(YEAR[6:])
    assert set(rest.stale["backtest"]) == set(YEAR[6:])
    assert set(rest.stale["report"]) == {""}


def test_what_reads_something_stale_may_change(lineage: Lineage) -> None:
    make(lineage, planned(lineage))
    changed = [
        asset("features", config={"changed": 1}, prices=Months("prices", back=2))
        if a.recipe.asset == "features"
        else a
        for a in GRAPH
    ]
    stale = planned(lineage, graph=changed).stale
    assert set(stale) == {"features", "dataset", "scores", "backtest", "report"}
    assert stale["features"]["2020-03"] == "its configuration changed"
    assert stale["dataset"]["2020-03"] == "features may change"
    assert stale["report"][""] == "backtest may change"


# --- Batches ------------------------------------------------------------------------------------


def test_a_whole_history_is_one_run(lineage: Lineage) -> None:
    (batch,) = planned(lineage).batches
    assert batch == Batch(tuple(planned(lineage).stale), "2020-01", "2020-12")


def test_what_labels_look_ahead_to_is_made_first(lineage: Lineage) -> None:
    ahead, rest = planned(lineage, last="2020-06").batches
    assert ahead == Batch(("calendar", "prices"), "2020-01", "2020-07")
    assert (rest.first, rest.last) == ("2020-01", "2020-06")
    assert set(rest.assets) == set(RECIPES) - {"unrelated", "calendar", "prices"}


def test_a_plan_made_in_its_batches_leaves_nothing_to_do(lineage: Lineage) -> None:
    for last in ("2020-03", "2020-04", "2020-11"):
        make(lineage, planned(lineage, last=last))
        assert planned(lineage, last=last).batches == ()
