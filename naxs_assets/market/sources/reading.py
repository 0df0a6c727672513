"""A vendor's answer read into canonical columns; what cannot be read is refused by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from naxs_assets.market.boards import board_expression
from naxs_assets.market.fetching.calls import Answer, Call
from naxs_assets.market.fetching.errors import SchemaChangedError
from naxs_assets.market.sources.cells import Kind, reading
from naxs_assets.market.sources.offers import PULLED, PulledTable, Wanted

NOTHING = ("-", "--", "None", "nan", "NaN", "NaT")
"""What vendors write into a cell that holds nothing; such a cell becomes null."""

_DECIMALS = 12
_TYPES: dict[Kind, type[pl.DataType]] = {
    Kind.DATE: pl.Date,
    Kind.NUMBER: pl.Float64,
    Kind.WHOLE: pl.Int64,
    Kind.FLAG: pl.Boolean,
    Kind.TEXT: pl.String,
}
_KEYS: dict[PulledTable, tuple[str, ...]] = {
    PulledTable.OPEN_DAYS: ("date",),
    PulledTable.INSTRUMENTS: ("symbol", "list_date"),
    PulledTable.MEMBERS: ("index", "date", "symbol"),
    PulledTable.DAY: ("symbol", "date"),
    PulledTable.HISTORY: ("symbol", "date"),
    PulledTable.CONFIRMING_DAY: ("symbol", "date"),
    PulledTable.CONFIRMING_HISTORY: ("symbol", "date"),
    PulledTable.FACTORS: ("symbol", "ex_date"),
    PulledTable.INDEX_BARS: ("index", "date"),
    PulledTable.SUSPENSIONS: ("date", "symbol"),
    PulledTable.ST: ("date", "symbol"),
    PulledTable.CORPORATE_ACTIONS: ("symbol", "ex_date"),
    PulledTable.INDUSTRY: ("symbol", "start_date", "level"),
    PulledTable.FUNDAMENTALS: ("symbol", "report_period", "item", "available_at"),
    PulledTable.NEWS: ("id",),
}


@dataclass(frozen=True)
class Cell:
    """A vendor's column, what its cells are meant to be, and the conversion to our unit."""

    column: str
    kind: Kind = Kind.NUMBER
    times: float = 1
    per: float = 1


def day(column: str) -> Cell:
    """A date."""
    return Cell(column, Kind.DATE)


def text(column: str) -> Cell:
    """A text."""
    return Cell(column, Kind.TEXT)


def flag(column: str) -> Cell:
    """1 or 0."""
    return Cell(column, Kind.FLAG)


def number(column: str, *, times: float = 1, per: float = 1) -> Cell:
    """A number, multiplied by ``times`` and divided by ``per``."""
    return Cell(column, times=times, per=per)


def percent(column: str) -> Cell:
    """A percentage, read as a ratio."""
    return Cell(column, per=100)


def shares(column: str) -> Cell:
    """A number of shares."""
    return Cell(column, Kind.WHOLE)


def lots(column: str) -> Cell:
    """A number of lots of 100, read as shares."""
    return Cell(column, Kind.WHOLE, times=100)


def changed(call: Call, column: str, what: str, sample: object) -> SchemaChangedError:
    """The error that says what is wrong with ``column`` in the answer to ``call``."""
    return SchemaChangedError(
        f"column {column} {what}, for example {sample}",
        where=f"{call.family.value} {call}",
        remedy="compare the kept raw response with an older one before trusting this source again",
    )


def read(answer: Answer, **cells: Cell) -> pl.DataFrame:
    """Return the columns named by the keywords, read from ``answer``, row by row.

    A cell of :data:`NOTHING` is null; texts are stripped. Raises ``SchemaChangedError`` for an
    absent column and for a cell that holds something else than it should.
    """
    frame = answer.frame
    if frame.is_empty():
        return pl.DataFrame(schema={name: _TYPES[cell.kind] for name, cell in cells.items()})
    values: dict[str, pl.Expr] = {}
    for name, cell in cells.items():
        if cell.column not in frame.columns:
            raise changed(answer.call, cell.column, "is absent", frame.columns)
        value, unreadable = reading(
            cell.column,
            frame.schema[cell.column],
            cell.kind,
            null_values=NOTHING,
            scale=cell.times,
        )
        if unreadable is not None:
            bad = frame.select(bad=unreadable).get_column("bad").drop_nulls()
            if len(bad):
                raise changed(answer.call, cell.column, "holds no " + cell.kind, repr(bad[0]))
        if cell.kind is Kind.TEXT:
            value = value.str.strip_chars()
        # Polars multiplies by 1 / 100, which is not a hundredth: 0.39 % must read 0.0039.
        values[name] = value if cell.per == 1 else (value / cell.per).round(_DECIMALS)
    return frame.select(**values)


def with_symbols(
    answer: Answer, rows: pl.DataFrame, column: str = "symbol", *, lists_others: bool = False
) -> pl.DataFrame:
    """Write ``column`` as ``600519.SH`` and leave out what is no A-share (funds, B-shares).

    Read are 600519, sh600519 and sh.600519; the exchange of bare digits follows from their range.
    Raises ``SchemaChangedError`` for any other text; of a table that ``lists_others`` (companies
    without a code, for one) only when most rows have another text.
    """
    code = pl.col(column).str.to_uppercase().str.extract(r"^(?:SH|SZ|BJ)?\.?(\d{6})$")
    exchange = (
        pl.when(code.str.contains(r"^(?:92|4|8)"))
        .then(pl.lit("BJ"))
        .when(code.str.contains(r"^[69]"))
        .then(pl.lit("SH"))
        .otherwise(pl.lit("SZ"))
    )
    told = pl.col(column).str.to_uppercase().str.extract(r"^(SH|SZ|BJ)")
    symbols = rows.select(pl.concat_str(code, pl.lit("."), pl.coalesce(told, exchange))).to_series()
    if symbols.null_count() > (rows.height / 2 if lists_others else 0):
        sample = rows.get_column(column).filter(symbols.is_null())[0]
        raise changed(answer.call, column, "holds no stock code", repr(sample))
    return rows.with_columns(symbols.alias(column)).filter(board_expression(column).is_not_null())


def only_within(
    answer: Answer, rows: pl.DataFrame, wanted: Wanted, column: str = "date"
) -> pl.DataFrame:
    """Return ``rows``; raise ``SchemaChangedError`` for a day that is null or was not asked for."""
    inside = pl.col(column).is_between(wanted.first, wanted.last).fill_null(value=False)
    outside = rows.filter(~inside)
    if outside.height:
        span = f"holds days outside {wanted.first}..{wanted.last}"
        raise changed(answer.call, column, span, outside.get_column(column)[0])
    return rows


def no_nulls(answer: Answer, rows: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """Return ``rows``; raise ``SchemaChangedError`` when one of ``columns`` has a null."""
    for column in columns:
        gaps = rows.filter(pl.col(column).is_null())
        if gaps.height:
            raise changed(answer.call, column, "is empty in a row", gaps.row(0, named=True))
    return rows


def finished(table: PulledTable, parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Return ``parts`` together in the columns of ``table``, absent ones null, sorted by key."""
    columns = pl.Schema(PULLED[table])
    rows = pl.concat([columns.to_frame(), *parts], how="diagonal")
    return rows.select(pl.col(name).cast(dtype) for name, dtype in columns.items()).sort(
        _KEYS[table], maintain_order=True
    )


def compact(value: date) -> str:
    """``20240105``."""
    return f"{value:%Y%m%d}"


def prefixed(symbol: str, separator: str = "") -> str:
    """``sh600519`` for 600519.SH."""
    code, _, exchange = symbol.partition(".")
    return f"{exchange.lower()}{separator}{code}"


def quarter_ends(first: date, last: date) -> list[date]:
    """The report periods that end within the days given, both inclusive."""
    ends = (
        date(year, month, 31 if month in (3, 12) else 30)
        for year in range(first.year, last.year + 1)
        for month in (3, 6, 9, 12)
    )
    return [end for end in ends if first <= end <= last]


def weekdays(wanted: Wanted) -> Iterable[date]:
    """The days of the span from Monday to Friday; exchanges never open on others."""
    length = (wanted.last - wanted.first).days + 1
    days = (wanted.first + timedelta(days=number) for number in range(length))
    return (value for value in days if value.weekday() < 5)
