"""The unpartitioned reference tables: instruments and index membership."""

from __future__ import annotations

import polars as pl

from naxs_assets.errors import DataError
from naxs_assets.market.boards import board_expression
from naxs_assets.market.contracts import INDEX_MEMBERS, INSTRUMENTS, UNKNOWN_LIST_DATE


def instruments_table(instruments: pl.DataFrame) -> pl.DataFrame:
    """Return the table of contract ``INSTRUMENTS`` from a source's ``RAW_INSTRUMENTS``.

    Symbols that are no A-share are left out. A list date that the source does not know becomes
    1990-12-19 with ``list_date_known`` false. Raises ``DataError`` when the contract is broken.
    """
    table = (
        instruments.with_columns(board_expression())
        .filter(pl.col("board").is_not_null())
        .with_columns(
            name=pl.col("name").fill_null(""),
            list_date_known=pl.col("list_date").is_not_null(),
            list_date=pl.col("list_date").fill_null(UNKNOWN_LIST_DATE),
        )
        .select(INSTRUMENTS.column_names)
    )
    return INSTRUMENTS.validate(table, "market/instruments")


def index_members_table(members: pl.DataFrame) -> pl.DataFrame:
    """Return the table of contract ``INDEX_MEMBERS`` from a source's ``RAW_INDEX_MEMBERS``.

    Raises ``DataError`` when the contract is broken or two intervals of one member overlap.
    """
    table = INDEX_MEMBERS.validate(
        members.select(INDEX_MEMBERS.column_names), "market/index_members"
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
