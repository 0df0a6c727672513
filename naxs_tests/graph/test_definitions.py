"""The code location of a home: what the Dagster UI shows before anything is made."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from naxs_assets.definitions import Platform, build_defs
from naxs_assets.factors.checks import leak_keys
from naxs_assets.market.quality.registry import RULES
from naxs_assets.settings import SHANGHAI
from naxs_tests.graph.small import close, open_home, settings_of

PROJECT = Path(__file__).resolve().parents[2]

STRATEGIES = ("csi300_linear", "csi300_topk")
MARKET = {
    "market/calendar": set(),
    "market/instruments": set(),
    "market/index_members": set(),
    "market/prices": {"market/calendar", "market/instruments", "market/prices"},
    "market/index_prices": {"market/calendar"},
    "market/corporate_actions": set(),
    "market/industry": set(),
    "market/fundamentals": set(),
    "market/news": set(),
    "market/findings": {"market/prices", "market/index_prices"},
    "features/alpha101": {"market/prices", "market/index_members", "market/industry"},
    "features/alpha158": {"market/prices"},
    "features/alpha360": {"market/prices"},
    "features/basic": {"market/prices"},
    "labels/next_day": {"market/prices"},
}
SETS = ("alpha101", "alpha158", "alpha360", "basic")
# Judged against the label of the strategies, or next_day; made when somebody asks for it.
FACTOR_REPORTS = {
    f"features/{name}/report": {
        f"features/{name}",
        "labels/next_day",
        "market/index_members",
        "market/industry",
        "market/prices",
    }
    for name in SETS
}

# Nothing of the built-in strategies reads these.
UNREAD = {
    "market/corporate_actions",
    "market/industry",
    "market/fundamentals",
    "market/news",
    "features/alpha101",
    "features/alpha158",
    "features/alpha360",
}


def of_strategy(name: str) -> dict[str, set[str]]:
    return {
        f"{name}/dataset": {"features/basic", "labels/next_day", "market/index_members"},
        f"{name}/model": {f"{name}/dataset", f"{name}/model", "market/calendar"},
        f"{name}/predictions": {f"{name}/dataset", f"{name}/model"},
        f"{name}/evaluation": {f"{name}/predictions", "labels/next_day"},
        f"{name}/backtest": {f"{name}/backtest", f"{name}/predictions", "market/prices"},
        f"{name}/report": {
            f"{name}/backtest",
            f"{name}/dataset",
            f"{name}/evaluation",
            f"{name}/model",
            "market/findings",
            "market/index_prices",
        },
    }


# Every asset of the built-in catalogue, with what it reads.
GRAPH = (
    MARKET
    | FACTOR_REPORTS
    | {asset: reads for name in STRATEGIES for asset, reads in of_strategy(name).items()}
)
# The warehouse is published after the market, and after a strategy.
WAREHOUSE = {
    f"{stage}/warehouse": {asset for asset in GRAPH if asset.startswith(f"{stage}/")}
    for stage in ("market", *STRATEGIES)
}
QUALITY_REPORT = {"market/dq_report": {"market/findings", "market/prices"}}
WHOLE = {
    "market/calendar",
    "market/instruments",
    "market/index_members",
    "market/corporate_actions",
    "market/industry",
    "market/findings",
    *(f"{name}/report" for name in STRATEGIES),
    *FACTOR_REPORTS,
    *WAREHOUSE,
    *QUALITY_REPORT,
}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    home = tmp_path_factory.mktemp("home")
    settings = settings_of(last=date(2021, 12, 31), now=date(2021, 12, 31))
    (home / "naxs.yaml").write_text(yaml.safe_dump(settings))
    opened = open_home(home)
    yield opened
    close(opened)


@pytest.fixture(scope="module")
def definitions(platform: Platform) -> dg.Definitions:
    return build_defs(platform.settings, platform)


@pytest.fixture(scope="module")
def specs(definitions: dg.Definitions) -> dict[str, dg.AssetSpec]:
    return {spec.key.to_user_string(): spec for spec in definitions.resolve_all_asset_specs()}


def test_the_graph_is_the_one_of_the_built_in_catalogue(specs: dict[str, dg.AssetSpec]) -> None:
    graph = {
        name: {dep.asset_key.to_user_string() for dep in spec.deps} for name, spec in specs.items()
    }
    assert graph == GRAPH | WAREHOUSE | QUALITY_REPORT


def test_time_series_are_monthly_and_the_rest_is_whole(specs: dict[str, dg.AssetSpec]) -> None:
    months = [f"2021-{month:02d}" for month in range(7, 13)]
    for name, spec in specs.items():
        if name in WHOLE:
            assert spec.partitions_def is None
        else:
            assert spec.partitions_def is not None
            assert spec.partitions_def.get_partition_keys() == months


@pytest.mark.parametrize("name", GRAPH)
def test_every_asset_says_what_it_is(
    name: str, specs: dict[str, dg.AssetSpec], platform: Platform
) -> None:
    spec = specs[name]
    (asset,) = [a for a in platform.assets if a.recipe.asset == name]
    assert spec.description
    assert any("\u4e00" <= letter <= "\u9fff" for letter in spec.description), "in Chinese"
    assert re.search("[a-z]{3,} [a-z]{2,}", spec.description), "and in English"
    assert list(spec.owners) in (["team:research"], ["team:market-data"])
    assert spec.group_name == name.split("/", maxsplit=1)[0]
    assert spec.kinds
    assert spec.code_version == asset.recipe.code_hash[:12]
    if asset.recipe.contract is None:
        assert asset.recipe.suffix in (".json", ".html")
    else:
        shown: Any = spec.metadata["dagster/column_schema"]
        assert [column.name for column in shown.columns] == list(asset.recipe.contract.column_names)
        for column, promised in zip(shown.columns, asset.recipe.contract.columns, strict=True):
            unit = "" if promised.unit == "-" else f" ({promised.unit})"
            assert column.description == promised.description + unit


def test_a_backfill_takes_the_same_months_of_every_asset(specs: dict[str, dg.AssetSpec]) -> None:
    for name, spec in specs.items():
        windows = {
            dep.asset_key.to_user_string()
            for dep in spec.deps
            if isinstance(dep.partition_mapping, dg.TimeWindowPartitionMapping)
        }
        assert windows <= {name}, "only an asset that reads its own month before"


def test_one_run_makes_a_whole_range(definitions: dg.Definitions) -> None:
    for asset in definitions.resolve_asset_graph().asset_nodes:
        assert asset.backfill_policy == dg.BackfillPolicy.single_run()


def test_runs_stay_in_one_process(definitions: dg.Definitions) -> None:
    assert definitions.executor is dg.in_process_executor


def test_every_quality_rule_is_an_asset_check(definitions: dg.Definitions) -> None:
    keys = definitions.resolve_asset_graph().asset_check_keys
    prices = dg.AssetKey(["market", "prices"])
    checks = {key.name for key in keys if key.asset_key == prices}
    assert checks == {rule.check for rule in RULES.values()}


def test_the_leak_checks_of_every_feature_set_block_what_is_downstream(
    definitions: dg.Definitions,
) -> None:
    graph = definitions.resolve_asset_graph()
    keys = {key for key in graph.asset_check_keys if key.asset_key.path[0] == "features"}
    sets = {key.path[1] for key in graph.get_all_asset_keys() if key.path[0] == "features"}
    assert keys == {key for name in sets for key in leak_keys(name)}
    assert all(graph.get_check_spec(key).blocking for key in keys)


@pytest.mark.parametrize("name", STRATEGIES)
def test_the_job_of_a_strategy_covers_everything_up_to_its_report_and_the_warehouse(
    name: str, definitions: dg.Definitions
) -> None:
    job = definitions.resolve_job_def(name)
    covered = {key.to_user_string() for key in job.asset_layer.executable_asset_keys}
    needed = MARKET.keys() - UNREAD
    assert covered == needed | of_strategy(name).keys() | {f"{name}/warehouse"}
    assert job.partitions_def is not None


@pytest.mark.parametrize("name", STRATEGIES)
def test_schedules_are_off_and_ask_for_the_last_two_months(
    name: str, definitions: dg.Definitions
) -> None:
    schedule = definitions.resolve_schedule_def(f"{name}_nightly")
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED
    assert schedule.execution_timezone == "Asia/Shanghai"
    evening = datetime(2022, 1, 4, 18, 30, tzinfo=SHANGHAI)
    context = dg.build_schedule_context(scheduled_execution_time=evening)
    (request,) = schedule.evaluate_tick(context).run_requests or []
    assert request.tags["dagster/asset_partition_range_start"] == "2021-11"
    assert request.tags["dagster/asset_partition_range_end"] == "2021-12"


def test_dagster_sends_no_telemetry() -> None:
    settings = yaml.safe_load((PROJECT / "dagster.yaml").read_text())
    assert settings["telemetry"] == {"enabled": False}


def test_opening_a_home_computes_nothing(tmp_path: Path) -> None:
    program = (
        "import sys, json; from pathlib import Path\n"
        "from naxs_assets.definitions import build_defs\n"
        "from naxs_assets.settings import load_settings\n"
        "build_defs(load_settings(Path(sys.argv[1]), {}))\n"
        "heavy = ['lightgbm', 'plotly', 'exchange_calendars', 'akshare', 'sklearn', 'numba']\n"
        "print(json.dumps([name for name in heavy if name in sys.modules]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=PROJECT,
    )
    assert json.loads(done.stdout.splitlines()[-1]) == []


def test_folders_import_only_what_stands_before_them() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=PROJECT,
    )
    assert done.returncode == 0, done.stdout
