"""Realistic tear sheet inputs: some years of a top-k strategy on a generated index."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from naxs_assets.pages.frame import MarketLabel
from naxs_assets.reports.tear_sheet import TearSheet

CAPITAL = 10_000_000.0
SYNTHETIC = MarketLabel(
    name="合成 A 股 synthetic A-shares",
    synthetic=True,
    source="synthetic · seed 20240101 · 800 names",
    coverage="2018-01-02 – 2024-06-28",
)
REAL = MarketLabel(
    name="A 股 A-shares",
    synthetic=False,
    source="files · exports of 2024-07-01",
    coverage="2016-01-04 – 2024-06-28",
)


def trading_days(first: date, last: date) -> pl.Series:
    every = pl.date_range(first, last, interval="1d", eager=True)
    return every.filter(every.dt.weekday() <= 5)


def sample_tear_sheet(
    *,
    first: date = date(2020, 3, 2),
    last: date = date(2024, 6, 28),
    market: MarketLabel = SYNTHETIC,
) -> TearSheet:
    generator = np.random.default_rng(20240101)
    days = trading_days(first, last)
    n = len(days)
    regime = np.sin(np.linspace(0, 9, n)) * 4e-4
    index_returns = generator.standard_t(5, n) * 0.0088 + regime
    gross = 0.92 * index_returns + generator.normal(4.4e-4, 0.0042, n)
    turnover = np.clip(generator.normal(0.11, 0.05, n), 0.0, 0.6)
    turnover[0] = 0.93
    nav, cash, holdings = np.empty(n), np.empty(n), np.empty(n, dtype=np.int64)
    components = {name: np.empty(n) for name in ("commission", "stamp_duty", "transfer_fee")}
    components |= {"exchange_fees": np.empty(n), "slippage": np.empty(n)}
    traded = np.empty(n)
    previous, cash_share = CAPITAL, 0.05
    for place, day in enumerate(days):
        traded[place] = round(turnover[place] * previous, 2)
        stamp = 0.0005 if day >= date(2023, 8, 28) else 0.001
        rates = (0.00025, stamp / 2, 0.00001, 0.0000487, 0.0005)
        for name, rate in zip(components, rates, strict=True):
            components[name][place] = round(traded[place] * rate, 2)
        cost = sum(values[place] for values in components.values())
        nav[place] = round(previous * (1 + gross[place]) - cost, 2)
        cash_share = 0.95 * cash_share + 0.05 * generator.uniform(0.02, 0.14)
        cash[place] = round(nav[place] * cash_share, 2)
        holdings[place] = 50 - int(40 * max(cash_share - 0.06, 0.0))
        previous = nav[place]
    account = pl.DataFrame(
        {
            "date": days,
            "nav": nav,
            "cash": cash,
            "traded_value": traded,
            **components,
            "holdings": holdings,
        }
    )
    base_day = trading_days(date(first.year, 1, 1), first)[-2]
    closes = 3_900.0 * np.cumprod(np.concatenate([[1.0], 1.0 + index_returns]))
    return TearSheet(
        strategy="momentum_csi800",
        description="沪深 800 成分内按动量与反转因子排序，持有 50 只，T+1 收盘成交。",
        market=market,
        index_name="沪深300 CSI 300",
        starting_capital=CAPITAL,
        account=account,
        rejections=_rejections(days, generator),
        index_closes=pl.DataFrame(
            {"date": pl.concat([pl.Series([base_day]), days]), "close": closes}
        ),
        information_coefficient=_information_coefficient(days, generator),
        coverage=pl.DataFrame({"date": days, "names": 800 - generator.integers(0, 31, n)}),
        training=_training(days),
        lineage=_lineage(days),
        parameters={
            "universe": "csi800",
            "features": "momentum",
            "label": "return_5d",
            "start": date(2020, 3, 2),
            "model": {"learning_rate": 0.05, "num_leaves": 31, "retrain_every": 3},
            "portfolio": {"top": 50, "drop": 5, "deal_price": "close", "cash_reserve": 0.05},
            "tags": ["demo", "momentum"],
        },
    )


def _months(days: pl.Series) -> list[str]:
    return days.dt.strftime("%Y-%m").unique().sort().to_list()


def _rejections(days: pl.Series, generator: np.random.Generator) -> pl.DataFrame:
    frames = []
    for cause, rate in {
        "limit_up": 0.30,
        "limit_down": 0.12,
        "suspended": 0.08,
        "lot_size": 0.22,
        "cash": 0.05,
    }.items():
        orders = generator.poisson(rate, len(days))
        frames.append(
            pl.DataFrame({"date": days, "cause": cause, "orders": orders}).filter(
                pl.col("orders") > 0
            )
        )
    return pl.concat(frames).sort("date", "cause")


def _information_coefficient(days: pl.Series, generator: np.random.Generator) -> pl.DataFrame:
    labelled = days[:-6]
    noise = generator.normal(0.034, 0.105, len(labelled))
    return pl.DataFrame(
        {
            "date": labelled,
            "ic": noise * 0.85 + generator.normal(0, 0.02, len(labelled)),
            "rank_ic": noise,
            "names": 780 - generator.integers(0, 25, len(labelled)),
        }
    )


def _training(days: pl.Series) -> pl.DataFrame:
    rows = []
    window: tuple[date, date] | None = None
    for place, month in enumerate(_months(days)):
        trained = place % 3 == 0
        year, number = int(month[:4]), int(month[5:])
        if trained:
            end = date(year, number, 1)
            window = (date(year - 2, number, 1), end.replace(day=1))
        assert window is not None
        rows.append((month, trained, 360_000 + 1_130 * place if trained else None, *window))
    return pl.DataFrame(
        rows,
        schema=["month", "trained", "train_rows", "first_train_date", "last_train_date"],
        orient="row",
    )


def _lineage(days: pl.Series) -> pl.DataFrame:
    rows = []
    for asset, size in (
        ("market/prices", 17_400),
        ("features/alpha", 17_400),
        ("labels/return_5d", 17_400),
        ("momentum_csi800/dataset", 17_400),
        ("momentum_csi800/model", 1),
        ("momentum_csi800/predictions", 16_800),
        ("momentum_csi800/backtest", 240),
    ):
        for place, month in enumerate(_months(days)):
            version = f"{abs(hash_of(asset, month)):012x}"[:12]
            rows.append((asset, month, version, size + 13 * (place % 9)))
    return pl.DataFrame(
        rows,
        schema=["asset", "partition", "version", "rows"],
        orient="row",
    )


def hash_of(asset: str, month: str) -> int:
    """A short hash that does not change from run to run."""
    import hashlib

    return int.from_bytes(hashlib.sha256(f"{asset}[{month}]".encode()).digest()[:6], "big")
