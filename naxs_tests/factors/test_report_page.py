"""The page of a factor report: what it shows, and that its table sorts in a browser."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from naxs_assets.factors.report import FactorReport, factor_report
from naxs_assets.factors.report_files import write_factor_report
from naxs_assets.factors.report_page import Subject, render_factor_report, strongest
from naxs_assets.factors.report_sections import industries, sections
from naxs_assets.factors.report_summary import strongest_markdown
from naxs_assets.pages.frame import MarketLabel
from naxs_tests.factors.test_report import Sample

SUBJECT = Subject(
    name="few",
    description="a few factors",
    universe="csi300",
    label="next_day",
    days="2021",
    names=9.6,
    market=MarketLabel("small", synthetic=True, source="synthetic", coverage="2021"),
)


def report_of(*, look_ahead: bool = False) -> FactorReport:
    sample = Sample(days=60, names=20)
    other = np.random.default_rng(2).normal(size=len(sample.column)).astype(np.float32)
    nothing = np.full_like(other, np.nan)
    columns = [("A10", sample.column), ("A9", -sample.column), ("B", other), ("NONE", nothing)]
    steel = pl.repeat("steel", len(other), eager=True)
    return factor_report(columns, sample.cut, industries(sample.cut, steel, look_ahead))


def test_a_cluster_is_shown_by_its_strongest_factor() -> None:
    report = report_of()
    shown = strongest(report)
    assert len(shown) == 2
    assert "B" in shown
    assert "NONE" not in shown


def test_the_page_is_the_same_for_the_same_numbers_and_names_every_factor() -> None:
    page = render_factor_report(report_of(), SUBJECT)
    assert page == render_factor_report(report_of(), SUBJECT)
    for name in ("A10", "A9", "NONE", "cumulative RankIC", "steel"):
        assert name in page


@pytest.mark.parametrize("value", [np.nan, np.inf, 1.0], ids=["unknown", "infinite", "constant"])
def test_a_set_that_tells_nothing_has_a_page_and_columns_of_numbers(
    value: float, tmp_path: Path
) -> None:
    cut = Sample(days=30).cut
    report = factor_report([("NONE", np.full(len(cut.keys), value, np.float32))], cut)
    assert report.factors["rank_ic"].dtype == pl.Float64
    assert report.factors["rank_ic"].to_list() == [None]
    assert strongest(report) == []
    assert "NONE" in render_factor_report(report, SUBJECT)
    assert "NONE" not in strongest_markdown(report)
    write_factor_report(report, SUBJECT, tmp_path)
    stored = pl.read_parquet(tmp_path / "reports/factors/few/factors.parquet")
    assert stored.schema == report_of().factors.schema


def test_one_day_of_one_factor_has_a_page() -> None:
    sample = Sample(days=30)
    first = sample.cut.keys.filter(pl.col("day") == pl.col("day").first())
    cut = sections(first, sample.label_table())
    report = factor_report([("A", sample.column[: len(first)])], cut)
    (row,) = report.factors.to_dicts()
    assert (row["days"], row["rank_icir"], row["t"], row["turnover"]) == (1, None, None, None)
    assert "A" in render_factor_report(report, SUBJECT)


def test_industries_carried_back_are_labelled_as_look_ahead() -> None:
    assert "Look-ahead" in render_factor_report(report_of(look_ahead=True), SUBJECT)
    assert "Look-ahead" not in render_factor_report(report_of(), SUBJECT)


def test_a_click_on_a_heading_sorts_by_number_and_by_name(tmp_path: Path) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed, so there is no browser to click in")
    from playwright.sync_api import sync_playwright

    report = report_of()
    file = tmp_path / "report.html"
    file.write_text(render_factor_report(report, SUBJECT), encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(offline=True)
        page.goto(file.as_uri())
        table = page.locator("#factors table.sortable")

        def names() -> list[str]:
            return [text.strip() for text in table.locator("tbody td.code").all_text_contents()]

        def click(heading: int) -> list[str]:
            table.locator("thead th button").nth(heading).click()
            return names()

        assert names() == ["A10", "A9", "B", "NONE"]
        ordered = report.factors.sort("rank_ic", descending=True, nulls_last=True)
        assert click(3) == ordered["factor"].to_list()
        ascending = report.factors.sort("rank_ic", nulls_last=True)
        assert click(3) == ascending["factor"].to_list()
        assert click(0) == ["A9", "A10", "B", "NONE"]
        assert click(0) == ["NONE", "B", "A10", "A9"]
        browser.close()
