"""The upstream graph: complete, and the same however often equal results were made again."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings

from naxs_assets.lineage.database import Database
from naxs_assets.lineage.graph import Graph, Input, Node, upstream_graph
from naxs_assets.lineage.ledger import Ledger
from naxs_assets.lineage.monthly import Made
from naxs_assets.lineage.publishing import Lineage
from naxs_assets.lineage.reader import Library
from naxs_assets.lineage.records import Read, ReadKind, Version
from naxs_assets.lineage.store import Store
from naxs_tests.lineage.support import a_draft, a_recipe, numbers, publish, put, record
from naxs_tests.lineage.test_walk import Making, closure, histories, make

JANUARY = "2020-01"


def library_of(ledger: Ledger) -> Library:
    """A library of a ledger alone: without reads cut to a day no file is opened."""
    return Library(ledger, Store("memory://graph"))


def node_of(version: Version) -> Node:
    return Node(
        version.asset,
        version.partition,
        ReadKind.VERSION,
        version.content_hash,
        version.code_hash,
        version.rows,
    )


def edges(graph: Graph) -> dict[Node, set[tuple[Node, str]]]:
    """The graph by its nodes rather than by numbers."""
    return {
        node: {(graph.nodes[read.node], read.cut) for read in reads}
        for node, reads in zip(graph.nodes, graph.inputs, strict=True)
    }


def test_by_hand(ledger: Ledger) -> None:
    """A report of a model of two months of bars; the first month's file, and a place not made."""
    file = Read(ReadKind.EXTERNAL, "files:bars", JANUARY, None, "f" * 64)
    nothing = Read(ReadKind.ABSENT, "bars", "2019-12", None, "")
    first = record(ledger, a_draft("bars", JANUARY, "a", [file, nothing])).version
    second = make(ledger, "bars@2020-02", "b", first)
    model = make(ledger, "model@", "c", first, second)
    report = make(ledger, "report@", "d", model)
    graph = upstream_graph(library_of(ledger), [model.id])
    assert graph.nodes == (
        Node("bars", "2019-12", ReadKind.ABSENT),
        node_of(first),
        node_of(second),
        Node("files:bars", JANUARY, ReadKind.EXTERNAL, "f" * 64),
        node_of(model),
    )
    assert graph.inputs == (
        (),
        (Input(0), Input(3)),
        (Input(1),),
        (),
        (Input(1), Input(2)),
    )
    assert graph.roots == (4,)
    assert node_of(report) not in graph.nodes


@settings(max_examples=30, deadline=None)
@given(histories())
def test_agrees_with_a_brute_force_graph(history: list[Making]) -> None:
    """Each reading stands for the place's current version if that holds the same, else the newest
    that does; content is all that a node says of itself here.
    """
    ledger = Ledger(Database("sqlite://"))
    made: list[Version] = []
    for number, making in enumerate(history):
        inputs = [made[place] for place in sorted(making.inputs)]
        made.append(make(ledger, making.place, making.content, *inputs, code=f"code {number}"))

    def stands_for(number: int) -> int:
        same = (history[number].place, history[number].content)
        return max(n for n, other in enumerate(history) if (other.place, other.content) == same)

    def following(number: int) -> set[int]:
        return {stands_for(read) for read in history[number].inputs}

    for number in range(len(history)):
        graph = upstream_graph(library_of(ledger), [made[number].id])
        root = stands_for(number)
        reached = closure({root}, following) | {root}
        assert edges(graph) == {
            node_of(made[n]): {(node_of(made[read]), "") for read in following(n)} for n in reached
        }
        assert [graph.nodes[place] for place in graph.roots] == [node_of(made[root])]
    ledger.database.close()


def test_a_place_made_again_with_the_same_content_changes_nothing(ledger: Ledger) -> None:
    bars = make(ledger, "bars@2020-01", "a")
    model = make(ledger, "model@", "b", bars)
    before = upstream_graph(library_of(ledger), [model.id])
    make(ledger, "bars@2020-01", "z")
    make(ledger, "bars@2020-01", "a")
    assert upstream_graph(library_of(ledger), [model.id]) == before


def test_what_was_read_stays_when_the_place_has_changed(ledger: Ledger) -> None:
    wrong = make(ledger, "bars@2020-01", "a")
    model = make(ledger, "model@", "b", wrong)
    right = make(ledger, "bars@2020-01", "c")
    graph = upstream_graph(library_of(ledger), [model.id])
    assert node_of(wrong) in graph.nodes
    assert node_of(right) not in graph.nodes


def test_a_long_chain_is_walked_to_its_end(ledger: Ledger) -> None:
    chain = [make(ledger, "backtest@0000", "a")]
    for month in range(1, 240):
        chain.append(make(ledger, f"backtest@{month:04d}", "a", chain[-1]))
    graph = upstream_graph(library_of(ledger), [chain[-1].id])
    assert graph.nodes == tuple(node_of(version) for version in chain)
    assert graph.inputs == ((), *((Input(place),) for place in range(239)))


def test_from_nothing_leads_nothing(ledger: Ledger) -> None:
    assert upstream_graph(library_of(ledger), []) == Graph()


# --- Reads cut to a day ---------------------------------------------------------------------------


def read_until(lineage: Lineage, day: date) -> None:
    """Make ``sum`` from January's bars as known on a day."""
    handle = lineage.reader("bars")[JANUARY].until(day)
    put(lineage, "sum", {"": numbers(JANUARY, 1.0)}, made_from=[handle])


def graph_of_sum(lineage: Lineage) -> Graph:
    version = lineage.ledger.current("sum", "")
    assert version is not None
    return upstream_graph(lineage.library, [version.id])


def test_a_month_that_only_grew_after_the_cut_is_shown_as_it_is_now(lineage: Lineage) -> None:
    put(lineage, "bars", {JANUARY: numbers(JANUARY, 1.0, 2.0)})
    read_until(lineage, date(2020, 1, 2))
    put(lineage, "bars", {JANUARY: numbers(JANUARY, 1.0, 2.0, 3.0)})
    now = lineage.ledger.current("bars", JANUARY)
    assert now is not None
    graph = graph_of_sum(lineage)
    assert [node.asset for node in graph.nodes] == ["bars", "sum"]
    assert graph.nodes[0] == node_of(now)
    assert graph.inputs[1] == (Input(0, "2020-01-02"),)


def test_a_month_that_changed_before_the_cut_is_shown_as_it_was_read(lineage: Lineage) -> None:
    put(lineage, "bars", {JANUARY: numbers(JANUARY, 1.0, 2.0)})
    was = lineage.ledger.current("bars", JANUARY)
    assert was is not None
    read_until(lineage, date(2020, 1, 2))
    put(lineage, "bars", {JANUARY: numbers(JANUARY, 1.0, 9.0, 3.0)})
    graph = graph_of_sum(lineage)
    assert graph.nodes[0] == node_of(was)


def test_growing_and_made_at_once_give_the_same_graph(lineage: Lineage) -> None:
    put(lineage, "bars", {JANUARY: numbers(JANUARY, 1.0, 2.0)})
    read_until(lineage, date(2020, 1, 2))
    put(lineage, "bars", {JANUARY: numbers(JANUARY, 1.0, 2.0, 3.0)})
    grown = graph_of_sum(lineage)
    read_until(lineage, date(2020, 1, 2))
    assert graph_of_sum(lineage) == grown


# --- Facts ----------------------------------------------------------------------------------------


def bars_telling(lineage: Lineage, value: float, broken: int) -> Version:
    """Bars of January that tell how many of their rows are broken."""
    made = Made(JANUARY, numbers(JANUARY, value), metadata={"broken": broken})
    recipe = a_recipe("bars", config={"value": value, "broken": broken})
    publish(lineage, recipe, lambda pending: (made for _ in pending), [JANUARY])
    version = lineage.ledger.current("bars", JANUARY)
    assert version is not None
    return version


def test_a_version_that_tells_the_same_fact_stands_for_the_one_that_was_asked(
    lineage: Lineage,
) -> None:
    bars_telling(lineage, 1.0, broken=2)
    fact = lineage.reader("bars")[JANUARY].fact("broken")
    made = Made("", numbers(JANUARY, 1.0), made_from=(fact,))
    publish(lineage, a_recipe("sum"), lambda pending: (made for _ in pending), [""])
    same = bars_telling(lineage, 7.0, broken=2)
    assert graph_of_sum(lineage).nodes[0] == node_of(same)
    assert graph_of_sum(lineage).inputs[1] == (Input(0, ""),)
    other = bars_telling(lineage, 8.0, broken=3)
    assert node_of(other) not in graph_of_sum(lineage).nodes
