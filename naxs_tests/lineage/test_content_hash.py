"""The content hash: the same content gives the same hash, any other content another one."""

from __future__ import annotations

import io
import struct
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naxs_assets.lineage.content_hash import (
    canonical_json,
    file_hash,
    json_hash,
    table_hash,
    text_hash,
)
from naxs_tests.lineage.reference_hash import NUMBERS, reference_hash

DTYPES: dict[str, Any] = {
    "bool": pl.Boolean(),
    "utf8": pl.String(),
    "int8": pl.Int8(),
    "int16": pl.Int16(),
    "int32": pl.Int32(),
    "int64": pl.Int64(),
    "uint8": pl.UInt8(),
    "uint16": pl.UInt16(),
    "uint32": pl.UInt32(),
    "uint64": pl.UInt64(),
    "float32": pl.Float32(),
    "float64": pl.Float64(),
    "date32": pl.Date(),
    "timestamp[us,UTC]": pl.Datetime("us", "UTC"),
}
NAN = float("nan")

# (columns as name, type name and cells; key; the hash, computed once by reference_hash)
GOLDEN = {
    "no rows": (
        [("symbol", "utf8", []), ("close", "float64", [])],
        ("symbol",),
        "0901d8ab20b7ccf8547a49f506364af319a5ee9d7e9d4837f21952187aceef8c",
    ),
    "bars": (
        [
            ("date", "date32", [date(2024, 1, 3), date(2024, 1, 2), date(1990, 12, 19)]),
            ("symbol", "utf8", ["600519.SH", "000001.SZ", "600601.SH"]),
            ("close", "float64", [1685.01, None, -0.0]),
            ("is_st", "bool", [False, None, True]),
            ("volume", "int64", [None, 0, 2**62]),
        ],
        ("date", "symbol"),
        "21494f70f738e004d10b31c5fbd3dc73fd88b8a0750740fe1ebd625b439bd1b0",
    ),
    "every type": (
        [
            ("k", "int32", [3, 1, 2]),
            ("i8", "int8", [-128, None, 127]),
            ("i16", "int16", [-(2**15), None, 2**15 - 1]),
            ("u8", "uint8", [0, None, 255]),
            ("u16", "uint16", [0, None, 2**16 - 1]),
            ("u32", "uint32", [0, None, 2**32 - 1]),
            ("u64", "uint64", [0, None, 2**64 - 1]),
            ("f32", "float32", [0.1, NAN, None]),
            ("f64", "float64", [NAN, float("inf"), None]),
            ("at", "timestamp[us,UTC]", [datetime(2024, 1, 2, 1, 30, tzinfo=UTC), None,
                                         datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)]),
            ("名称", "utf8", ["贵州茅台", "", None]),
        ],
        ("k",),
        "76bd38c6e4ac62effd217e29b69d2989b315ce38e7f361ddb3a5fb120f688dbd",
    ),
}  # fmt: skip


def table(columns: Any) -> pl.DataFrame:
    return pl.DataFrame(
        {name: list(cells) for name, _, cells in columns},
        schema={name: DTYPES[type_name] for name, type_name, _ in columns},
    )


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_vectors(name: str) -> None:
    columns, key, expected = GOLDEN[name]
    assert table_hash(table(columns), key) == expected
    assert reference_hash(columns, key) == expected


def test_golden_vectors_of_texts_and_documents() -> None:
    assert text_hash("模型\n") == "71538e686284e4a6d822b9e1f0a6a9849d8179702171e010797e24058fbfbbbc"
    assert file_hash(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert canonical_json({"b": [1, 2.5], "a": "价"}) == '{"a":"价","b":[1,2.5]}'
    assert json_hash({"b": 1, "a": 2}) == json_hash({"a": 2, "b": 1})
    with pytest.raises(ValueError, match="Out of range"):
        canonical_json({"ratio": NAN})


# --- Any table ------------------------------------------------------------------------------------

_CELLS: dict[str, st.SearchStrategy[Any]] = {
    "bool": st.booleans(),
    "utf8": st.text(st.characters(codec="utf-8"), max_size=6),
    "int32": st.integers(-(2**31), 2**31 - 1),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "uint8": st.integers(0, 255),
    "float32": st.floats(width=32),
    "float64": st.floats(),
    "date32": st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    "timestamp[us,UTC]": st.datetimes(
        datetime(1900, 1, 1),
        datetime(2100, 1, 1),
        timezones=st.just(UTC),
    ),
}


@st.composite
def columns_with_key(draw: st.DrawFn, min_rows: int = 0) -> list[tuple[str, str, list[Any]]]:
    """Columns of any types, the first of them a unique key."""
    keys = draw(st.lists(st.integers(0, 999), min_size=min_rows, max_size=20, unique=True))
    types = draw(st.lists(st.sampled_from(sorted(_CELLS)), min_size=1, max_size=4))
    columns: list[tuple[str, str, list[Any]]] = [("key", "int64", keys)]
    for place, type_name in enumerate(types):
        cells = st.lists(st.none() | _CELLS[type_name], min_size=len(keys), max_size=len(keys))
        columns.append((f"column {place}", type_name, draw(cells)))
    return columns


KEY = ("key",)


@settings(max_examples=60, deadline=None)
@given(columns_with_key())
def test_agrees_with_the_reference_on_any_table(columns: list[Any]) -> None:
    assert table_hash(table(columns), KEY) == reference_hash(columns, KEY)


@settings(max_examples=40, deadline=None)
@given(columns_with_key(min_rows=2), st.data())
def test_row_order_and_chunks_do_not_matter(columns: list[Any], data: st.DataObject) -> None:
    whole = table(columns)
    order = data.draw(st.permutations(range(whole.height)))
    cut = data.draw(st.integers(1, whole.height - 1))
    shuffled = whole[order]
    chunked = pl.concat([shuffled[:cut], shuffled[cut:]], rechunk=False)
    assert chunked.n_chunks() == 2
    assert table_hash(chunked, KEY) == table_hash(whole, KEY)
    assert table_hash(chunked.rechunk(), KEY) == table_hash(whole, KEY)


@settings(max_examples=60, deadline=None)
@given(columns_with_key(min_rows=1), st.data())
def test_one_changed_cell_changes_the_hash(columns: list[Any], data: st.DataObject) -> None:
    before = table_hash(table(columns), KEY)
    place = data.draw(st.integers(1, len(columns) - 1))
    name, type_name, cells = columns[place]
    row = data.draw(st.integers(0, len(cells) - 1))
    cell = data.draw((st.none() | _CELLS[type_name]).filter(lambda c: not _same(c, cells[row])))
    columns[place] = (name, type_name, [*cells[:row], cell, *cells[row + 1 :]])
    assert table_hash(table(columns), KEY) != before


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        return struct.pack("<d", left) == struct.pack("<d", right) or (
            np.isnan(left) and np.isnan(right)
        )
    return type(left) is type(right) and bool(left == right)


# --- What must not matter -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bars() -> pl.DataFrame:
    """Sixty rows with every kind of column that a stage stores."""
    count = 60
    return pl.DataFrame(
        {
            "date": [date(2024, 1, 1 + row // 3) for row in range(count)],
            "symbol": [["600519.SH", "000001.SZ", "300750.SZ"][row % 3] for row in range(count)],
            "close": [None if row % 7 == 0 else row / 7 for row in range(count)],
            "feature": [None if row % 5 == 0 else row / 3 for row in range(count)],
            "volume": [None if row % 11 == 0 else row * 10**12 for row in range(count)],
            "is_st": [[True, False, None][row % 3] for row in range(count)],
            "rule": [None if row % 4 else "负成交量" for row in range(count)],
            "at": [datetime(2024, 1, 2, 7, tzinfo=UTC) for _ in range(count)],
        },
        schema_overrides={
            "feature": pl.Float32,
            "at": pl.Datetime("us", "UTC"),
        },
    )


BARS_KEY = ("date", "symbol")


@pytest.mark.parametrize(
    "options",
    [
        {"compression": "zstd"},
        {"compression": "uncompressed", "statistics": False},
        {"compression": "snappy", "row_group_size": 7},
        {"compression": "lz4", "data_page_size": 64},
        {"use_pyarrow": True},
    ],
    ids=str,
)
def test_survives_parquet_by_polars(bars: pl.DataFrame, options: dict[str, Any]) -> None:
    file = io.BytesIO()
    bars.write_parquet(file, **options)
    assert table_hash(pl.read_parquet(file.getvalue()), BARS_KEY) == table_hash(bars, BARS_KEY)


@pytest.mark.parametrize("version", ["1.0", "2.4", "2.6"])
@pytest.mark.parametrize("use_dictionary", [True, False])
@pytest.mark.parametrize("page_version", ["1.0", "2.0"])
def test_survives_parquet_by_pyarrow(
    bars: pl.DataFrame, version: Any, use_dictionary: bool, page_version: Any
) -> None:
    file = io.BytesIO()
    pq.write_table(
        bars.to_arrow(),
        file,
        version=version,
        use_dictionary=use_dictionary,
        data_page_version=page_version,
        row_group_size=13,
    )
    expected = table_hash(bars, BARS_KEY)
    assert table_hash(pl.read_parquet(file.getvalue()), BARS_KEY) == expected
    by_arrow = pl.from_arrow(pq.read_table(io.BytesIO(file.getvalue())))
    assert isinstance(by_arrow, pl.DataFrame)
    assert table_hash(by_arrow, BARS_KEY) == expected


@pytest.mark.parametrize(
    "layout",
    [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())],
    ids=str,
)
def test_the_arrow_layout_of_text_does_not_matter(bars: pl.DataFrame, layout: pa.DataType) -> None:
    arrow = bars.to_arrow()
    place = arrow.schema.get_field_index("symbol")
    column = arrow.column("symbol").cast(pa.large_string()).cast(pa.string()).cast(layout)
    relaid = pl.from_arrow(arrow.set_column(place, "symbol", column))
    assert isinstance(relaid, pl.DataFrame)
    assert table_hash(relaid, BARS_KEY) == table_hash(bars, BARS_KEY)


@pytest.mark.parametrize(
    "dtype",
    [pl.Categorical(), pl.Enum(["600519.SH", "300750.SZ", "000001.SZ"])],
    ids=["categorical", "enum in another order"],
)
def test_dictionary_encoding_does_not_matter_even_in_the_key(
    bars: pl.DataFrame, dtype: pl.DataType
) -> None:
    encoded = bars.with_columns(pl.col("symbol").cast(dtype))
    assert table_hash(encoded, BARS_KEY) == table_hash(bars, BARS_KEY)


def test_a_sliced_table_hashes_like_a_copy(bars: pl.DataFrame) -> None:
    copied = pl.DataFrame(bars[13:41].to_dicts(), schema=bars.schema)
    assert table_hash(bars[13:41], BARS_KEY) == table_hash(copied, BARS_KEY)


@pytest.mark.parametrize(("dtype", "layout"), [(np.float32, "<u4"), (np.float64, "<u8")])
def test_every_not_a_number_is_the_same(dtype: Any, layout: str) -> None:
    patterns = {"<u4": [0x7FC00000, 0x7F800001, 0xFFC00123], "<u8": [
        0x7FF8000000000000, 0x7FF0000000000001, 0xFFF8000000ABCDEF]}[layout]  # fmt: skip
    hashes = {
        table_hash(pl.DataFrame({"x": np.array([bits], dtype=layout).view(dtype)}), ())
        for bits in patterns
    }
    assert len(hashes) == 1


def test_what_lies_under_a_null_does_not_matter() -> None:
    clean = pl.DataFrame({"x": [1, None, 3]}, schema={"x": pl.Int64})
    masked = pl.DataFrame({"x": [1, 99, 3]}).with_columns(
        pl.when(pl.col("x") != 99).then(pl.col("x"))
    )
    assert table_hash(masked, ()) == table_hash(clean, ())


def test_bytes_that_a_writer_left_under_a_null_text_do_not_matter() -> None:
    buffers = [
        pa.py_buffer(bytes([0b101])),
        pa.py_buffer(np.array([0, 1, 5, 6], "<i8").tobytes()),
        pa.py_buffer(b"ajunkb"),
    ]
    littered = pa.Array.from_buffers(pa.large_string(), 3, buffers)
    table = pl.DataFrame({"x": pl.Series(littered)})
    assert table_hash(table, ()) == table_hash(pl.DataFrame({"x": ["a", None, "b"]}), ())


# --- What must matter -----------------------------------------------------------------------------


def test_null_is_neither_zero_nor_empty_nor_false_nor_not_a_number() -> None:
    for cells, dtype in (
        ([None, 0], pl.Int64),
        ([None, 0.0, NAN], pl.Float64),
        ([None, ""], pl.String),
        ([None, False], pl.Boolean),
    ):
        hashes = {table_hash(pl.DataFrame({"x": [c]}, schema={"x": dtype}), ()) for c in cells}
        assert len(hashes) == len(cells), dtype


def test_names_types_column_order_and_rows_matter(bars: pl.DataFrame) -> None:
    others = {
        "renamed": bars.rename({"close": "open"}),
        "retyped": bars.with_columns(pl.col("close").cast(pl.Float32)),
        "unit of time": bars.with_columns(pl.col("at").cast(pl.Datetime("ms", "UTC"))),
        "time zone": bars.with_columns(pl.col("at").dt.convert_time_zone("Asia/Shanghai")),
        "reordered": bars.select(sorted(bars.columns)),
        "row dropped": bars[1:],
        "row doubled": pl.concat([bars, bars[:1]]),
        "column dropped": bars.drop("rule"),
    }
    hashes = {name: table_hash(other, BARS_KEY) for name, other in others.items()}
    assert len({*hashes.values(), table_hash(bars, BARS_KEY)}) == len(others) + 1


def test_text_cannot_slide_between_cells() -> None:
    left = pl.DataFrame({"x": ["ab", "c"]})
    right = pl.DataFrame({"x": ["a", "bc"]})
    assert table_hash(left, ()) != table_hash(right, ())


def test_without_a_key_the_given_order_counts() -> None:
    assert table_hash(pl.DataFrame({"x": [1, 2]}), ()) != table_hash(
        pl.DataFrame({"x": [2, 1]}), ()
    )


def test_a_nested_column_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match="'path'"):
        table_hash(pl.DataFrame({"path": [[1, 2]]}), ())


def test_the_reference_covers_every_number() -> None:
    assert set(NUMBERS) | {"bool", "utf8"} == set(DTYPES)


@given(
    st.lists(
        st.tuples(
            st.none() | st.integers(0, 2), st.none() | st.sampled_from("aé😀"), st.integers(0, 9)
        ),
        max_size=6,
    )
)
def test_rows_that_stand_in_order_hash_as_the_same_rows_sorted(rows: list[Any]) -> None:
    """Rows in order are not sorted again; with nulls and ties in the key it is the same."""
    schema = {"day": pl.Int32, "symbol": pl.String, "value": pl.Int64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    key = ("day", "symbol")
    assert table_hash(frame, key) == table_hash(frame.sort(key, maintain_order=True), key)
