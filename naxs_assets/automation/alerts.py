"""The event ``dq.alert``: once in the ledger for every partition that fails, until it is mended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import dagster as dg
from sqlalchemy import Connection, select

from naxs_assets.automation.pipeline import PULL, bars_punctuality
from naxs_assets.lineage import tables as t
from naxs_assets.lineage.events import Event, append_event
from naxs_assets.lineage.publishing import Lineage
from naxs_assets.market.pulling.opening import LiveHome

ACTION = "dq.alert"
_MARKET = "market/"
_ENDS = ("publish", "restore")


@dataclass(frozen=True)
class Failing:
    """A partition that fails, and why in words."""

    asset: str
    partition: str
    why: str


def raise_alerts(lineage: Lineage, missing: Sequence[Failing] = ()) -> list[Failing]:
    """Append ``dq.alert`` for every partition that fails and was not told of; returns those.

    Failing are the months of the market that were refused since they were last published, and
    ``missing``. Looking and telling are one transaction: of two sensors only one tells.
    """
    with lineage.ledger.database.write() as connection:
        told = _last_events(connection)
        failing = [*_refused(connection), *missing]
        new = [one for one in failing if told.get((one.asset, one.partition), "") != ACTION]
        for one in new:
            append_event(
                connection,
                Event(
                    action=ACTION,
                    asset=one.asset,
                    partition=one.partition,
                    actor=lineage.actor,
                    run_id="",
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


def alert_sensor(lineage: Lineage, home: LiveHome | None) -> dg.SensorDefinition:
    """Tells of failing partitions; in a live home of missing sessions too."""

    @dg.sensor(
        name="data_quality_alerts",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.STOPPED,
        # It runs nothing; a sensor without a target is one of Dagster's own kinds.
        description=(
            "不合格的分区各记一次 dq.alert；默认关闭，打开才运行。\n\n"
            "One event dq.alert for each failing partition; off until turned on."
        ),
    )
    def data_quality_alerts(_context: dg.SensorEvaluationContext) -> dg.SkipReason:
        new = raise_alerts(lineage, missing_session(home) if home else ())
        if not new:
            return dg.SkipReason("没有新的告警 nothing new fails")
        told = "; ".join(f"{one.asset} {one.partition}: {one.why}" for one in new)
        return dg.SkipReason(f"dq.alert {told}")

    return data_quality_alerts


def _last_events(connection: Connection) -> dict[tuple[str, str], str]:
    """The last action of every place that bears on its failing; an alert stays the last one.

    A refusal after an alert is the same failure, so only a publication ends it.
    """
    query = (
        select(t.events.c.asset, t.events.c.partition, t.events.c.action)
        .where(t.events.c.action.in_((ACTION, *_ENDS)))
        .order_by(t.events.c.seq)
    )
    return {(row.asset, row.partition): row.action for row in connection.execute(query)}


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
