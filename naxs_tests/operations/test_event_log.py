"""Dagster's event log: stored a step at a time, read as if stored one by one."""

from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import dagster as dg
import pytest
from dagster._core.event_api import EventLogCursor
from dagster._core.events.log import EventLogEntry
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from naxs_assets.operations.event_log import BATCH_SIZE_VARIABLE, BatchingEventLog

PROJECT = Path(__file__).resolve().parents[2]
MONTHS = [f"2020-{month:02d}" for month in range(1, 13)]
BARS = dg.AssetKey(["market", "bars"])


@dg.asset(
    key=BARS,
    partitions_def=dg.StaticPartitionsDefinition(MONTHS),
    backfill_policy=dg.BackfillPolicy.single_run(),
    tags={"kind": "bars"},
)
def bars(context: dg.AssetExecutionContext) -> None:
    for place, month in enumerate(context.partition_keys):
        context.add_asset_metadata({"rows": place}, BARS, month)


@dg.asset(deps=[bars])
def report() -> None:
    pass


@dg.asset_check(asset=bars)
def bars_are_there() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


DEFINITIONS = dg.Definitions([bars, report], asset_checks=[bars_are_there])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """The instance of a home, as every command opens it."""
    monkeypatch.setenv("NAXS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DAGSTER_HOME", str(PROJECT))
    monkeypatch.delenv(BATCH_SIZE_VARIABLE, raising=False)
    with dg.DagsterInstance.get() as instance:
        yield instance


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """An instance with Dagster's own log, which stores one by one."""
    monkeypatch.delenv(BATCH_SIZE_VARIABLE, raising=False)
    with dg.DagsterInstance.local_temp(overrides={"telemetry": {"enabled": False}}) as instance:
        yield instance


def run_all_months(instance: dg.DagsterInstance) -> str:
    result = DEFINITIONS.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=instance,
        tags={
            "dagster/asset_partition_range_start": MONTHS[0],
            "dagster/asset_partition_range_end": MONTHS[-1],
        },
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )
    assert result.success
    return result.run_id


def told(instance: dg.DagsterInstance, run_id: str) -> dict[str, object]:
    """What Dagster's readers are told of a run, without ids and times."""
    records = instance.fetch_materializations(BARS, limit=100, ascending=True).records
    latest = instance.get_latest_materialization_event(BARS)
    assert latest is not None
    logs = instance.all_logs(run_id)
    return {
        "materializations": [
            (record.partition_key, dict(record.asset_materialization.metadata or {}))
            for record in records
            if record.asset_materialization
        ],
        "latest": latest.get_dagster_event().partition,
        "months": instance.get_materialized_partitions(BARS),
        "events": [
            (log.dagster_event_type, log.get_dagster_event().partition)
            for log in logs
            if log.is_dagster_event and log.get_dagster_event().asset_key
        ],
        "assets": sorted(key.to_user_string() for key in instance.all_asset_keys()),
        "run_of_the_asset": [
            record.asset_entry.last_run_id == run_id
            for record in instance.get_asset_records([BARS])
        ],
    }


def test_readers_are_told_the_same_as_by_dagsters_own_log(
    plain: dg.DagsterInstance, home: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert type(home.event_log_storage) is BatchingEventLog
    of_home = told(home, run_all_months(home))
    monkeypatch.delenv(BATCH_SIZE_VARIABLE)
    assert of_home == told(plain, run_all_months(plain))
    assert of_home["months"] == set(MONTHS)


def test_the_months_of_a_step_are_not_stored_one_by_one(
    home: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone: list[EventLogEntry] = []
    store_event = BatchingEventLog.store_event

    def storing(self: BatchingEventLog, event: EventLogEntry) -> None:
        alone.append(event)
        store_event(self, event)

    monkeypatch.setattr(BatchingEventLog, "store_event", storing)
    run_all_months(home)
    months = [event.get_dagster_event().partition for event in alone if event.is_dagster_event]
    assert not set(months) & set(MONTHS)


def test_who_watches_a_run_is_told_while_its_file_stays_open(home: dg.DagsterInstance) -> None:
    """The UI shows a run as it goes on: it waits for a change of the file."""
    run_id = run_all_months(home)
    told_of: SimpleQueue[str] = SimpleQueue()

    def watcher(event: EventLogEntry, _cursor: str) -> None:
        told_of.put(event.message)

    newest = home.get_records_for_run(run_id, ascending=False, limit=1).records[0]
    cursor = str(EventLogCursor.from_storage_id(newest.storage_id))
    home.event_log_storage.watch(run_id, cursor, watcher)
    run = home.get_run_by_id(run_id)
    assert run is not None
    home.report_engine_event("a word", run)
    assert told_of.get(timeout=30) == "a word"


def test_the_files_of_earlier_runs_and_of_an_instance_that_ends_are_closed(
    home: dg.DagsterInstance, tmp_path: Path
) -> None:
    folder = tmp_path / "home/dagster/storage/history/runs"
    first, second = run_all_months(home), run_all_months(home)
    assert {file.stem for file in folder.glob("*.db-wal")} == {"index", second}
    home.event_log_storage.dispose()
    assert not list(folder.glob("*.db-wal"))
    assert len(home.all_logs(first)) == len(home.all_logs(second))


def _delete_and_fail(log: BatchingEventLog, run_id: str) -> None:
    with log.run_connection(run_id) as connection:
        connection.execute(text("DELETE FROM event_logs"))
        connection.execute(text("DELETE FROM nothing"))


def test_what_failed_is_rolled_back_and_the_next_event_is_stored(home: dg.DagsterInstance) -> None:
    log = home.event_log_storage
    assert isinstance(log, BatchingEventLog)
    run_id = run_all_months(home)
    stored = len(home.all_logs(run_id))
    with pytest.raises(OperationalError):
        _delete_and_fail(log, run_id)
    run = home.get_run_by_id(run_id)
    assert run is not None
    home.report_engine_event("a word", run)
    assert len(home.all_logs(run_id)) == stored + 1


def test_a_wiped_log_starts_anew(home: dg.DagsterInstance) -> None:
    run_all_months(home)
    home.wipe()
    assert home.get_materialized_partitions(BARS) == set()
    run_all_months(home)
    assert home.get_materialized_partitions(BARS) == set(MONTHS)
