"""The unpartitioned reference tables: instruments, membership, corporate actions, industries."""

from __future__ import annotations

import polars as pl

from naxs_assets.errors import DataError
from naxs_assets.market.boards import board_expression
from naxs_assets.market.contracts import (
    CORPORATE_ACTIONS,
    INDEX_MEMBERS,
    INDUSTRY,
    INSTRUMENTS,
    UNKNOWN_LIST_DATE,
)
from naxs_assets.market.identity import current_code, permanent_id, with_current_codes


def instruments_table(instruments: pl.DataFrame) -> pl.DataFrame:
    """Return the table of contract ``INSTRUMENTS`` from a source's ``RAW_INSTRUMENTS``.

    Symbols that are no A-share are left out, and a code of before is the instrument of now: where a
    source lists both, it was listed on the earlier day. A list date that the source does not know
    becomes 1990-12-19 with ``list_date_known`` false. Raises ``DataError`` when the contract is
    broken.
    """
    table = (
        _under_one_code(instruments.filter(board_expression().is_not_null()))
        .with_columns(
            board_expression(),
            permanent_id(),
            name=pl.col("name").fill_null(""),
            list_date_known=pl.col("list_date").is_not_null(),
            list_date=pl.col("list_date").fill_null(UNKNOWN_LIST_DATE),
        )
        .select(INSTRUMENTS.column_names)
    )
    return INSTRUMENTS.validate(table, "market/instruments")


def _under_one_code(instruments: pl.DataFrame) -> pl.DataFrame:
    """One row for an instrument that is listed under its old code and its new one."""
    coded = instruments.with_columns(former=pl.col("symbol"), symbol=current_code())
    now = coded.filter(pl.col("former") == pl.col("symbol"))
    before = coded.filter(pl.col("former") != pl.col("symbol"))
    earlier = before.select("symbol", earlier="list_date")
    return (
        pl.concat([now, before.join(now, on="symbol", how="anti")])
        .join(earlier, on="symbol", how="left")
        .with_columns(list_date=pl.min_horizontal("list_date", "earlier"))
    )


def index_members_table(members: pl.DataFrame) -> pl.DataFrame:
    """Return the table of contract ``INDEX_MEMBERS`` from a source's ``RAW_INDEX_MEMBERS``.

    Raises ``DataError`` when the contract is broken or two intervals of one member overlap.
    """
    table = INDEX_MEMBERS.validate(
        with_current_codes(members).select(INDEX_MEMBERS.column_names), "market/index_members"
    )
    # Sorted by key, so the row before is the same member's earlier interval.
    same_member = (pl.col("index") == pl.col("index").shift(1)) & (
        pl.col("symbol") == pl.col("symbol").shift(1)
    )
    still_member = pl.col("effective_to").shift(1).is_null() | (
        pl.col("effective_to").shift(1) >= pl.col("effective_from")
    )
    overlaps = table.filter(same_member & still_member)
    if overlaps.height:
        raise DataError(
            f"{overlaps.height} membership intervals begin before the one before has ended, "
            f"for example {overlaps.select('index', 'symbol', 'effective_from').row(0)}",
            where="market/index_members",
            remedy="let the intervals of one member follow each other; both ends are inclusive",
        )
    return table


def corporate_actions_table(actions: pl.DataFrame) -> pl.DataFrame:
    """Return the table of contract ``CORPORATE_ACTIONS`` from a source's ``RAW_CORPORATE_ACTIONS``.

    What a source does not know of an event counts as 0; an event without any of it, or without an
    ex-date, is a plan that nothing has come of yet and is left out. Raises ``DataError`` when the
    contract is broken.
    """
    amounts = ("cash", "bonus", "rights")
    table = (
        with_current_codes(actions)
        .filter(board_expression().is_not_null(), pl.col("ex_date").is_not_null())
        .with_columns(pl.col(amounts).fill_null(0.0))
        .filter(pl.sum_horizontal(*amounts) > 0)
        .with_columns(rights_price=pl.when(pl.col("rights") > 0).then("rights_price"))
        .select(CORPORATE_ACTIONS.column_names)
    )
    return CORPORATE_ACTIONS.validate(table, "market/corporate_actions")


def industry_table(industry: pl.DataFrame) -> pl.DataFrame:
    """Return the table of contract ``INDUSTRY`` from a source's ``RAW_INDUSTRY``.

    Where a source knows only today's industry (no start date) it is carried back to the calendar's
    first day and marked as looking ahead. Raises ``DataError`` when the contract is broken.
    """
    undated = pl.col("start_date").is_null()
    table = (
        with_current_codes(industry)
        .filter(board_expression().is_not_null())
        .with_columns(
            look_ahead=undated,
            start_date=pl.col("start_date").fill_null(UNKNOWN_LIST_DATE),
            name=pl.col("name").fill_null(""),
            level=pl.col("level").fill_null(1),
        )
        .select(INDUSTRY.column_names)
    )
    return INDUSTRY.validate(table, "market/industry")
