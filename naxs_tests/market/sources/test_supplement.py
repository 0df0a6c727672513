"""A second table of daily bars gives what the first lacks, where both speak of the same row."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from naxs_assets.errors import ConfigurationError, DataError
from naxs_assets.market.sources.base import RAW_BARS
from naxs_tests.market.sources.test_files import HEADER, JANUARY, ROWS, source, write_csv

FIELDS = ("pre_close", "amount", "is_st", "is_suspended")
RICH = ("date", "symbol", "close", *FIELDS)
MAOTAI, PINGAN = ROWS[0], ROWS[2]
"""2021-01-04 600519.SH closing at 10.50, and 2021-01-05 000001.SZ closing at 20.50."""


def bars(
    tmp_path: Path, *rich: tuple[str, ...], rows: Any = ROWS, fields: Any = RICH, **changes: Any
) -> pl.DataFrame:
    """January's bars of ``rows`` with the supplement ``rich``; keywords change its table."""
    write_csv(tmp_path / "bars.csv", rows)
    write_csv(tmp_path / "rich.csv", rich, fields)
    table = {"path": "rich.csv", "columns": {name: name for name in fields}} | changes
    table.setdefault("units", {"amount": "cny"})
    return source(tmp_path, supplement=table).bars(*JANUARY)


def row(frame: pl.DataFrame, symbol: str, day: int) -> dict[str, Any]:
    return frame.row(by_predicate=(pl.col("symbol") == symbol) & (pl.col("date").dt.day() == day),
                     named=True)  # fmt: skip


def told(cells: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(cells[name] for name in (*FIELDS, "supplemented", "supplement_disagrees"))


def test_where_the_closes_agree_its_fields_are_taken_and_the_row_is_marked(tmp_path: Path) -> None:
    frame = bars(tmp_path, ("2021-01-04", "600519.SH", "10.5", "9.9", "12600", "1", "0"))
    assert dict(frame.schema) == RAW_BARS
    assert told(row(frame, "600519.SH", 4)) == (9.9, 12600.0, True, False, True, False)


def test_a_row_that_it_does_not_have_is_left_alone(tmp_path: Path) -> None:
    frame = bars(tmp_path, ("2021-01-04", "600519.SH", "10.5", "9.9", "12600", "1", "0"))
    assert told(row(frame, "000001.SZ", 5)) == (None, None, None, False, False, False)
    assert told(row(frame, "600519.SH", 5)) == (None, None, None, True, False, False)


def test_days_that_it_does_not_cover_are_left_alone(tmp_path: Path) -> None:
    frame = bars(tmp_path, ("2021-01-05", "000001.SZ", "20.5", "20.1", "1", "0", "0"))
    assert frame["supplemented"].to_list() == [False, True, False]
    assert frame["supplement_disagrees"].any() is False
    assert frame["is_suspended"].to_list() == [False, False, True]


def test_without_any_row_it_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"rich\.csv cannot be read: no row has a date"):
        bars(tmp_path)


def test_without_a_supplement_no_row_is_marked(tmp_path: Path) -> None:
    write_csv(tmp_path / "bars.csv")
    frame = source(tmp_path).bars(*JANUARY)
    assert not frame["supplemented"].any()
    assert not frame["supplement_disagrees"].any()


def test_it_adds_no_row_and_keeps_the_order(tmp_path: Path) -> None:
    frame = bars(
        tmp_path,
        ("2021-01-06", "600519.SH", "10.5", "9.9", "1", "0", "0"),
        ("2021-01-05", "000001.SZ", "20.5", "20.1", "1", "0", "0"),
        ("2021-01-04", "999999.SH", "10.5", "9.9", "1", "0", "0"),
    )
    write_csv(tmp_path / "bars.csv")
    alone = source(tmp_path).bars(*JANUARY)
    assert frame.select(HEADER).equals(alone.select(HEADER))
    assert frame["supplemented"].to_list() == [False, True, False]


@pytest.mark.parametrize(
    ("close", "agrees"),
    [("10.505", True), ("10.495", True), ("10.506", False), ("10.51", False), ("1050", False)],
)
def test_half_a_tick_decides_whether_the_closes_agree(
    tmp_path: Path, close: str, *, agrees: bool
) -> None:
    cells = row(
        bars(tmp_path, ("2021-01-04", "600519.SH", close, "9.9", "12600", "1", "1")),
        "600519.SH",
        4,
    )
    expected = (9.9, 12600.0, True, True) if agrees else (None, None, None, False)
    assert told(cells) == (*expected, agrees, not agrees)


def test_a_row_without_a_close_on_either_side_cannot_be_compared(tmp_path: Path) -> None:
    unpriced = (*ROWS[:2], (*PINGAN[:5], "", PINGAN[6]))
    frame = bars(
        tmp_path,
        ("2021-01-04", "600519.SH", "", "9.9", "12600", "1", "0"),
        ("2021-01-05", "000001.SZ", "20.5", "20.1", "1", "1", "0"),
        rows=unpriced,
    )
    for symbol, day in (("600519.SH", 4), ("000001.SZ", 5)):
        assert told(row(frame, symbol, day)) == (None, None, None, False, False, True)
    assert frame["bad_cells"].null_count() == 3


def test_what_it_does_not_know_stays_as_the_row_has_it(tmp_path: Path) -> None:
    header = (*HEADER, "amount", "is_st", "is_suspended")
    write_csv(tmp_path / "bars.csv", ((*MAOTAI, "12600", "1", "0"),), header)
    write_csv(
        tmp_path / "rich.csv", (("2021-01-04", "600519.SH", "10.5", "9.9", "", "", ""),), RICH
    )
    files = source(
        tmp_path,
        suspension="column",
        bars={
            "columns": {name: name for name in header},
            "units": {"volume": "shares", "amount": "cny"},
        },
        supplement={
            "path": "rich.csv",
            "columns": {name: name for name in RICH},
            "units": {"amount": "cny"},
        },
    )
    cells = files.bars(*JANUARY).row(0, named=True)
    assert told(cells) == (9.9, 12600.0, True, False, True, False)


def test_a_suspension_that_only_it_knows_is_taken(tmp_path: Path) -> None:
    frame = bars(
        tmp_path,
        ("2021-01-05", "600519.SH", "11", "11", "0", "0", "1"),
        ("2021-01-05", "000001.SZ", "20.5", "20.5", "0", "0", "1"),
    )
    assert frame.filter("is_suspended")["symbol"].to_list() == ["000001.SZ", "600519.SH"]


def test_it_may_give_a_single_field_in_its_own_dialect(tmp_path: Path) -> None:
    frame = bars(
        tmp_path,
        ("20210104", "sh600519", "10.5", "1.26"),
        fields=("date", "symbol", "close", "amount"),
        date_format="%Y%m%d",
        symbol_form="sh600519",
        units={"amount": "ten_thousand_cny"},
    )
    assert told(row(frame, "600519.SH", 4)) == (None, 12600.0, None, False, True, False)


def test_an_unreadable_cell_of_it_counts_as_one_of_the_row(tmp_path: Path) -> None:
    frame = bars(
        tmp_path,
        ("2021-01-04", "600519.SH", "10.5", "9.9", "1.26万", "1", "0"),
        ("2021-01-05", "000001.SZ", "2O.5", "20.1", "1", "0", "0"),
        ("2021-01-05", "600519.SH", "11", "11", "0", "0", "1"),
        ("2021-02-01", "600519.SH", "11.5", "11", "5", "0", "0"),
        rows=((*MAOTAI[:2], "1O.0", *MAOTAI[3:]), *ROWS[1:]),
    )
    dirty = row(frame, "600519.SH", 4)
    assert json.loads(dirty["bad_cells"]) == {"open": "1O.0", "supplement.amount": "1.26万"}
    assert told(dirty) == (9.9, None, True, False, True, False)
    unreadable_close = row(frame, "000001.SZ", 5)
    assert json.loads(unreadable_close["bad_cells"]) == {"supplement.close": "2O.5"}
    assert told(unreadable_close) == (None, None, None, False, False, True)
    assert row(frame, "600519.SH", 5)["bad_cells"] is None


def test_a_row_of_it_without_date_or_symbol_is_kept_for_the_rules_to_reject(tmp_path: Path) -> None:
    frame = bars(
        tmp_path,
        ("2021-01-04", "600519.SH", "10.5", "9.9", "12600", "0", "0"),
        ("2021-01-32", "600519.SH", "11", "10.5", "7", "0", "0"),
        ("2021-01-05", "PINGAN", "20.5", "20", "8", "0", "0"),
        ("2021-02-01", "600519.SH", "11.5", "11", "5", "0", "0"),
    )
    assert frame.height == 5
    lost = frame.filter(pl.col("date").is_null() | pl.col("symbol").is_null())
    assert [json.loads(text) for text in lost["bad_cells"]] == [
        {"supplement.date": "2021-01-32"},
        {"supplement.symbol": "PINGAN"},
    ]
    assert lost["amount"].to_list() == [7.0, 8.0]
    assert lost["supplemented"].all()


def test_copies_in_it_count_once_and_rows_that_differ_not_at_all(tmp_path: Path) -> None:
    same = ("2021-01-04", "600519.SH", "10.5", "9.9", "12600", "0", "0")
    frame = bars(
        tmp_path,
        same,
        same,
        ("2021-01-05", "000001.SZ", "20.5", "20.1", "1", "0", "0"),
        ("2021-01-05", "000001.SZ", "20.5", "20.1", "2", "0", "0"),
    )
    assert frame.height == 3
    assert told(row(frame, "600519.SH", 4)) == (9.9, 12600.0, False, False, True, False)
    assert told(row(frame, "000001.SZ", 5)) == (None, None, None, False, False, True)


def test_copies_in_the_bars_all_get_their_part(tmp_path: Path) -> None:
    rich = ("2021-01-04", "600519.SH", "10.5", "9.9", "12600", "0", "0")
    frame = bars(tmp_path, rich, rows=(MAOTAI, MAOTAI))
    assert frame["supplemented"].to_list() == [True, True]


def test_a_column_that_is_mostly_unreadable_names_the_supplement(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as error:
        bars(tmp_path, ("2021-01-04", "600519.SH", "10.5", "9.9", "much", "1", "0"))
    for text in ("supplement.columns.amount of the mapping (rich.csv)", "'much'", "null_values"):
        assert text in str(error.value)


def test_a_missing_column_or_file_names_the_supplement(tmp_path: Path) -> None:
    write_csv(tmp_path / "bars.csv")
    table = {"path": "rich.csv", "columns": {name: name for name in RICH[:4]}}
    with pytest.raises(ConfigurationError, match=r"supplement\.path"):
        source(tmp_path, supplement=table).bars(*JANUARY)
    write_csv(tmp_path / "rich.csv", (ROWS[0][:3],), RICH[:3])
    with pytest.raises(ConfigurationError, match=r"supplement\.columns\.pre_close"):
        source(tmp_path, supplement=table).bars(*JANUARY)


def test_its_file_is_part_of_the_provenance_and_not_of_the_coverage(tmp_path: Path) -> None:
    write_csv(tmp_path / "bars.csv")
    write_csv(tmp_path / "rich.csv", (("2030-01-04", "600519.SH", "1", "1"),), RICH[:4])
    table = {"path": "rich.csv", "columns": {name: name for name in RICH[:4]}}
    files = source(tmp_path, supplement=table)
    assert list(files.provenance()) == ["bars.csv", "rich.csv"]
    assert files.coverage() == (date(2021, 1, 4), date(2021, 2, 1))
