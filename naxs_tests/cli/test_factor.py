"""``naxs factor`` judges expressions on the prices of a home."""

from __future__ import annotations

import json

import polars as pl

from naxs_assets.factors.bench_home import factor_bench
from naxs_tests.cli.conftest import Naxs
from naxs_tests.graph.small import FEATURES, write_entry

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


def test_the_mode_is_that_of_the_language(finished: Naxs) -> None:
    facts = {
        mode: finished.facts("factor", "eval", "Mean($close,20)/$close", "--mode", mode)
        for mode in ("qlib", "strict")
    }
    assert facts["strict"]["coverage"] < facts["qlib"]["coverage"]


OPERATOR = '''
import numpy as np
from naxs_assets.factors.user_operators import series_operator


@series_operator(look_back=1)
def Twice(values):
    """Twice the value of the day before."""
    before = np.full_like(values, np.nan)
    before[1:] = 2 * values[:-1]
    return before
'''


def test_operators_of_the_home_are_known_everywhere(copied: Naxs) -> None:
    folder = copied.home / "catalog" / "operators"
    folder.mkdir()
    (folder / "twice.py").write_text(OPERATOR, encoding="utf-8")
    own, plain = "Twice($close)/$close", "2*Ref($close,1)/$close"
    expected = copied.facts("factor", "eval", plain)["rank_ic"]
    assert copied.facts("factor", "eval", own)["rank_ic"] == expected
    assert factor_bench(home=copied.home).eval(own, "strict").rank_ic.mean == expected
    features = {"OWN": {"expression": own}}
    write_entry(copied.home, "features", FEATURES | {"name": "own", "features": features})
    copied("factor", "report", "own")
    page = copied.home / "reports" / "factors" / "own" / "report.json"
    (row,) = json.loads(page.read_text(encoding="utf-8"))["factors"]
    assert row["rank_ic"] == expected


def test_an_expression_may_begin_with_a_minus(finished: Naxs) -> None:
    facts = finished.facts("factor", "eval", f"-{TEXT}")
    assert facts["rank_ic"] == -finished.facts("factor", "eval", TEXT)["rank_ic"]
    assert "--univers" in finished.refusal("factor", "eval", TEXT, "--univers", "csi300")


def test_a_month_stands_for_its_days(finished: Naxs) -> None:
    months = finished.facts("factor", "eval", TEXT, "--from", "2021-08", "--to", "2021-08")
    days = finished.facts("factor", "eval", TEXT, "--from", "2021-08-01", "--to", "2021-08-31")
    assert months == days
    for neither in ("2021-8", "2021-13", "2021-02-30"):
        assert "neither a day" in finished.refusal("factor", "eval", TEXT, "--to", neither)


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


def test_the_figures_of_a_set_can_be_had_as_json(copied: Naxs) -> None:
    facts = copied.facts("factor", "report", "few", "--from", "2021-08-02")
    folder = copied.home / "reports" / "factors" / "few"
    assert facts.pop("report") == str(folder / "report.html")
    assert facts == json.loads((folder / "report.json").read_text(encoding="utf-8"))


def test_an_unknown_set_is_answered_with_the_known(finished: Naxs) -> None:
    assert "few" in finished.refusal("factor", "report", "fewer").replace("fewer", "")
