"""The report asset of one strategy: its tear sheet over every month made so far."""

from collections.abc import Iterator, Sequence
from datetime import date

import polars as pl

from naxs_assets.backtest.journal import Journal
from naxs_assets.catalog.models import Strategy
from naxs_assets.learning.evaluation import (
    daily_information_coefficient,
    daily_names,
    daily_quantiles,
    decay,
)
from naxs_assets.learning.models import ModelDocument, TrainedOn
from naxs_assets.lineage.assets import LineageAsset
from naxs_assets.lineage.graph import Graph, upstream_graph
from naxs_assets.lineage.monthly import Made
from naxs_assets.lineage.reader import FactHandle, Handle, Reader
from naxs_assets.lineage.recipe import AllMonths, Recipe, Whole
from naxs_assets.pages.frame import MarketLabel, appearance
from naxs_assets.reports.exposure import daily_exposure
from naxs_assets.reports.tear_sheet import render_tear_sheet, summarise
from naxs_assets.reports.tear_sheet_inputs import SCHEMAS, TearSheet

OWNER = "team:research"


def report_asset(strategy: Strategy, market: MarketLabel) -> LineageAsset:
    """The tear sheet of a strategy, one self-contained page."""

    def make(
        pending: Iterator[str],
        backtest: Reader,
        evaluation: Reader,
        dataset: Reader,
        model: Reader,
        index_prices: Reader,
        findings: Reader,
    ) -> Iterator[Made]:
        for partition in pending:
            read = {"backtest": backtest.current()}
            months = [handle.partition for handle in read["backtest"]]
            for name, reader in (
                ("evaluation", evaluation),
                ("model", model),
                ("index_prices", index_prices),
            ):
                read[name] = reader.of(months)
            read["findings"] = [findings.whole()]
            members = [handle.fact("member_days") for handle in dataset.of(months)]
            sheet = _tear_sheet(strategy, market, read, members)
            yield Made(
                partition,
                render_tear_sheet(sheet),
                made_from=(*members, *(handle for handles in read.values() for handle in handles)),
                metadata={"summary": summarise(sheet)},
            )

    recipe = Recipe(
        asset=f"{strategy.name}/report",
        code=(
            "naxs_assets.reports.tear_sheet",
            "naxs_assets.reports.exposure",
            "naxs_assets.learning.evaluation",
        ),
        monthly=False,
        suffix=".html",
        config={
            "strategy": strategy.model_dump(),
            "market": vars(market),
            "appearance": appearance(),
        },
        upstream={
            "backtest": AllMonths(f"{strategy.name}/backtest"),
            "evaluation": AllMonths(f"{strategy.name}/evaluation"),
            "dataset": AllMonths(f"{strategy.name}/dataset"),
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
    strategy: Strategy,
    market: MarketLabel,
    read: dict[str, list[Handle]],
    members: Sequence[FactHandle],
) -> TearSheet:
    journal = Journal.of_months(handle.frame() for handle in read["backtest"] if handle)
    evaluation = pl.concat(handle.frame() for handle in read["evaluation"] if handle)
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
        information_coefficient=daily_information_coefficient(evaluation),
        coverage=daily_names(evaluation),
        members=_members(members, daily_names(evaluation)),
        decay=decay(evaluation),
        quantiles=daily_quantiles(evaluation),
        exposure=daily_exposure(journal),
        training=_training(read["model"]),
        findings=_findings(read["findings"], [handle.partition for handle in read["backtest"]]),
        lineage=_lineage(read, members),
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


def _findings(findings: Sequence[Handle], months: Sequence[str]) -> pl.DataFrame:
    return pl.concat(handle.frame() for handle in findings).filter(pl.col("month").is_in(months))


def _training(models: Sequence[Handle]) -> pl.DataFrame:
    rows = []
    known: dict[str, TrainedOn | None] = {}  # a document carried on is read once
    for handle in models:
        if handle.version is None:
            continue
        content = handle.version.content_hash
        if content not in known:
            known[content] = ModelDocument.from_text(handle.text()).trained_on
        trained_on = known[content]
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


def _members(members: Sequence[FactHandle], names: pl.DataFrame) -> pl.DataFrame:
    """The universe's members and the scores, counted over the days of each month."""
    monthly = names.group_by(pl.col("date").dt.strftime("%Y-%m").alias("month")).agg(
        pl.col("names").sum()
    )
    scored = dict(monthly.iter_rows())
    return pl.DataFrame(
        [
            {
                "month": fact.handle.partition,
                "members": fact.value(),
                "scored": scored.get(fact.handle.partition, 0),
            }
            for fact in members
            if fact.handle
        ],
        schema=SCHEMAS["members"],
    )


def _lineage(read: dict[str, list[Handle]], members: Sequence[FactHandle]) -> Graph:
    handles = [handle for handles in read.values() for handle in handles]
    handles += [fact.handle for fact in members]
    ids = [handle.version.id for handle in handles if handle.version]
    return upstream_graph(handles[0].library, ids) if ids else Graph()
