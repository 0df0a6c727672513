"""The market assets: calendar, instruments, membership, prices and index prices."""

from collections.abc import Callable, Iterator
from datetime import date
from functools import cache

import polars as pl

from naxs_assets.lineage.assets import LineageAsset
from naxs_assets.lineage.content_hash import json_hash, table_hash
from naxs_assets.lineage.contract import Contract
from naxs_assets.lineage.monthly import Made, Refused
from naxs_assets.lineage.reader import Reader
from naxs_assets.lineage.recipe import AllMonths, Months, Recipe, Whole
from naxs_assets.market.calendar import trading_days
from naxs_assets.market.contracts import (
    CALENDAR,
    CORPORATE_ACTIONS,
    FUNDAMENTALS,
    INDEX_MEMBERS,
    INDEX_PRICES,
    INDUSTRY,
    INSTRUMENTS,
    NEWS,
    PRICES,
    QUALITY_FINDINGS,
)
from naxs_assets.market.findings import findings_table
from naxs_assets.market.fundamentals import available, with_revisions
from naxs_assets.market.index_prices import build_index_month
from naxs_assets.market.news import news_table
from naxs_assets.market.prices import build_month
from naxs_assets.market.quality.publication import accepted_repairs, publishable
from naxs_assets.market.reference import (
    corporate_actions_table,
    index_members_table,
    industry_table,
    instruments_table,
)
from naxs_assets.market.rules import MonthRefused
from naxs_assets.market.sources.base import Source
from naxs_assets.pages.sparkline import sparkline_markdown
from naxs_assets.partitions import add_months, first_day, last_day, month_of
from naxs_assets.settings import Settings

OWNER = "team:market-data"
GROUP = "market"


def market_assets(settings: Settings, source: Source) -> list[LineageAsset]:
    """Every asset of the market stage, read from ``source``."""
    bitemporal = cache(lambda: with_revisions(source.fundamentals(date.min, date.max)))
    return [
        _calendar(settings, source),
        _reference_table(
            source,
            contract=INSTRUMENTS,
            rows=source.instruments,
            build=instruments_table,
            description=(
                "证券列表：板块、上市与退市日期\n\nStocks with board, listing and delisting dates"
            ),
        ),
        _reference_table(
            source,
            contract=INDEX_MEMBERS,
            rows=source.index_members,
            build=index_members_table,
            description="指数成分，按生效日期\n\nIndex membership by effective date",
        ),
        _reference_table(
            source,
            contract=CORPORATE_ACTIONS,
            rows=source.corporate_actions,
            build=corporate_actions_table,
            description=(
                "公司行为：分红、送转、配股，按除权日\n\n"
                "Dividends, bonus shares and rights by ex-date"
            ),
        ),
        _reference_table(
            source,
            contract=INDUSTRY,
            rows=source.industry,
            build=industry_table,
            description="行业分类，按生效日期\n\nIndustries, each from its start date",
        ),
        _prices(source),
        _index_prices(source),
        _dated_table(
            source,
            contract=FUNDAMENTALS,
            code="naxs_assets.market.fundamentals",
            rows=lambda first, last: available(bitemporal(), first, last),
            description=(
                "财务数据：报告期、公告日、可用时刻与修订，按可用月份\n\n"
                "Published figures with period, publication and revisions, by the month in which "
                "they became available"
            ),
        ),
        _dated_table(
            source,
            contract=NEWS,
            code="naxs_assets.market.news",
            rows=lambda first, last: news_table(source.news(first, last)),
            description=(
                "新闻：发布与可用时刻，按可用月份\n\n"
                "News with publication, by the month in which they became available"
            ),
        ),
        _findings(),
    ]


def _calendar(settings: Settings, source: Source) -> LineageAsset:
    # To the end of next year, so that the horizon is never short at a year's turn.
    until = last_day(f"{max(settings.today(), source.coverage()[1]).year + 1}-12")

    def make(pending: Iterator[str]) -> Iterator[Made]:
        for partition in pending:
            days = trading_days(source.open_days(), until)
            guessed = days.filter("provisional").height
            yield Made(partition, days, metadata={"provisional_days": guessed})

    recipe = Recipe(
        asset="market/calendar",
        code=("naxs_assets.market.calendar",),
        monthly=False,
        contract=CALENDAR,
        config={"until": until.isoformat()},
        externals=lambda _: {
            f"{source.name}:open_days": json_hash([day.isoformat() for day in source.open_days()])
        },
    )
    return LineageAsset(
        recipe=recipe,
        generator=make,
        description="交易日历，自 1990-12-19 起\n\nTrading days with their absolute index",
        group=GROUP,
        kinds=frozenset({"polars", source.name}),
        owner=OWNER,
    )


def _reference_table(
    source: Source,
    *,
    contract: Contract,
    rows: Callable[[], pl.DataFrame],
    build: Callable[[pl.DataFrame], pl.DataFrame],
    description: str,
) -> LineageAsset:
    """A table that the source gives whole, named after its contract."""

    def make(pending: Iterator[str]) -> Iterator[Made]:
        for partition in pending:
            yield Made(partition, build(rows()))

    recipe = Recipe(
        asset=f"market/{contract.name}",
        code=("naxs_assets.market.reference",),
        monthly=False,
        contract=contract,
        externals=lambda _: {f"{source.name}:{contract.name}": table_hash(rows(), contract.key)},
    )
    return LineageAsset(
        recipe=recipe,
        generator=make,
        description=description,
        group=GROUP,
        kinds=frozenset({"polars", source.name}),
        owner=OWNER,
    )


def _prices(source: Source) -> LineageAsset:
    first_month = month_of(source.coverage()[0])

    def make(
        pending: Iterator[str], calendar: Reader, instruments: Reader, previous: Reader
    ) -> Iterator[Made | Refused]:
        held_up = False
        for month in pending:
            days = calendar.whole().until(last_day(month))
            listed = instruments.whole().until(last_day(month))
            before = previous[add_months(month, -1)]
            # After a refused month in whose place nothing stands, months are judged alone, as the
            # market's first is: that asks less, and what refuses one lies in its own rows.
            alone = not before and (held_up or month <= first_month)
            tables = {"calendar": days.frame(), "instruments": listed.frame()}
            try:
                built = build_month(
                    source.bars(first_day(month), last_day(month)),
                    month=month,
                    **tables,
                    previous=None if alone else before.frame(),
                    gaps=source.gaps,
                    policy=source.factor_policy,
                )
                findings = publishable(
                    built.frame,
                    built.findings,
                    month=month,
                    instruments=listed.frame(),
                    previous=before.frame() if before else None,
                    gaps=source.gaps,
                )
            except MonthRefused as refusal:
                raw = source.bars(first_day(month), last_day(month))
                yield Refused(month, refusal, raw, ("date", "symbol"), refusal.facts())
                held_up = True
                continue
            if alone and held_up:
                continue  # nothing to start from, so nothing to publish
            daily_close = built.frame.group_by("date", maintain_order=True).agg(
                pl.col("close").mean()
            )
            yield Made(
                month,
                built.frame,
                made_from=(days, listed, before),
                metadata={
                    "findings": findings.to_dicts(),
                    **built.counts(),
                    **accepted_repairs(built.frame, source.factor_policy),
                    "rejected": _as_json(built.rejected),
                    "source": source.name,
                    "provenance": source.provenance(),
                    "plot": sparkline_markdown(daily_close.get_column("close").to_list()),
                },
            )

    @cache
    def raw_digest(month: str) -> str:
        bars = source.bars(first_day(month), last_day(month))
        return table_hash(bars, ("date", "symbol"))

    recipe = Recipe(
        asset="market/prices",
        code=("naxs_assets.market.prices", "naxs_assets.market.quality.publication"),
        contract=PRICES,
        config={
            "gaps": sorted(source.gaps.columns),
            "factor_policy": source.factor_policy.value,
        },
        upstream={
            "calendar": Whole("market/calendar"),
            "instruments": Whole("market/instruments"),
            "previous": Months("market/prices", back=1, ahead=-1),
        },
        externals=lambda month: {f"{source.name}:bars": raw_digest(month)},
    )
    return LineageAsset(
        recipe=recipe,
        generator=make,
        description=(
            "日线：未复权价、复权因子、状态、涨跌停价；坏行就地隔离\n\n"
            "Unadjusted daily bars, adjustment factor, status and limit prices; bad rows are "
            "quarantined in place"
        ),
        group=GROUP,
        kinds=frozenset({"polars", "pandera", "duckdb", source.name}),
        owner=OWNER,
    )


def _index_prices(source: Source) -> LineageAsset:
    def make(pending: Iterator[str], calendar: Reader) -> Iterator[Made | Refused]:
        for month in pending:
            days = calendar.whole().until(last_day(month))
            bars = source.index_bars(first_day(month), last_day(month))
            try:
                built = build_index_month(bars, month=month, calendar=days.frame())
            except MonthRefused as refusal:
                yield Refused(month, refusal, bars, ("date", "index"), refusal.facts())
                continue
            yield Made(
                month,
                built.frame,
                made_from=(days,),
                metadata={
                    "findings": built.findings.to_dicts(),
                    "rejected": _as_json(built.rejected),
                },
            )

    @cache
    def raw_digest(month: str) -> str:
        bars = source.index_bars(first_day(month), last_day(month))
        return table_hash(bars, ("date", "index"))

    recipe = Recipe(
        asset="market/index_prices",
        code=("naxs_assets.market.index_prices",),
        contract=INDEX_PRICES,
        upstream={"calendar": Whole("market/calendar")},
        externals=lambda month: {f"{source.name}:index_bars": raw_digest(month)},
    )
    return LineageAsset(
        recipe=recipe,
        generator=make,
        description="指数日线\n\nDaily index bars",
        group=GROUP,
        kinds=frozenset({"polars", "pandera", source.name}),
        owner=OWNER,
    )


def _dated_table(
    source: Source,
    *,
    contract: Contract,
    code: str,
    rows: Callable[[date, date], pl.DataFrame],
    description: str,
) -> LineageAsset:
    """A table of which each month is what became available in it."""

    @cache
    def of_month(month: str) -> pl.DataFrame:
        return rows(first_day(month), last_day(month))

    def make(pending: Iterator[str]) -> Iterator[Made]:
        for month in pending:
            yield Made(month, of_month(month))

    recipe = Recipe(
        asset=f"market/{contract.name}",
        code=(code,),
        contract=contract,
        externals=lambda month: {
            f"{source.name}:{contract.name}": table_hash(of_month(month), contract.key)
        },
    )
    return LineageAsset(
        recipe=recipe,
        generator=make,
        description=description,
        group=GROUP,
        kinds=frozenset({"polars", "pandera", source.name}),
        owner=OWNER,
    )


def _findings() -> LineageAsset:
    def make(pending: Iterator[str], prices: Reader, index_prices: Reader) -> Iterator[Made]:
        for partition in pending:
            found = [
                (reader.asset, month, reader[month].fact("findings"))
                for reader in (prices, index_prices)
                for month in reader
            ]
            table = findings_table((asset, month, fact.value()) for asset, month, fact in found)
            yield Made(
                partition,
                table,
                made_from=tuple(fact for _, _, fact in found),
                metadata={
                    "by_verdict": dict(table.group_by("verdict").len().sort("verdict").rows())
                },
            )

    recipe = Recipe(
        asset="market/findings",
        code=("naxs_assets.market.findings",),
        monthly=False,
        contract=QUALITY_FINDINGS,
        upstream={
            "prices": AllMonths("market/prices"),
            "index_prices": AllMonths("market/index_prices"),
        },
    )
    return LineageAsset(
        recipe=recipe,
        generator=make,
        description=(
            "质量发现：每条规则在每个月查出什么\n\nWhat each quality rule found in each month"
        ),
        group=GROUP,
        kinds=frozenset({"polars"}),
        owner=OWNER,
    )


def _as_json(rejected: pl.DataFrame) -> list[dict[str, str | None]]:
    return rejected.with_columns(pl.col("date").cast(pl.String)).to_dicts()
