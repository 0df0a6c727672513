"""Figures: exactly the values handed in, in a form plotly accepts, in colours the page defines."""

from __future__ import annotations

import json
import math
import re
from datetime import date
from importlib.resources import files

import plotly.graph_objects as go
import pytest

from naxs_assets.pages.figures import (
    SERIES_COLOURS,
    Figure,
    Series,
    Span,
    ValueFormat,
    category_figure,
    span_figure,
    time_figure,
)
from naxs_assets.pages.messages import Message

DAYS = [date(2024, 1, 2), date(2024, 1, 3), date(2024, 1, 4)]
CSS = files("naxs_assets.pages").joinpath("templates", "page.css").read_text(encoding="utf-8")

EVERY_KIND = [
    time_figure(
        [
            Series(Message("净值", "NAV"), DAYS, [1.0, None, 1.1], "var(--strategy)"),
            Series("drawdown", DAYS, [0.0, -0.1, -0.2], "var(--index)", mark="area", steps=True),
        ],
        ValueFormat.PERCENT,
        reference=1.0,
    ),
    time_figure(
        [
            Series("RankIC", ["2024-01", "2024-02"], [0.03, -0.01], "", mark="bar", signed=True),
            Series("sum", DAYS, [1, 2, 3], "var(--excess)", right=True),
        ],
        ValueFormat.DECIMAL,
        right_format=ValueFormat.COUNT,
    ),
    time_figure(
        [Series(colour, ["2024-01"], [10.0], colour, mark="bar") for colour in SERIES_COLOURS],
        ValueFormat.CNY,
        stacked=True,
    ),
    span_figure([Span("2024-01", DAYS[0], DAYS[2], "3 rows")]),
    category_figure(
        [Series("mean", ["10", "2"], [0.01, -0.02], "", mark="bar", signed=True)],
        ValueFormat.FINE_PERCENT,
        category_name="lag",
    ),
]


@pytest.mark.parametrize("figure", EVERY_KIND)
def test_plotly_accepts_it(figure: Figure) -> None:
    specification = figure.specification()
    go.Figure(data=specification["data"], layout=specification["layout"])


@pytest.mark.parametrize("figure", EVERY_KIND)
def test_every_colour_is_defined_for_light_and_dark(figure: Figure) -> None:
    light, dark = CSS.split("@media screen and (prefers-color-scheme: dark)", 1)
    for name in re.findall(r"var\((--[\w-]+)\)", figure.to_json()):
        assert f"{name}:" in light
        assert f"{name}:" in dark.split("* { box-sizing", 1)[0]


def test_values_are_the_ones_handed_in() -> None:
    first, second = EVERY_KIND[0].traces
    assert first["x"] == ["2024-01-02", "2024-01-03", "2024-01-04"]
    assert first["y"] == [1.0, None, 1.1]
    assert first["name"] == "净值 NAV"
    assert second["y"] == [0.0, -0.1, -0.2]


def test_values_that_are_not_finite_leave_a_gap() -> None:
    figure = time_figure(
        [Series("x", DAYS, [math.nan, math.inf, 2.0], "var(--index)")], ValueFormat.DECIMAL
    )
    assert json.loads(figure.to_json())["data"][0]["y"] == [None, None, 2.0]


def test_signed_bars_are_red_above_zero_and_green_below() -> None:
    assert EVERY_KIND[1].traces[0]["marker"]["color"] == ["var(--up)", "var(--down)"]


def test_a_single_series_needs_no_legend() -> None:
    alone = time_figure([Series("x", DAYS, [1, 2, 3], "var(--index)")], ValueFormat.COUNT)
    assert alone.legend == ()
    assert [str(entry.name) for entry in EVERY_KIND[0].legend] == ["净值 NAV", "drawdown"]


def test_a_span_includes_both_of_its_days() -> None:
    (trace,) = EVERY_KIND[3].traces
    assert trace["base"] == ["2024-01-02"]
    assert trace["x"] == [3 * 86_400_000]


def test_categories_stand_in_the_order_given_and_are_no_numbers_or_dates() -> None:
    (trace,) = EVERY_KIND[4].traces
    assert trace["x"] == ["10", "2"]
    assert "xperiod" not in trace
    assert EVERY_KIND[4].layout["xaxis"]["type"] == "category"


def test_json_cannot_end_its_script_element() -> None:
    figure = time_figure(
        [Series("</script><b>&", DAYS, [1, 2, 3], "var(--index)")], ValueFormat.COUNT
    )
    text = figure.to_json()
    assert not set("<>&") & set(text)
    assert json.loads(text)["data"][0]["name"] == "</script><b>&"
