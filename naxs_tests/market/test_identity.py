"""An instrument keeps one identity through changes of its code."""

from __future__ import annotations

from datetime import date

import polars as pl

from naxs_assets.market.identity import CODE_CHANGES, permanent_id, with_current_codes
from naxs_assets.market.reference import index_members_table, instruments_table
from naxs_assets.market.sources.base import RAW_INDEX_MEMBERS, RAW_INSTRUMENTS

OLD, NEW = "000022.SZ", "001872.SZ"
LISTED, RELISTED = date(1993, 5, 5), date(2018, 12, 26)


def listed(*rows: tuple[str, date]) -> pl.DataFrame:
    full = [(symbol, "", day, None) for symbol, day in rows]
    return instruments_table(pl.DataFrame(full, schema=RAW_INSTRUMENTS, orient="row"))


def test_a_code_of_before_is_read_as_the_code_of_now() -> None:
    frame = pl.DataFrame({"symbol": [OLD, NEW, "600519.SH"]})
    assert with_current_codes(frame)["symbol"].to_list() == [NEW, NEW, "600519.SH"]


def test_the_identity_is_the_first_code() -> None:
    frame = pl.DataFrame({"symbol": [NEW, "600519.SH"]}).select(permanent_id())
    assert frame["id"].to_list() == [OLD, "600519.SH"]


def test_one_instrument_under_two_codes_is_one_row_listed_on_the_first_day() -> None:
    for rows in ([(OLD, LISTED), (NEW, RELISTED)], [(NEW, RELISTED), (OLD, LISTED)]):
        table = listed(*rows)
        assert table.select("id", "symbol", "list_date").rows() == [(OLD, NEW, LISTED)]
    assert listed((OLD, LISTED)).select("id", "symbol").rows() == [(OLD, NEW)]


def test_membership_goes_on_under_the_code_of_now() -> None:
    rows = [
        ("000300.SH", OLD, date(2010, 1, 4), date(2018, 12, 25), None),
        ("000300.SH", NEW, RELISTED, None, None),
    ]
    table = index_members_table(pl.DataFrame(rows, schema=RAW_INDEX_MEMBERS, orient="row"))
    assert table["symbol"].to_list() == [NEW, NEW]


def test_no_code_is_given_twice_and_none_leads_on() -> None:
    assert len(set(CODE_CHANGES.values())) == len(CODE_CHANGES)
    assert not set(CODE_CHANGES) & set(CODE_CHANGES.values())
