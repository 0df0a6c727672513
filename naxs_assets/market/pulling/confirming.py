"""A second opinion: whom to ask about the bars that stand, of a family that did not give them."""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import date

import polars as pl

from naxs_assets.lineage.content_hash import json_hash
from naxs_assets.market.fetching.calls import Family
from naxs_assets.market.pulling.parts import Part, PulledStore
from naxs_assets.market.pulling.planning import Aim, Ask, Lives
from naxs_assets.market.pulling.winners import BAR_TABLES, Ranks, winning_bars
from naxs_assets.market.sources.offers import CONFIRMING, PULLED, Offer, Offers, PulledTable, Wanted

CONFIRMED_SESSIONS = 5
"""So many of the newest sessions are confirmed: those that every pull fetches again."""

SAMPLED_SYMBOLS = 5
"""So many symbols are asked for one by one where no family tells a whole day."""


def standing_bars(
    store: PulledStore, ranks: Ranks, sessions: Sequence[date], symbols: Lives
) -> pl.DataFrame:
    """The bars of ``symbols`` that stand in the newest of ``sessions``, with their ``family``.

    Columns of ``PULLED`` and family, sorted by day and symbol; no rows without sessions.
    """
    days = sessions[-CONFIRMED_SESSIONS:]
    if not days:
        empty = pl.Schema({**PULLED[PulledTable.HISTORY], "family": pl.String})
        return empty.to_frame()
    parts = store.parts(*BAR_TABLES)
    bars = winning_bars(store, parts, ranks, days[0], days[-1])
    return with_family(bars, parts).filter(pl.col("symbol").is_in(list(symbols))).drop("part")


def with_family(rows: pl.DataFrame, parts: Sequence[Part]) -> pl.DataFrame:
    """``rows`` (with ``part``) and the ``family`` that answered each."""
    families = pl.DataFrame(
        [(part.id, part.family.value) for part in parts],
        schema={"part": pl.Int64, "family": pl.String},
        orient="row",
    )
    return rows.join(families, on="part", how="left", maintain_order="left")


def confirmations(
    aim: Aim, parts: Sequence[Part], standing: pl.DataFrame, offers: Offers
) -> list[tuple[Ask, list[Offer]]]:
    """What to ask whom, for the days of ``standing`` that no other family has answered for.

    A whole day of the first family that can tell it and gave none of its bars; for the days that
    none can, the histories of a few symbols, chosen by the newest of these days.
    """
    asks, sampled = [], []
    known = [
        part
        for part in parts
        if part.table in CONFIRMING
        and not aim.refetch
        # The bars of today are asked for again in the evening, and so is who confirms them.
        and (part.wanted.last < aim.today or part.fetched_at >= aim.since)
    ]
    for day, used in _unconfirmed(known, standing).items():
        whole = Ask(
            PulledTable.CONFIRMING_DAY, day.isoformat(), Wanted(first=day, last=day, now=aim.today)
        )
        others = _others(whole, used, offers)
        if others:
            asks.append((whole, others))
        else:
            sampled.append((day, used))
    if not sampled:
        return asks
    first, last = sampled[0][0], sampled[-1][0]
    used = frozenset().union(*(families for _, families in sampled))
    for symbol in _sample(standing, last):
        wanted = Wanted(first=first, last=last, now=aim.today, symbols=(symbol,))
        one = Ask(PulledTable.CONFIRMING_HISTORY, symbol, wanted)
        others = _others(one, used, offers)
        if others:
            asks.append((one, others))
    return asks


def _unconfirmed(
    confirming: Sequence[Part], standing: pl.DataFrame
) -> dict[date, frozenset[Family]]:
    """The days without a part of a family that gave none of their bars, and who gave them."""
    found: dict[date, frozenset[Family]] = {}
    for (day,), rows in standing.partition_by("date", as_dict=True, maintain_order=True).items():
        used = frozenset(Family(name) for name in rows.get_column("family").unique())
        if not any(
            part.wanted.first <= day <= part.wanted.last and part.family not in used
            for part in confirming
        ):
            found[day] = used
    return found


def _others(ask: Ask, used: Set[Family], offers: Offers) -> list[Offer]:
    others = (offer for offer in offers(ask.table) if offer.family not in used)
    return [offer for offer in others if offer.calls(ask.wanted)]


def _sample(standing: pl.DataFrame, day: date) -> list[str]:
    """A few of the symbols that traded on ``day``; others on another day."""
    traded = standing.filter(pl.col("date") == day, pl.col("volume") > 0)
    symbols = traded.get_column("symbol").unique().to_list()
    return sorted(sorted(symbols, key=lambda one: json_hash([f"{day}", one]))[:SAMPLED_SYMBOLS])
