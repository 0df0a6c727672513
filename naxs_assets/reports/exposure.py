"""Where the money was: the share of the NAV on each board and in cash."""

from __future__ import annotations

import polars as pl

from naxs_assets.backtest.journal import Journal
from naxs_assets.learning.steady import steady_sum
from naxs_assets.market.boards import Board, board_expression

CASH = "cash"
PLACES = (*(board.value for board in Board), CASH)
"""Every place that money can be in, in the order of a report."""


def daily_exposure(journal: Journal) -> pl.DataFrame:
    """date, board (one of ``PLACES``), share (of the NAV at the close), by date and board.

    The shares of a day add up to 1. A board without a position on a day has no row, cash always
    has; a day on which the NAV is 0 has no row.
    """
    account = journal.account().filter(pl.col("nav") > 0)
    positions = journal.positions().join(account.select("date"), on="date", how="semi")
    boards = positions.select(pl.col("symbol").unique()).with_columns(board_expression())
    held = (
        positions.join(boards, on="symbol", maintain_order="left")
        .group_by("date", "board", maintain_order=True)
        .agg(share=steady_sum(pl.col("weight")))
    )
    cash = account.select("date", board=pl.lit(CASH), share=pl.col("cash") / pl.col("nav"))
    return pl.concat([held, cash]).sort("date", "board")


def mean_exposure(exposure: pl.DataFrame, period: pl.Expr) -> pl.DataFrame:
    """The mean share over the days of each period: the period's column, board, share.

    Boards without a position in a period have 0, those without one in any have no row.
    """
    days = exposure.group_by(period).agg(days=pl.col("date").n_unique())
    name = days.columns[0]
    held = exposure.group_by(period, "board").agg(held=steady_sum(pl.col("share")))
    return (
        days.join(exposure.select(pl.col("board").unique()), how="cross")
        .join(held, on=[name, "board"], how="left")
        .select(name, "board", share=pl.col("held").fill_null(0.0) / pl.col("days"))
        .sort(name, "board")
    )
