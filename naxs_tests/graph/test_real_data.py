"""The built-in strategies on recorded prices, from files to its report."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from naxs_tests.cli.conftest import Naxs
from naxs_tests.graph.small import close, currents, open_home

PROJECT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.xdist_group("kill")
def test_the_built_in_strategies_run_on_the_small_panel(
    real_data: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NAXS_HOME", "/nonexistent")
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    naxs = Naxs(folder / "home")
    mapping = PROJECT / "docs/mappings/ci_small.yaml"
    made = naxs.facts("init", "--source", "files", "--mapping", mapping, "--data", real_data)
    assert (made["first"], made["last"]) == ("2020-01-02", "2021-12-31")
    facts = naxs.facts("run", "csi300_topk")
    assert facts["made"]["csi300_topk/backtest"] == {"new": 24}
    summary = facts["summary"]
    assert summary["market"]["name"] == "ci_small_2020_2021"
    assert summary["market"]["synthetic"] is False
    # Twelve months of history come first; then every day of 2021 is traded.
    assert (summary["first_day"], summary["last_day"]) == ("2021-01-04", "2021-12-31")
    assert summary["days"] == 243
    assert summary["index_days_missing"] == 0
    assert 40 < summary["prediction"]["mean_names"] < 66
    assert abs(summary["net"]["total_return"]) < 0.5

    platform = open_home(naxs.home)
    prices = [v for (asset, _), v in currents(platform).items() if asset == "market/prices"]
    found = [
        (finding["rule"], finding["verdict"], finding["rows"], finding["sample"])
        for version in prices
        for finding in version.metadata["findings"]
        if finding["verdict"] != "pass"
    ]
    assert found == [
        ("factor", "repaired", 1, "600372.SH 2020-11-19"),
        ("factor", "repaired", 1, "000001.SZ 2020-12-31"),
        ("limit", "warn", 1, "000792.SZ 2021-08-10"),  # relisted without a limit
    ]
    assert sum(version.rows or 0 for version in prices) == 31_948
    assert sum(version.metadata["quarantined"] for version in prices) == 0
    repaired = pl.concat(
        platform.lineage.reader("market/prices")[version.partition].frame() for version in prices
    ).filter(pl.col("repaired").is_not_null())
    assert repaired.get_column("repaired").to_list() == ["adj_factor", "adj_factor"]
    close(platform)
    naxs("lineage", "verify")
    assert naxs.facts("run", "csi300_topk")["made"] == {}

    # Another model on the same market, features and labels.
    second = naxs.facts("run", "csi300_linear")
    assert set(second["made"]) == {
        f"csi300_linear/{name}"
        for name in ("dataset", "model", "predictions", "evaluation", "backtest", "report")
    }
    assert second["summary"]["days"] == 243
    assert second["summary"]["prediction"]["mean_names"] == summary["prediction"]["mean_names"]
    assert abs(second["summary"]["net"]["total_return"]) < 0.5
