"""The report asset of one strategy: its tear sheet over every month made so far."""

from collections.abc import Iterator, Sequence
from datetime import date

import polars as pl

from naxs_assets.backtest.journal import Journal
from naxs_assets.catalog.models import Strategy
from naxs_assets.learning.information_coefficient import rank_ic
from naxs_assets.learning.models import ModelDocument
from naxs_assets.lineage.assets import LineageAsset
from naxs_assets.lineage.monthly import Made
from naxs_assets.lineage.reader import Handle, Reader
from naxs_assets.lineage.recipe import AllMonths, Recipe, Whole
from naxs_assets.pages.frame import MarketLabel, appearance
from naxs_assets.reports.tear_sheet import render_tear_sheet, summarise
from naxs_assets.reports.tear_sheet_inputs import SCHEMAS, TearSheet

OWNER = "team:research"


def report_asset(strategy: Strategy, market: MarketLabel) -> LineageAsset:
    """The tear sheet of a strategy, one self-contained page."""

    def make(
        pending: Iterator[str],
        backtest: Reader,
        predictions: Reader,
        labels: Reader,
        model: Reader,
        index_prices: Reader,
        findings: Reader,
    ) -> Iterator[Made]:
        for partition in pending:
            found = findings.whole()
            months = list(backtest)
            read = {
                name: [reader[month] for month in months]
                for name, reader in (
                    ("backtest", backtest),
                    ("predictions", predictions),
                    ("labels", labels),
                    ("model", model),
                    ("index_prices", index_prices),
                )
            }
            sheet = _tear_sheet(strategy, market, read)
            yield Made(
                partition,
                render_tear_sheet(sheet),
                made_from=(found, *(handle for handles in read.values() for handle in handles)),
                metadata={"summary": summarise(sheet)},
            )

    recipe = Recipe(
        asset=f"{strategy.name}/report",
        code=("naxs_assets.reports.tear_sheet", "naxs_assets.learning.information_coefficient"),
        monthly=False,
        suffix=".html",
        config={
            "strategy": strategy.model_dump(),
            "market": vars(market),
            "appearance": appearance(),
        },
        upstream={
            "backtest": AllMonths(f"{strategy.name}/backtest"),
            "predictions": AllMonths(f"{strategy.name}/predictions"),
            "labels": AllMonths(f"labels/{strategy.label}"),
            "model": AllMonths(f"{strategy.name}/model"),
            "index_prices": AllMonths("market/index_prices"),
            "findings": Whole("market/findings"),
        },
    )
    return LineageAsset(
        recipe=recipe,
        generator=make,
        description=(
            "策略报告：扣费后与指数对比、RankIC、费用、拒单\n\n"
            "Tear sheet: net of costs against the index, RankIC, costs, rejections"
        ),
        group=strategy.name,
        kinds=frozenset({"html", "plotly"}),
        owner=OWNER,
    )


def _tear_sheet(
    strategy: Strategy, market: MarketLabel, read: dict[str, list[Handle]]
) -> TearSheet:
    journal = Journal.of_months(handle.frame() for handle in read["backtest"] if handle)
    scores = _concat(read["predictions"], ["date", "symbol", "score"])
    labels = _concat(read["labels"], ["date", "symbol", "label"])
    closes = _concat(read["index_prices"], ["date", "index", "close"])
    return TearSheet(
        strategy=strategy.name,
        description=strategy.description,
        market=market,
        index_name=strategy.benchmark,
        starting_capital=strategy.portfolio.capital,
        account=_account(journal),
        rejections=journal.rejections().select("date", "cause", pl.col("count").alias("orders")),
        index_closes=closes.filter(pl.col("index") == strategy.benchmark).select("date", "close"),
        information_coefficient=rank_ic(scores, labels).with_columns(
            pl.col("names").cast(pl.Int64)
        ),
        coverage=scores.group_by("date").agg(names=pl.len().cast(pl.Int64)).sort("date"),
        training=_training(read["model"]),
        lineage=_lineage(read),
        parameters=strategy.model_dump(exclude={"name", "description"}),
    )


def _concat(handles: Sequence[Handle], columns: list[str]) -> pl.DataFrame:
    return pl.concat([handle.frame().select(columns) for handle in handles if handle])


def _account(journal: Journal) -> pl.DataFrame:
    names = journal.positions().group_by("date").agg(names=pl.len().cast(pl.Int64))
    return (
        journal.account()
        .with_columns(traded_value=pl.col("bought") + pl.col("sold"))
        .drop("holdings")
        .join(names, on="date", how="left")
        .with_columns(holdings=pl.col("names").fill_null(0))
        .select(list(SCHEMAS["account"]))
        .sort("date")
    )


def _training(models: Sequence[Handle]) -> pl.DataFrame:
    rows = []
    for handle in models:
        if not handle:
            continue
        trained_on = ModelDocument.from_text(handle.text()).trained_on
        is_new = trained_on is not None and trained_on.month == handle.partition
        rows.append(
            {
                "month": handle.partition,
                "trained": is_new,
                "train_rows": trained_on.rows if trained_on else None,
                "first_train_date": _day(trained_on.first_date) if trained_on else None,
                "last_train_date": _day(trained_on.last_date) if trained_on else None,
            }
        )
    return pl.DataFrame(rows, schema=SCHEMAS["training"])


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _lineage(read: dict[str, list[Handle]]) -> pl.DataFrame:
    versions = [handle.version for handles in read.values() for handle in handles if handle]
    return pl.DataFrame(
        [
            {
                "asset": version.asset,
                "partition": version.partition,
                "version": version.short,
                "rows": version.rows,
            }
            for version in versions
            if version is not None
        ],
        schema=SCHEMAS["lineage"],
    )
