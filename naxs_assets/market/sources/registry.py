"""Which offers there are for a table, in the order in which they are taken."""

from __future__ import annotations

from dataclasses import replace

from naxs_assets.market.fetching.calls import Family
from naxs_assets.market.sources.akshare import (
    csindex,
    eastmoney,
    eastmoney_datacenter,
    exchanges,
    shenwan,
    sina,
    tencent,
)
from naxs_assets.market.sources.baostock import bars, reference
from naxs_assets.market.sources.offers import CONFIRMING, Offer, PulledTable

_ALL: tuple[Offer, ...] = (
    *eastmoney.OFFERS,
    *eastmoney_datacenter.OFFERS,
    *sina.OFFERS,
    *tencent.OFFERS,
    *csindex.OFFERS,
    *exchanges.OFFERS,
    *shenwan.OFFERS,
    *bars.OFFERS,
    *reference.OFFERS,
)
# Tencent's snapshot has no open, high and low: it confirms bars and makes none.
_CONFIRMING: tuple[Offer, ...] = (tencent.CLOSES,)
_ORDER: dict[PulledTable, tuple[Family, ...]] = {
    PulledTable.OPEN_DAYS: (Family.SINA, Family.BAOSTOCK),
    PulledTable.INSTRUMENTS: (Family.EXCHANGES, Family.BAOSTOCK),
    PulledTable.MEMBERS: (Family.CSINDEX, Family.BAOSTOCK),
    PulledTable.DAY: (Family.SINA, Family.BAOSTOCK, Family.EASTMONEY),
    PulledTable.HISTORY: (Family.BAOSTOCK, Family.SINA, Family.TENCENT, Family.EASTMONEY),
    # The snapshot that makes no bars comes first: it costs nobody who does.
    PulledTable.CONFIRMING_DAY: (Family.TENCENT, Family.BAOSTOCK, Family.SINA),
    PulledTable.CONFIRMING_HISTORY: (Family.SINA, Family.TENCENT, Family.BAOSTOCK),
    PulledTable.FACTORS: (Family.BAOSTOCK, Family.SINA),
    PulledTable.INDEX_BARS: (Family.EASTMONEY, Family.BAOSTOCK),
    PulledTable.SUSPENSIONS: (Family.EASTMONEY_DATACENTER,),
    PulledTable.ST: (Family.EASTMONEY, Family.BAOSTOCK),
    PulledTable.CORPORATE_ACTIONS: (Family.EASTMONEY_DATACENTER,),
    PulledTable.INDUSTRY: (Family.SHENWAN,),
    PulledTable.FUNDAMENTALS: (Family.EASTMONEY_DATACENTER,),
    PulledTable.NEWS: (Family.EASTMONEY_DATACENTER,),
}


def offers_of(table: PulledTable) -> tuple[Offer, ...]:
    """The offers of ``table``, the one to ask first in front.

    An offer whose ``calls`` are none for what is wanted cannot give it: a snapshot of a past day,
    say. Eastmoney's quote hosts come last for bars, because they ban after few requests, and
    confirm none.
    """
    if table in CONFIRMING:
        confirming = confirming_offers_of(CONFIRMING[table])
        by_family = {offer.family: replace(offer, table=table) for offer in confirming}
    else:
        by_family = {offer.family: offer for offer in _ALL if offer.table is table}
    return tuple(by_family[family] for family in _ORDER[table])


def confirming_offers_of(table: PulledTable) -> tuple[Offer, ...]:
    """The offers to check ``table`` against: those of :func:`offers_of` and closes alone."""
    return (*offers_of(table), *(offer for offer in _CONFIRMING if offer.table is table))


def offers_of_family(family: Family) -> tuple[Offer, ...]:
    """What one family offers, table by table."""
    return tuple(offer for offer in (*_ALL, *_CONFIRMING) if offer.family is family)
