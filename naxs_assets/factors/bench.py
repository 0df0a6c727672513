"""A bench for trying expressions: prices held as a panel, so that each further one is quick."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from naxs_assets.catalog.models import Universe
from naxs_assets.errors import ConfigurationError, DataError
from naxs_assets.factors.beside import members_on, with_industries, with_membership
from naxs_assets.factors.evaluate import evaluate_tiles
from naxs_assets.factors.features import CompiledFeatures, compile_features
from naxs_assets.factors.labels import CompiledLabel, compute_label
from naxs_assets.factors.language import LANGUAGES, Language
from naxs_assets.factors.operator import Array
from naxs_assets.factors.panel import FIELDS, panel_from_prices
from naxs_assets.factors.report import FactorReport, Judged, factor_report, judge
from naxs_assets.factors.report_sections import Industries, sections, within_industries
from naxs_assets.factors.report_statistics import Summary, mean, summary
from naxs_assets.factors.rows import Places

_BLOCKS = "▁▂▃▄▅▆▇█"
_WIDTH = 48


@dataclass(frozen=True)
class Evaluation:
    """What one expression did; ``str`` of it is a summary of a few lines with small pictures.

    ``ic`` and ``rank_ic`` are over the days; ``decay`` is the mean RankIC by lag; ``daily`` has
    date, ic, rank_ic and spread. ``missing`` are the fields that the prices do not know.
    """

    expression: str
    label: str
    first: date
    last: date
    names: float
    ic: Summary
    rank_ic: Summary
    coverage: float
    spread: float
    turnover: float
    autocorrelation: float
    decay: Mapping[int, float]
    daily: pl.DataFrame
    missing: tuple[str, ...]

    def __str__(self) -> str:
        run = np.nancumsum(self.daily["rank_ic"].fill_null(np.nan).to_numpy())
        shown = [lag for lag in (0, 1, 2, 3, 5, 10, 20) if lag in self.decay]
        lines = [
            self.expression,
            f"label {self.label}, {self.first} to {self.last}, {self.rank_ic.days:,} days, "
            f"{self.names:.0f} names a day, coverage {self.coverage:.1%}",
            "         mean      std       ICIR     t (Newey-West)",
            _line("IC", self.ic),
            _line("RankIC", self.rank_ic),
            f"top less bottom fifth {self.spread:.3%} a day, top fifth turns over "
            f"{self.turnover:.1%}, rank autocorrelation {self.autocorrelation:.3f}",
            "RankIC by lag  " + "  ".join(f"{lag}: {self.decay[lag]:+.4f}" for lag in shown),
            f"lags 0 to {max(self.decay)}   {sparks(list(self.decay.values()))}",
            f"cumulative RankIC {run[-1] if len(run) else math.nan:+.1f}\n  {sparks(run)}",
        ]
        if self.missing:
            lines.append(f"the prices know nothing of ${', $'.join(self.missing)}")
        return "\n".join(lines)

    __repr__ = __str__


def _line(name: str, of: Summary) -> str:
    return f"{name:<8} {of.mean:+.4f}   {of.deviation:.4f}   {of.ratio:+.3f}   {of.t:+.2f}"


def sparks(values: Array | list[float], width: int = _WIDTH) -> str:
    """``values`` as a line of blocks from their least to their most, at most ``width`` wide; a
    block is the mean of its part, a blank where nothing is known."""
    parts = np.array_split(np.asarray(values, np.float64), max(1, min(width, len(values))))
    means = np.array([mean(part) for part in parts])
    known = means[np.isfinite(means)]
    if not len(known):
        return ""
    least, span = known.min(), float(np.ptp(known)) or 1.0
    top = len(_BLOCKS) - 1
    return "".join(
        _BLOCKS[round((each - least) / span * top)] if np.isfinite(each) else " " for each in means
    )


class FactorBench:
    """Prices of a universe and their label, kept in memory to judge one expression after another.

    Nothing is written: what is to last belongs into a feature set.
    """

    def __init__(
        self,
        prices: pl.DataFrame,
        universe: Universe,
        label: CompiledLabel,
        first: date,
        last: date,
        members: pl.DataFrame | None = None,
        industry: pl.DataFrame | None = None,
        languages: Mapping[str, Language] = LANGUAGES,
    ) -> None:
        """``prices`` hold the days [``first``, ``last``] to be judged, what expressions look back
        on before them, and after them what labels need. ``members`` is market/index_members, for
        a universe of an index; ``industry`` is market/industry, None where it is not known.
        ``languages`` are those that expressions may be written in, by mode.

        Raises :class:`DataError` when no symbol of the universe has a row in these days.
        """
        prices = _in_order(prices)
        if universe.kind == "index":
            if members is None:
                raise ConfigurationError(
                    f"universe {universe.name} needs the members of an index",
                    where="factor bench",
                    remedy="hand in market/index_members, or take the universe all",
                )
            ever = members_on(universe, members, prices.filter(_within(first, last)))
            prices = prices.filter(pl.col("symbol").is_in(ever["symbol"].unique().implode()))
            prices = with_membership(prices, universe, members)
        if prices.is_empty():
            raise DataError(
                f"no symbol of universe {universe.name} has a row from {first} to {last}",
                where="factor bench",
                remedy="widen the days, or take another universe",
            )
        if industry is not None:
            prices = with_industries(prices, industry)
        self._label = label
        self._languages = languages
        self._panel = panel_from_prices(prices, FIELDS)
        labels = compute_label(label, prices, first, prices["date"].max())  # type: ignore[arg-type]
        inside = pl.Series(self._panel.universe.ravel()[self._panel.cells])
        wanted = (
            inside & prices["date"].is_between(first, last) & prices["quarantined_by"].is_null()
        )
        keys = prices.select("date", "symbol", "day").filter(wanted)
        self._sections = sections(keys, labels.select("symbol", "day", "label"))
        judged = np.zeros(self._panel.present.shape, np.bool_)
        judged.ravel()[self._panel.cells[wanted.to_numpy()]] = True
        self._places = Places(judged)
        self._industry = industry

    def eval(self, expression: str, mode: str = "qlib") -> Evaluation:
        """Judge one expression. Raises :class:`ExpressionError` pointing at the column."""
        compiled = compile_features({"expression": expression}, self._languages[mode])
        (column,) = self._columns(compiled)
        found = judge("expression", column, self._sections)
        return self._evaluation(expression, compiled, found)

    def report(self, expressions: Mapping[str, str], mode: str = "qlib") -> FactorReport:
        """Judge a whole set of name -> expression."""
        compiled = compile_features(expressions, self._languages[mode])
        columns = zip(compiled.names, self._columns(compiled), strict=True)
        return factor_report(columns, self._sections, self._within, self._label.overlap)

    @cached_property
    def _within(self) -> Industries | None:
        """The industries of a report, which a single expression has no use for."""
        if self._industry is None:
            return None
        return within_industries(self._sections, self._industry)

    @property
    def days(self) -> pl.Series:
        """The dates that are judged."""
        return self._sections.dates

    @property
    def names(self) -> float:
        """How many names a day has, on average."""
        return self._sections.mean_names

    def _columns(self, compiled: CompiledFeatures) -> npt.NDArray[np.float32]:
        columns = np.full((len(compiled.names), len(self._sections.keys)), np.nan, np.float32)

        def keep(root: int, left: int, width: int, matrix: Array, divisor: Array | None) -> None:
            self._places.write(matrix, divisor, left, width, columns[root])

        evaluate_tiles([each.root for each in compiled.expressions.values()], self._panel, keep)
        return columns

    def _evaluation(self, text: str, compiled: CompiledFeatures, found: Judged) -> Evaluation:
        unknown = [name for name in compiled.fields if np.isnan(self._panel.fields[name]).all()]
        return Evaluation(
            expression=text,
            label=self._label.expression.text,
            first=self.days[0],
            last=self.days[-1],
            names=self.names,
            ic=summary(found.ic[0], self._label.overlap),
            rank_ic=summary(found.rank_ic[0], self._label.overlap),
            coverage=found.coverage,
            spread=mean(found.spread),
            turnover=mean(found.turnover),
            autocorrelation=mean(found.autocorrelation),
            decay={
                lag: mean(each)
                for lag, each in zip(self._sections.lags, found.rank_ic, strict=True)
            },
            daily=pl.DataFrame(
                {
                    "date": self.days,
                    "ic": found.ic[0],
                    "rank_ic": found.rank_ic[0],
                    "spread": found.spread,
                }
            ).with_columns(pl.col("ic", "rank_ic", "spread").fill_nan(None)),
            missing=tuple(unknown),
        )


def _in_order(prices: pl.DataFrame) -> pl.DataFrame:
    """``prices`` by day and symbol. Stored months already are, and a look is less than a sort."""
    day, symbol = pl.col("day"), pl.col("symbol")
    after = (day > day.shift()) | ((day == day.shift()) & (symbol > symbol.shift()))
    ordered: bool = prices.select(after.fill_null(True).all()).item()
    return prices if ordered else prices.sort("day", "symbol")


def _within(first: date, last: date) -> pl.Expr:
    return pl.col("date").is_between(first, last)
