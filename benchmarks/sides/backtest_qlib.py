"""Qlib's backtest of the same scores: TopkDropoutStrategy at the close, with its usual costs."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.common.stages import IMPORT, START, Stages
from benchmarks.sides.qlib_start import start_qlib


def main() -> None:
    folder = Path(sys.argv[1])
    top, drop, capital = map(int, sys.argv[2:])

    stages = Stages()
    import pandas as pd
    import qlib
    from qlib.contrib.evaluate import backtest_daily, risk_analysis
    from qlib.contrib.strategy import TopkDropoutStrategy

    stages.done(IMPORT)
    start_qlib(folder)
    stages.done(START)
    scores = pd.read_parquet(folder / "scores.parquet", columns=["instrument", "date", "score"])
    scores["datetime"] = pd.to_datetime(scores["date"])
    signal = scores.set_index(["instrument", "datetime"])["score"]
    days = signal.index.get_level_values("datetime").unique().sort_values()
    stages.done("read")
    # The first day has no scores of a day before it; the last step needs a day after its end.
    report, positions = backtest_daily(
        start_time=days[1],
        end_time=days[-2],
        strategy=TopkDropoutStrategy(signal=signal, topk=top, n_drop=drop),
        account=capital,
        benchmark=pd.Series(0.0, index=days),
        exchange_kwargs={"deal_price": "close", "limit_threshold": 0.095},
    )
    net = report["return"] - report["cost"]
    risk_analysis(net)
    stages.done("backtest")
    stages.report(
        days=len(report),
        final_value=float(report["account"].iloc[-1]),
        costs_paid=float(report["total_cost"].iloc[-1]),
        most_names=max(len(position.get_stock_list()) for position in positions.values()),
        pyqlib=qlib.__version__,
        pandas=pd.__version__,
        returns={f"{day:%Y-%m-%d}": float(value) for day, value in net.items()},
    )


if __name__ == "__main__":
    main()
