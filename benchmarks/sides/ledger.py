"""One single-run range of the small graph, its results kept by ``naxs``, ``pickle`` or ``nothing``.

Run as ``python -m benchmarks.sides.ledger KEEPER MONTHS FOLDER``; Dagster's own records go to
SQLite files in the folder in every case.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from pathlib import Path

from benchmarks.common.stages import IMPORT, START, Stages

FIRST = "2015-01"


def main() -> None:
    keeper, count, parent = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])

    stages = Stages()
    import dagster as dg

    from benchmarks.ledger_keepers import KEEPERS
    from naxs_assets.partitions import add_months, months_definition

    stages.done(IMPORT)
    warnings.filterwarnings("ignore", category=dg.BetaWarning)
    last = add_months(FIRST, count - 1)
    with tempfile.TemporaryDirectory(dir=parent) as name:
        folder = Path(name)
        assets, resources = KEEPERS[keeper](folder, months_definition(FIRST, last))
        (folder / "dagster").mkdir()
        (folder / "dagster" / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
        with dg.DagsterInstance.local_temp(str(folder / "dagster")) as instance:
            stages.done(START)
            result = dg.materialize(
                assets,
                instance=instance,
                resources=resources,
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
                tags={
                    "dagster/asset_partition_range_start": FIRST,
                    "dagster/asset_partition_range_end": last,
                },
            )
            stages.done("run")
        made = len(result.get_asset_materialization_events())
        stages.report(asset_months=made, dagster=dg.__version__)


if __name__ == "__main__":
    main()
