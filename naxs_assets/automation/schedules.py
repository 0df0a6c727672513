"""Schedules: what a night re-makes. All are off until a person turns them on."""

from collections.abc import Callable
from datetime import date

import dagster as dg

from naxs_assets.catalog.models import Strategy
from naxs_assets.partitions import add_months, month_of

# After the close, the after-hours session (15:30) and the vendors' evening updates.
NIGHTLY = "30 18 * * 1-5"


def nightly_schedule(strategy: Strategy, today: Callable[[], date]) -> dg.ScheduleDefinition:
    """Re-make the previous and the current month: labels of the month before mature in this one."""

    @dg.schedule(
        name=f"{strategy.name}_nightly",
        job_name=strategy.name,
        cron_schedule=NIGHTLY,
        execution_timezone="Asia/Shanghai",
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description=f"Every weekday evening: {strategy.name} for the previous and current month",
    )
    def nightly(_context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        current = month_of(today())
        return dg.RunRequest(
            run_key=today().isoformat(),
            tags={
                "dagster/asset_partition_range_start": add_months(current, -1),
                "dagster/asset_partition_range_end": current,
            },
        )

    return nightly
