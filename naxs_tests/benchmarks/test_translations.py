"""Our expression trees in the languages of the peers give what our engine gives."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from benchmarks.agreement import agreement
from benchmarks.common.places import PEERS as PLACE_OF_PEERS
from benchmarks.common.process import measure, module_side
from benchmarks.inputs import prices_of, write_features
from benchmarks.trees import calls, expressible, key, layers, plain, read_trees
from naxs_assets.catalog.loading import load_catalogue
from naxs_assets.factors.features import compile_features, compute_features
from naxs_assets.factors.parser import parse

DAYS = (5, 10, 20, 30, 60)
QUANTILES = {f"QTL{side}{days}" for side in "UD" for days in DAYS}
PLACES = ("IMAX", "IMIN", "IMXD")


def _prices() -> pl.DataFrame:
    """A synthetic market with listings, ends and suspensions, in which no two prices are equal."""
    prices = prices_of(9, 100)
    noise = np.random.default_rng(5).normal(0, 0.002, (prices.height, 4))
    return prices.with_columns(
        (pl.col(name) * (1 + pl.Series(noise[:, number]))).alias(name)
        for number, name in enumerate(("open", "high", "low", "close"))
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An input as the benchmark makes it, and our own features of it."""
    made = tmp_path_factory.mktemp("input")
    prices = _prices()
    expressions = load_catalogue(made).feature_sets["alpha158"].expressions
    write_features(made, expressions, prices)
    compiled = compile_features(expressions)
    ours = compute_features(compiled, prices, prices["date"][0], prices["date"][-1])
    ours.drop("day").write_parquet(made / "ours.parquet")
    return made


@pytest.mark.parametrize("name", ["bottleneck", "duckdb", "pandas", "polars"])
def test_a_peer_agrees_with_our_engine(name: str, folder: Path, tmp_path: Path) -> None:
    peer = import_module(f"benchmarks.translate_{name}").Peer(folder)
    left_out = peer.compute(read_trees(folder))
    assert set(left_out) == (QUANTILES if name == "bottleneck" else set())
    peer.write(tmp_path / "peer.parquet")
    theirs = pl.read_parquet(tmp_path / "peer.parquet").with_columns(pl.col("date").cast(pl.Date))
    if name == "bottleneck":  # of several missing days it takes the newest, the others the oldest
        places = [f"{place}{days}" for place in PLACES for days in DAYS]
        theirs = theirs.drop(places)
        left_out += places
    found = agreement(pl.read_parquet(folder / "ours.parquet"), theirs)
    assert found["features"] == 158 - len(left_out)
    assert found["rows_of_ours_alone"] == found["rows_of_peer_alone"] == 0
    # Where all of a window is missing a peer places the extreme, and we give nothing.
    assert found["known_or_unknown_alike"] > 0.995
    assert found["within_0.001"] == 1


@pytest.mark.slow
def test_kunquant_agrees_with_our_engine_where_windows_are_full(
    folder: Path, tmp_path: Path
) -> None:
    python = PLACE_OF_PEERS / "kunquant" / "bin" / "python"
    if not python.exists():
        pytest.skip("the peer kunquant is not installed; make bench-setup")
    out = tmp_path / "peer.parquet"
    options = "kunquant", str(folder), "--out", str(out)
    answer = measure(
        module_side("kunquant", "benchmarks.sides.features_peer", *options, python=python)
    ).answer
    assert answer["facts"]["left_out"] == []
    theirs = pl.read_parquet(out).with_columns(pl.col("date").cast(pl.Date))
    found = agreement(pl.read_parquet(folder / "ours.parquet"), theirs)
    # The share of days on which prices rose counts missing days as none in both, but in KunQuant
    # also before the first row.
    assert found["within_0.001"] > 0.99


def test_a_tree_is_plain_lists() -> None:
    tree = plain(parse("Mean($close/Ref($close,1),5)-1").root)
    assert tree == ["Sub", ["Mean", ["Div", "$close", ["Ref", "$close", 1.0]], 5.0], 1.0]
    assert [call[0] for call in calls(tree)] == ["Ref", "Div", "Mean", "Sub"]


def test_what_cannot_be_expressed_is_named() -> None:
    trees = {"A": plain(parse("Rank($close,5)").root), "B": plain(parse("Abs($close)").root)}
    assert expressible(trees, {"Abs", "Mean"}) == ({"B": trees["B"]}, ["A"])


def test_a_column_reads_those_of_earlier_layers_alone() -> None:
    texts = ("Std(Abs($close/Ref($close,1)-1)*$volume,5)", "Mean($close,5)/Ref($close,1)")
    found = layers({text: plain(parse(text).root) for text in texts})
    assert [[key(call)[2:5] for call in layer] for layer in found] == [
        ["Ref", "Mea"],
        ["Mul"],
        ["Std"],
    ]
