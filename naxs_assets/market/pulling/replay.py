"""Reading every kept answer again, without network: the rows must be the ones that are stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

import polars as pl

from naxs_assets.lineage.content_hash import table_hash
from naxs_assets.market.fetching.calls import Answer, Call
from naxs_assets.market.fetching.errors import FetchError
from naxs_assets.market.pulling.fallback import read_rows
from naxs_assets.market.pulling.parts import Part, PulledStore
from naxs_assets.market.pulling.planning import Ask
from naxs_assets.market.sources.offers import Offers


class Recorded(Protocol):
    """Gives recorded answers alone."""

    def fetch_as_of(self, call: Call, as_of: datetime | None) -> Answer:
        """The newest answer of ``call`` that was fetched by ``as_of``."""
        ...


@dataclass(frozen=True)
class Difference:
    """A part that reads otherwise today than when it was stored, and in what."""

    part: Part
    what: str


def parts_of(store: PulledStore, first: date, last: date) -> list[Part]:
    """The parts of every table that touch the days from ``first`` to ``last``."""
    return [p for p in store.parts() if p.wanted.last >= first and p.wanted.first <= last]


def replay(
    store: PulledStore,
    parts: Iterable[Part],
    recorded: Recorded,
    offers: Offers,
    on_read: Callable[[Part], None] = lambda _part: None,
) -> list[Difference]:
    """Read the answers of ``parts`` again and compare with what is stored, bit by bit.

    Writes nothing. A change of our own parser shows as differences, and so does a damaged
    response.
    """
    found = []
    for part in parts:
        try:
            what = _difference(store, part, recorded, offers)
        except FetchError as error:
            what = f"{error.kind}: {error.what}"
        if what:
            found.append(Difference(part, what))
        on_read(part)
    return found


def _difference(store: PulledStore, part: Part, recorded: Recorded, offers: Offers) -> str | None:
    offer = next((offer for offer in offers(part.table) if offer.family is part.family), None)
    if offer is None:
        return f"{part.family.value} does not offer {part.table.value} any more"
    calls = offer.calls(part.wanted)
    if tuple(call.request_hash for call in calls) != part.request_hashes:
        return "the table is asked for by other calls now"
    answers = [recorded.fetch_as_of(call, part.fetched_at) for call in calls]
    rows, _ = read_rows(Ask(part.table, part.scope, part.wanted), offer, answers)
    if table_hash(rows, ()) == part.content_hash:
        return None
    return _in_words(store.rows(part), rows)


def _in_words(stored: pl.DataFrame, read: pl.DataFrame) -> str:
    if stored.schema != read.schema:
        return f"columns {dict(read.schema)} instead of {dict(stored.schema)}"
    if stored.height != read.height:
        return f"{read.height} rows instead of {stored.height}"
    for name in stored.columns:
        differs = stored.get_column(name).ne_missing(read.get_column(name))
        if differs.any():
            row = differs.arg_true()[0]
            was, now = stored.row(row, named=True), read.row(row, named=True)
            return (
                f"column {name} differs in {differs.sum()} rows, first {now[name]!r} instead of "
                f"{was[name]!r} in {was}"
            )
    return "the same values in other bits"
