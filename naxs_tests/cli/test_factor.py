"""``naxs factor`` judges expressions on the prices of a home."""

from __future__ import annotations

import json

import polars as pl

from naxs_assets.factors.bench_home import factor_bench
from naxs_tests.cli.conftest import Naxs

TEXT = "Mean($close,5)/$close"


def test_one_expression_is_judged(finished: Naxs) -> None:
    before = finished.version_count()
    said = finished("factor", "eval", TEXT, "--from", "2021-08-02").output
    assert "2021-08-02 to 2021-12-31" in said
    assert "RankIC by lag" in said
    facts = finished.facts("factor", "eval", TEXT)
    assert -1 < facts["rank_ic"] < 1
    assert len(facts["decay"]) == 21
    assert finished.version_count() == before


def test_an_error_points_at_the_column(finished: Naxs) -> None:
    assert "column 6" in finished.refusal("factor", "eval", "Mean($clos,5)")


def test_unknown_names_are_answered_with_the_known(finished: Naxs) -> None:
    said = finished.refusal("factor", "eval", TEXT, "--universe", "csi3000")
    assert "csi300" in said.replace("csi3000", "")
    assert "next_day" in finished.refusal("factor", "eval", TEXT, "--label", "nothing")


def test_a_home_without_prices_says_how_to_make_them(naxs: Naxs) -> None:
    naxs("init", "--source", "synthetic", "--names", "30")
    assert "naxs run" in naxs.refusal("factor", "eval", TEXT, code=1)


def test_a_notebook_gets_the_same_figures(finished: Naxs) -> None:
    bench = factor_bench(first="2021-08-02", home=finished.home)
    facts = finished.facts("factor", "eval", TEXT, "--from", "2021-08-02")
    assert bench.eval(TEXT).rank_ic.mean == facts["rank_ic"]


def test_a_set_gets_a_page_and_its_numbers(copied: Naxs) -> None:
    said = copied("factor", "report", "few", "--from", "2021-08-02").output
    folder = copied.home / "reports" / "factors" / "few"
    assert str(folder / "report.html") in "".join(said.split())
    facts = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    single = copied.facts("factor", "eval", TEXT, "--from", "2021-08-02")
    (row,) = (row for row in facts["factors"] if row["factor"] == "MA5")
    assert row["rank_ic"] == single["rank_ic"]
    assert pl.read_parquet(folder / "daily.parquet")["factor"].n_unique() == len(facts["factors"])


def test_an_unknown_set_is_answered_with_the_known(finished: Naxs) -> None:
    assert "few" in finished.refusal("factor", "report", "fewer").replace("fewer", "")
