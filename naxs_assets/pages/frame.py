"""The page frame: blocks in, one self-contained HTML file out.

The file asks nothing of the network: scripts and styles are inlined, plotly.js once and only
where a chart needs it, and a content security policy forbids everything else by hash. The same
page gives the same bytes: no clock, no random identifiers, sorted keys.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from naxs_assets.errors import ConfigurationError
from naxs_assets.pages.blocks import Block, Chart, Details, Section, Side, Text
from naxs_assets.pages.lineage_browser import LineageBrowser
from naxs_assets.pages.messages import catalogue

if TYPE_CHECKING:
    from jinja2 import Environment


@dataclass(frozen=True)
class MarketLabel:
    """The market a page's numbers come from; ``coverage`` is text, such as its two dates, and
    ``gaps`` say what its source is known to lack, as its mapping words it.

    A ``synthetic`` market is labelled loudly on every page that names it.
    """

    name: str
    synthetic: bool
    source: str
    coverage: str
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True)
class Page:
    """A page: ``title`` says what kind it is, ``name`` whose; ``facts`` stand in its head.

    ``signed`` pages colour gains red and losses green, and say so at their foot.
    """

    title: Text
    name: str
    market: MarketLabel
    sections: Sequence[Section]
    description: Text = ""
    facts: Sequence[tuple[Text, Text]] = ()
    signed: bool = True


def _flat(blocks: Iterable[Block]) -> Iterator[Block]:
    """Every block, those inside others after the one that holds them."""
    for block in blocks:
        yield block
        if isinstance(block, Side | Details):
            yield from _flat(block.blocks)


def _template_text(name: str) -> str:
    return files(__package__).joinpath("templates", name).read_text(encoding="utf-8")


@cache
def appearance() -> str:
    """sha256 of the templates, styles and texts of the pages: what shapes a page besides code."""
    digest = hashlib.sha256()
    for folder in ("catalogue", "templates"):
        for file in sorted(files(__package__).joinpath(folder).iterdir(), key=lambda f: f.name):
            digest.update(file.name.encode() + b"\n" + file.read_bytes())
    return digest.hexdigest()


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@cache
def _plotly_js() -> str:
    # Line ends as the browser's parser sees them, or the script's hash would not match.
    script = files("plotly").joinpath("package_data", "plotly.min.js").read_text(encoding="utf-8")
    return script.replace("\r\n", "\n")


def _script_hash(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def render_page(page: Page) -> str:
    """The page as one HTML text, the same bytes for the same page.

    Raises ConfigurationError when two sections, charts or browsers share an identifier.
    """
    blocks = list(_flat(block for section in page.sections for block in section.blocks))
    charts = [block for block in blocks if isinstance(block, Chart)]
    browsers = [block for block in blocks if isinstance(block, LineageBrowser)]
    identifiers = [section.identifier for section in page.sections]
    identifiers += [f"chart-{chart.identifier}" for chart in charts]
    identifiers += [f"lineage-{browser.identifier}" for browser in browsers]
    repeated = sorted({name for name in identifiers if identifiers.count(name) > 1})
    if repeated:
        raise ConfigurationError(
            f"a page uses the identifiers {', '.join(repeated)} twice",
            where=page.name,
            remedy="give every section, chart and browser an identifier of its own",
        )
    scripts = [_plotly_js()] if charts else []
    scripts.append(_template_text("page.js"))
    if browsers:
        scripts.append(_template_text("lineage.js"))
    return (
        _environment()
        .get_template("page.html")
        .render(
            page=page,
            market=page.market,
            messages=catalogue(),
            needs_script=bool(charts or browsers),
            css=_template_text("page.css"),
            scripts=scripts,
            script_hashes=" ".join(_script_hash(script) for script in scripts),
        )
    )
