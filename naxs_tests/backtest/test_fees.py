"""Fees by hand, on both sides of every date the schedule changes (trading rules, section 2)."""

from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naxs_assets.backtest import Costs
from naxs_assets.backtest.fees import (
    COMPONENTS,
    LEGAL_COMMISSION_CAP,
    SCHEDULE,
    Charges,
    charges,
    fee_table,
)
from naxs_assets.errors import ConfigurationError

SH, SZ, BJ = "600000.SH", "000001.SZ", "920002.BJ"
ON_TOP = Costs(commission_includes_exchange_fees=False)


def of_100_000(side: str, symbol: str, day: date, costs: Costs | None = None) -> Charges:
    """Costs of 10,000 shares at 10.00 CNY."""
    return charges(
        side,  # type: ignore[arg-type]
        symbol,
        day,
        price_cents=1000,
        shares=10_000,
        costs=costs or Costs(),
    )


@pytest.mark.parametrize(
    ("day", "buy", "sell"),
    [
        (date(2007, 5, 30), 300_00, 300_00),  # 0.3 % both sides from 2007-05-30
        (date(2008, 4, 23), 300_00, 300_00),
        (date(2008, 4, 24), 100_00, 100_00),  # 0.1 % both sides
        (date(2008, 9, 18), 100_00, 100_00),
        (date(2008, 9, 19), 0, 100_00),  # the seller alone
        (date(2023, 8, 27), 0, 100_00),
        (date(2023, 8, 28), 0, 50_00),  # halved
    ],
)
def test_stamp_duty(day: date, buy: int, sell: int) -> None:
    for symbol in (SH, SZ):
        assert of_100_000("buy", symbol, day).stamp_duty == buy
        assert of_100_000("sell", symbol, day).stamp_duty == sell


@pytest.mark.parametrize(
    ("day", "symbol", "fee"),
    [
        (date(2015, 7, 31), SH, 10_00),  # 0.1 % of 10,000 CNY face value
        (date(2015, 7, 31), SZ, 0),
        (date(2015, 8, 1), SH, 2_00),  # 0.002 % of the value, both exchanges
        (date(2015, 8, 1), SZ, 2_00),
        (date(2022, 4, 28), SH, 2_00),
        (date(2022, 4, 28), BJ, 2_50),  # Beijing 0.0025 %
        (date(2022, 4, 29), SH, 1_00),  # 0.001 % everywhere
        (date(2022, 4, 29), SZ, 1_00),
        (date(2022, 4, 29), BJ, 1_00),
    ],
)
def test_transfer_fee(day: date, symbol: str, fee: int) -> None:
    assert of_100_000("buy", symbol, day).transfer_fee == fee
    assert of_100_000("sell", symbol, day).transfer_fee == fee


def test_transfer_fee_of_face_value_does_not_know_the_price_and_is_at_least_1_cny() -> None:
    def fee(price_cents: int, shares: int) -> int:
        return charges(
            "buy", SH, date(2014, 3, 3), price_cents=price_cents, shares=shares, costs=Costs()
        ).transfer_fee

    assert fee(500, 3_000) == fee(50_000, 3_000) == 3_00
    assert fee(500, 900) == 1_00  # 0.90 CNY


@pytest.mark.parametrize(
    ("day", "fee"),
    [
        (date(2015, 8, 1), 4_87 + 2_00),  # handling 0.00487 %, supervision 0.002 %
        (date(2023, 8, 27), 4_87 + 2_00),
        (date(2023, 8, 28), 3_41 + 2_00),  # handling 0.00341 %
    ],
)
def test_handling_and_supervision_fees_are_inside_the_commission_unless_told(
    day: date, fee: int
) -> None:
    assert of_100_000("buy", SZ, day).exchange_fees == 0
    assert of_100_000("buy", SZ, day, ON_TOP).exchange_fees == fee
    assert of_100_000("sell", SZ, day, ON_TOP).exchange_fees == fee


def test_commission_has_a_minimum_per_order() -> None:
    def commission(shares: int) -> int:
        return charges(
            "buy", SH, date(2024, 1, 2), price_cents=1000, shares=shares, costs=Costs()
        ).commission

    assert commission(100) == 5_00  # 0.025 % of 1,000 CNY is 0.25
    assert commission(2_000) == 5_00  # exactly 5.00
    assert commission(2_100) == 5_25
    assert commission(10_000) == 25_00


def test_every_component_is_rounded_half_up_on_its_own() -> None:
    # 100 shares at 505.00: value 50,500.00; transfer fee 0.001 % = 0.505 -> 0.51,
    # handling 0.00341 % = 1.72205 -> 1.72, supervision 0.002 % = 1.01, slippage 0.001 % = 0.505.
    costs = Costs(commission_includes_exchange_fees=False, slippage=0.00001)
    of_order = charges("sell", SH, date(2024, 1, 2), price_cents=50_500, shares=100, costs=costs)
    assert of_order == Charges(
        commission=12_63,  # 12.625
        stamp_duty=25_25,
        transfer_fee=51,
        exchange_fees=1_72 + 1_01,
        slippage=51,
    )
    assert of_order.total == 12_63 + 25_25 + 51 + 2_73 + 51


def test_no_costs_are_none_at_all() -> None:
    assert of_100_000("sell", SH, date(2010, 1, 4), Costs.none()).total == 0
    assert not fee_table([date(1995, 1, 3)], Costs.none()).any()


def test_a_day_before_the_schedule_is_refused_by_name() -> None:
    with pytest.raises(ConfigurationError, match="no stamp_duty is known before 2007-05-30"):
        fee_table([date(2007, 5, 29)], Costs())
    with pytest.raises(ConfigurationError, match="no handling_fee is known before 2015-08-01"):
        fee_table([date(2015, 7, 31)], ON_TOP)


def test_the_schedule_is_in_order_and_names_its_sources() -> None:
    for component in COMPONENTS:
        since = [fee.since for fee in SCHEDULE if fee.component == component]
        assert since == sorted(since)
    assert all(fee.source for fee in SCHEDULE)


@given(
    st.integers(1, 10**6), st.integers(1, 10**7), st.sampled_from(["buy", "sell"]), st.booleans()
)
def test_charges_are_those_of_decimal_arithmetic(
    price_cents: int, shares: int, side: str, on_top: bool
) -> None:
    costs = Costs(
        commission_rate=0.00013, slippage=0.0004, commission_includes_exchange_fees=not on_top
    )
    of_order = charges(
        side,  # type: ignore[arg-type]
        SH,
        date(2024, 1, 2),
        price_cents=price_cents,
        shares=shares,
        costs=costs,
    )

    def part(rate: str) -> int:
        return int((Decimal(price_cents * shares) * Decimal(rate) + Decimal("0.5")) // 1)

    assert of_order == Charges(
        commission=max(5_00, part("0.00013")),
        stamp_duty=part("0.0005") if side == "sell" else 0,
        transfer_fee=part("0.00001"),
        exchange_fees=part("0.0000341") + part("0.00002") if on_top else 0,
        slippage=part("0.0004"),
    )


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"commission_rate": 0.0031}, "above commission_cap"),
        ({"commission_rate": -0.1}, "not a ratio"),
        ({"slippage": float("nan")}, "not a ratio"),
        ({"slippage": 0.5}, "not a ratio"),
        ({"commission_rate": 1 / 3000}, "at most nine decimals"),
        ({"commission_minimum": 0.001}, "whole number of cents"),
        ({"commission_minimum": -1.0}, "CNY per order"),
    ],
)
def test_costs_out_of_range_are_refused(fields: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Costs(**fields)  # type: ignore[arg-type]


def test_the_legal_cap_is_3_per_mille() -> None:
    assert Costs(commission_rate=LEGAL_COMMISSION_CAP).commission_rate == 0.003


def test_the_table_has_one_row_of_terms_per_day_and_exchange() -> None:
    table = fee_table([date(2015, 7, 31), date(2015, 8, 3)], Costs())
    assert table.shape == (2, 3, len(COMPONENTS), 4)
    assert table.dtype == np.int64
    transfer = COMPONENTS.index("transfer_fee")
    assert table[0, 0, transfer].tolist() == [1_000_000, 1_000_000, 1, 100]
    assert table[1, 0, transfer].tolist() == [20_000, 20_000, 0, 0]
