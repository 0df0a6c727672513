"""What the market knows of its listing places between two days, and how it opens."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from naxs_assets.market.boards import Board

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]

BOARDS: tuple[Board, ...] = tuple(Board)
MAIN, CHINEXT, STAR, BSE = range(4)
REVERSAL_DAYS = 5

# Shenwan level-1 industries of 2014.
# fmt: off
INDUSTRIES: tuple[str, ...] = (
    "农林牧渔", "采掘", "化工", "钢铁", "有色金属", "电子", "家用电器",
    "食品饮料", "纺织服装", "轻工制造", "医药生物", "公用事业", "交通运输", "房地产",
    "商业贸易", "休闲服务", "综合", "建筑材料", "建筑装饰", "电气设备", "国防军工",
    "计算机", "传媒", "通信", "银行", "非银金融", "汽车", "机械设备",
)
# fmt: on


@dataclass
class Instrument:
    """One listed company, from its listing to its delisting."""

    symbol: str
    name: str
    list_date: date
    industry: int
    delist_date: date | None = None


@dataclass
class State:
    """One array element for each listing place; prices are integer cents, ratios plain."""

    places: int
    instruments: list[Instrument] = field(default_factory=list)
    issued_codes: list[int] = field(default_factory=lambda: [0] * len(BOARDS))

    def __post_init__(self) -> None:
        size = self.places
        self.instrument: Integers = np.full(size, -1, dtype=np.int64)  # -1: the place is empty
        self.board: Integers = np.zeros(size, dtype=np.int64)
        self.industry: Integers = np.zeros(size, dtype=np.int64)
        self.beta: Floats = np.ones(size)
        self.sigma: Floats = np.ones(size)  # daily idiosyncratic volatility
        self.normal_turnover: Floats = np.zeros(size)
        self.listing_day: Integers = np.zeros(size, dtype=np.int64)
        self.close: Integers = np.ones(size, dtype=np.int64)
        self.adj_factor: Floats = np.ones(size)
        self.shares: Integers = np.zeros(size, dtype=np.int64)
        self.average_value: Floats = np.zeros(size)  # smoothed market value, CNY
        self.pending: Floats = np.zeros(size)  # news that limits have kept out of the price
        self.suspended_left: Integers = np.zeros(size, dtype=np.int64)
        self.suspended_for: Integers = np.zeros(size, dtype=np.int64)
        self.is_st: Flags = np.zeros(size, dtype=np.bool_)
        self.st_days: Integers = np.zeros(size, dtype=np.int64)
        self.days_to_delisting: Integers = np.full(size, -1, dtype=np.int64)  # -1: not announced
        self.paid_in_year: Integers = np.zeros(size, dtype=np.int64)
        self.log_turnover: Floats = np.zeros(size)  # relative to the normal level
        self.recent: Floats = np.zeros((REVERSAL_DAYS, size))  # last idiosyncratic returns
        self.sentiment: Floats = np.zeros(size)  # decayed, of the news up to the last close
        self.unread: Floats = np.zeros(size)  # sentiment of the news since the last close
        self.signal: Floats = np.zeros(size)  # tomorrow's idiosyncratic mean, in sigma

    @property
    def listed(self) -> Flags:
        return self.instrument >= 0
