"""The graph upstream of a result, told by content alone: equal results give an equal graph.

The ledger's edges name versions, and a place that is made again with the same content gets a new
version. So an edge is drawn to the version that stands for what was read: the place's current
version if it holds the same, else the newest version that does. Ids, runs and times are left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, select, tuple_

from naxs_assets.lineage import tables as t
from naxs_assets.lineage.queries import chunks, read_from
from naxs_assets.lineage.reader import Handle, Library
from naxs_assets.lineage.records import Read, ReadKind


class Node(NamedTuple):
    """A version, a place that was looked at and held nothing, or something outside the ledger.

    ``content_hash`` is that of the version, or the digest of what lies outside; ``rows`` and
    ``code_hash`` are a version's.
    """

    asset: str
    partition: str
    kind: ReadKind
    content_hash: str = ""
    code_hash: str = ""
    rows: int | None = None


class Input(NamedTuple):
    """One thing that a node was made from: its place in ``Graph.nodes``.

    ``cut`` is the ISO day up to which it was read; empty for a whole read and for a single fact.
    """

    node: int
    cut: str = ""


@dataclass(frozen=True)
class Graph:
    """Nodes by asset and partition, what each was made from, and the nodes that one starts at."""

    nodes: tuple[Node, ...] = ()
    inputs: tuple[tuple[Input, ...], ...] = ()
    roots: tuple[int, ...] = ()


def upstream_graph(library: Library, version_ids: Collection[int]) -> Graph:
    """The given versions and everything that they were made from, directly or not.

    Takes a few queries for each step of distance from the given versions. A read that was cut to a
    day is compared with the current version cut to that day, whose table is loaded where it is
    another version than the one that was read.
    """
    walk = _Walk(library)
    with library.ledger.database.read() as connection:
        walk.load_places(connection, _places_of(connection, version_ids))
        roots = {walk.standing_for(version_id) for version_id in version_ids}
        frontier = roots
        while frontier:
            frontier = walk.step(connection, frontier)
    return walk.graph(roots)


class _Version(NamedTuple):
    id: int
    asset: str
    partition: str
    content_hash: str
    code_hash: str
    rows: int | None


_VERSION = tuple(getattr(t.versions.c, name) for name in _Version._fields)
_Place = tuple[str, str]


@dataclass
class _Walk:
    """What has been learnt of the ledger so far; versions by id."""

    library: Library
    versions: dict[int, _Version] = field(default_factory=dict)
    current: dict[_Place, int | None] = field(default_factory=dict)
    holding: dict[tuple[str, str, str], int] = field(default_factory=dict)
    reads: dict[int, list[tuple[Node | int, str]]] = field(default_factory=dict)
    part_hashes: dict[tuple[int, str], str] = field(default_factory=dict)

    def load_places(self, connection: Connection, places: Iterable[_Place]) -> None:
        """Learn every version of places that are not known yet."""
        unknown = sorted(set(places) - self.current.keys())
        for chunk in chunks(unknown):
            self.current.update(dict.fromkeys(chunk))
            within = tuple_(t.versions.c.asset, t.versions.c.partition).in_(chunk)
            for row in connection.execute(
                select(*_VERSION).where(within).order_by(t.versions.c.id)
            ):
                version = _Version(*row)
                self.versions[version.id] = version
                self.holding[version.asset, version.partition, version.content_hash] = version.id
            pointed = tuple_(t.pointers.c.asset, t.pointers.c.partition).in_(chunk)
            for row in connection.execute(select(t.pointers).where(pointed)):
                self.current[row.asset, row.partition] = row.version_id

    def standing_for(self, version_id: int) -> int:
        """The version that stands for what ``version_id`` holds."""
        version = self.versions[version_id]
        place, content = (version.asset, version.partition), version.content_hash
        current = self.current[place]
        if current is not None and self.versions[current].content_hash == content:
            return current
        return self.holding[*place, content]

    def step(self, connection: Connection, frontier: set[int]) -> set[int]:
        """Learn what the versions of ``frontier`` were made from; returns those not met before."""
        recorded: dict[int, list[Read]] = {version_id: [] for version_id in sorted(frontier)}
        for chunk in chunks(list(recorded)):
            query = select(t.inputs).where(t.inputs.c.version_id.in_(chunk))
            for row in connection.execute(query).mappings():
                recorded[row["version_id"]].append(read_from(row))
        versions = [r for reads in recorded.values() for r in reads if r.version_id is not None]
        self.load_places(connection, ((read.asset, read.partition) for read in versions))
        for version_id, reads in recorded.items():
            self.reads[version_id] = [
                (self._origin(read), "" if read.kind is ReadKind.FACT else read.cut)
                for read in reads
            ]
        found = {
            origin
            for version_id in recorded
            for origin, _ in self.reads[version_id]
            if isinstance(origin, int)
        }
        return found - self.reads.keys()

    def _origin(self, read: Read) -> Node | int:
        if read.version_id is None:
            return Node(read.asset, read.partition, read.kind, read.read_hash)
        current = self.current[read.asset, read.partition]
        standing = self.standing_for(read.version_id)
        if not read.cut or current is None or standing == current:
            return standing
        # The fact may be the same, and up to the day of the cut later rows change nothing.
        return current if self._part_hash(current, read) == read.read_hash else standing

    def _part_hash(self, version_id: int, read: Read) -> str:
        """The hash of the same fact, or of the same cut, of another version."""
        key = version_id, read.cut
        if key not in self.part_hashes:
            version = self.library.ledger.version(version_id)
            handle = Handle(version.asset, version.partition, version, self.library)
            part = (
                handle.fact(read.cut)
                if read.kind is ReadKind.FACT
                else handle.until(date.fromisoformat(read.cut))
            )
            self.part_hashes[key] = part.read().read_hash
        return self.part_hashes[key]

    def graph(self, roots: set[int]) -> Graph:
        """Everything learnt, without ids and in an order of its own."""

        nodes_of: dict[Node | int, Node] = {}
        for reads in self.reads.values():
            nodes_of.update((origin, origin) for origin, _ in reads if isinstance(origin, Node))
        for version_id in self.reads:  # every version that was met was asked what it read
            of = self.versions[version_id]
            nodes_of[version_id] = Node(
                of.asset, of.partition, ReadKind.VERSION, of.content_hash, of.code_hash, of.rows
            )
        nodes = sorted(set(nodes_of.values()))
        numbers = {node: number for number, node in enumerate(nodes)}
        place = {origin: numbers[node] for origin, node in nodes_of.items()}
        inputs: list[tuple[Input, ...]] = [()] * len(nodes)
        for version_id, reads in self.reads.items():
            # Plain pairs sort as inputs do, and cost less while they are many.
            pairs = sorted({(place[origin], cut) for origin, cut in reads})
            inputs[place[version_id]] = tuple(Input(*pair) for pair in pairs)
        return Graph(
            nodes=tuple(nodes),
            inputs=tuple(inputs),
            roots=tuple(sorted(place[root] for root in roots)),
        )


def _places_of(connection: Connection, version_ids: Collection[int]) -> set[_Place]:
    places: set[_Place] = set()
    for chunk in chunks(sorted(set(version_ids))):
        query = select(t.versions.c.asset, t.versions.c.partition).where(t.versions.c.id.in_(chunk))
        places.update((row.asset, row.partition) for row in connection.execute(query))
    return places
