"""Suspended days end up alike, however a source encodes them."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from naxs_assets.market.sources.base import DeclaredGaps
from naxs_assets.market.sources.files import FilesSource
from naxs_assets.market.sources.mapping import FileMapping
from naxs_tests.market.hand_made import (
    APRIL,
    MARCH,
    OTHER,
    STOCK,
    bar,
    build,
    finding,
    first_of,
    instruments,
    open_day,
    raw,
    suspended,
    verdicts,
)

PRICES = ("open", "high", "low", "close", "pre_close")
ENCODINGS: dict[str, dict[str, Any]] = {
    "flat row": {},
    "no volume": {"volume": None, "amount": None, "change": None},
    "zero prices": dict.fromkeys(PRICES, 0.0) | {"change": None},
    "no prices": dict.fromkeys(PRICES) | {"volume": None, "amount": None, "change": None},
    "no flag, zero volume": {"is_suspended": None},
    "no flag, no volume": {"is_suspended": None, "volume": None, "amount": None},
    "only a close": dict.fromkeys(("open", "high", "low", "pre_close"), 0.0),
}
FLAT = {
    "open": 10.5, "high": 10.5, "low": 10.5, "close": 10.5, "pre_close": 10.5,
    "volume": 0, "amount": 0.0, "adj_factor": 2.0, "source_adj_factor": 2.0,
    "is_suspended": True, "limit_up": 1155, "limit_down": 945,
    "quarantined_by": None, "quarantined_row": None, "repaired": None,
}  # fmt: skip


def _row(frame: pl.DataFrame, number: int) -> dict[str, Any]:
    row = frame.row(by_predicate=pl.col("date") == open_day(number), named=True)
    return {name: row[name] for name in FLAT}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_gives_the_same_row(encoding: str) -> None:
    halted = suspended(2, 10.5, **ENCODINGS[encoding])
    built = build(raw(bar(0, 10.0), bar(1, 10.5, 10.0), halted, bar(3, 11.0, 10.5)))
    assert verdicts(built) == {}
    assert _row(built.frame, 2) == FLAT


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_last_close_carries_over_from_the_month_before(encoding: str) -> None:
    march = build(raw(bar(21, 10.0), bar(22, 10.5, 10.0))).frame
    halted = suspended(first_of(APRIL), 10.5, **ENCODINGS[encoding])
    april = build(raw(halted, bar(first_of(APRIL) + 1, 11.0, 10.5)), APRIL, previous=march)
    assert verdicts(april) == {}
    assert _row(april.frame, first_of(APRIL)) == FLAT


def test_a_listed_stock_without_a_row_is_suspended_where_the_source_says_so() -> None:
    gaps = DeclaredGaps(suspended_rows=True)
    bars = raw(bar(0, 10.0), bar(1, 10.5, 10.0), bar(3, 11.0, 10.5), bar(3, 5.0, symbol=OTHER))
    built = build(bars, gaps=gaps)
    assert _row(built.frame, 2) == FLAT
    assert finding(built, "calendar")["note"] == "1 rows of suspended days added"
    # Not before a stock was seen, nor after the last day with rows.
    assert built.frame.select("date", "symbol").rows() == [
        (open_day(0), STOCK),
        (open_day(1), STOCK),
        (open_day(2), STOCK),
        (open_day(3), OTHER),
        (open_day(3), STOCK),
    ]


def test_absent_rows_span_whole_months_until_the_delisting() -> None:
    gaps = DeclaredGaps(suspended_rows=True)
    march = build(raw(bar(22, 10.5), bar(22, 5.0, symbol=OTHER)), MARCH, gaps=gaps).frame
    april = first_of(APRIL)
    gone = pl.when(pl.col("symbol") == STOCK).then(pl.lit(open_day(april + 1)))
    listed = instruments().with_columns(delist_date=gone)
    bars = raw(*(bar(n, 5.0, symbol=OTHER) for n in range(april, april + 4)))
    built = build(bars, APRIL, previous=march, gaps=gaps, listed=listed)
    assert built.frame.filter(pl.col("symbol") == STOCK)["date"].to_list() == [
        open_day(april),
        open_day(april + 1),
    ]


def test_an_ex_date_within_a_suspension_keeps_the_ex_right_price() -> None:
    # 000630.SZ on 2015-06-02: 16.93 became 8.44 while it did not trade.
    rows = [bar(0, 16.93, adj_factor=4.138888), suspended(1, 8.44, adj_factor=8.302296)]
    built = build(raw(*rows, bar(2, 9.28, 8.44, adj_factor=8.302296)))
    assert verdicts(built) == {}
    assert built.frame["close"].to_list() == [16.93, 8.44, 9.28]
    assert built.frame["pre_close"].to_list() == [16.93, 8.44, 8.44]


def test_a_suspension_without_a_close_takes_the_previous_close_that_is_stated() -> None:
    zeros = dict.fromkeys(("open", "high", "low", "close"), 0.0)
    halted = suspended(0, 10.39) | zeros
    built = build(raw(halted, suspended(1, 5.0, adj_factor=4.156) | zeros))
    assert verdicts(built) == {}
    assert built.frame["close"].to_list() == [10.39, 5.0]


def test_a_filled_row_does_not_take_the_factor_of_an_unpriced_ex_date() -> None:
    rows = [bar(0, 10.0), suspended(1, None, adj_factor=4.0), bar(2, 5.5, 5.0, adj_factor=4.0)]
    built = build(raw(*rows))
    assert verdicts(built) == {}
    assert built.frame["adj_factor"].to_list() == [2.0, 2.0, 4.0]


def test_a_suspension_before_any_price_is_quarantined() -> None:
    built = build(raw(suspended(0, None), bar(1, 10.0)))
    assert verdicts(built) == {"schema": "quarantined"}
    assert "before any price" in finding(built, "schema")["note"]
    assert built.frame["adj_factor"].to_list() == [None, 2.0]


def test_a_negative_price_on_a_suspended_day_breaks_ohlc() -> None:
    assert verdicts(build(raw(bar(0, 10.0), suspended(1, -0.5)))) == {"ohlc": "quarantined"}


def test_the_calendar_of_the_hand_made_market_has_a_holiday() -> None:
    assert date(2021, 4, 5) not in [open_day(n) for n in range(first_of(APRIL), 40)]


HEADER = ("date", "symbol", *PRICES, "change", "volume", "amount", "turnover", "adj_factor")
# How vendors write a suspended day whose last close is 10.5: the cells from open to turnover.
FILES: dict[str, tuple[str, ...] | None] = {
    "flat row, no volume": (*["10.5"] * 5, "0", "0", "0", "0"),
    "flat row, nothing else": (*["10.5"] * 5, "", "", "", ""),
    "flat row, no turnover": (*["10.5"] * 5, "0", "0", "0", ""),
    "zero prices, None": (*["0.0"] * 5, *["None"] * 4),
    "no row": None,
}


def _from_file(tmp_path: Path, cells: tuple[str, ...] | None) -> pl.DataFrame:
    """March as read from a file whose third day is written as ``cells``."""
    traded = [("10.0", "10.0"), ("10.5", "10.0"), None, ("11.0", "10.5")]
    lines = [",".join(HEADER)]
    for number, quote in enumerate(traded):
        key = (str(open_day(number)), STOCK)
        if quote is not None:
            close, before = quote
            change = str(float(close) / float(before) - 1)
            lines.append(",".join((*key, before, close, before, close, before, change, *"1234")))
        elif cells is not None:
            lines.append(",".join((*key, *cells, "4")))
    (tmp_path / "bars.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    mapping = {
        "name": "mine",
        "suspension": "absent_rows" if cells is None else "zero_volume",
        "bars": {
            "path": "bars.csv",
            "columns": {name: name for name in HEADER if name != "turnover"},
            "units": {"volume": "shares", "amount": "cny", "change": "ratio"},
            "null_values": ["None"],
        },
        "gaps": {"is_st": "not recorded", "turnover": "not read"},
    }
    files = FilesSource(FileMapping.model_validate(mapping), tmp_path)
    return build(files.bars(open_day(0), open_day(22)), gaps=files.gaps).frame


@pytest.mark.parametrize("encoding", FILES)
def test_the_five_encodings_of_files_give_the_same_prices(tmp_path: Path, encoding: str) -> None:
    frame = _from_file(tmp_path, FILES[encoding])
    flat = _from_file(tmp_path, FILES["flat row, no volume"])
    assert frame.drop("source").equals(flat.drop("source"))
    assert frame.height == 4
    assert frame["is_suspended"].to_list() == [False, False, True, False]
    assert frame.row(2, named=True)["close"] == 10.5
