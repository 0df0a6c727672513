"""Realistic tear sheet inputs: some years of a top-k strategy on a generated index."""

from __future__ import annotations

from datetime import date
from hashlib import sha256

import numpy as np
import polars as pl

from naxs_assets.lineage.graph import Graph, Input, Node
from naxs_assets.lineage.records import ReadKind
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
        decay=_decay(),
        quantiles=_quantiles(days, generator),
        members=_members(days),
        exposure=_exposure(account),
        findings=_findings(days),
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


def _lineage(days: pl.Series) -> Graph:
    """A chain of months: the backtest and predictions of a month, back to its file."""
    months = _months(days)
    assets = (
        ("files:bars", 0),
        ("market/prices", 17_400),
        ("momentum_csi800/model", 1),
        ("momentum_csi800/predictions", 16_800),
        ("momentum_csi800/backtest", 240),
    )
    nodes = [
        Node(
            asset,
            month,
            ReadKind.VERSION if size else ReadKind.EXTERNAL,
            sha256(f"{asset}[{month}]".encode()).hexdigest(),
            sha256(asset.encode()).hexdigest() if size else "",
            size + 13 * (place % 9) if size else None,
        )
        for asset, size in assets
        for place, month in enumerate(months)
    ]
    count = len(months)
    inputs: list[tuple[Input, ...]] = []
    for number in range(len(nodes)):
        level, place = divmod(number, count)
        reads = [Input(number - count)] if level in {1, 3, 4} else []
        if level in {1, 4} and place:
            reads.append(Input(number - 1))
        if level == 2 and place:
            # Trained on what was known of the month before by its twentieth day.
            reads.append(Input(count + place - 1, f"{months[place - 1]}-20"))
        if level == 3:
            reads.append(Input(count + place))
        inputs.append(tuple(sorted(reads)))
    roots = tuple(range(3 * count, 5 * count))
    return Graph(tuple(nodes), tuple(inputs), roots)


def _decay() -> pl.DataFrame:
    return pl.DataFrame(
        [(lag, 0.03 * 0.8**lag, 0.034 * 0.8**lag, 1_100 - lag) for lag in (0, 1, 2, 3, 5, 10, 20)],
        schema=["lag", "ic", "rank_ic", "days"],
        orient="row",
    )


def _quantiles(days: pl.Series, generator: np.random.Generator) -> pl.DataFrame:
    labelled = days[:-6]
    return pl.concat(
        pl.DataFrame(
            {
                "date": labelled,
                "quantile": place,
                "label_return": generator.normal(4e-4 * (place - 3), 0.012, len(labelled)),
            }
        )
        for place in range(1, 6)
    )


def _members(days: pl.Series) -> pl.DataFrame:
    by_month = pl.DataFrame({"month": days.dt.strftime("%Y-%m")}).group_by("month").len("days")
    return by_month.select("month", members=pl.col("days") * 800, scored=pl.col("days") * 785)


def _exposure(account: pl.DataFrame) -> pl.DataFrame:
    cash = account.select("date", board=pl.lit("cash"), share=pl.col("cash") / pl.col("nav"))
    invested = 1.0 - cash["share"]
    boards = [
        cash.select("date", board=pl.lit(board), share=invested * part)
        for board, part in (("main", 0.7), ("chinext", 0.2), ("star", 0.1))
    ]
    return pl.concat([*boards, cash])


def _findings(days: pl.Series) -> pl.DataFrame:
    rows = []
    for place, month in enumerate(_months(days)):
        gap = "declared gap: amount"
        rows.append(("market/prices", month, "zero", "critical", "not_applicable", 0, "", gap))
        keys = f"600519.SH {month}-05, 300750.SZ {month}-06"
        verdict, broken = ("quarantined", 2) if place % 4 == 0 else ("pass", 0)
        sample = keys if broken else ""
        rows.append(("market/prices", month, "ohlc", "critical", verdict, broken, sample, ""))
        verdict, broken = ("repaired", 5) if place % 6 == 0 else ("pass", 0)
        sample = f"000001.SZ {month}-11" if broken else ""
        rows.append(("market/prices", month, "factor", "critical", verdict, broken, sample, ""))
        verdict, broken = ("warn", 1) if place == 3 else ("pass", 0)
        sample = f"688981.SH {month}-12" if broken else ""
        rows.append(("market/prices", month, "limit", "warning", verdict, broken, sample, ""))
        rows.append(("market/index_prices", month, "calendar", "critical", "pass", 0, "", ""))
    columns = ["asset", "month", "rule", "severity", "verdict", "rows", "sample", "note"]
    return pl.DataFrame(rows, schema=columns, orient="row").with_columns(
        share=pl.col("rows") / 17_400
    )
