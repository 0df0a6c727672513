"""Labels: what a model is to predict, read from the days after the row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from naxs_assets.factors.evaluate import evaluate
from naxs_assets.factors.expression import Expression
from naxs_assets.factors.features import within_months
from naxs_assets.factors.language import QLIB, Language
from naxs_assets.factors.panel import INDUSTRY_FIELDS, Panel, panel_from_prices
from naxs_assets.factors.parser import parse
from naxs_assets.factors.rows import Rows, nullable


@dataclass(frozen=True)
class CompiledLabel:
    """A label ready to be computed; all distances in trading days after the row.

    ``reach`` is how many days after a row must be loaded, ``entry_offset`` the nearest and
    ``exit_offset`` the furthest later day it reads: ``Ref($close, -5) / Ref($close, -1) - 1`` is
    entered at 1 and left at 5. ``look_back`` counts the days before the row that it needs.
    """

    expression: Expression
    reach: int
    entry_offset: int
    exit_offset: int
    look_back: int

    @property
    def code(self) -> str:
        """sha256 of the mode and the canonical expression, in hex."""
        return self.expression.code


def compile_label(expression: str, language: Language = QLIB) -> CompiledLabel:
    """Parse a label and derive its offsets.

    Raises :class:`ExpressionError` when it cannot be parsed, remembers all history, reads no day
    after its row, or anything but prices.
    """
    parsed = within_months(parse(expression, "label", language))
    beside = sorted(set(parsed.fields) & set(INDUSTRY_FIELDS))
    if beside:
        raise parsed.error(
            f"a label is made of prices alone, and this one reads ${beside[0]}",
            position=max(0, expression.find("$industry")),
            remedy="leave the industry out; a feature can be neutral to it",
        )
    later = [read for read in parsed.reads if read.last > 0]
    if not later:
        raise parsed.error(
            "the label reads no day after its row, so there is nothing to predict",
            position=0,
            remedy="use Ref(x, -N), for example Ref($close, -2) / Ref($close, -1) - 1",
        )
    return CompiledLabel(
        expression=parsed,
        reach=parsed.look_ahead,
        entry_offset=min(max(read.first, 1) for read in later),
        exit_offset=max(read.last for read in later),
        look_back=parsed.look_back,
    )


def compute_label(
    compiled: CompiledLabel, prices: pl.DataFrame, first: date, last: date
) -> pl.DataFrame:
    """Labels of every row of ``prices`` dated in [``first``, ``last``].

    ``prices`` must also hold ``compiled.look_back`` days before and ``compiled.reach`` days after
    the range as far as they exist. Returns date, symbol, day, entry_date, exit_date and label
    (Float32), sorted by date and symbol. The label is null while a later day that it needs is
    not loaded, where the symbol has no usable bar on a single later day that it reads, and on a
    quarantined row; the dates are null beyond the loaded days.
    """
    expression = compiled.expression
    panel = panel_from_prices(prices, expression.fields)
    rows = Rows(panel, prices, first, last)
    (matrix,) = evaluate([expression.root], panel)
    label = np.where(_known(compiled, panel), matrix, np.float32(np.nan)).take(rows.cells)
    label[~(np.isfinite(label) & rows.trusted)] = np.nan
    row = rows.keys["day"].to_numpy().astype(np.int64) - panel.first_day
    return rows.keys.drop("quarantined_by").with_columns(
        pl.Series("entry_date", _dates(panel, row + compiled.entry_offset)),
        pl.Series("exit_date", _dates(panel, row + compiled.exit_offset)),
        *nullable(["label"], label[None]),
    )


def _known(compiled: CompiledLabel, panel: Panel) -> npt.NDArray[np.bool_]:
    """Where every later bar that the label needs is there.

    A comparison with an unknown bar is false, not unknown, so the value alone does not tell.
    """
    days = len(panel.days)
    known = np.zeros(panel.present.shape, np.bool_)
    known[: max(0, days - compiled.reach)] = True
    for read in compiled.expression.reads:
        if read.first == read.last > 0:
            known[: max(0, days - read.last)] &= np.isfinite(panel.fields[read.field][read.last :])
    return known


def _dates(panel: Panel, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.datetime64]:
    dates = np.full(len(rows), np.datetime64("NaT", "D"))
    loaded = rows < len(panel.days)
    dates[loaded] = panel.dates[rows[loaded]]
    return dates
