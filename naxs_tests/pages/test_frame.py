"""The page frame: self-contained, the same bytes every time, honest about its market."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import date
from html.parser import HTMLParser
from importlib.resources import files

import pytest

from naxs_assets.errors import ConfigurationError
from naxs_assets.lineage.graph import Graph, Node
from naxs_assets.lineage.records import ReadKind
from naxs_assets.pages.blocks import (
    Cell,
    Chart,
    Column,
    Details,
    Facts,
    HeatCell,
    HeatGrid,
    HeatRow,
    KeyFigure,
    KeyFigures,
    Note,
    Section,
    Side,
    Table,
    signed_percent,
)
from naxs_assets.pages.figures import Series, ValueFormat, time_figure
from naxs_assets.pages.frame import MarketLabel, Page, render_page
from naxs_assets.pages.lineage_browser import LineageBrowser
from naxs_assets.pages.messages import Message

SYNTHETIC = MarketLabel("demo", True, "synthetic seed 7", "2020-01-02 – 2024-06-28")
REAL = MarketLabel("A-shares", False, "files of 2024-07-01", "2016-01-04 – 2024-06-28")
HOSTILE = "<img src=x onerror=alert(1)>\"'&"


def chart(identifier: str = "nav") -> Chart:
    series = Series("NAV", [date(2024, 1, 2)], [1.0], "var(--strategy)")
    return Chart(identifier, Message("净值", "NAV"), time_figure([series], ValueFormat.DECIMAL))


def page(*sections: Section, market: MarketLabel = REAL, name: str = "alpha") -> Page:
    return Page(
        title=Message("策略报告", "tear sheet"),
        name=name,
        market=market,
        sections=sections,
        description=name,
        facts=((name, name),),
    )


def every_block(text: str) -> list[Section]:
    heat = HeatCell(text, signed_percent(0.02), 0.2)
    graph = Graph((Node(text, text, ReadKind.EXTERNAL, text),), ((),), (0,))
    return [
        Section(
            "all",
            text,
            (
                KeyFigures((KeyFigure(text, Cell(text), text),)),
                Table((Column(text), Column(text, numeric=False, code=True)), ((text, text),)),
                Table((Column(text, numeric=False, wide=True),), ((text,),)),
                Table((Column(text),), (), title=text, searchable=True),
                HeatGrid(text, ("01", "02"), text, (HeatRow(text, (heat, None), heat),)),
                Facts(((text, text), (text, Cell(text)))),
                Note(text, warning=True),
                Details(text, (Side((chart(), Note(text))),)),
                LineageBrowser("report", text, graph),
            ),
        )
    ]


class Elements(HTMLParser):
    """Every element with its attributes, and the text of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self._inside = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._inside = tag == "script" and not attrs
        if self._inside:
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.scripts[-1] += data


def test_the_same_page_gives_the_same_bytes() -> None:
    assert render_page(page(*every_block("x"))) == render_page(page(*every_block("x")))


def test_plotly_is_inlined_once_and_only_where_a_chart_needs_it() -> None:
    two = render_page(page(Section("a", "a", (chart("one"), chart("two")))))
    assert two.count("* plotly.js v") == 1
    none = render_page(page(Section("a", "a", (Note("nothing to draw"),))))
    assert "plotly.js v" not in none
    assert len(none) < 60_000


def test_nothing_is_loaded_from_anywhere() -> None:
    text = render_page(page(*every_block("x")))
    for tag, attributes in Elements(text).found:
        assert "src" not in attributes
        assert tag not in {"link", "iframe", "img", "object", "embed", "base"}
        assert (attributes.get("href") or "#").startswith("#")
    css = files("naxs_assets.pages").joinpath("templates", "page.css").read_text(encoding="utf-8")
    assert "url(" not in css
    assert "@import" not in css


def test_the_policy_admits_exactly_the_inlined_scripts() -> None:
    elements = Elements(render_page(page(*every_block("x"))))
    (policy,) = (
        attributes["content"] or ""
        for tag, attributes in elements.found
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert "default-src 'none'" in policy
    (allowed,) = re.findall(r"script-src ([^;]*)", policy)
    assert allowed.split() == [
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in elements.scripts
    ]


def test_every_text_is_escaped() -> None:
    text = render_page(page(*every_block(HOSTILE), name=HOSTILE))
    assert "<img" not in text.split("<script>", 1)[0]
    assert all("onerror" not in attributes for _, attributes in Elements(text).found)


def test_a_synthetic_market_is_labelled_loudly() -> None:
    text = render_page(page(*every_block("x"), market=SYNTHETIC))
    assert '<div class="synthetic"' in text
    assert "<title>合成数据 synthetic · " in text
    assert "<mark>合成数据 synthetic</mark>" in text


def test_a_real_market_names_its_source() -> None:
    text = render_page(page(*every_block("x"), market=REAL))
    assert "synthetic" not in Elements(text).scripts[-1]
    assert '<div class="synthetic"' not in text
    assert "<mark>" not in text
    assert "files of 2024-07-01" in text
    assert "2016-01-04 – 2024-06-28" in text


def test_both_languages_stand_side_by_side() -> None:
    text = render_page(page(Section("a", Message("净值", "NAV"))))
    assert '<span class="zh">净值</span> <span class="en" lang="en">NAV</span>' in text


@pytest.mark.parametrize(
    "sections",
    [
        [Section("a", "a"), Section("a", "b")],
        [Section("a", "a", (chart("x"), Details("more", (chart("x"),))))],
        [Section("a", "a", (LineageBrowser("x", "", Graph()), LineageBrowser("x", "", Graph())))],
    ],
)
def test_identifiers_are_unique(sections: list[Section]) -> None:
    with pytest.raises(ConfigurationError, match="twice"):
        render_page(page(*sections))


def _luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("text", ["ink", "muted", "up", "down"])
@pytest.mark.parametrize("ground", ["page", "surface"])
def test_texts_stand_out_from_their_ground(scheme: int, text: str, ground: str) -> None:
    """Contrast of at least 4.5, WCAG 2.2 level AA."""
    css = files("naxs_assets.pages").joinpath("templates", "page.css").read_text(encoding="utf-8")
    tables = [dict(re.findall(r"--([\w-]+): (#\w{6});", part)) for part in css.split("@media", 2)]
    low, high = sorted(_luminance(tables[scheme][name]) for name in (text, ground))
    assert (high + 0.05) / (low + 0.05) >= 4.5
