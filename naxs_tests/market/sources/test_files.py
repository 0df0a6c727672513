"""Files in many shapes become the same raw bars, and faults are told with file, column and key."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from naxs_assets.errors import ConfigurationError, DataError
from naxs_assets.market.sources.base import (
    RAW_BARS,
    RAW_INDEX_BARS,
    RAW_INDEX_MEMBERS,
    RAW_INSTRUMENTS,
    FactorPolicy,
    Source,
)
from naxs_assets.market.sources.files import FilesSource
from naxs_assets.market.sources.mapping import FileMapping

JANUARY = (date(2021, 1, 1), date(2021, 1, 31))
HEADER = ("date", "symbol", "open", "high", "low", "close", "volume")
ROWS: tuple[tuple[Any, ...], ...] = (
    ("2021-01-04", "600519.SH", "10.0", "11.0", "9.5", "10.5", "1200"),
    ("2021-01-05", "600519.SH", "10.5", "11.5", "10.0", "11.0", "0"),
    ("2021-01-05", "000001.SZ", "20.0", "21.0", "19.5", "20.5", "300"),
    ("2021-02-01", "600519.SH", "11.0", "12.0", "10.5", "11.5", "500"),
)


def write_csv(
    path: Path,
    rows: tuple[tuple[Any, ...], ...] = ROWS,
    header: tuple[str, ...] = HEADER,
    *,
    separator: str = ",",
    encoding: str = "utf-8",
) -> None:
    lines = [separator.join(header), *(separator.join(map(str, row)) for row in rows)]
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding=encoding)


def source(root: Path, **changes: Any) -> FilesSource:
    """A source over ``bars.csv``; ``bars`` keywords merge into its table, others into the top."""
    table: dict[str, Any] = {
        "path": "bars.csv",
        "columns": {name: name for name in HEADER},
        "units": {"volume": "shares"},
    }
    table |= changes.pop("bars", {})
    mapped = table["columns"]
    optional = ("pre_close", "change", "amount", "adj_factor", "is_st")
    limits = {name: changes.pop(name, None) for name in ("first", "last")}
    content = {
        "name": "mine",
        "suspension": "zero_volume",
        "bars": table,
        "gaps": {name: "not recorded" for name in optional if name not in mapped},
    } | changes
    return FilesSource(FileMapping.model_validate(content), root, **limits)


def test_it_is_a_source(tmp_path: Path) -> None:
    write_csv(tmp_path / "bars.csv")
    files: Source = source(tmp_path, policies={"factor": "quarantine"})
    assert files.name == "files"
    assert files.factor_policy is FactorPolicy.QUARANTINE
    assert files.gaps.notes[0] == "pre_close: not recorded"
    assert files.coverage() == (date(2021, 1, 4), date(2021, 2, 1))
    assert dict(files.bars(*JANUARY).schema) == RAW_BARS
    assert dict(files.index_bars(*JANUARY).schema) == RAW_INDEX_BARS
    assert dict(files.index_members().schema) == RAW_INDEX_MEMBERS
    assert dict(files.instruments().schema) == RAW_INSTRUMENTS
    assert files.open_days().is_empty()


def test_bars_come_by_day_and_symbol_in_canonical_columns(tmp_path: Path) -> None:
    write_csv(tmp_path / "bars.csv")
    bars = source(tmp_path).bars(*JANUARY)
    assert bars.select("date", "symbol", "close", "volume", "is_suspended").rows() == [
        (date(2021, 1, 4), "600519.SH", 10.5, 1200, False),
        (date(2021, 1, 5), "000001.SZ", 20.5, 300, False),
        (date(2021, 1, 5), "600519.SH", 11.0, 0, True),
    ]
    assert bars.select("amount", "adj_factor", "bad_cells").null_count().row(0) == (3, 3, 3)


def test_rows_of_one_day_and_symbol_keep_the_order_of_the_file(tmp_path: Path) -> None:
    again = [(*ROWS[1][:5], close, "0") for close in ("11.3", "11.1", "11.2")]
    write_csv(tmp_path / "bars.csv", (*again, *ROWS))
    bars = source(tmp_path).bars(*JANUARY)
    assert bars["close"].to_list() == [10.5, 20.5, 11.3, 11.1, 11.2, 11.0]


def test_a_row_without_a_symbol_stays_in_its_day(tmp_path: Path) -> None:
    write_csv(tmp_path / "bars.csv", (*ROWS, ("2021-01-05", "", "1", "1", "1", "1", "1")))
    bars = source(tmp_path).bars(*JANUARY)
    assert bars["symbol"].to_list() == ["600519.SH", None, "000001.SZ", "600519.SH"]


def test_parquet_and_csv_give_the_same_bars(tmp_path: Path) -> None:
    write_csv(tmp_path / "bars.csv")
    typed = pl.read_csv(tmp_path / "bars.csv", try_parse_dates=True)
    typed.write_parquet(tmp_path / "bars.parquet")
    from_parquet = source(tmp_path, bars={"path": "bars.parquet"})
    assert from_parquet.bars(*JANUARY).equals(source(tmp_path).bars(*JANUARY))
    assert from_parquet.coverage() == source(tmp_path).coverage()


def test_a_glob_joins_files_whatever_their_types(tmp_path: Path) -> None:
    write_csv(tmp_path / "bars" / "b.csv", ROWS[2:])
    write_csv(tmp_path / "bars" / "a.csv", ROWS[:2])
    (tmp_path / "bars" / "delisted.csv").write_bytes(b"")
    files = source(tmp_path, bars={"path": "bars/*.csv"})
    assert files.bars(*JANUARY).height == 3
    assert list(files.provenance()) == ["bars/a.csv", "bars/b.csv", "bars/delisted.csv"]


def test_units_are_turned_into_shares_cny_and_ratios(tmp_path: Path) -> None:
    rows = tuple((*row[:6], "12.34", "5", "2.5") for row in ROWS)
    write_csv(tmp_path / "bars.csv", rows, (*HEADER, "amount", "pct"))
    columns = {name: name for name in (*HEADER, "amount")} | {"change": "pct"}
    units = {"volume": "lots", "amount": "thousand_cny", "change": "percent"}
    bars = source(tmp_path, bars={"columns": columns, "units": units}).bars(*JANUARY)
    assert bars.select("volume", "amount", "change").row(0) == (1234, 5000.0, 0.025)


def test_a_foreign_dialect_is_read(tmp_path: Path) -> None:
    header = ("日期", "代码", "开", "高", "低", "收", "量")
    rows = tuple((row[0].replace("-", "/"), "'" + row[1][:6], *row[2:]) for row in ROWS)
    rows += (("2021/01/06", "'600519", "None", "None", "None", "11.0", "--"),)
    write_csv(tmp_path / "bars.csv", rows, header, separator=";", encoding="gbk")
    table = {
        "columns": dict(zip(HEADER, header, strict=True)),
        "encoding": "gbk",
        "separator": ";",
        "date_format": "%Y/%m/%d",
        "null_values": ["None", "--"],
        "symbol_form": "600519",
    }
    bars = source(tmp_path, bars=table).bars(*JANUARY)
    assert bars["symbol"].unique().sort().to_list() == ["000001.SZ", "600519.SH"]
    assert bars["bad_cells"].null_count() == 4
    assert bars.row(3, named=True)["is_suspended"] is True


def test_dates_as_numbers_and_instants_are_shanghai_days(tmp_path: Path) -> None:
    frame = pl.DataFrame(ROWS, schema=HEADER, orient="row")
    numbers = frame.with_columns(date=pl.col("date").str.replace_all("-", "").cast(pl.Int64))
    numbers.write_parquet(tmp_path / "bars.parquet")
    expected = [date(2021, 1, 4), date(2021, 1, 5), date(2021, 1, 5)]
    files = source(tmp_path, bars={"path": "bars.parquet"})
    assert files.bars(*JANUARY)["date"].to_list() == expected
    # Midnight in Shanghai is the evening before in UTC.
    instants = [datetime(2021, 1, 3, 16), datetime(2021, 1, 4, 16), datetime(2021, 1, 4, 16)]
    frame.head(3).with_columns(date=pl.Series(instants).dt.replace_time_zone("UTC")).write_parquet(
        tmp_path / "bars.parquet"
    )
    files = source(tmp_path, bars={"path": "bars.parquet"})
    assert files.bars(*JANUARY)["date"].to_list() == expected


@pytest.mark.parametrize(
    ("form", "text"),
    [("sh600519", "sh600519"), ("sh.600519", "SH.600519"), ("600519", "600519")],
)
def test_symbol_forms(tmp_path: Path, form: str, text: str) -> None:
    write_csv(tmp_path / "bars.csv", ((ROWS[0][0], text, *ROWS[0][2:]),))
    bars = source(tmp_path, bars={"symbol_form": form}).bars(*JANUARY)
    assert bars["symbol"].to_list() == ["600519.SH"]


def test_an_unreadable_cell_is_null_and_kept_as_text(tmp_path: Path) -> None:
    rows = (*ROWS, ("2021-01-06", "600519.SH", "1O.5", "11", "10", "10.5", "many"))
    write_csv(tmp_path / "bars.csv", rows)
    row = source(tmp_path).bars(*JANUARY).row(-1, named=True)
    assert (row["open"], row["volume"], row["close"]) == (None, None, 10.5)
    assert json.loads(row["bad_cells"]) == {"open": "1O.5", "volume": "many"}


def test_a_row_with_an_unreadable_date_stays_with_its_neighbour(tmp_path: Path) -> None:
    rows = (*ROWS[:3], ("2021-01-36", *ROWS[0][1:]), ROWS[3])
    write_csv(tmp_path / "bars.csv", rows)
    files = source(tmp_path)
    january = files.bars(*JANUARY)
    assert january.height == 4
    assert january.row(-1, named=True)["date"] is None
    assert json.loads(january["bad_cells"][-1]) == {"date": "2021-01-36"}
    assert files.bars(date(2021, 2, 1), date(2021, 2, 28)).height == 1


def test_an_unreadable_symbol_is_null_and_kept_as_text(tmp_path: Path) -> None:
    write_csv(tmp_path / "bars.csv", (*ROWS, ("2021-01-06", "MAOTAI", *ROWS[0][2:])))
    row = source(tmp_path).bars(*JANUARY).row(-1, named=True)
    assert row["symbol"] is None
    assert json.loads(row["bad_cells"]) == {"symbol": "MAOTAI"}


def test_a_column_that_is_mostly_unreadable_is_a_wrong_mapping(tmp_path: Path) -> None:
    write_csv(tmp_path / "bars.csv")
    with pytest.raises(ConfigurationError) as told:
        source(tmp_path, bars={"date_format": "%d.%m.%Y"}).bars(*JANUARY)
    for text in ("4 of 4 cells of column 'date'", "'2021-01-04'", "bars.columns.date", "%d.%m.%Y"):
        assert text in str(told.value)


def test_a_missing_column_is_told_with_file_and_key(tmp_path: Path) -> None:
    write_csv(tmp_path / "bars.csv")
    columns = {name: name for name in HEADER} | {"close": "last"}
    with pytest.raises(ConfigurationError) as told:
        source(tmp_path, bars={"columns": columns}).coverage()
    for text in ("bars.csv has no column 'last'", "it has date, symbol", "bars.columns.close"):
        assert text in str(told.value)
    assert "gap" not in told.value.remedy
    columns = {name: name for name in (*HEADER, "change")}
    units = {"volume": "shares", "change": "ratio"}
    with pytest.raises(ConfigurationError, match="leave it out and declare a gap"):
        source(tmp_path, bars={"columns": columns, "units": units}).coverage()


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no file matches 'bars\.csv'"):
        source(tmp_path).bars(*JANUARY)
    with pytest.raises(ConfigurationError, match="data folder does not exist"):
        source(tmp_path / "nowhere")


@pytest.mark.parametrize("content", [b"", b"PAR1 is not enough"])
def test_a_broken_file_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bars.parquet").write_bytes(content)
    with pytest.raises(DataError, match=r"bars\.parquet"):
        source(tmp_path, bars={"path": "bars.parquet"}).bars(*JANUARY)


def test_a_wrong_encoding_is_told(tmp_path: Path) -> None:
    write_csv(tmp_path / "bars.csv", header=(*HEADER[:-1], "量"), encoding="gbk")
    columns = {name: name for name in HEADER} | {"volume": "量"}
    # The first is taken for text until the column is looked for.
    for encoding in ("utf-8", "utf-16"):
        with pytest.raises(ConfigurationError) as told:
            source(tmp_path, bars={"columns": columns, "encoding": encoding}).coverage()
        assert f"bars.csv is not in the encoding {encoding}" in told.value.what
        assert "gbk" in told.value.remedy


def test_one_cell_in_another_encoding_is_told_with_its_file(tmp_path: Path) -> None:
    write_csv(tmp_path / "bars" / "a.csv")
    rows = (("2021-01-06", "平安", *ROWS[0][2:]),)
    write_csv(tmp_path / "bars" / "b.csv", rows, encoding="gbk")
    with pytest.raises(ConfigurationError, match=r"b\.csv is not in the encoding utf-8"):
        source(tmp_path, bars={"path": "bars/*.csv"}).bars(*JANUARY)


@pytest.mark.parametrize("row", ['2021-01-06,"600519', "1,2,3,4,5,6,7,8,9"])
def test_a_row_that_is_no_row_is_told_with_its_file(tmp_path: Path, row: str) -> None:
    write_csv(tmp_path / "bars" / "a.csv")
    write_csv(tmp_path / "bars" / "b.csv", (*ROWS, (row,)))
    with pytest.raises(DataError, match=r"b\.csv cannot be read") as told:
        source(tmp_path, bars={"path": "bars/*.csv"}).bars(*JANUARY)
    assert len(str(told.value).splitlines()) == 3


def test_a_column_that_is_there_twice_is_told(tmp_path: Path) -> None:
    write_csv(tmp_path / "bars.csv", tuple((*row, "7") for row in ROWS), (*HEADER, "close"))
    with pytest.raises(ConfigurationError, match="more than one column 'close'"):
        source(tmp_path).coverage()


def test_another_separator_is_told(tmp_path: Path) -> None:
    write_csv(tmp_path / "bars.csv", separator=";")
    with pytest.raises(ConfigurationError) as told:
        source(tmp_path).coverage()
    assert told.value.remedy == "correct the separator, which is ','"


def test_dates_in_another_form_are_told_with_an_example(tmp_path: Path) -> None:
    write_csv(tmp_path / "bars.csv")
    with pytest.raises(ConfigurationError) as told:
        source(tmp_path, bars={"date_format": "%d.%m.%Y"}).coverage()
    assert "'2021-01-04'" in told.value.what
    assert "date_format is '%d.%m.%Y'" in told.value.remedy


def test_files_without_rows_are_told(tmp_path: Path) -> None:
    write_csv(tmp_path / "bars.csv", ())
    with pytest.raises(DataError, match="no row has a date"):
        source(tmp_path).coverage()


def test_a_flag_tells_suspension_and_st(tmp_path: Path) -> None:
    rows = tuple(
        (*row, flag, st) for row, flag, st in zip(ROWS, "0100", ("是", "否", "x", ""), strict=True)
    )
    write_csv(tmp_path / "bars.csv", rows, (*HEADER, "halt", "st"))
    columns = {name: name for name in HEADER} | {"is_suspended": "halt", "is_st": "st"}
    files = source(tmp_path, suspension="column", bars={"columns": columns})
    bars = files.bars(*JANUARY)
    assert bars["is_suspended"].to_list() == [False, False, True]
    assert bars["is_st"].to_list() == [True, None, False]
    assert bars["bad_cells"].to_list() == [None, '{"is_st": "x"}', None]


def test_first_and_last_narrow_the_coverage(tmp_path: Path) -> None:
    write_csv(tmp_path / "bars.csv")
    files = source(tmp_path, first=date(2021, 1, 5), last=date(2021, 1, 29))
    assert files.coverage() == (date(2021, 1, 5), date(2021, 1, 29))
    assert files.bars(date(2020, 1, 1), date(2022, 1, 1)).height == 2
    with pytest.raises(ConfigurationError, match="no day of 2022-01-01 to the last"):
        source(tmp_path, first=date(2022, 1, 1)).coverage()


def test_the_identity_is_the_mapping_not_the_files_contents(tmp_path: Path) -> None:
    write_csv(tmp_path / "bars.csv")
    before, digests = source(tmp_path).identity(), source(tmp_path).provenance()
    write_csv(tmp_path / "bars.csv", ROWS[:2])
    assert source(tmp_path).identity() == before
    assert source(tmp_path).provenance() != digests
    assert source(tmp_path, first=date(2021, 1, 5)).identity() != before


def test_index_members_take_a_constant_index_and_an_open_end(tmp_path: Path) -> None:
    write_csv(tmp_path / "bars.csv")
    rows = (("600519.SH", "2010-01-04", "2021-12-31"), ("000001.SZ", "2010-01-04", "2012-06-29"))
    write_csv(tmp_path / "members.csv", rows, ("code", "in", "out"))
    table = {
        "path": "members.csv",
        "columns": {"symbol": "code", "effective_from": "in", "effective_to": "out"},
        "constants": {"index": "000300.SH"},
        "open_end": "2021-12-31",
    }
    assert source(tmp_path, index_members=table).index_members().rows() == [
        ("000300.SH", "600519.SH", date(2010, 1, 4), None, None),
        ("000300.SH", "000001.SZ", date(2010, 1, 4), date(2012, 6, 29), None),
    ]


def test_index_bars_need_no_volume_and_infer_the_exchange(tmp_path: Path) -> None:
    write_csv(tmp_path / "bars.csv")
    rows = (("2021-01-04", "000300", *ROWS[0][2:6]), ("2021-01-04", "399001", *ROWS[0][2:6]))
    header = ("date", "code", "open", "high", "low", "close")
    write_csv(tmp_path / "index.csv", rows, header)
    columns = {name: name for name in header if name != "code"} | {"index": "code"}
    table = {"path": "index.csv", "columns": columns, "symbol_form": "600519"}
    bars = source(tmp_path, index_bars=table).index_bars(*JANUARY)
    assert bars["index"].to_list() == ["000300.SH", "399001.SZ"]
    assert bars["volume"].null_count() == 2


def test_instruments_missing_from_the_list_are_derived_from_the_bars(tmp_path: Path) -> None:
    rows = (*ROWS, ("2021-01-05", "300750.SZ", *ROWS[0][2:]))
    write_csv(tmp_path / "bars.csv", rows)
    listed = (("000001.SZ", "平安银行", "1991-04-03"), ("000002.SZ", "万科A", "1991-01-29"))
    write_csv(tmp_path / "list.csv", listed, ("code", "name", "since"))
    table = {
        "path": "list.csv",
        "columns": {"symbol": "code", "name": "name", "list_date": "since"},
    }
    # 600519.SH has bars from the first day on, so its listing may lie before; 000002.SZ has none.
    assert source(tmp_path, instruments=table).instruments().rows() == [
        ("000001.SZ", "平安银行", date(1991, 4, 3), None),
        ("300750.SZ", None, date(2021, 1, 5), None),
        ("600519.SH", None, None, None),
    ]


def test_open_days_come_from_the_calendar(tmp_path: Path) -> None:
    write_csv(tmp_path / "bars.csv")
    rows = (("2021-01-05", "1"), ("2021-01-04", "1"), ("2021-01-06", "0"))
    write_csv(tmp_path / "days.csv", rows, ("day", "open"))
    table = {"path": "days.csv", "columns": {"date": "day", "is_open": "open"}}
    days = source(tmp_path, calendar=table).open_days()
    assert days.to_list() == [date(2021, 1, 4), date(2021, 1, 5)]
