"""The lineage browser's data: compact, complete, safe inside a page."""

from __future__ import annotations

import json
import re
from importlib.resources import files

from naxs_assets.lineage.graph import Graph, Input, Node
from naxs_assets.lineage.records import ReadKind
from naxs_assets.pages.blocks import Section
from naxs_assets.pages.frame import MarketLabel, Page, render_page
from naxs_assets.pages.lineage_browser import LineageBrowser
from naxs_assets.pages.messages import Message

GRAPH = Graph(
    nodes=(
        Node("files:bars", "2020-03", ReadKind.EXTERNAL, "e" * 64),
        Node("market/prices", "2020-02", ReadKind.ABSENT),
        Node("market/prices", "2020-03", ReadKind.VERSION, "a" * 64, "c" * 64, 6_600),
        Node("tiny/model", "2020-04", ReadKind.VERSION, "b" * 64, "d" * 64, None),
    ),
    inputs=((), (), (Input(0), Input(1)), (Input(2, "2020-03-27"),)),
    roots=(3,),
)


def page_of(browser: LineageBrowser) -> str:
    market = MarketLabel("demo", False, "files", "2020")
    return render_page(Page("lineage", "tiny", market, [Section("lineage", "lineage", (browser,))]))


def test_data_by_hand() -> None:
    data = json.loads(LineageBrowser("report", Message("本报告", "this report"), GRAPH).to_json())
    assert data["assets"] == ["files:bars", "market/prices", "tiny/model"]
    assert data["codes"] == ["c" * 12, "d" * 12]
    assert data["nodes"] == [
        [0, "2020-03", "e" * 12],
        [1, "2020-02", ""],
        [1, "2020-03", "a" * 12, 6_600, 0],
        [2, "2020-04", "b" * 12, None, 1],
    ]
    assert data["inputs"] == [[], [], [0, 1], [[2, "2020-03-27"]]]
    assert data["roots"] == [3]
    assert data["start"] == {"zh": "本报告", "en": "this report"}


def test_the_script_finds_every_text_that_it_shows() -> None:
    script = files("naxs_assets.pages").joinpath("templates", "lineage.js").read_text("utf-8")
    # The last line is shown by the kind of what one stands at.
    shown = set(re.findall(r"\btexts\.(\w+)", script)) | {"outside", "absent"}
    texts = json.loads(LineageBrowser("report", "x", GRAPH).to_json())["texts"]
    assert set(texts) == shown
    assert all(text["zh"] and text["en"] for text in texts.values())


def test_fourteen_years_stay_small() -> None:
    """168 months of a model that reads 84 months back, at every month: 12,000 edges."""
    months = [f"{2010 + number // 12}-{number % 12 + 1:02d}" for number in range(168)]
    dataset = [
        Node("s/dataset", m, ReadKind.VERSION, f"{7 * n:064x}", "c" * 64, 6_600)
        for n, m in enumerate(months)
    ]
    model = [
        Node("s/model", m, ReadKind.VERSION, f"{9 * n:064x}", "d" * 64)
        for n, m in enumerate(months)
    ]
    reads = [tuple(Input(n) for n in range(max(0, month - 84), month)) for month in range(168)]
    graph = Graph((*dataset, *model), (*((),) * 168, *reads), tuple(range(168, 336)))
    assert sum(map(len, graph.inputs)) > 10_000
    assert len(LineageBrowser("report", "x", graph).to_json()) < 80_000


def test_the_script_is_there_only_where_a_page_has_a_browser() -> None:
    assert "data-lineage" in page_of(LineageBrowser("report", "x", GRAPH))
    text = page_of(LineageBrowser("report", "x", GRAPH))
    assert text.count("const browse =") == 1
    market = MarketLabel("demo", False, "files", "2020")
    without = render_page(Page("lineage", "tiny", market, [Section("a", "a")]))
    assert "const browse =" not in without


def test_names_cannot_end_the_script_element() -> None:
    hostile = "</script><img src=x>&"
    graph = Graph((Node(hostile, hostile, ReadKind.EXTERNAL, hostile),), ((),), (0,))
    browser = LineageBrowser("report", hostile, graph)
    assert not set("<>&") & set(browser.to_json())
    assert json.loads(browser.to_json())["assets"] == [hostile]
    assert hostile not in page_of(browser)
