"""Statutory fees of A-share trading as dated data, and what a broker and the market take on top.

Every component of an order's costs is rounded half up to 0.01 CNY on its own. Only the commission
has a minimum per order. A rate in force on a day is the newest row on or before that day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

import numpy as np

from naxs_assets.backtest.money import RATE_SCALE, to_cents, to_parts
from naxs_assets.backtest.rules import EXCHANGES, exchange_of
from naxs_assets.errors import ConfigurationError

if TYPE_CHECKING:
    from naxs_assets.backtest.loop import Integers

LEGAL_COMMISSION_CAP = 0.003
"""Highest commission, 3 per mille of the value; 证监发[2002]21号, in force since 2002-05-01."""

COMPONENTS = (
    "commission",
    "stamp_duty",
    "transfer_fee",
    "handling_fee",
    "supervision_fee",
    "slippage",
)
"""佣金, 印花税, 过户费, 经手费, 证管费, 滑点; :class:`Costs` has the first and the last of them."""


@dataclass(frozen=True)
class Fee:
    """One dated rate of a component, in force from ``since`` until the next row.

    ``buy``, ``sell`` (ratios) and ``minimum`` (CNY per order) are exact decimal texts. The rate is
    taken of the order's value, or ``of_face_value``: 1 CNY a share.
    """

    component: str
    exchanges: tuple[str, ...]
    buy: str
    sell: str
    since: date
    source: str
    of_face_value: bool = False
    minimum: str = "0"

    def terms(self) -> tuple[int, int, int, int]:
        """Buy and sell rate (parts per billion), 1 if of face value, minimum (cents)."""
        buy, sell = (int(Decimal(rate) * RATE_SCALE) for rate in (self.buy, self.sell))
        return buy, sell, int(self.of_face_value), int(Decimal(self.minimum) * 100)


_SH, _SZ, _BJ = "SH", "SZ", "BJ"

SCHEDULE: tuple[Fee, ...] = (
    Fee(
        "stamp_duty",
        EXCHANGES,
        "0.003",
        "0.003",
        date(2007, 5, 30),
        "well known; no text at hand",
    ),
    Fee(
        "stamp_duty",
        EXCHANGES,
        "0.001",
        "0.001",
        date(2008, 4, 24),
        "public fee rules, one source",
    ),
    Fee(
        "stamp_duty",
        EXCHANGES,
        "0",
        "0.001",
        date(2008, 9, 19),
        "public fee rules, two sources",
    ),
    Fee(
        "stamp_duty",
        EXCHANGES,
        "0",
        "0.0005",
        date(2023, 8, 28),
        "rqalpha's fee deciders and their tests; public fee rules",
    ),
    Fee(
        "transfer_fee",
        (_SH,),
        "0.001",
        "0.001",
        date(2007, 5, 30),
        "hikyuu TC_FixedA, one source; CSDC's notice of July 2015 names 0.3 per mille",
        of_face_value=True,
        minimum="1",
    ),
    Fee(
        "transfer_fee",
        (_SH, _SZ),
        "0.00002",
        "0.00002",
        date(2015, 8, 1),
        "CSDC's notice of July 2015; hikyuu dates Shenzhen 2017-01-01",
    ),
    Fee(
        "transfer_fee",
        (_BJ,),
        "0.000025",
        "0.000025",
        date(2021, 11, 15),
        "public news of April 2022, which name the rate before the cut",
    ),
    Fee(
        "transfer_fee",
        EXCHANGES,
        "0.00001",
        "0.00001",
        date(2022, 4, 29),
        "public news of April 2022, two texts",
    ),
    Fee(
        "handling_fee",
        EXCHANGES,
        "0.0000487",
        "0.0000487",
        date(2015, 8, 1),
        "rqalpha issue 161; public fee rules",
    ),
    Fee(
        "handling_fee",
        EXCHANGES,
        "0.0000341",
        "0.0000341",
        date(2023, 8, 28),
        "public fee rules, one source",
    ),
    Fee(
        "supervision_fee",
        EXCHANGES,
        "0.00002",
        "0.00002",
        date(2012, 7, 13),
        "public fee rules, one source",
    ),
)
"""The dated schedule, rows of a component in order of date.

The few issuers whose face value is not 1 CNY, and the Beijing exchange's own handling fee, are not
known here: no source is at hand."""


@dataclass(frozen=True)
class Costs:
    """What trading costs. Rates are ratios of an order's value, amounts CNY.

    ``commission_rate`` with ``commission_minimum`` per order; the rate may not exceed
    ``commission_cap`` (the minimum may: an order below it is charged the minimum all the same).
    ``slippage`` is charged as a cost component of its own, prices stay the quoted ones.
    ``commission_includes_exchange_fees``: handling and supervision fees are inside the commission
    (retail quotes); otherwise they are charged on top. ``statutory`` False leaves every fee of
    ``SCHEDULE`` out, for null tests. Raises :class:`ConfigurationError` on values out of range.
    """

    commission_rate: float = 0.00025
    commission_minimum: float = 5.0
    commission_cap: float = LEGAL_COMMISSION_CAP
    slippage: float = 0.0
    commission_includes_exchange_fees: bool = True
    statutory: bool = True

    def __post_init__(self) -> None:
        for name in ("commission_rate", "commission_cap", "slippage"):
            value = getattr(self, name)
            if not 0 <= value < 0.1:
                raise ConfigurationError(
                    f"{name} = {value!r} is not a ratio from 0 to 0.1",
                    where="costs",
                    remedy="write a ratio of the order's value, 0.00025 for 0.025 %",
                )
            to_parts(value, name)
        if not 0 <= self.commission_minimum <= 1000:
            raise ConfigurationError(
                f"commission_minimum = {self.commission_minimum!r} is not 0 to 1000 CNY per order",
                where="costs",
                remedy="write the minimum in CNY, 5.0 is usual",
            )
        to_cents(self.commission_minimum, "commission_minimum")
        if self.commission_rate > self.commission_cap:
            raise ConfigurationError(
                f"commission_rate {self.commission_rate!r} is above "
                f"commission_cap {self.commission_cap!r}",
                where="costs",
                remedy="lower the rate; the legal cap is 0.003",
            )

    @classmethod
    def none(cls) -> Costs:
        """Trading for free: the null test of an engine."""
        return cls(commission_rate=0.0, commission_minimum=0.0, slippage=0.0, statutory=False)


def fee_table(dates: Sequence[date], costs: Costs) -> Integers:
    """Return the fees in force, int64 of shape (days, exchanges, components, terms).

    Exchanges, components and terms stand as in ``EXCHANGES``, ``COMPONENTS`` and
    :meth:`Fee.terms`; what is not charged is zero. Raises :class:`ConfigurationError` for a day
    before the first known row of a component that is charged.
    """
    table = np.zeros((len(dates), len(EXCHANGES), len(COMPONENTS), 4), dtype=np.int64)
    rate = to_parts(costs.commission_rate, "commission_rate")
    minimum = to_cents(costs.commission_minimum, "commission_minimum")
    slippage = to_parts(costs.slippage, "slippage")
    table[:, :, COMPONENTS.index("commission")] = (rate, rate, 0, minimum)
    table[:, :, COMPONENTS.index("slippage")] = (slippage, slippage, 0, 0)
    if not costs.statutory or not dates:
        return table
    charged = ["stamp_duty", "transfer_fee"]
    if not costs.commission_includes_exchange_fees:
        charged += ["handling_fee", "supervision_fee"]
    days = np.array(dates, dtype="datetime64[D]")
    for component in charged:
        rows = [fee for fee in SCHEDULE if fee.component == component]
        if days.min() < np.datetime64(rows[0].since):
            raise ConfigurationError(
                f"no {component} is known before {rows[0].since}",
                where=f"fee schedule, day {days.min()}",
                remedy="start the backtest later, or leave the component out of the costs",
            )
        for fee in rows:
            in_force = days >= np.datetime64(fee.since)
            for exchange in fee.exchanges:
                place = EXCHANGES.index(exchange), COMPONENTS.index(component)
                table[in_force, place[0], place[1]] = fee.terms()
    return table


@dataclass(frozen=True)
class Charges:
    """Costs of one order in cents, component by component."""

    commission: int
    stamp_duty: int
    transfer_fee: int
    exchange_fees: int
    slippage: int

    @property
    def total(self) -> int:
        return (
            self.commission
            + self.stamp_duty
            + self.transfer_fee
            + self.exchange_fees
            + self.slippage
        )


def charges(
    side: Literal["buy", "sell"],
    symbol: str,
    day: date,
    *,
    price_cents: int,
    shares: int,
    costs: Costs,
) -> Charges:
    """Return the costs of one filled order, by the same compiled code as the backtest."""
    from naxs_assets.backtest.loop import BUY, SELL, order_costs

    fees = fee_table([day], costs)[0, EXCHANGES.index(exchange_of(symbol))]
    columns = np.zeros(5, dtype=np.int64)
    code = BUY if side == "buy" else SELL
    order_costs(code, price_cents * shares, shares, fees, columns)
    return Charges(*(int(column) for column in columns))
