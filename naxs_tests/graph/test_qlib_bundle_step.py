"""The Qlib bundle as a step of the data pipeline: only where the settings name a folder."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import yaml

from naxs_assets.automation.pipeline import PIPELINE
from naxs_assets.definitions import build_defs
from naxs_assets.market.qlib_bundle_export import export_bundle
from naxs_assets.market.qlib_bundle_input import input_of_home
from naxs_tests.graph.conftest import Opener
from naxs_tests.graph.small import FIRST, LAST, materialize
from naxs_tests.market.qlib_market import files_of

STEP = dg.AssetKey(["market", "qlib_bundle"])


def test_a_home_keeps_no_bundle_unless_told(finished_home: Path, opener: Opener) -> None:
    platform = opener(finished_home)
    keys = build_defs(platform.settings, platform).resolve_asset_graph().get_all_asset_keys()
    assert STEP not in keys


def test_the_step_keeps_the_bundle_of_the_settings(copied: Path, opener: Opener) -> None:
    file = copied / "naxs.yaml"
    settings = yaml.safe_load(file.read_text()) | {"qlib_bundle": "bundle"}
    file.write_text(yaml.safe_dump(settings))
    platform = opener(copied)
    job = build_defs(platform.settings, platform).resolve_job_def(PIPELINE)
    assert STEP in job.asset_layer.executable_asset_keys
    materialize(platform, FIRST, LAST, ["market/qlib_bundle"])
    export_bundle(input_of_home(platform.lineage), copied / "by-hand")
    assert files_of(copied / "bundle") == files_of(copied / "by-hand") != {}
