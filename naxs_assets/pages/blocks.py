"""The blocks a page is made of. Each is plain data; the templates decide how it looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from naxs_assets.pages.figures import Figure
from naxs_assets.pages.lineage_browser import LineageBrowser
from naxs_assets.pages.messages import Message
from naxs_assets.pages.numbers import decimal, percent

Text = Message | str
Tone = Literal["plain", "up", "down", "muted", "pass", "warn", "fail"]


@dataclass(frozen=True)
class Cell:
    """A text to show, with the tone that colours it."""

    text: Text
    tone: Tone = "plain"


@dataclass(frozen=True)
class Bars:
    """Counts over days as a row of small bars, oldest first; ``label`` says them in words."""

    counts: Sequence[int]
    label: str

    @property
    def heights(self) -> list[float]:
        """Each count as a share of the largest; a count above zero is never invisible."""
        most = max(self.counts, default=0)
        return [max(one / most, 0.12) if one else 0.0 for one in self.counts]


def signed(value: float | None, text: str) -> Cell:
    """``text`` in red above zero, green below (the A-share convention), plain at zero or unknown.

    The tone follows what is shown: a value that rounds to zero has no colour.
    """
    if value is None or not any(digit in text for digit in "123456789"):
        return Cell(text)
    return Cell(text, "up" if value > 0 else "down")


def signed_percent(value: float | None, *, decimals: int = 2) -> Cell:
    """A ratio as a percent cell coloured by its sign."""
    return signed(value, percent(value, decimals=decimals))


def signed_decimal(value: float | None, *, decimals: int = 2) -> Cell:
    """A plain number cell coloured by its sign."""
    return signed(value, decimal(value, decimals=decimals))


@dataclass(frozen=True)
class KeyFigure:
    """One large number with its name."""

    label: Text
    value: Cell
    note: Text = ""


@dataclass(frozen=True)
class KeyFigures:
    """A row of large numbers."""

    kind: ClassVar[str] = "key_figures"
    figures: Sequence[KeyFigure]


@dataclass(frozen=True)
class Chart:
    """A figure with its heading. Charts with ``linked`` zoom along the time axis together."""

    kind: ClassVar[str] = "chart"
    identifier: str
    title: Text
    figure: Figure
    caption: Text = ""
    height: int = 300
    linked: bool = False


@dataclass(frozen=True)
class Column:
    """A table's column; numbers are set flush right in figures of even width.

    A ``wide`` one holds sentences: in a stacked table it takes the card's whole width on a phone.
    """

    label: Text
    numeric: bool = True
    code: bool = False
    wide: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of cells. On a phone each row of a ``stacked`` table becomes a card.

    A click on a heading of a ``sortable`` table orders its rows by that column.
    """

    kind: ClassVar[str] = "table"
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell | Bars | str]]
    title: Text = ""
    stacked: bool = True
    searchable: bool = False
    sortable: bool = False
    last_row_is_total: bool = False


@dataclass(frozen=True)
class HeatCell:
    """A cell shaded by ``weight`` in [0, 1], in its tone's colour."""

    label: str
    cell: Cell
    weight: float


@dataclass(frozen=True)
class HeatRow:
    """One line of a heat grid; ``cells`` holds None where there is nothing to say."""

    label: str
    cells: Sequence[HeatCell | None]
    total: HeatCell


@dataclass(frozen=True)
class HeatGrid:
    """A calendar of shaded numbers: twelve across on a wide page, four across on a phone."""

    kind: ClassVar[str] = "heat_grid"
    title: Text
    headings: Sequence[str]
    total_heading: Text
    rows: Sequence[HeatRow]


@dataclass(frozen=True)
class Facts:
    """Names and what they stand for, as a definition list."""

    kind: ClassVar[str] = "facts"
    items: Sequence[tuple[Text, Cell | Text]]
    code: bool = False


@dataclass(frozen=True)
class Note:
    """A sentence; ``warning`` sets it apart."""

    kind: ClassVar[str] = "note"
    text: Text
    warning: bool = False


@dataclass(frozen=True)
class Banner:
    """The verdict of a whole page, in its colour; ``lines`` say what it rests on."""

    kind: ClassVar[str] = "banner"
    tone: Literal["pass", "warn", "fail"]
    title: Text
    lines: Sequence[Text] = ()


@dataclass(frozen=True)
class Side:
    """Blocks beside each other on a wide page, below each other on a narrow one."""

    kind: ClassVar[str] = "side"
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Details:
    """Blocks that open on a click; they print closed unless ``opened``."""

    kind: ClassVar[str] = "details"
    summary: Text
    blocks: Sequence[Block]
    opened: bool = False


Block = (
    Banner | KeyFigures | Chart | Table | HeatGrid | Facts | Note | Side | Details | LineageBrowser
)


@dataclass(frozen=True)
class Section:
    """A titled part of a page. ``identifier`` is its anchor, unique on the page."""

    identifier: str
    title: Text
    blocks: Sequence[Block] = field(default_factory=tuple)
