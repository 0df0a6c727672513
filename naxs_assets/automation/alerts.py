"""The event ``dq.alert``: once in the ledger for everything that fails, until it is mended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

import dagster as dg
from dagster._core.storage.asset_check_execution_record import (
    AssetCheckExecutionRecord,
    AssetCheckExecutionRecordStatus,
)
from sqlalchemy import Connection, select

from naxs_assets.automation.pipeline import PULL, bars_punctuality
from naxs_assets.lineage import tables as t
from naxs_assets.lineage.events import Event, append_event
from naxs_assets.lineage.publishing import Lineage
from naxs_assets.market.pulling.opening import LiveHome

ACTION = "dq.alert"
_MARKET = "market/"
_ENDS = ("publish", "restore")
_REMEMBERED = 1_000
"""So many evaluations of a check are looked back: two years, twice a session."""


@dataclass(frozen=True)
class Failing:
    """A partition or a check that fails, and why in words.

    ``run_id`` is the run in which a check began to fail: one that passes in between fails anew.
    """

    asset: str
    partition: str
    why: str
    run_id: str = ""


def raise_alerts(lineage: Lineage, found: Sequence[Failing] = ()) -> list[Failing]:
    """Append ``dq.alert`` for everything that fails and was not told of; returns those.

    Failing are the months of the market that were refused since they were last published, and what
    was ``found`` elsewhere. Looking and telling are one transaction: of two sensors only one tells.
    """
    with lineage.ledger.database.write() as connection:
        told = _told(connection)
        failing = [*_refused(connection), *found]
        new = [one for one in failing if told.get((one.asset, one.partition)) != one.run_id]
        for one in new:
            append_event(
                connection,
                Event(
                    action=ACTION,
                    asset=one.asset,
                    partition=one.partition,
                    actor=lineage.actor,
                    run_id=one.run_id,
                    at=lineage.now(),
                    reason=one.why,
                ),
            )
    return new


def missing_session(home: LiveHome) -> list[Failing]:
    """The session that is late beyond what is allowed, as a failing partition of the pull."""
    judged = bars_punctuality(home)
    if judged.session is None or not judged.is_late(home.live.deadlines.allowed):
        return []
    why = f"the bars of {judged.session} were expected at {judged.next_expected_at:%H:%M} Shanghai"
    return [Failing(PULL.to_user_string(), judged.session.isoformat(), why)]


def failing_checks(
    instance: dg.DagsterInstance, checks: Sequence[dg.AssetCheckKey]
) -> list[Failing]:
    """Those of ``checks`` that failed with severity ERROR when they were last evaluated.

    ``partition`` is the name of the check, for it is about the asset as a whole.
    """
    return [
        Failing(
            key.asset_key.to_user_string(),
            key.name,
            _evaluation(failed[0]).description or "",
            failed[-1].run_id,
        )
        for key in checks
        if (failed := _failed_since_it_passed(instance, key))
        and _evaluation(failed[0]).severity is dg.AssetCheckSeverity.ERROR
    ]


def _failed_since_it_passed(
    instance: dg.DagsterInstance, key: dg.AssetCheckKey
) -> list[AssetCheckExecutionRecord]:
    """The newest evaluations, the last one first, as far as they failed."""
    failed = AssetCheckExecutionRecordStatus.FAILED
    records = instance.event_log_storage.get_asset_check_execution_history(
        key, _REMEMBERED, status={failed, AssetCheckExecutionRecordStatus.SUCCEEDED}
    )
    return list(takewhile(lambda record: record.status is failed, records))


def _evaluation(record: AssetCheckExecutionRecord) -> dg.AssetCheckEvaluation:
    evaluation = record.evaluation
    if evaluation is None:
        raise TypeError(f"an evaluation of {record.key} without its result")
    return evaluation


def alert_sensor(
    lineage: Lineage, home: LiveHome | None, checks: Sequence[dg.AssetCheckKey]
) -> dg.SensorDefinition:
    """Tells of refused months and failing ``checks``; in a live home of missing sessions too."""

    @dg.sensor(
        name="data_quality_alerts",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.STOPPED,
        # It runs nothing; a sensor without a target is one of Dagster's own kinds.
        description=(
            "不合格的分区与检查各记一次 dq.alert；默认关闭，打开才运行。\n\n"
            "One event dq.alert for each failing partition or check; off until turned on."
        ),
    )
    def data_quality_alerts(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        late = missing_session(home) if home else []
        new = raise_alerts(lineage, [*late, *failing_checks(context.instance, checks)])
        if not new:
            return dg.SkipReason("没有新的告警 nothing new fails")
        told = "; ".join(f"{one.asset} {one.partition}: {one.why}" for one in new)
        return dg.SkipReason(f"dq.alert {told}")

    return data_quality_alerts


def _told(connection: Connection) -> dict[tuple[str, str], str]:
    """What is told of and not mended, with the run that was named.

    A refusal after an alert is the same failure, so only a publication ends it.
    """
    columns = (t.events.c.asset, t.events.c.partition, t.events.c.action, t.events.c.run_id)
    query = select(*columns).where(t.events.c.action.in_((ACTION, *_ENDS))).order_by(t.events.c.seq)
    last = {(row.asset, row.partition): row for row in connection.execute(query)}
    return {place: row.run_id for place, row in last.items() if row.action == ACTION}


def _refused(connection: Connection) -> list[Failing]:
    """The months of the market whose last making was refused."""
    query = (
        select(t.events.c.asset, t.events.c.partition, t.events.c.action, t.events.c.reason)
        .where(
            t.events.c.action.in_(("refuse", *_ENDS)),
            t.events.c.asset.startswith(_MARKET, autoescape=True),
        )
        .order_by(t.events.c.seq)
    )
    last = {(row.asset, row.partition): row for row in connection.execute(query)}
    return [
        Failing(row.asset, row.partition, row.reason)
        for row in last.values()
        if row.action == "refuse"
    ]
