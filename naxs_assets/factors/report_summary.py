"""A factor report in short, for the metadata panel of the Dagster UI."""

from __future__ import annotations

import polars as pl

from naxs_assets.factors.report import FactorReport
from naxs_assets.pages.numbers import count, decimal, percent
from naxs_assets.pages.sparkline import sparkline_markdown

_MOST = 10
_HEADINGS = (
    "factor", "RankIC", "ICIR", "t", "spread", "cluster", "cumulative RankIC", "RankIC by lag"
)  # fmt: skip


def strongest_markdown(report: FactorReport) -> str:
    """The ten factors of the largest |RankIC| as a Markdown table; each row has two pictures: the
    running sum of its daily RankIC at the end of each month, and its RankIC by lag."""
    known = report.factors.filter(pl.col("rank_ic").is_not_null())
    best = known.sort(pl.col("rank_ic").abs(), descending=True, maintain_order=True).head(_MOST)
    lines = [_HEADINGS, ("---",) * len(_HEADINGS)]
    for row in best.to_dicts():
        daily = report.daily.filter(factor=row["factor"])
        decay = report.decay.filter(factor=row["factor"])
        lines.append(
            (
                row["factor"],
                decimal(row["rank_ic"], decimals=4),
                decimal(row["rank_icir"], decimals=3),
                decimal(row["t"]),
                percent(row["spread"], decimals=3),
                count(row["cluster"]),
                sparkline_markdown(_by_month(daily)),
                sparkline_markdown(decay["rank_ic"].to_list()),
            )
        )
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _by_month(daily: pl.DataFrame) -> list[float]:
    """The running sum of the daily RankIC, one value a month: a picture needs no more."""
    run = pl.col("rank_ic").fill_null(0).cum_sum()
    month = pl.col("date").dt.truncate("1mo")
    monthly = daily.with_columns(run).group_by(month, maintain_order=True).agg(pl.last("rank_ic"))
    return monthly["rank_ic"].to_list()
