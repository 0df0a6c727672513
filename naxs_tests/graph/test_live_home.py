"""A live home in Dagster: pull, tables, restatements, alerts; everything off until turned on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest
import yaml
from sqlalchemy import select

from naxs_assets.automation.alerts import ACTION, raise_alerts
from naxs_assets.automation.restatements import stale_plans
from naxs_assets.definitions import Platform, build_defs
from naxs_assets.lineage import tables as t
from naxs_assets.lineage.events import Event
from naxs_assets.lineage.planning import plan
from naxs_assets.market.fetching.calls import Family
from naxs_assets.market.pulling.opening import LiveHome
from naxs_assets.market.sources.synthetic import SyntheticSource
from naxs_assets.market.synthetic import SyntheticMarket
from naxs_assets.partitions import month_of
from naxs_assets.settings import SHANGHAI
from naxs_tests.graph.live import FIRST, open_live, served_by, write_live_home
from naxs_tests.graph.small import ASSETS, close, currents, hashes, materialize
from naxs_tests.market.pulling.memory import Clock, Upstream, upstream_of

LAST = date(2021, 11, 30)
TODAY, TOMORROW = date(2021, 10, 29), date(2021, 11, 1)
MONTHS = ["2021-07", "2021-08", "2021-09", "2021-10"]
FURTHER = ("corporate_actions", "industry", "fundamentals", "news")
TABLES = [
    *(name for name in ASSETS if name.startswith("market/")),
    *(f"market/{name}" for name in FURTHER),
]


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    market = SyntheticSource(SyntheticMarket(seed=7, names=60, first=FIRST, last=LAST))
    clock = Clock(datetime(2021, 10, 29, 19, 0, tzinfo=SHANGHAI))
    serving = upstream_of(market, clock, LAST)
    with served_by(serving):
        yield serving


def quality_facts(home: Path, day: date) -> dict[str, Any]:
    """The quality report that the job wrote."""
    file = home / "reports" / "dq" / day.isoformat() / "report.json"
    facts: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return facts


@pytest.fixture
def home(folder: Path) -> Path:
    return write_live_home(folder / "live", TODAY)


def run_job(
    platform: Platform,
    first: str,
    last: str,
    instance: dg.DagsterInstance | None = None,
    *,
    may_fail: bool = False,
) -> dg.ExecuteInProcessResult:
    """The job data_pipeline over a range of months."""
    job = build_defs(platform.settings, platform).resolve_job_def("data_pipeline")
    with ExitStack() as stack:
        return job.execute_in_process(
            instance=instance or stack.enter_context(dg.DagsterInstance.ephemeral()),
            raise_on_error=not may_fail,
            tags={
                "dagster/asset_partition_range_start": first,
                "dagster/asset_partition_range_end": last,
            },
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )


def pulled(result: dg.ExecuteInProcessResult) -> dict[str, object]:
    """The metadata of the pull."""
    (event,) = [
        event
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(["market", "pull"])
    ]
    return {name: value.value for name, value in event.materialization.metadata.items()}


def on_time(result: dg.ExecuteInProcessResult, asset: str = "pull") -> bool:
    """Whether the pull, or the table of prices, was judged to be on time."""
    (judged,) = [
        one
        for one in result.get_asset_check_evaluations()
        if one.check_name == "on_time" and one.asset_key == dg.AssetKey(["market", asset])
    ]
    return judged.passed


def test_the_job_pulls_and_then_makes_the_tables(home: Path, upstream: Upstream) -> None:
    platform = open_live(home, upstream)
    result = run_job(platform, MONTHS[0], MONTHS[-1])
    assert result.success
    made = currents(platform)
    assert {asset for asset, _ in made} == set(TABLES)
    assert [month for asset, month in sorted(made) if asset == "market/prices"] == MONTHS
    facts = pulled(result)
    assert facts["verdict"] == "fresh"
    assert facts["data_ingest_latency"] > 0  # type: ignore[operator] - it was asked in the evening
    assert on_time(result)
    assert on_time(result, "prices")
    prices = platform.lineage.reader("market/prices")["2021-10"].frame()
    served = upstream.frames[Family.BAOSTOCK, "history"]  # type: ignore[index]
    closes = served.filter(pl.col("date") == TODAY).select("symbol", "close")
    both = prices.filter(pl.col("date") == TODAY).join(closes, on="symbol", suffix=":served")
    assert both.height
    assert (both["close"] == both["close:served"]).all()
    told = quality_facts(home, TODAY)
    assert ("history", "baostock") in {(one["table"], one["source"]) for one in told["taken"]}
    assert told["restated"] == []
    (fresh,) = told["freshness"]
    assert (fresh["newest"], fresh["overall"]) == (TODAY.isoformat(), "pass")
    provenance = made["market/prices", "2021-10"].metadata["provenance"]
    assert provenance["baostock:history"].startswith("baostock 1.0; ")
    close(platform)


def test_the_pull_stands_before_the_tables_and_not_in_the_lineage(
    home: Path, upstream: Upstream
) -> None:
    platform = open_live(home, upstream)
    definitions = build_defs(platform.settings, platform)
    graph = definitions.resolve_asset_graph()
    key = dg.AssetKey(["market", "pull"])
    after = {k.to_user_string() for k in graph.get(key).child_keys}
    assert after == {
        "market/calendar",
        "market/instruments",
        "market/index_members",
        "market/corporate_actions",
        "market/industry",
        "market/fundamentals",
        "market/news",
    }
    job = definitions.resolve_job_def("tiny")
    assert key not in job.asset_layer.executable_asset_keys
    covered = definitions.resolve_job_def("data_pipeline").asset_layer.executable_asset_keys
    steps = {"market/pull", "market/dq_report", "market/warehouse"}
    assert {k.to_user_string() for k in covered} == steps | set(TABLES)
    sensors = [definitions.resolve_sensor_def(n) for n in ("restatements", "data_quality_alerts")]
    assert {sensor.default_status for sensor in sensors} == {dg.DefaultSensorStatus.STOPPED}
    close(platform)


@pytest.mark.parametrize(
    ("scheduled", "months"),
    [
        (datetime(2021, 10, 29, 15, 35, tzinfo=SHANGHAI), ("2021-09", "2021-10")),
        (datetime(2021, 10, 1, 15, 35, tzinfo=SHANGHAI), None),  # the national holiday
    ],
)
def test_the_schedule_asks_after_the_close_of_trading_days(
    scheduled: datetime, months: tuple[str, str] | None, home: Path, upstream: Upstream
) -> None:
    platform = open_live(home, upstream)
    definitions = build_defs(platform.settings, platform)
    schedule = definitions.resolve_schedule_def("data_pipeline_after_close")
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED
    tick = schedule.evaluate_tick(dg.build_schedule_context(scheduled_execution_time=scheduled))
    asked = [
        (
            request.tags["dagster/asset_partition_range_start"],
            request.tags["dagster/asset_partition_range_end"],
        )
        for request in tick.run_requests or []
    ]
    assert asked == ([months] if months else [])
    close(platform)


@pytest.mark.parametrize(("minute", "second", "passes"), [(54, 59, True), (55, 1, False)])
def test_a_missing_day_fails_ten_minutes_after_its_time(
    minute: int, second: int, passes: bool, home: Path, upstream: Upstream
) -> None:
    platform = open_live(home, upstream)
    run_job(platform, MONTHS[0], MONTHS[-1])
    close(platform)
    write_live_home(home, TOMORROW, 15, minute)
    text = (home / "naxs.yaml").read_text()
    (home / "naxs.yaml").write_text(text.replace(f"15:{minute}:00", f"15:{minute}:{second:02d}"))
    upstream.break_down(*Family)
    platform = open_live(home, upstream)
    result = run_job(platform, "2021-11", "2021-11")
    assert result.success  # what is stored stands
    facts = pulled(result)
    assert facts["verdict"] == "stale"
    assert facts["data_ingest_latency"] == (minute - 45) * 60 + second
    expected = datetime(2021, 11, 1, 15, 45, tzinfo=SHANGHAI).timestamp()
    assert facts["naxs/next_expected_at"] == expected
    assert on_time(result) is passes
    assert on_time(result, "prices")  # it is due in the evening
    close(platform)


@pytest.mark.slow
def test_a_restated_bar_makes_exactly_what_is_downstream_anew(
    home: Path, upstream: Upstream, folder: Path
) -> None:
    platform = open_live(home, upstream)
    run_job(platform, MONTHS[0], MONTHS[-1])
    materialize(platform, MONTHS[0], MONTHS[-1])
    before = hashes(platform)
    sensor = build_defs(platform.settings, platform).resolve_sensor_def("restatements")
    with dg.build_sensor_context() as context:
        assert sensor.evaluate_tick(context).run_requests == []
    old = currents(platform)["market/prices", "2021-10"]
    day = date(2021, 10, 27)
    bars = platform.source.bars(day, day).filter(~pl.col("is_suspended"))
    bar = bars.filter(pl.col("close") != pl.col("high")).sort("amount").row(-1, named=True)
    upstream.correct(
        bar["symbol"], day, close=bar["high"], change=bar["high"] / bar["pre_close"] - 1
    )
    close(platform)

    write_live_home(home, date(2021, 10, 30))  # a Saturday: nothing new but the correction
    platform = open_live(home, upstream)
    assert run_job(platform, MONTHS[-1], MONTHS[-1]).success
    told = quality_facts(home, TODAY)
    assert {one["column"] for one in told["restated"]} == {"close", "change"}
    (rule,) = (one for one in told["rules"] if one["rule"] == "restated")
    assert (rule["verdict"], rule["overall"]) == ("warn", "warn")
    restated = platform.source.store.restatements()  # type: ignore[attr-defined]
    assert set(restated.get_column("column")) == {"close", "change"}
    assert restated.item(0, "symbol") == bar["symbol"]
    # Version 1 stays readable as of the evening before.
    version = currents(platform)["market/prices", "2021-10"]
    assert version.id != old.id
    evening = datetime(2021, 10, 29, 23, 0, tzinfo=SHANGHAI)
    then = platform.lineage.reader("market/prices", evening)["2021-10"]
    assert then.version is not None
    assert then.version.id == old.id
    here = (pl.col("symbol") == bar["symbol"]) & (pl.col("date") == day)
    assert then.frame().filter(here).item(0, "close") == bar["close"]
    now = platform.lineage.reader("market/prices")["2021-10"].frame()
    assert now.filter(here).item(0, "close") == bar["high"]

    # The sensor requests what naxs run would plan, and running it leaves nothing to do.
    sensor = build_defs(platform.settings, platform).resolve_sensor_def("restatements")
    with dg.build_sensor_context() as context:
        requests = sensor.evaluate_tick(context).run_requests or []
    first, last = platform.months
    would = plan(
        platform.assets,
        platform.lineage.library,
        "tiny/report",
        first=first,
        last=last,
        market_first=first,
        market_last=last,
    )
    assert [
        tuple(key.to_user_string() for key in request.asset_selection or ()) for request in requests
    ] == [batch.assets for batch in would.batches]
    assert {m for months in would.stale.values() for m in months if m} == {"2021-09", "2021-10"}
    for request in requests:
        assert request.asset_selection is not None
        materialize(
            platform,
            request.tags["dagster/asset_partition_range_start"],
            request.tags["dagster/asset_partition_range_end"],
            [key.to_user_string() for key in request.asset_selection],
        )
    changed = {place for place, content in hashes(platform).items() if content != before[place]}
    assert {month for _, month in changed if month} <= {"2021-09", "2021-10"}
    assert {asset for asset, _ in changed} >= {"market/prices", "features/few"}
    assert stale_plans(platform) == []
    close(platform)


def test_a_failing_partition_is_told_once_until_it_is_mended(
    home: Path, upstream: Upstream
) -> None:
    platform = open_live(home, upstream)
    run_job(platform, MONTHS[0], MONTHS[-1])
    lineage = platform.lineage
    place = {"asset": "market/prices", "partition": "2021-10"}

    def happen(action: str) -> None:
        event = Event(action, **place, actor="ann", run_id="", at=lineage.now(), reason="too bad")
        lineage.ledger.record_event(event)

    assert raise_alerts(lineage) == []
    happen("refuse")
    (told,) = raise_alerts(lineage)
    assert (told.asset, told.partition, told.why) == ("market/prices", "2021-10", "too bad")
    happen("refuse")
    assert raise_alerts(lineage) == []
    happen("publish")
    assert raise_alerts(lineage) == []
    happen("refuse")
    assert len(raise_alerts(lineage)) == 1
    with lineage.ledger.database.read() as connection:
        rows = connection.execute(select(t.events).where(t.events.c.action == ACTION)).all()
    assert [(row.asset, row.partition) for row in rows] == [("market/prices", "2021-10")] * 2
    close(platform)


def test_a_missing_session_is_told_once(home: Path, upstream: Upstream) -> None:
    platform = open_live(home, upstream)
    run_job(platform, MONTHS[0], MONTHS[-1])
    close(platform)
    for hour, told in ((15, False), (16, True), (17, False)):
        write_live_home(home, TOMORROW, hour, 50)
        platform = open_live(home, upstream)
        sensor = build_defs(platform.settings, platform).resolve_sensor_def("data_quality_alerts")
        with dg.DagsterInstance.ephemeral() as instance:
            context = dg.build_sensor_context(instance=instance)
            said = sensor.evaluate_tick(context).skip_message or ""
        assert ("dq.alert market/pull 2021-11-01" in said) is told
        close(platform)
    assert month_of(TOMORROW) == "2021-11"


def test_a_failing_check_is_told_once_until_it_passes(home: Path, upstream: Upstream) -> None:
    """Another family tells other closes, as before, then the same, then other ones again."""
    told = []
    with dg.DagsterInstance.ephemeral() as instance:
        for shift in (0.05, 0.05, 0.0, 0.05):
            upstream.disagree(shift)
            write_live_home(home, TODAY)
            platform = open_live(home, upstream)
            LiveHome.of(platform.settings).pull(FIRST, TODAY, refetch=True)
            made = run_job(platform, MONTHS[0], MONTHS[-1], instance, may_fail=True)
            assert made.success is (shift == 0.0)
            defs = build_defs(platform.settings, platform)
            sensor = defs.resolve_sensor_def("data_quality_alerts")
            context = dg.build_sensor_context(instance=instance)
            told.append(sensor.evaluate_tick(context).skip_message or "")
            close(platform)
    alert = "dq.alert market/prices two_sources_agree"
    assert [one.startswith(alert) for one in told] == [True, False, False, True], told


def test_what_a_person_accepted_blocks_nothing_until_the_waiver_ends(
    home: Path, upstream: Upstream
) -> None:
    upstream.disagree(0.05)
    waiver = {"rule": "recon", "reason": "Tencent was wrong", "by": "ann", "until": TODAY}
    for waivers, success in (([], False), ([waiver], True), ([{**waiver, "until": FIRST}], False)):
        (home / "waivers.yaml").write_text(yaml.safe_dump(waivers), encoding="utf-8")
        platform = open_live(home, upstream)
        result = run_job(platform, MONTHS[0], MONTHS[-1], may_fail=True)
        assert result.success is success
        (judged,) = (
            one
            for one in result.get_asset_check_evaluations()
            if one.check_name == "two_sources_agree"
        )
        assert not judged.passed
        close(platform)
