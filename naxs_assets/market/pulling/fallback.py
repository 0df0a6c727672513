"""One part, from the first family of the order that gives it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from naxs_assets.market.fetching.calls import Answer, Family, Fetcher
from naxs_assets.market.fetching.errors import EmptyAnswerError, FetchError, IncompleteError
from naxs_assets.market.pulling.completeness import Check
from naxs_assets.market.pulling.finality import only_final
from naxs_assets.market.pulling.planning import Ask
from naxs_assets.market.pulling.winners import BAR_TABLES
from naxs_assets.market.sources.offers import CONFIRMING, Offer, PulledTable

_HOLD_DAYS = (*BAR_TABLES, *CONFIRMING, PulledTable.INDEX_BARS)


@dataclass(frozen=True)
class Setback:
    """A family that did not give what was asked: the kind of error and its words."""

    ask: Ask
    family: Family
    kind: str
    what: str


@dataclass(frozen=True)
class Given:
    """How an ask ended.

    ``rows`` and ``answers`` are of the family that gave it, None and empty when none did;
    ``setbacks`` are of those asked before it, in order. ``partial`` counts the rows of days that
    were not over when they were fetched: they are kept raw and are not in ``rows``. ``offered`` is
    false when no family can give it at all.
    """

    ask: Ask
    rows: pl.DataFrame | None
    answers: tuple[Answer, ...] = ()
    setbacks: tuple[Setback, ...] = ()
    partial: int = 0
    offered: bool = True


def take(
    ask: Ask, offers: Sequence[Offer], fetcher: Fetcher, check: Check = lambda *_: None
) -> Given:
    """Ask one family after the other until one answers and ``check`` finds its answer whole.

    An offer without calls is passed over. When nobody's history is whole and two families lack the
    same days, the first one's is taken: the stock was suspended.
    """
    setbacks: list[Setback] = []
    lacking: list[tuple[pl.DataFrame, tuple[Answer, ...], int]] = []
    offered = False
    for offer in offers:
        calls = offer.calls(ask.wanted)
        if not calls:
            continue
        offered = True
        try:
            answers = tuple(fetcher.fetch(call) for call in calls)
            rows, partial = read_rows(ask, offer, answers)
            if not (partial and rows.is_empty()):  # all of it is of a day that is not over
                try:
                    check(ask, offer.family, rows)
                except IncompleteError:
                    lacking.append((rows, answers, partial))
                    raise
        except FetchError as error:
            setbacks.append(Setback(ask, offer.family, error.kind, error.what))
            continue
        return Given(ask, rows, answers, tuple(setbacks), partial)
    if ask.table is PulledTable.HISTORY:
        for place, (rows, answers, partial) in enumerate(lacking):
            days = set(rows.get_column("date"))
            if any(set(other.get_column("date")) == days for other, *_ in lacking[place + 1 :]):
                return Given(ask, rows, answers, tuple(setbacks), partial)
    return Given(ask, None, setbacks=tuple(setbacks), offered=offered)


def read_rows(ask: Ask, offer: Offer, answers: Sequence[Answer]) -> tuple[pl.DataFrame, int]:
    """The rows that ``answers`` amount to, and how many were left out as not final.

    Raises ``EmptyAnswerError`` when bars were asked for and none came, and what the offer raises.
    """
    rows = offer.rows(ask.wanted, answers)
    if ask.table not in _HOLD_DAYS:
        return rows, 0
    if rows.is_empty():
        raise EmptyAnswerError("no bars came", where=f"{offer.family.value}: {ask}")
    final = only_final(rows, min(answer.fetched_at for answer in answers))
    return final, rows.height - final.height
