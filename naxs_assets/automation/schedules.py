"""Schedules: what a night re-makes. All are off until a person turns them on."""

import dagster as dg

from naxs_assets.automation.pipeline import MonthRange
from naxs_assets.catalog.models import Strategy
from naxs_assets.partitions import add_months

# After the close, the after-hours session (15:30) and the vendors' evening updates.
NIGHTLY = "30 18 * * 1-5"


def nightly_schedule(strategy: Strategy, months: MonthRange) -> dg.ScheduleDefinition:
    """Re-make the newest two of the market's months: labels of the month before the newest one
    mature in it, older months do not change."""

    @dg.schedule(
        name=f"{strategy.name}_nightly",
        job_name=strategy.name,
        cron_schedule=NIGHTLY,
        execution_timezone="Asia/Shanghai",
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description=(
            f"工作日傍晚重做 {strategy.name} 最新的两个月；默认关闭，打开才运行。\n\n"
            f"Every weekday evening: the newest two months of {strategy.name}; off until turned on."
        ),
    )
    def nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        first, last = months()
        return dg.RunRequest(
            run_key=f"{context.scheduled_execution_time:%Y-%m-%d}",
            tags={
                "dagster/asset_partition_range_start": max(first, add_months(last, -1)),
                "dagster/asset_partition_range_end": last,
            },
        )

    return nightly
