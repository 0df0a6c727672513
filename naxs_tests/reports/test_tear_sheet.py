"""The tear sheet: the figures on the page are the inputs, and every state has a page."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from hashlib import sha256
from typing import Any

import polars as pl
import pytest

from naxs_assets.backtest.contracts import REFUSED
from naxs_assets.backtest.journal import COSTS
from naxs_assets.errors import DataError
from naxs_assets.learning.score_quantiles import quantile_spread
from naxs_assets.lineage.graph import Graph, Node
from naxs_assets.lineage.records import ReadKind
from naxs_assets.market.quality.registry import RULES
from naxs_assets.pages.messages import catalogue
from naxs_assets.pages.numbers import percent
from naxs_assets.reports.exposure import PLACES
from naxs_assets.reports.performance import (
    daily_performance,
    monthly_performance,
    yearly_performance,
)
from naxs_assets.reports.tear_sheet import render_tear_sheet, tear_sheet_page
from naxs_assets.reports.tear_sheet_inputs import SCHEMAS, TearSheet
from naxs_tests.reports.sample import CAPITAL, REAL, SYNTHETIC, sample_tear_sheet

FIGURE = re.compile(
    r'<script type="application/json" data-figure="chart-([\w-]+)">(.*?)</script>', re.DOTALL
)


@pytest.fixture(scope="module")
def inputs() -> TearSheet:
    return sample_tear_sheet()


@pytest.fixture(scope="module")
def text(inputs: TearSheet) -> str:
    return render_tear_sheet(inputs)


@pytest.fixture(scope="module")
def figures(text: str) -> dict[str, list[dict[str, Any]]]:
    return {name: json.loads(body)["data"] for name, body in FIGURE.findall(text)}


def short(**changes: Any) -> TearSheet:
    return replace(
        sample_tear_sheet(first=date(2024, 1, 2), last=date(2024, 3, 29), market=REAL), **changes
    )


def body(text: str) -> str:
    """The page without its scripts, as a reader sees it."""
    return html.unescape(text.split("<body>", 1)[1].split("<script>", 1)[0])


def test_another_process_gives_the_same_bytes(text: str) -> None:
    code = (
        "from hashlib import sha256\n"
        "from naxs_assets.reports.tear_sheet import render_tear_sheet\n"
        "from naxs_tests.reports.sample import sample_tear_sheet\n"
        "print(sha256(render_tear_sheet(sample_tear_sheet()).encode()).hexdigest())"
    )
    other = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONHASHSEED": "1", "POLARS_MAX_THREADS": "1"},
    )
    assert other.stdout.strip() == sha256(text.encode()).hexdigest()


def test_holds_exactly_one_plotly(text: str) -> None:
    assert text.count("* plotly.js v") == 1


def test_draws_every_figure_once(figures: dict[str, Any]) -> None:
    assert list(figures) == [
        "nav",
        "excess",
        "drawdown",
        "rank-ic",
        "rolling-ic",
        "decay",
        "quantiles",
        "spread",
        "coverage",
        "turnover",
        "holdings",
        "costs",
        "exposure",
        "rejections",
        "training",
    ]


def test_lines_are_the_daily_performance(
    figures: dict[str, list[dict[str, Any]]], inputs: TearSheet
) -> None:
    daily = daily_performance(inputs)
    days = daily["date"].dt.to_string().to_list()
    for name, columns in {
        "nav": ["net_level", "gross_level", "index_level"],
        "excess": ["excess_level"],
        "drawdown": ["drawdown", "index_drawdown"],
    }.items():
        assert [trace["x"] for trace in figures[name]] == [days] * len(columns)
        assert [trace["y"] for trace in figures[name]] == [daily[c].to_list() for c in columns]


def test_figures_of_counts_are_the_inputs(
    figures: dict[str, list[dict[str, Any]]], inputs: TearSheet
) -> None:
    assert figures["coverage"][0]["y"] == inputs.coverage["names"].to_list()
    assert figures["holdings"][0]["y"] == inputs.account["holdings"].to_list()
    assert figures["rank-ic"][1]["y"][-1] == pytest.approx(
        inputs.information_coefficient["rank_ic"].sum()
    )
    for trace, name in zip(figures["costs"], COSTS, strict=True):
        assert sum(trace["y"]) == pytest.approx(inputs.account[name].sum())
    drawn = sum(sum(trace["y"]) for trace in figures["rejections"])
    assert drawn == inputs.rejections["orders"].sum()
    assert figures["decay"][0]["x"] == [str(lag) for lag in inputs.decay["lag"]]
    assert figures["decay"][0]["y"] == inputs.decay["rank_ic"].to_list()
    spread = quantile_spread(inputs.quantiles)["spread"]
    assert figures["spread"][0]["y"][-1] == pytest.approx(spread.sum())
    for shares in zip(*(trace["y"] for trace in figures["exposure"]), strict=True):
        assert sum(shares) == pytest.approx(1.0)
    trained = inputs.training.filter(pl.col("trained"))
    assert figures["training"][0]["y"] == trained["month"].to_list()


def test_the_calendar_shows_every_month_and_year(text: str, inputs: TearSheet) -> None:
    daily = daily_performance(inputs)
    months, years = monthly_performance(daily), yearly_performance(daily)
    expected = []
    for year in years.iter_rows(named=True):
        of_year = months.filter(pl.col("month").str.starts_with(str(year["year"])))
        expected += [percent(value) for value in of_year["net"]] + [percent(year["net"])]
    shown = re.findall(r'class="heat-value">([^<]*)</span>', body(text))
    assert shown == expected


def test_lineage_is_searchable_and_complete(text: str, inputs: TearSheet) -> None:
    lineage = body(text).split('id="lineage"', 1)[1]
    assert 'type="search"' in lineage
    roots = [inputs.lineage.nodes[place] for place in inputs.lineage.roots]
    assert lineage.count("<tr>") == len(roots) + 1
    assert all(node.content_hash[:12] in lineage for node in roots)


def test_lineage_can_be_walked_to_the_files(text: str, inputs: TearSheet) -> None:
    (found,) = re.findall(r'data-lineage="lineage-report">(.*?)</script>', text)
    data = json.loads(found)
    reached, waiting = set(), list(data["roots"])
    while waiting:
        number = waiting.pop()
        if number not in reached:
            reached.add(number)
            reads = data["inputs"][number]
            waiting += [read[0] if isinstance(read, list) else read for read in reads]
    assert reached == set(range(len(inputs.lineage.nodes)))
    ends = {data["assets"][data["nodes"][n][0]] for n in reached if not data["inputs"][n]}
    assert "files:bars" in ends


def test_the_months_stand_in_a_table_of_their_own(text: str, inputs: TearSheet) -> None:
    months = monthly_performance(daily_performance(inputs))
    calendar = body(text).split('id="calendar"', 1)[1].split("</section>", 1)[0]
    table = calendar.split("<details", 1)[1]
    for row in months.to_dicts():
        assert f">{row['month']}</td>" in table
        assert percent(row["excess"]) in table


def test_findings_show_their_rule_in_both_languages(text: str) -> None:
    quality = body(text).split('id="quality"', 1)[1].split("</section>", 1)[0]
    assert RULES["ohlc"].text_zh in quality
    assert RULES["ohlc"].text_en in quality
    assert "600519.SH 2020-03-05" in quality
    assert "declared gap: amount" in quality


def test_a_report_whose_data_broke_no_rule_says_so() -> None:
    clean = sample_tear_sheet().findings.filter(pl.col("verdict") == "pass")
    assert catalogue()["tear_sheet.no_broken_rule"].zh in body(
        render_tear_sheet(short(findings=clean))
    )


def test_nested_parameters_have_dotted_names(text: str) -> None:
    assert "portfolio.deal_price" in body(text)
    assert "demo, momentum" in body(text)


def test_every_place_of_money_has_a_text() -> None:
    assert {f"board.{place}" for place in PLACES} <= set(catalogue())


def test_every_cause_and_cost_of_the_backtest_has_a_text() -> None:
    assert {f"cause.{cause}" for cause in REFUSED} <= set(catalogue())
    assert {f"cost.{name}" for name in COSTS} <= set(catalogue())


def test_an_unknown_cause_is_shown_by_its_name() -> None:
    rejections = pl.DataFrame(
        {"date": [date(2024, 1, 3)], "cause": ["<new>"], "orders": [3]},
        schema=SCHEMAS["rejections"],
    )
    text = render_tear_sheet(short(rejections=rejections))
    assert "&lt;new&gt;" in text
    assert "<new>" not in text


def test_names_are_escaped() -> None:
    hostile = "</script><script>alert(1)</script>"
    lineage = Graph((Node(hostile, "", ReadKind.VERSION, hostile, hostile),), ((),), (0,))
    findings = sample_tear_sheet().findings.head(1)
    findings = findings.with_columns(pl.lit(hostile).alias(name) for name in ("rule", "verdict"))
    text = render_tear_sheet(
        short(
            strategy=hostile,
            description=hostile,
            index_name=hostile,
            lineage=lineage,
            findings=findings.with_columns(sample=pl.lit(hostile), asset=pl.lit(hostile)),
            parameters={hostile: hostile},
        )
    )
    assert hostile not in text


def test_says_plainly_that_all_is_warm_up() -> None:
    text = render_tear_sheet(TearSheet("fresh", "", SYNTHETIC, "index", CAPITAL))
    assert catalogue()["tear_sheet.warm_up"].zh in body(text)
    assert catalogue()["tear_sheet.warm_up"].en in body(text)
    assert "plotly.js v" not in text
    assert "合成数据" in body(text)


def test_warm_up_still_shows_what_there_is() -> None:
    whole = sample_tear_sheet()
    page = tear_sheet_page(
        TearSheet(
            "fresh", "", REAL, "index", CAPITAL, training=whole.training, lineage=whole.lineage
        )
    )
    sections = [section.identifier for section in page.sections]
    assert sections == [
        "headline",
        "prediction",
        "quantiles",
        "coverage",
        "training",
        "quality",
        "parameters",
        "lineage",
    ]


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_any_one_frame_may_be_empty(name: str) -> None:
    render_tear_sheet(short(**{name: pl.DataFrame(schema=SCHEMAS[name])}))


def test_without_an_index_the_page_says_so_and_draws_no_excess() -> None:
    text = render_tear_sheet(short(index_closes=pl.DataFrame(schema=SCHEMAS["index_closes"])))
    assert catalogue()["tear_sheet.no_index"].zh in body(text)
    assert 'id="chart-excess"' not in text
    assert 'id="chart-nav"' in text


def test_missing_index_days_are_counted() -> None:
    closes = sample_tear_sheet(first=date(2024, 1, 2), last=date(2024, 3, 29)).index_closes
    text = render_tear_sheet(short(index_closes=closes.filter(pl.col("date") >= date(2024, 1, 2))))
    assert "指数在 1 个回测日没有收益" in body(text)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(DataError, match="slippage") as caught:
        short(account=sample_tear_sheet().account.drop("slippage"))
    assert "account" in caught.value.where


def test_a_repeated_day_is_refused() -> None:
    account = sample_tear_sheet().account
    with pytest.raises(DataError, match="two rows share one date"):
        short(account=pl.concat([account, account.head(1)]))


def test_a_wrong_type_is_refused() -> None:
    frame = pl.DataFrame({"date": ["yesterday"], "names": [3]})
    with pytest.raises(DataError, match="type"):
        short(coverage=frame)


def test_rows_come_in_any_order() -> None:
    whole = short()
    assert render_tear_sheet(replace(whole, account=whole.account.reverse())) == render_tear_sheet(
        whole
    )


def test_capital_is_needed() -> None:
    with pytest.raises(DataError, match="starting capital"):
        short(starting_capital=0.0)
