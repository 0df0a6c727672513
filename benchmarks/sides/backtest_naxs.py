"""Our backtest with every rule of the market: read the Parquet, trade, give account and figures."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.common.stages import IMPORT, START, Stages


def main() -> None:
    folder = Path(sys.argv[1])
    top, drop, capital = map(int, sys.argv[2:])

    stages = Stages()
    import polars as pl

    from naxs_assets import backtest
    from naxs_assets.backtest.journal import COSTS
    from naxs_assets.backtest.metrics import performance
    from naxs_assets.backtest.panel import PRICE_COLUMNS, SCORE_COLUMNS

    stages.done(IMPORT)
    backtest.warm()
    stages.done(START)
    prices = pl.read_parquet(folder / "prices.parquet", columns=list(PRICE_COLUMNS))
    scores = pl.read_parquet(folder / "scores.parquet", columns=list(SCORE_COLUMNS))
    stages.done("read")
    rule = backtest.PortfolioRule(top=top, drop=drop, deal_price="close", capital=capital)
    journal = backtest.run_backtest(prices, scores, rule=rule, costs=backtest.Costs())
    account = journal.account()
    performance(journal)
    stages.done("backtest")
    costs = sum(account[name].sum() for name in COSTS)
    stages.report(
        days=account.height,
        final_value=account["nav"][-1],
        costs_paid=costs,
        most_names=journal.positions().group_by("date").len()["len"].max(),
        polars=pl.__version__,
        returns=dict(zip(account["date"].dt.to_string(), account["return"], strict=True)),
    )


if __name__ == "__main__":
    main()
