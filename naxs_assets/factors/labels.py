"""Labels: what a model is to predict, read from the days after the row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from naxs_assets.factors.absence import NullReason
from naxs_assets.factors.bars import Bar, Bars, Flags, bars_of
from naxs_assets.factors.entry import Entry, entry_of
from naxs_assets.factors.evaluate import evaluate
from naxs_assets.factors.expression import Expression
from naxs_assets.factors.features import within_months
from naxs_assets.factors.language import QLIB, Language
from naxs_assets.factors.panel import INDUSTRY_FIELDS, Panel, panel_from_prices
from naxs_assets.factors.parser import parse
from naxs_assets.factors.rows import Rows, nullable

Cells = npt.NDArray[np.int64]


@dataclass(frozen=True)
class CompiledLabel:
    """A label ready to be computed; all distances in trading days after the row.

    ``reach`` is how many days after a row must be loaded, ``entry_offset`` the nearest and
    ``exit_offset`` the furthest later day it reads: ``Ref($close, -5) / Ref($close, -1) - 1`` is
    entered at 1 and left at 5. ``look_back`` counts the days before the row that it needs.
    ``entry`` is the day and the price at which the position behind it would be bought, if it is a
    return.
    """

    expression: Expression
    reach: int
    entry_offset: int
    exit_offset: int
    look_back: int
    entry: Entry | None

    @property
    def overlap(self) -> int:
        """How many days the labels of two consecutive days share, beyond one."""
        return max(0, self.exit_offset - self.entry_offset - 1)

    @property
    def later_values(self) -> frozenset[tuple[int, str]]:
        """(days after the row, field) of each value that the label cannot do without.

        Of a window of days none is indispensable.
        """
        reads = self.expression.reads
        return frozenset((each.last, each.field) for each in reads if each.first == each.last > 0)

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
        entry=entry_of(parsed.reads),
    )


def compute_label(
    compiled: CompiledLabel, prices: pl.DataFrame, first: date, last: date
) -> pl.DataFrame:
    """Labels of every row of ``prices`` dated in [``first``, ``last``].

    ``prices`` must also hold ``compiled.look_back`` days before and ``compiled.reach`` days after
    the range as far as they exist. Returns date, symbol, day, entry_date, exit_date, label
    (Float32), null_reason (a :class:`NullReason` where the label is null) and limit_known, sorted
    by date and symbol; the dates are null beyond the loaded days.

    A label is null while a later day that it needs is not loaded; where a bar that it needs is
    quarantined, absent or suspended; and where its entry price is at the upper limit of the day.
    Where the limit cannot be told the label stands, and limit_known is false.
    """
    expression = compiled.expression
    panel = panel_from_prices(prices, expression.fields)
    rows = Rows(panel, prices, first, last)
    (matrix,) = evaluate([expression.root], panel)
    label = np.where(_fields_known(compiled, panel), matrix, np.float32(np.nan)).take(rows.cells)
    bars = bars_of(panel, prices)
    reasons = _reasons(compiled, bars, rows.cells, label)
    label[reasons.is_not_null().to_numpy()] = np.nan
    row = rows.keys["day"].to_numpy().astype(np.int64) - panel.first_day
    return rows.keys.drop("quarantined_by").with_columns(
        pl.Series("entry_date", _dates(panel, row + compiled.entry_offset)),
        pl.Series("exit_date", _dates(panel, row + compiled.exit_offset)),
        *nullable(["label"], label[None]),
        null_reason=reasons,
        limit_known=_limit_known(compiled.entry, bars, rows.cells),
    )


def _fields_known(compiled: CompiledLabel, panel: Panel) -> Flags:
    """Where every later value that the label needs is there.

    A comparison with an unknown value is false, not unknown, so the label alone does not tell.
    """
    days = len(panel.days)
    known = np.ones(panel.present.shape, np.bool_)
    for offset, field in compiled.later_values:
        known[: max(0, days - offset)] &= np.isfinite(panel.fields[field][offset:])
    return known


def _reasons(
    compiled: CompiledLabel, bars: Bars, cells: Cells, label: npt.NDArray[np.float32]
) -> pl.Series:
    """The reason of each row that has no label, null for the others."""
    entry = compiled.entry
    symbols = bars.states.shape[1]

    def states(offset: int) -> npt.NDArray[np.int8]:
        found: npt.NDArray[np.int8] = bars.states.take(cells + offset * symbols, mode="clip")
        return found

    exits = {offset for offset, _ in compiled.later_values} - ({entry.offset} if entry else set())
    at_exit = [states(offset) for offset in sorted(exits)]
    at_entry = [states(entry.offset)] if entry else []
    read = [*at_entry, *at_exit]
    holds = {
        NullReason.NOT_KNOWN_YET: cells + compiled.reach * symbols >= bars.states.size,
        NullReason.QUARANTINED: _any_is(Bar.QUARANTINED, [states(0), *read], len(cells)),
        NullReason.NO_BAR: _any_is(Bar.ABSENT, read, len(cells)),
        NullReason.SUSPENDED_AT_ENTRY: _any_is(Bar.SUSPENDED, at_entry, len(cells)),
        NullReason.LIMIT_UP_AT_ENTRY: (
            bars.out_of_reach[entry.price].take(cells + entry.offset * symbols, mode="clip")
            if entry
            else np.zeros(len(cells), np.bool_)
        ),
        NullReason.SUSPENDED_AT_EXIT: _any_is(Bar.SUSPENDED, at_exit, len(cells)),
        NullReason.NO_VALUE: ~np.isfinite(label),
    }
    names = list(NullReason)
    first = np.select([holds[name] for name in names], range(len(names)), default=len(names))
    return pl.Series([*(name.value for name in names), None], dtype=pl.String).gather(first)


def _any_is(state: Bar, read: list[npt.NDArray[np.int8]], rows: int) -> Flags:
    found = np.zeros(rows, np.bool_)
    for states in read:
        found |= states == state
    return found


def _limit_known(entry: Entry | None, bars: Bars, cells: Cells) -> pl.Series:
    """Whether the limit of the entry day can be told, null where no bar was traded on it."""
    if entry is None:
        return pl.repeat(None, len(cells), dtype=pl.Boolean, eager=True)
    at = cells + entry.offset * bars.states.shape[1]
    traded = (at < bars.states.size) & (bars.states.take(at, mode="clip") == Bar.TRADED)
    known = pl.Series(bars.limit_known.take(at, mode="clip"))
    return pl.select(pl.when(pl.Series(traded)).then(known)).to_series()


def _dates(panel: Panel, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.datetime64]:
    dates = np.full(len(rows), np.datetime64("NaT", "D"))
    loaded = rows < len(panel.days)
    dates[loaded] = panel.dates[rows[loaded]]
    return dates
