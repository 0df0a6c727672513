"""The data pipeline: pull a live market, make its tables, check them; off until turned on."""

from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

from naxs_assets.lineage.io_manager import metadata_table
from naxs_assets.lineage.publishing import Lineage
from naxs_assets.market.assets import GROUP, OWNER
from naxs_assets.market.calendar import trading_days
from naxs_assets.market.pulling.finality import last_final_day
from naxs_assets.market.pulling.opening import LiveHome
from naxs_assets.market.pulling.punctuality import Punctuality, arrival_of_bars, punctuality
from naxs_assets.market.sources.base import Source
from naxs_assets.partitions import add_months, month_of
from naxs_assets.settings import SHANGHAI

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import (
        UnresolvedAssetJobDefinition,
    )

PULL = dg.AssetKey([GROUP, "pull"])
PRICES = dg.AssetKey([GROUP, "prices"])
ON_TIME = "on_time"
PIPELINE = "data_pipeline"

# The close and the after-hours session (15:30), then the vendors' evening updates.
AFTER_THE_CLOSE = ("35 15 * * 1-5", "0 18 * * 1-5")

MonthRange = Callable[[], tuple[str, str]]
"""The first and the last month of the market, by the clock."""


def pull_asset(home: LiveHome) -> dg.AssetsDefinition:
    """The pull of a live home: in Dagster's order before the market's tables.

    It is no result of the ledger: what the tables read of it is in their own recipes, by digest.
    An upstream that does not answer fails nothing, for what is stored stands; it is named.
    """

    @dg.asset(
        key=PULL,
        group_name=GROUP,
        owners=[OWNER],
        kinds={"akshare", "baostock"},
        description=(
            "从上游取数：缺的、最近几日的，原样留存\n\n"
            "What is missing and the newest sessions, from the upstreams, kept as answered"
        ),
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def pull(context: dg.AssetExecutionContext) -> dg.MaterializeResult:  # type: ignore[type-arg]
        result = home.pull(home.live.first, last_final_day(home.settings.clock()))
        facts = result.facts()
        for line in (*facts["fallbacks"], *facts["unconfirmed"]):
            context.log.warning(
                f"{line['first']}: {line['family']} ({line['kind']}) {line['what']}"
            )
        return dg.MaterializeResult(
            metadata={
                "verdict": facts["verdict"],
                **punctuality_metadata(bars_punctuality(home)),
                "restatements": facts["restatements"],
                **{
                    name: metadata_table(facts[name])
                    for name in (
                        "taken",
                        "fallbacks",
                        "unanswered",
                        "not_offered",
                        "unconfirmed",
                        "restated",
                    )
                },
            },
        )

    return pull


def bars_punctuality(home: LiveHome) -> Punctuality:
    """How punctual the bars of a live home are by its clock, against the snapshot's deadline."""
    now = home.settings.clock()
    days = home.sessions(home.live.first, date(now.year + 1, 1, 31))
    arrived = arrival_of_bars(home.store.parts(), home.lives())
    return punctuality(now, days, home.live.deadlines.snapshot, arrived)


def prices_punctuality(home: LiveHome, lineage: Lineage) -> Punctuality:
    """How punctual the table of prices is, against the final deadline."""
    prices = lineage.reader("market/prices")
    days: dict[date, datetime] = {}

    def arrived_at(day: date) -> datetime | None:
        handle = prices[month_of(day)]
        if handle.version is not None and day not in days:
            made = datetime.fromisoformat(handle.version.made_at)
            days.update(dict.fromkeys(handle.frame().get_column("date").unique().to_list(), made))
        return days.get(day)

    now = home.settings.clock()
    sessions = home.sessions(home.live.first, date(now.year + 1, 1, 31))
    return punctuality(now, sessions, home.live.deadlines.final, arrived_at)


def punctuality_metadata(judged: Punctuality) -> dict[str, Any]:
    """What the UI and the exporter show of it; the latency in seconds."""
    return {
        "naxs/next_expected_at": dg.MetadataValue.timestamp(judged.next_expected_at),
        "data_ingest_latency": judged.latency.total_seconds(),
    }


def on_time_checks(home: LiveHome, lineage: Lineage) -> list[dg.AssetChecksDefinition]:
    """Whether every due session is there, at the latest some minutes after its time.

    Pulled by the snapshot's deadline, and in the table of prices by the final one. They look at
    what is stored, so that they can be asked alone when nothing has run.
    """
    return [
        _on_time(home, PULL, lambda: bars_punctuality(home)),
        _on_time(home, PRICES, lambda: prices_punctuality(home, lineage)),
    ]


def _on_time(
    home: LiveHome, asset: dg.AssetKey, judge: Callable[[], Punctuality]
) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=asset,
        name=ON_TIME,
        description=(
            "按时到达：到了截止时间再过十分钟仍缺即不合格\n\n"
            "Every due session is there, at the latest some minutes after its time"
        ),
    )
    def on_time() -> dg.AssetCheckResult:
        judged = judge()
        missing = f"{judged.session} 尚缺 is missing" if judged.session else "齐全 complete"
        return dg.AssetCheckResult(
            passed=not judged.is_late(home.live.deadlines.allowed),
            severity=dg.AssetCheckSeverity.ERROR,
            description=missing,
            metadata=punctuality_metadata(judged),
        )

    return on_time


def data_pipeline_job() -> "UnresolvedAssetJobDefinition":
    """Everything of the market: the pull of a live home, the tables, their checks."""
    return dg.define_asset_job(
        name=PIPELINE,
        selection=dg.AssetSelection.groups(GROUP),
        description=(
            "行情数据：取数、入表、检查。\n\n"
            "Market data: pull, tables, checks; pick months to backfill."
        ),
    )


def data_pipeline_schedules(source: Source, months: MonthRange) -> list[dg.ScheduleDefinition]:
    """After the close of trading days, twice: the newest two months of the market's tables."""
    return [
        _schedule(name, cron, source, months)
        for name, cron in zip(("after_close", "evening"), AFTER_THE_CLOSE, strict=True)
    ]


def _schedule(name: str, cron: str, source: Source, months: MonthRange) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=f"{PIPELINE}_{name}",
        job_name=PIPELINE,
        cron_schedule=cron,
        execution_timezone="Asia/Shanghai",
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description=(
            "交易日收盘后更新行情；默认关闭，打开才运行。\n\n"
            "After the close of every trading day; off until turned on."
        ),
    )
    def after_close(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        at: datetime = context.scheduled_execution_time.astimezone(SHANGHAI)
        if not _is_open(source, at.date()):
            return dg.SkipReason(f"{at:%Y-%m-%d} 休市 is no trading day")
        first, last = months()
        return dg.RunRequest(
            run_key=f"{at:%Y-%m-%d %H:%M}",
            tags={
                "dagster/asset_partition_range_start": max(first, add_months(last, -1)),
                "dagster/asset_partition_range_end": last,
            },
        )

    return after_close


def _is_open(source: Source, day: date) -> bool:
    days = trading_days(source.open_days(), day).get_column("date")
    return bool(len(days) and days[-1] == day)
