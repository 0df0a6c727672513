"""The sparkline: a small valid drawing, whatever the values."""

from __future__ import annotations

import base64
import math
import re
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from naxs_assets.pages.sparkline import sparkline_markdown, sparkline_svg

SVG = "{http://www.w3.org/2000/svg}"


def points(svg: str) -> list[list[tuple[float, float]]]:
    root = ElementTree.fromstring(svg)  # noqa: S314 - our own drawing
    return [
        [(float(x), float(y)) for x, y in (pair.split(",") for pair in line.get("points").split())]
        for line in root.iter(f"{SVG}polyline")
    ]


def test_rises_to_the_right() -> None:
    (line,) = points(sparkline_svg([1.0, 2.0, 3.0]))
    assert [x for x, _ in line] == [3.0, 80.0, 157.0]
    assert [y for _, y in line] == [29.0, 16.0, 3.0]  # down is up in a drawing


def test_unknown_values_break_the_line() -> None:
    assert [len(line) for line in points(sparkline_svg([1.0, 2.0, None, 3.0, math.nan, 5.0]))] == [
        2,
        1,
        1,
    ]


def test_a_level_line_lies_in_the_middle() -> None:
    (line,) = points(sparkline_svg([7.0, 7.0]))
    assert {y for _, y in line} == {16.0}


def test_nothing_known_draws_nothing() -> None:
    assert "polyline" not in sparkline_svg([])
    assert "polyline" not in sparkline_svg([None, math.inf])


def test_a_long_series_keeps_its_spikes_and_stays_small() -> None:
    values = [0.0] * 5_000
    values[3_333] = 1.0
    svg = sparkline_svg(values)
    assert len(svg) < 5_000
    assert min(y for _, y in points(svg)[0]) == 3.0


@given(st.lists(st.none() | st.floats(-1e12, 1e12), max_size=400))
def test_is_valid_and_stays_within_its_frame(values: list[float | None]) -> None:
    for line in points(sparkline_svg(values)):
        assert all(0 <= x <= 160 and 0 <= y <= 32 for x, y in line)


def test_markdown_holds_the_same_drawing() -> None:
    found = re.fullmatch(
        r"!\[sparkline\]\(data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)\)",
        sparkline_markdown([1.0, 3.0, 2.0]),
    )
    assert found is not None
    assert base64.b64decode(found.group(1)).decode() == sparkline_svg([1.0, 3.0, 2.0])
