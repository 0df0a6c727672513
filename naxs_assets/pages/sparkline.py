"""A line the size of a word, for the metadata panel of the Dagster UI."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence

_WIDTH = 160
_HEIGHT = 32
_PADDING = 3.0
_MOST_POINTS = 240
_STROKE = "#4a7fb5"  # legible on white and on the UI's dark background


def _thinned(points: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """At most ``_MOST_POINTS``: the lowest and highest of each block, so that no spike is lost."""
    if len(points) <= _MOST_POINTS:
        return points
    block = math.ceil(2 * len(points) / _MOST_POINTS)
    kept: list[tuple[int, float]] = []
    for start in range(0, len(points), block):
        members = points[start : start + block]
        extremes = {min(members, key=lambda p: p[1]), max(members, key=lambda p: p[1])}
        kept.extend(sorted(extremes))
    return kept


def sparkline_svg(values: Sequence[float | None]) -> str:
    """An SVG line of ``values`` at even steps, with a dot at the last known one.

    Null and non-finite values break the line. Without any known value the drawing is empty.
    """
    known = [
        (place, float(value))
        for place, value in enumerate(values)
        if value is not None and math.isfinite(value)
    ]
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="sparkline">'
    )
    if not known:
        return f"{opening}</svg>"
    lowest = min(value for _, value in known)
    highest = max(value for _, value in known)
    across = (_WIDTH - 2 * _PADDING) / max(len(values) - 1, 1)

    def position(point: tuple[int, float]) -> tuple[float, float]:
        place, value = point
        height = (value - lowest) / (highest - lowest) if highest > lowest else 0.5
        return _PADDING + place * across, _HEIGHT - _PADDING - height * (_HEIGHT - 2 * _PADDING)

    segments: list[list[tuple[int, float]]] = []
    for point in known:
        if segments and segments[-1][-1][0] == point[0] - 1:
            segments[-1].append(point)
        else:
            segments.append([point])
    lines = "".join(
        '<polyline points="'
        + " ".join("{:.1f},{:.1f}".format(*position(point)) for point in _thinned(segment))
        + f'" fill="none" stroke="{_STROKE}" stroke-width="1.5" stroke-linejoin="round"/>'
        for segment in segments
    )
    x, y = position(known[-1])
    return f'{opening}{lines}<circle cx="{x:.1f}" cy="{y:.1f}" r="2.2" fill="{_STROKE}"/></svg>'


def sparkline_markdown(values: Sequence[float | None]) -> str:
    """The sparkline as an inline Markdown image (a data URI), which the Dagster UI shows."""
    encoded = base64.b64encode(sparkline_svg(values).encode()).decode()
    return f"![sparkline](data:image/svg+xml;base64,{encoded})"
