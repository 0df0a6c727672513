"""Figure builders: plain plotly specifications whose colours are names from ``page.css``.

A colour is written ``var(--strategy)``; the page resolves it for light, dark and print, so one
specification serves all three. The values in a figure are exactly the values handed in.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Literal

from naxs_assets.pages.embedding import script_json
from naxs_assets.pages.messages import Message

SERIES_COLOURS = tuple(f"var(--series-{place})" for place in range(1, 9))
"""Colours of categories; none of them is the red or green of a sign."""


class ValueFormat(StrEnum):
    """How a figure's values read, as (axis, hover) formats of d3."""

    PERCENT = "percent"
    FINE_PERCENT = "fine_percent"
    DECIMAL = "decimal"
    CNY = "cny"
    COUNT = "count"

    @property
    def axis(self) -> str:
        return _FORMATS[self][0]

    @property
    def hover(self) -> str:
        return _FORMATS[self][1]


_FORMATS = {
    ValueFormat.PERCENT: (",.0~%", ",.2%"),
    ValueFormat.FINE_PERCENT: (",.2~%", ",.3%"),
    ValueFormat.DECIMAL: (",.3~f", ",.4f"),
    ValueFormat.CNY: ("~s", ",.0f"),
    ValueFormat.COUNT: (",.3~f", ",d"),
}


@dataclass(frozen=True)
class LegendEntry:
    """How the page's legend shows the trace at the same place; ``colour`` as in a series."""

    name: Message | str
    colour: str
    mark: str
    signed: bool


@dataclass(frozen=True)
class Figure:
    """A plotly specification: ``traces`` and ``layout`` as plotly.js takes them.

    The page draws the ``legend`` itself, so that it wraps on a phone and follows the colours.
    """

    traces: Sequence[Mapping[str, Any]]
    layout: Mapping[str, Any] = field(default_factory=dict)
    legend: Sequence[LegendEntry] = ()

    def specification(self) -> dict[str, Any]:
        """Traces and layout as JSON-ready values."""
        return {"data": [dict(trace) for trace in self.traces], "layout": dict(self.layout)}

    def to_json(self) -> str:
        """The specification with sorted keys, safe inside an HTML script element."""
        return script_json(self.specification())


@dataclass(frozen=True)
class Series:
    """One named run of values over dates, or of bars over months ("YYYY-MM").

    Null values leave a gap. ``right`` puts it on a second value axis; ``signed`` colours bars by
    their sign instead; ``steps`` holds each value until the next one.
    """

    name: Message | str
    x: Sequence[date | str]
    y: Sequence[float | int | None]
    colour: str
    mark: Literal["line", "area", "bar"] = "line"
    width: float = 1.8
    right: bool = False
    signed: bool = False
    steps: bool = False


def _known(values: Sequence[float | int | None]) -> list[float | int | None]:
    return [v if v is not None and math.isfinite(v) else None for v in values]


def _places(values: Sequence[date | str]) -> list[str]:
    return [value.isoformat() if isinstance(value, date) else value for value in values]


def _trace(series: Series, value_format: ValueFormat) -> dict[str, Any]:
    values = _known(series.y)
    trace: dict[str, Any] = {
        "name": str(series.name),
        "x": _places(series.x),
        "y": values,
        "hovertemplate": f"%{{y:{value_format.hover}}}",
    }
    if series.right:
        trace["yaxis"] = "y2"
    if series.mark == "bar":
        colour: str | list[str] = series.colour
        if series.signed:
            colour = ["var(--down)" if v is not None and v < 0 else "var(--up)" for v in values]
        return trace | {
            "type": "bar",
            "marker": {"color": colour, "line": {"width": 0}},
            "opacity": 0.7 if series.signed else 1.0,
            "xperiod": "M1",
            "xperiodalignment": "middle",
            "xhoverformat": "%Y-%m",
        }
    trace |= {
        "type": "scatter",
        "mode": "lines",
        "connectgaps": False,
        "line": {
            "color": series.colour,
            "width": series.width,
            "shape": "hv" if series.steps else "linear",
        },
        "xhoverformat": "%Y-%m-%d",
    }
    if series.mark == "area":
        trace |= {"fill": "tozeroy", "fillcolor": series.colour.replace(")", "-fill)")}
    return trace


def category_figure(
    series: Sequence[Series], value_format: ValueFormat, *, category_name: Message | str
) -> Figure:
    """Bars over categories, which stand in the order given; ``x`` of a series names them."""
    layout: dict[str, Any] = {
        "xaxis": {
            "type": "category",
            "dtick": 1,
            "title": {
                "text": str(category_name),
                "font": {"size": 12, "color": "var(--muted)"},
                "standoff": 10,
            },
        },
        "yaxis": {"tickformat": value_format.axis},
        "barmode": "group",
        "bargap": 0.35,
        "showlegend": False,
    }
    monthly = {"xperiod", "xperiodalignment", "xhoverformat"}
    traces = [
        {key: value for key, value in _trace(each, value_format).items() if key not in monthly}
        for each in series
    ]
    legend = [LegendEntry(each.name, each.colour, each.mark, each.signed) for each in series]
    return Figure(traces, layout, legend if len(legend) > 1 else ())


def time_figure(
    series: Sequence[Series],
    value_format: ValueFormat,
    *,
    right_format: ValueFormat | None = None,
    stacked: bool = False,
    reference: float | None = None,
) -> Figure:
    """Lines, areas and monthly bars over time, on one value axis or two.

    ``stacked`` piles bars up; ``reference`` draws a thin level line (1 for a NAV, 0 for an excess).
    ``right_format`` is the format of series with ``right``; without it they take ``value_format``.
    """
    on_the_right = right_format or value_format
    layout: dict[str, Any] = {
        "xaxis": {"type": "date"},
        "yaxis": {
            "tickformat": value_format.axis,
            "rangemode": "tozero" if value_format is ValueFormat.COUNT else "normal",
        },
        "barmode": "relative" if stacked else "group",
        "bargap": 0.25,
        "showlegend": False,
    }
    if any(each.right for each in series):
        layout["yaxis2"] = {
            "tickformat": on_the_right.axis,
            "overlaying": "y",
            "side": "right",
            "tickmode": "auto",
            "rangemode": "tozero",
            "zeroline": False,
            "showgrid": False,
        }
    if reference is not None:
        layout["shapes"] = [
            {
                "type": "line",
                "xref": "paper",
                "x0": 0,
                "x1": 1,
                "y0": reference,
                "y1": reference,
                "line": {"color": "var(--axis)", "width": 1},
                "layer": "below",
            }
        ]
    traces = [_trace(each, on_the_right if each.right else value_format) for each in series]
    legend = [LegendEntry(each.name, each.colour, each.mark, each.signed) for each in series]
    return Figure(traces, layout, legend if len(legend) > 1 else ())


@dataclass(frozen=True)
class Span:
    """One bar of a time-span chart, from ``first`` to ``last`` day, both shown."""

    row: str
    first: date
    last: date
    remark: str


def span_figure(spans: Sequence[Span], colour: str = "var(--series-3)") -> Figure:
    """Horizontal bars between dates, one row each, the first row on top."""
    trace = {
        "type": "bar",
        "orientation": "h",
        "y": [span.row for span in spans],
        "base": [span.first.isoformat() for span in spans],
        # plotly measures bars on a date axis in milliseconds
        "x": [((span.last - span.first).days + 1) * 86_400_000 for span in spans],
        "customdata": [
            [span.first.isoformat(), span.last.isoformat(), span.remark] for span in spans
        ],
        "hovertemplate": (
            "%{y}<br>%{customdata[0]} – %{customdata[1]}<br>%{customdata[2]}<extra></extra>"
        ),
        "marker": {"color": colour, "line": {"width": 0}},
    }
    layout = {
        "xaxis": {"type": "date"},
        "yaxis": {"type": "category", "autorange": "reversed", "showgrid": False},
        "bargap": 0.35,
        "showlegend": False,
        "hovermode": "closest",
    }
    return Figure((trace,), layout)
