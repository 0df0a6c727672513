"""Walks: from a result back to all it was made from, and forward to all that was made from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from naxs_assets.lineage.database import Database
from naxs_assets.lineage.ledger import Ledger
from naxs_assets.lineage.records import Read, ReadKind, Version
from naxs_assets.lineage.walk import downstream, external_sources, upstream
from naxs_tests.lineage.support import a_draft, edge_to, record


def make(ledger: Ledger, place: str, content: str, *inputs: Version, code: str = "code") -> Version:
    asset, _, partition = place.partition("@")
    reads = [edge_to(version) for version in inputs]
    return record(ledger, a_draft(asset, partition, content, reads, code_hash=code)).version


def ids(versions: list[Version]) -> set[int]:
    found = {version.id for version in versions}
    assert len(found) == len(versions), "a version is listed twice"
    return found


# --- Against a brute-force graph ------------------------------------------------------------------


@dataclass
class Making:
    """One node of a random graph: where it was made, what it holds, and the nodes it read."""

    place: str
    content: str
    inputs: frozenset[int]


@st.composite
def histories(draw: st.DrawFn) -> list[Making]:
    """Makings in time order, each reading any of the earlier ones; places are made repeatedly."""
    history: list[Making] = []
    for number in range(draw(st.integers(1, 12))):
        earlier = st.integers(0, max(0, number - 1))
        history.append(
            Making(
                place=draw(st.sampled_from(["bars@2020-01", "bars@2020-02", "model@", "report@"])),
                content=draw(st.sampled_from("ab")),
                inputs=frozenset(draw(st.sets(earlier, max_size=min(3, number)))),
            )
        )
    return history


def closure(start: set[int], following: Callable[[int], set[int]]) -> set[int]:
    """Everything reached from ``start`` in one step or more."""
    reached: set[int] = set()
    waiting = set().union(*(following(node) for node in start))
    while waiting:
        node = waiting.pop()
        if node not in reached:
            reached.add(node)
            waiting |= following(node)
    return reached


@settings(max_examples=15, deadline=None)
@given(histories())
def test_walks_agree_with_a_brute_force_graph(history: list[Making]) -> None:
    ledger = Ledger(Database("sqlite://"))
    made: list[Version] = []
    for number, making in enumerate(history):
        inputs = [made[place] for place in sorted(making.inputs)]
        made.append(make(ledger, making.place, making.content, *inputs, code=f"code {number}"))
    nodes = range(len(history))
    for node in nodes:
        above = closure({node}, lambda n: set(history[n].inputs))
        assert ids(upstream(ledger.database, made[node].id)) == {made[n].id for n in above}

        same = {
            n
            for n in nodes
            if (history[n].place, history[n].content)
            == (history[node].place, history[node].content)
        }
        below = closure(same, lambda n: {m for m in nodes if n in history[m].inputs})
        assert ids(downstream(ledger.database, made[node].id)) == {made[n].id for n in below}
    ledger.database.close()


# --- By hand --------------------------------------------------------------------------------------


def test_a_report_leads_back_to_exactly_the_bars_it_was_made_from(ledger: Ledger) -> None:
    wrong = make(ledger, "bars@2020-01", "a")
    right = make(ledger, "bars@2020-01", "b")
    other = make(ledger, "bars@2020-02", "c")
    model = make(ledger, "model@", "d", right, other)
    report = make(ledger, "report@", "e", model)
    assert upstream(ledger.database, report.id) == [right, other, model]
    assert downstream(ledger.database, wrong.id) == []
    assert downstream(ledger.database, right.id) == [model, report]


def test_what_a_confirmed_month_had_been_read_for_is_still_found(ledger: Ledger) -> None:
    before = make(ledger, "bars@2020-01", "a")
    model = make(ledger, "model@", "b", before)
    confirmed = make(ledger, "bars@2020-01", "a", code="tidied")
    assert confirmed.id != before.id
    assert downstream(ledger.database, confirmed.id) == [model]


def test_a_long_chain_is_walked_to_its_end(ledger: Ledger) -> None:
    chain = [make(ledger, "backtest@0000", "a")]
    for month in range(1, 240):
        chain.append(make(ledger, f"backtest@{month:04d}", "a", chain[-1]))
    assert upstream(ledger.database, chain[-1].id) == chain[:-1]
    assert downstream(ledger.database, chain[0].id) == chain[1:]


def test_the_files_at_the_far_end_are_listed_once(ledger: Ledger) -> None:
    file = Read(ReadKind.EXTERNAL, "files:bars", "2020-01", None, "f" * 64)
    feed = Read(ReadKind.EXTERNAL, "feed:news", "2020-01", None, "e" * 64)
    bars = record(ledger, a_draft("bars", content="a", reads=[file])).version
    news = record(ledger, a_draft("news", content="b", reads=[feed, file])).version
    model = make(ledger, "model@", "c", bars, news)
    assert external_sources(ledger.database, model.id) == [feed, file]
    assert external_sources(ledger.database, bars.id) == [file]
