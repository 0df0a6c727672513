"""Every table has an offer, in an order that spares the hosts that ban."""

import pytest

from naxs_assets.market.fetching.calls import Family
from naxs_assets.market.sources.offers import PULLED, PulledTable
from naxs_assets.market.sources.registry import (
    confirming_offers_of,
    offers_of,
    offers_of_family,
)


def families(table: PulledTable) -> list[Family]:
    return [offer.family for offer in offers_of(table)]


@pytest.mark.parametrize("table", PULLED)
def test_every_table_is_offered_and_by_each_family_once(table: PulledTable) -> None:
    offers = offers_of(table)

    assert offers
    assert {offer.table for offer in offers} == {table}
    assert len(set(families(table))) == len(offers)


def test_bars_come_from_eastmoney_last() -> None:
    assert families(PulledTable.DAY) == [Family.SINA, Family.BAOSTOCK, Family.EASTMONEY]
    assert families(PulledTable.HISTORY) == [
        Family.BAOSTOCK, Family.SINA, Family.TENCENT, Family.EASTMONEY,
    ]  # fmt: skip


def test_closes_without_open_high_and_low_only_confirm() -> None:
    confirming = confirming_offers_of(PulledTable.DAY)

    assert Family.TENCENT not in families(PulledTable.DAY)
    assert [offer.family for offer in confirming] == [
        *families(PulledTable.DAY), Family.TENCENT,
    ]  # fmt: skip
    assert confirming_offers_of(PulledTable.HISTORY) == offers_of(PulledTable.HISTORY)


@pytest.mark.parametrize("family", Family)
def test_every_family_offers_something_through_its_own_hosts(family: Family) -> None:
    offers = offers_of_family(family)

    assert offers
    assert {offer.family for offer in offers} == {family}
