"""The warehouse as a step of a strategy's job: after every table, from the UI and by schedule."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from naxs_assets.automation.warehouse import warehouse_key
from naxs_assets.definitions import build_defs
from naxs_assets.lineage.warehouse import WAREHOUSE_FILE, connect
from naxs_tests.graph.conftest import Opener
from naxs_tests.graph.small import ASSETS, LAST

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def test_the_job_of_a_strategy_ends_with_the_warehouse(
    copied: Path, opener: Opener, instance: dg.DagsterInstance
) -> None:
    platform = opener(copied)
    job = build_defs(platform.settings, platform).resolve_job_def("tiny")
    tags = {
        "dagster/asset_partition_range_start": LAST,
        "dagster/asset_partition_range_end": LAST,
    }
    assert not (copied / WAREHOUSE_FILE).exists()
    result = job.execute_in_process(instance=instance, tags=tags, run_config=QUIET)
    events = [event.step_key for event in result.all_events if event.is_step_success]
    assert events[-1] == "tiny__warehouse"
    (done,) = result.asset_materializations_for_node("tiny__warehouse")
    assert done.asset_key == warehouse_key("tiny")
    assert done.metadata["published"].value is True
    assert done.metadata["tables"].value == len([a for a in ASSETS if a in platform.described])
    with connect(copied) as warehouse:
        assert warehouse.degraded is None
        ((rows,),) = warehouse.query("SELECT count(*) FROM market.prices").rows
    assert rows == platform.lineage.ledger.current_rows("market/prices")

    again = job.execute_in_process(instance=instance, tags=tags, run_config=QUIET)
    (done,) = again.asset_materializations_for_node("tiny__warehouse")
    assert done.metadata["published"].value is False, "nothing changed"
