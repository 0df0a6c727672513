"""Reading every kept answer again, without network: the rows must be the ones that are stored.

A stored file that is not what it was is mended from the answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

import polars as pl

from naxs_assets.errors import NaxsError
from naxs_assets.lineage.content_hash import table_hash
from naxs_assets.lineage.store import DamagedFileError
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
class Finding:
    """A part of which something is amiss, and what.

    Either its answers read otherwise today than when it was stored, or its file was damaged and
    is ``mended``.
    """

    part: Part
    what: str
    mended: bool = False


class _OtherCallsError(NaxsError):
    """What the answers of a part were asked by is not what its table is asked by today."""


def parts_of(store: PulledStore, first: date, last: date) -> list[Part]:
    """The parts of every table that touch the days from ``first`` to ``last``."""
    return [p for p in store.parts() if p.wanted.last >= first and p.wanted.first <= last]


def replay(
    store: PulledStore,
    parts: Iterable[Part],
    recorded: Recorded,
    offers: Offers,
    alone: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> list[Finding]:
    """Read the answers of ``parts`` again and compare with what is stored, bit by bit.

    A change of our own parser is found, and so is a damaged response. A file that is missing or
    damaged is written anew, within ``alone``, where the answers still give its content; nothing
    else is written.
    """
    found = []
    mended: dict[str, str] = {}  # a file may be of several parts
    for listed in parts:
        part = replace(listed, file_sha256=mended.get(listed.uri, listed.file_sha256))
        damage = store.damage(part)
        try:
            rows = _read_again(part, recorded, offers)
        except (FetchError, _OtherCallsError) as error:
            what = f"{error.kind}: {error.what}" if isinstance(error, FetchError) else error.what
            found.append(_difference(part, damage, what))
            continue
        if table_hash(rows, ()) != part.content_hash:
            what = _in_words(store.rows(part), rows) if damage is None else _counted(part, rows)
            found.append(_difference(part, damage, what))
        elif damage is not None:
            with alone():
                mended[part.uri] = store.mend(part, rows)
            found.append(Finding(part, damage.what, mended=True))
    return found


def _difference(part: Part, damage: DamagedFileError | None, what: str) -> Finding:
    if damage is None:
        return Finding(part, what)
    return Finding(
        part, f"{damage.what}; not mended: {what}; put {damage.where} back from a backup"
    )


def _read_again(part: Part, recorded: Recorded, offers: Offers) -> pl.DataFrame:
    """The rows that the kept answers of a part amount to today."""
    offer = next((offer for offer in offers(part.table) if offer.family is part.family), None)
    if offer is None:
        raise _OtherCallsError(f"{part.family.value} does not offer {part.table.value} any more")
    calls = offer.calls(part.wanted)
    if tuple(call.request_hash for call in calls) != part.request_hashes:
        raise _OtherCallsError("the table is asked for by other calls now")
    answers = [recorded.fetch_as_of(call, part.fetched_at) for call in calls]
    rows, _ = read_rows(Ask(part.table, part.scope, part.wanted), offer, answers)
    return rows


def _counted(part: Part, rows: pl.DataFrame) -> str:
    if rows.height != part.rows:
        return f"the answers give {rows.height} rows instead of {part.rows}"
    return "the answers give other values"


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
