"""The backtest asset of one strategy: each month starts from where the month before ended."""

from collections.abc import Iterator

import polars as pl

from naxs_assets.backtest.contracts import JOURNAL
from naxs_assets.backtest.engine import PortfolioRule, run_month
from naxs_assets.backtest.fees import Costs
from naxs_assets.backtest.journal import Journal, empty_journal, state_after
from naxs_assets.catalog.models import Strategy
from naxs_assets.lineage.assets import LineageAsset
from naxs_assets.lineage.monthly import Made
from naxs_assets.lineage.reader import Reader
from naxs_assets.lineage.recipe import Months, Recipe
from naxs_assets.pages.sparkline import sparkline_markdown
from naxs_assets.partitions import add_months

OWNER = "team:research"


def portfolio_rule(strategy: Strategy) -> PortfolioRule:
    """The engine's portfolio rule of a strategy."""
    return PortfolioRule(**strategy.portfolio.model_dump())


def trading_costs(strategy: Strategy) -> Costs:
    """The engine's broker costs of a strategy."""
    return Costs(**strategy.costs.model_dump())


def backtest_asset(strategy: Strategy, first_month: str) -> LineageAsset:
    """The monthly journal of a strategy: orders, fills, rejections, positions and cash.

    Only in ``first_month``, the market's first, may the month before be missing.
    """
    rule, costs = portfolio_rule(strategy), trading_costs(strategy)

    def make(
        pending: Iterator[str], prices: Reader, predictions: Reader, previous: Reader
    ) -> Iterator[Made]:
        for month in pending:
            earlier = add_months(month, -1)
            bars, scores, last_scores = prices[month], predictions[month], predictions[earlier]
            before = previous[earlier]
            goes_on = month > first_month
            state = state_after(before.frame()) if before or goes_on else None
            signals = [last_scores.frame()] if last_scores or goes_on else []
            signals.append(scores.frame())
            if state is None and not any(signal.height for signal in signals):
                journal = empty_journal()
            else:
                journal = run_month(
                    bars.frame(), pl.concat(signals), rule=rule, costs=costs, state=state
                )
            yield Made(
                month,
                journal,
                made_from=(bars, scores, last_scores, before),
                metadata=_facts(journal),
            )

    recipe = Recipe(
        asset=f"{strategy.name}/backtest",
        code=("naxs_assets.backtest.engine",),
        contract=JOURNAL,
        config={
            "portfolio": strategy.portfolio.model_dump(),
            "costs": strategy.costs.model_dump(),
        },
        upstream={
            "prices": Months("market/prices"),
            "predictions": Months(f"{strategy.name}/predictions", back=1),
            "previous": Months(f"{strategy.name}/backtest", back=1, ahead=-1),
        },
    )
    return LineageAsset(
        recipe=recipe,
        generator=make,
        description=(
            "回测：T+1、涨跌停、停牌与分日期税费之下的委托、成交、拒单、持仓与现金\n\n"
            "Orders, fills, rejections, positions and cash under T+1, limits, suspensions and "
            "dated fees"
        ),
        group=strategy.name,
        kinds=frozenset({"numba", "polars"}),
        owner=OWNER,
    )


def _facts(rows: pl.DataFrame) -> dict[str, object]:
    if rows.is_empty():
        return {"status": "warm_up"}
    journal = Journal(rows)
    account, rejections = journal.account(), journal.rejections()
    return {
        "status": "traded",
        "nav": account.get_column("nav")[-1],
        "rejected_orders": int(rejections.get_column("count").sum()),
        "plot": sparkline_markdown(account.get_column("nav").to_list()),
    }
