"""The factor report: how each factor of a set orders a label, over the universe of each day."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import polars as pl

from naxs_assets.factors import report_kernels
from naxs_assets.factors.operator import Array
from naxs_assets.factors.report_sections import Industries, Outcomes, Sections
from naxs_assets.factors.report_statistics import clusters, mean, summary

GROUPS = 5
"""Groups by the factor: fifths, as is usual for universes of some hundred names."""
THRESHOLD = 0.7
"""Mean |rank correlation| from which factors count as one cluster: half of the variance shared."""
FEWEST_IN_INDUSTRY = 5
"""A day's RankIC within an industry needs so many names."""

Column = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Judged:
    """What a factor did on each day; ``ic``, ``rank_ic`` are (lags x days), ``returns`` the mean
    label of each group (groups x days), ``deviation`` the rank of each row about its day's middle.
    """

    name: str
    ic: Array
    rank_ic: Array
    returns: Array
    turnover: Array
    autocorrelation: Array
    coverage: float
    by_industry: pl.DataFrame
    deviation: npt.NDArray[np.int16]

    @property
    def spread(self) -> Array:
        """Mean label of the top group less that of the bottom one, by day."""
        spread: Array = self.returns[-1] - self.returns[0]
        return spread


@dataclass(frozen=True)
class FactorReport:
    """The numbers of a report, as tables.

    ``factors`` has one row for each factor, ``daily`` for factor and date, ``decay`` for factor and
    lag, ``yearly`` for factor and year, ``industry`` for factor and industry. ``correlation``
    is the mean daily rank correlation between the factors, in their order.
    """

    factors: pl.DataFrame
    daily: pl.DataFrame
    decay: pl.DataFrame
    yearly: pl.DataFrame
    industry: pl.DataFrame
    correlation: Array
    look_ahead: bool


def judge(name: str, column: Column, cut: Sections, within: Industries | None = None) -> Judged:
    """Judge one factor, given its value in every row of ``cut`` (NaN where unknown).

    RankIC at lag k is Spearman's correlation between the factor of day t and the label of day t +
    k, over the names of day t that have both. Groups are formed of all names whose factor is
    known, whatever becomes of their labels; a group's return is the mean of the labels that are.
    """
    offsets, days = cut.offsets, len(cut.dates)
    order = np.empty(len(column), np.int32)
    report_kernels.orders(column, offsets, order)
    ic, rank_ic = _correlations(column, order, cut.outcomes, offsets)
    group = np.empty(len(column), np.int8)
    deviation = np.empty(len(column), np.int16)
    report_kernels.groups(column, order, offsets, GROUPS, group, deviation)
    returns = np.empty((GROUPS, days))
    report_kernels.group_means(group, cut.outcomes.values[0], offsets, GROUPS, returns)
    turnover = np.empty(days)
    report_kernels.turnover(group, cut.previous, offsets, GROUPS, turnover)
    before = np.where(cut.previous >= 0, column[cut.previous], np.float32(np.nan))
    carried = Outcomes.of(before[None], offsets)
    _, autocorrelation = _correlations(column, order, carried, offsets)
    return Judged(
        name=name,
        ic=ic,
        rank_ic=rank_ic,
        returns=returns,
        turnover=turnover,
        autocorrelation=autocorrelation[0],
        coverage=float(np.isfinite(column).mean()),
        by_industry=_by_industry(name, column, within),
        deviation=deviation,
    )


def factor_report(
    columns: Iterable[tuple[str, Column]],
    cut: Sections,
    within: Industries | None = None,
    overlap: int = 0,
) -> FactorReport:
    """Judge every (name, column) against the labels of ``cut``.

    ``overlap`` is how many further days consecutive labels share; see ``newey_west_lags``.
    """
    workers = len(os.sched_getaffinity(0))
    with ThreadPoolExecutor(workers) as threads:
        found = [
            judged
            for block in _blocks(columns, 4 * workers)
            for judged in threads.map(partial(_judged, cut, within), block)
        ]
    correlation = mean_correlation([each.deviation for each in found], cut.offsets)
    numbers = clusters(correlation, THRESHOLD)
    years = cut.dates.dt.year().to_numpy()
    rows = [_row(each, overlap, number) for each, number in zip(found, numbers, strict=True)]
    return FactorReport(
        factors=pl.DataFrame(rows, schema=_FACTORS),
        daily=pl.concat(_daily(each, cut) for each in found),
        decay=pl.concat(_decay(each, cut) for each in found),
        yearly=pl.concat(_yearly(each, years) for each in found),
        industry=pl.concat(each.by_industry for each in found),
        correlation=correlation,
        look_ahead=within.look_ahead if within else False,
    )


def mean_correlation(
    deviations: list[npt.NDArray[np.int16]], offsets: npt.NDArray[np.int64]
) -> Array:
    """Mean over the days of the rank correlation between factors, an unknown name standing in
    the middle of its day; a pair's days are those on which both vary. NaN where there is none.
    """
    size = len(deviations)
    sums, days = np.zeros((size, size)), np.zeros((size, size))
    for first, last in pairwise(offsets):
        ranks = np.stack([each[first:last] for each in deviations]).astype(np.float32)
        length = np.sqrt((ranks * ranks).sum(axis=1, keepdims=True))
        varies = (length > 0).astype(np.float64)
        ranks /= np.where(length > 0, length, 1)
        sums += ranks @ ranks.T
        days += varies @ varies.T
    with np.errstate(invalid="ignore"):
        correlation: Array = sums / days
    return correlation


def _judged(cut: Sections, within: Industries | None, named: tuple[str, Column]) -> Judged:
    return judge(*named, cut, within)


def _blocks(columns: Iterable[tuple[str, Column]], size: int) -> Iterator[list[tuple[str, Column]]]:
    """A few columns at a time, so that those made on the fly are not all in memory."""
    block: list[tuple[str, Column]] = []
    for each in columns:
        block.append(each)
        if len(block) == size:
            yield block
            block = []
    yield block


def _correlations(
    column: Column,
    order: npt.NDArray[np.int32],
    outcomes: Outcomes,
    offsets: npt.NDArray[np.int64],
) -> tuple[Array, Array]:
    shape = len(outcomes.values), len(offsets) - 1
    ic, rank_ic, names = np.empty(shape), np.empty(shape), np.empty(shape, np.int32)
    report_kernels.correlations(
        column, order, outcomes.values, outcomes.orders, offsets, ic, rank_ic, names
    )
    return ic, rank_ic


_INDUSTRY = {
    "factor": pl.String,
    "industry": pl.String,
    "rank_ic": pl.Float64,
    "days": pl.Int64,
}


def _by_industry(name: str, column: Column, within: Industries | None) -> pl.DataFrame:
    if within is None:
        return pl.DataFrame(schema=_INDUSTRY)
    values = column[within.rows]
    order = np.empty(len(values), np.int32)
    report_kernels.orders(values, within.offsets, order)
    _, rank_ic = _correlations(values, order, within.outcomes, within.offsets)
    enough = np.diff(within.offsets) >= FEWEST_IN_INDUSTRY
    return (
        pl.DataFrame({"industry": within.industry, "rank_ic": rank_ic[0]})
        .filter(pl.Series(enough))
        .with_columns(pl.col("rank_ic").fill_nan(None))
        .group_by("industry")
        .agg(pl.col("rank_ic").mean(), pl.col("rank_ic").count().cast(pl.Int64).alias("days"))
        .select(pl.lit(name).alias("factor"), "industry", "rank_ic", "days")
        .sort("industry")
    )


_FACTORS = {
    "factor": pl.String,
    **dict.fromkeys(
        ("ic", "ic_std", "icir", "rank_ic", "rank_ic_std", "rank_icir", "t"), pl.Float64
    ),
    "days": pl.Int64,
    "spread": pl.Float64,
    **{f"q{place}": pl.Float64 for place in range(1, GROUPS + 1)},
    **dict.fromkeys(("turnover", "autocorrelation", "coverage"), pl.Float64),
    "cluster": pl.Int64,
}


def _row(judged: Judged, overlap: int, cluster: int) -> dict[str, object]:
    ic, rank_ic = summary(judged.ic[0], overlap), summary(judged.rank_ic[0], overlap)
    return {
        "factor": judged.name,
        "ic": _known(ic.mean),
        "ic_std": _known(ic.deviation),
        "icir": _known(ic.ratio),
        "rank_ic": _known(rank_ic.mean),
        "rank_ic_std": _known(rank_ic.deviation),
        "rank_icir": _known(rank_ic.ratio),
        "t": _known(rank_ic.t),
        "days": rank_ic.days,
        "spread": _known(mean(judged.spread)),
        **{f"q{place}": _known(mean(each)) for place, each in enumerate(judged.returns, start=1)},
        "turnover": _known(mean(judged.turnover)),
        "autocorrelation": _known(mean(judged.autocorrelation)),
        "coverage": judged.coverage,
        "cluster": cluster,
    }


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _daily(judged: Judged, cut: Sections) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "factor": pl.repeat(judged.name, len(cut.dates), eager=True),
            "date": cut.dates,
            "ic": judged.ic[0],
            "rank_ic": judged.rank_ic[0],
            "spread": judged.spread,
        }
    ).with_columns(pl.col("ic", "rank_ic", "spread").fill_nan(None))


def _decay(judged: Judged, cut: Sections) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "factor": [judged.name] * len(cut.lags),
            "lag": list(cut.lags),
            "rank_ic": [_known(mean(each)) for each in judged.rank_ic],
        },
        schema_overrides={"rank_ic": pl.Float64},
    )


def _yearly(judged: Judged, years: npt.NDArray[np.int32]) -> pl.DataFrame:
    rows = []
    for year in np.unique(years):
        of_year = summary(judged.rank_ic[0][years == year])
        rows.append(
            (judged.name, int(year), _known(of_year.mean), _known(of_year.ratio), of_year.days)
        )
    return pl.DataFrame(
        rows,
        schema={
            "factor": pl.String,
            "year": pl.Int64,
            "rank_ic": pl.Float64,
            "rank_icir": pl.Float64,
            "days": pl.Int64,
        },
        orient="row",
    )
