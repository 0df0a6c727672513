"""The quality report as a step: after the market's tables, judge the home as it stands."""

from collections.abc import Callable
from pathlib import Path

import dagster as dg

from naxs_assets.market.assets import GROUP, OWNER
from naxs_assets.reports.quality_facts import QualityReport

QUALITY_REPORT = dg.AssetKey([GROUP, "dq_report"])

Judge = Callable[[], tuple[QualityReport, Path]]


def quality_report_asset(judge: Judge, backfill: dg.BackfillPolicy) -> dg.AssetsDefinition:
    """The report of the market's last day, written by ``judge``; a bad verdict fails nothing.

    What is bad was refused before it was published, and blocking checks stand before what follows.
    A run in which a month was refused does not come to this step: the sensor of
    :func:`failed_run_sensor` writes the report then.
    """

    @dg.asset(
        key=QUALITY_REPORT,
        deps=[
            dg.AssetDep(dg.AssetKey([GROUP, "findings"])),
            dg.AssetDep(dg.AssetKey([GROUP, "prices"]), partition_mapping=dg.AllPartitionMapping()),
        ],
        backfill_policy=backfill,
        description=(
            "数据质量报告：问题、阻断、时效、来源、修订与豁免\n\n"
            "Data quality report: what is wrong, blocked, late, from whom, restated and waived"
        ),
        group_name=GROUP,
        kinds={"html", "json"},
        owners=[OWNER],
    )
    def dq_report() -> dg.MaterializeResult[None]:
        report, page = judge()
        return dg.MaterializeResult(
            metadata={
                "verdict": report.overall.value,
                "exit_code": report.overall.exit_code,
                "page": dg.MetadataValue.path(page),
                **report.counts(),
            }
        )

    return dq_report


def failed_run_sensor(judge: Judge, job: str) -> dg.SensorDefinition:
    """Writes the quality report after a run of ``job`` that failed, when it is needed most."""

    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.FAILURE,
        name="quality_report_of_failed_runs",
        default_status=dg.DefaultSensorStatus.STOPPED,
        description=(
            "行情任务失败后写出质量报告；默认关闭\n\n"
            "After a failed run of the market's job: the quality report; off until turned on"
        ),
    )
    def report_failed_run(context: dg.RunStatusSensorContext) -> None:
        if context.dagster_run.job_name == job:
            report, page = judge()
            context.log.warning(f"{report.overall.value}: {page}")

    return report_failed_run
