"""A mapping: one YAML file that tells how a folder of CSV or Parquet files is to be read."""

from __future__ import annotations

import codecs
import hashlib
import json
from datetime import date
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from naxs_assets.errors import ConfigurationError
from naxs_assets.market.sources.base import DeclaredGaps, FactorPolicy
from naxs_assets.yaml_file import read_yaml

GapName = Literal["pre_close", "change", "amount", "adj_factor", "is_st", "turnover"]
# YAML reads a bare 600519 as a number.
SymbolForm = Annotated[
    Literal["600519.SH", "sh600519", "sh.600519", "600519"], BeforeValidator(str)
]
SUPPLEMENT_FIELDS = ("pre_close", "amount", "turnover", "is_st", "is_suspended")
"""What a supplement may give."""
_FURTHER_TABLES = ("corporate_actions", "industry", "fundamentals", "news")
_OPTIONAL_BARS = ("pre_close", "change", "amount", "adj_factor", "is_st")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Columns(_Strict):
    """Canonical name -> the file's column; a name left out is absent."""

    def mapped(self) -> dict[str, str]:
        """The columns that are present."""
        return {name: column for name, column in self if column is not None}


class BarsColumns(Columns):
    """Columns of the bars; see ``RAW_BARS``."""

    date: str
    symbol: str
    open: str
    high: str
    low: str
    close: str
    volume: str
    pre_close: str | None = None
    change: str | None = None
    amount: str | None = None
    turnover: str | None = None
    adj_factor: str | None = None
    is_st: str | None = None
    is_suspended: str | None = None


class SupplementColumns(Columns):
    """Columns of the second table of daily bars; ``close`` is compared, the others are taken."""

    date: str
    symbol: str
    close: str
    pre_close: str | None = None
    amount: str | None = None
    turnover: str | None = None
    is_st: str | None = None
    is_suspended: str | None = None


class IndexBarsColumns(Columns):
    """Columns of the index bars; see ``RAW_INDEX_BARS``."""

    date: str
    index: str | None = None
    open: str
    high: str
    low: str
    close: str
    volume: str | None = None
    amount: str | None = None


class InstrumentsColumns(Columns):
    """Columns of the instruments; see ``RAW_INSTRUMENTS``."""

    symbol: str
    name: str | None = None
    list_date: str | None = None
    delist_date: str | None = None


class MembersColumns(Columns):
    """Columns of the index membership; see ``RAW_INDEX_MEMBERS``."""

    index: str | None = None
    symbol: str
    effective_from: str
    effective_to: str | None = None
    announced_at: str | None = None


class CorporateActionsColumns(Columns):
    """Columns of the corporate actions; see ``RAW_CORPORATE_ACTIONS``."""

    symbol: str
    ex_date: str
    announced_at: str | None = None
    payable_date: str | None = None
    cash: str | None = None
    bonus: str | None = None
    rights: str | None = None
    rights_price: str | None = None


class IndustryColumns(Columns):
    """Columns of the industries; see ``RAW_INDUSTRY``. Without ``start_date`` only the industry of
    the file's own day is known, and the table says that it looks ahead."""

    symbol: str
    name: str
    code: str | None = None
    start_date: str | None = None
    level: str | None = None


class FundamentalsColumns(Columns):
    """Columns of the published figures, one row for each; see ``RAW_FUNDAMENTALS``."""

    symbol: str
    report_period: str
    item: str
    value: str
    announced_at: str | None = None


class NewsColumns(Columns):
    """Columns of the news; see ``RAW_NEWS``. A time without a zone is Shanghai's."""

    symbol: str
    published_at: str
    title: str
    id: str | None = None
    source: str | None = None


class CalendarColumns(Columns):
    """Columns of the calendar; without ``is_open`` every row is an open day."""

    date: str
    is_open: str | None = None


class Units(_Strict):
    """Units of the file's numbers; what they are turned into is shares, CNY and ratios."""

    volume: Literal["shares", "lots"] | None = None
    amount: Literal["cny", "thousand_cny", "ten_thousand_cny"] | None = None
    change: Literal["percent", "ratio"] | None = None
    turnover: Literal["percent", "ratio"] | None = None


class Constants(_Strict):
    """Values of columns that the file does not have."""

    index: str | None = None


class Table(_Strict):
    """One table: a file or a glob within the data folder, and how its text is to be read."""

    path: str
    encoding: str = "utf-8"
    separator: str = Field(default=",", min_length=1, max_length=1)
    date_format: str = "%Y-%m-%d"
    null_values: tuple[str, ...] = ()
    symbol_form: SymbolForm = "600519.SH"

    @field_validator("encoding")
    @classmethod
    def _is_known(cls, encoding: str) -> str:
        try:
            codecs.lookup(encoding)
        except LookupError as error:
            raise ValueError(
                f"there is no encoding {encoding!r}; most files are gbk or utf-8"
            ) from error
        return encoding

    @field_validator("path")
    @classmethod
    def _stays_in_the_folder(cls, path: str) -> str:
        if Path(path).is_absolute() or ".." in Path(path).parts:
            raise ValueError("give the path relative to the data folder, without '..'")
        return path


class _WithUnits(Table):
    units: Units = Units()

    @model_validator(mode="after")
    def _units_are_stated(self) -> _WithUnits:
        columns: Columns = getattr(self, "columns")  # noqa: B009 - declared by each subclass
        silent = [
            name
            for name in ("volume", "amount", "change", "turnover")
            if name in columns.mapped() and getattr(self.units, name) is None
        ]
        if silent:
            raise ValueError(f"units must say the unit of {', '.join(silent)}")
        return self


class BarsTable(_WithUnits):
    """The daily bars."""

    columns: BarsColumns


class SupplementTable(_WithUnits):
    """A second table of daily bars, richer in fields: what it has of a row of ``bars`` is taken."""

    columns: SupplementColumns

    @model_validator(mode="after")
    def _gives_something(self) -> SupplementTable:
        if not set(SUPPLEMENT_FIELDS) & set(self.columns.mapped()):
            raise ValueError(
                f"columns must map one of {', '.join(SUPPLEMENT_FIELDS)}; "
                "without any of them leave the supplement out"
            )
        return self


class _WithIndex(Table):
    constants: Constants = Constants()

    @model_validator(mode="after")
    def _index_is_known(self) -> _WithIndex:
        columns: Columns = getattr(self, "columns")  # noqa: B009 - declared by each subclass
        if ("index" in columns.mapped()) == (self.constants.index is not None):
            raise ValueError("give the index either in columns or in constants")
        return self


class IndexBarsTable(_WithIndex, _WithUnits):
    """The daily bars of indices."""

    columns: IndexBarsColumns


class InstrumentsTable(Table):
    """The instruments."""

    columns: InstrumentsColumns


class MembersTable(_WithIndex):
    """Membership intervals, both ends inclusive.

    ``open_end`` is the day at which the file cuts intervals that have not ended.
    """

    columns: MembersColumns
    open_end: date | None = None


class CalendarTable(Table):
    """Open days."""

    columns: CalendarColumns


class CorporateActionsTable(Table):
    """Dividends, bonus shares and rights; the figures are for ``per_shares`` shares."""

    columns: CorporateActionsColumns
    per_shares: Literal[1, 10]


class IndustryTable(Table):
    """Industries."""

    columns: IndustryColumns


class Item(_Strict):
    """What a figure of the file is called here, and its unit there."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
    unit: Literal["cny", "ten_thousand_cny", "hundred_million_cny", "shares", "ratio", "percent"]

    @property
    def scale(self) -> float:
        """What the file's figure is multiplied by, to be in CNY, shares or a ratio."""
        return {"ten_thousand_cny": 1e4, "hundred_million_cny": 1e8, "percent": 0.01}.get(
            self.unit, 1.0
        )


class FundamentalsTable(Table):
    """Published figures. Only the ``items`` named are read.

    A figure may be used from the day after ``announced_at``; a file without it says by which day of
    the year after the period's (``MM-DD``) everything is public: ``public_by``.
    """

    columns: FundamentalsColumns
    items: dict[str, Item] = Field(min_length=1)
    public_by: Annotated[str, StringConstraints(pattern=r"^\d{2}-\d{2}$")] | None = None

    @model_validator(mode="after")
    def _publication_is_known(self) -> FundamentalsTable:
        if (self.columns.announced_at is None) == (self.public_by is None):
            raise ValueError("map columns.announced_at, or else say public_by, such as 04-30")
        if self.public_by is not None:
            try:
                date.fromisoformat(f"2001-{self.public_by}")
            except ValueError as error:
                raise ValueError(f"public_by: {self.public_by} is no day of a year") from error
        return self


class NewsTable(Table):
    """News. ``available`` says from when it may be used: as published, or, where the times are not
    to be trusted, from the day after."""

    columns: NewsColumns
    available: Literal["published", "next_day"]


class Policies(_Strict):
    """What to do with faults that a rule can mend."""

    factor: FactorPolicy = FactorPolicy.REBUILD


class FileMapping(_Strict):
    """The whole mapping.

    ``suspension`` says how a suspended day shows: by a flag (``column``), by no volume on a row
    (``zero_volume``), or by no row at all (``absent_rows``). ``gaps`` names each column that the
    files lack, with a note, also where the ``supplement`` has it on the rows that it covers;
    ``notes`` says what else is missing, for the quality report.
    """

    name: str = Field(min_length=1)
    suspension: Literal["column", "zero_volume", "absent_rows"]
    bars: BarsTable
    supplement: SupplementTable | None = None
    index_bars: IndexBarsTable | None = None
    instruments: InstrumentsTable | None = None
    index_members: MembersTable | None = None
    calendar: CalendarTable | None = None
    corporate_actions: CorporateActionsTable | None = None
    industry: IndustryTable | None = None
    fundamentals: FundamentalsTable | None = None
    news: NewsTable | None = None
    gaps: dict[GapName, str] = {}
    notes: tuple[str, ...] = ()
    policies: Policies = Policies()

    @model_validator(mode="after")
    def _nothing_is_left_open(self) -> FileMapping:
        mapped = self.bars.columns.mapped()
        both = sorted(set(mapped) & set(self.gaps))
        if both:
            raise ValueError(f"{', '.join(both)}: mapped in bars.columns and declared in gaps")
        neither = [name for name in _OPTIONAL_BARS if name not in mapped and name not in self.gaps]
        if neither:
            raise ValueError(
                f"{', '.join(neither)}: neither mapped in bars.columns nor declared in gaps"
            )
        if (self.suspension == "column") != ("is_suspended" in mapped):
            raise ValueError("suspension: column goes together with bars.columns.is_suspended")
        return self

    def declared_gaps(self) -> DeclaredGaps:
        """The gaps as rules and reports read them."""
        unmapped = {"turnover"} - set(self.bars.columns.mapped())
        return DeclaredGaps(
            columns=frozenset(self.gaps) | unmapped,
            tables=frozenset(_FURTHER_TABLES) - set(self.tables()),
            notes=(*(f"{name}: {note}" for name, note in self.gaps.items()), *self.notes),
            suspended_rows=self.suspension == "absent_rows",
        )

    def tables(self) -> dict[str, Table]:
        """The tables that are mapped, by name."""
        named = {
            "bars": self.bars,
            "supplement": self.supplement,
            "index_bars": self.index_bars,
            "instruments": self.instruments,
            "index_members": self.index_members,
            "calendar": self.calendar,
            **{name: getattr(self, name) for name in _FURTHER_TABLES},
        }
        return {name: table for name, table in named.items() if table is not None}

    def sha256(self) -> str:
        """Digest of what the mapping says, whatever its comments and order."""
        # Without the keys left out, so that a new optional key changes no other mapping's digest.
        text = json.dumps(self.model_dump(mode="json", exclude_none=True), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def load_mapping(path: Path) -> FileMapping:
    """Read a mapping from YAML.

    Raises ``ConfigurationError`` that names the file, the path of each bad key within it and the
    keys or values that are allowed there.
    """
    content = read_yaml(path)
    try:
        return FileMapping.model_validate(content)
    except ValidationError as error:
        raise ConfigurationError(
            "the mapping is not valid: " + "; ".join(_explained(error)),
            where=str(path),
            remedy="correct the keys named above; docs/mappings holds examples",
        ) from error


def _explained(error: ValidationError) -> list[str]:
    """One sentence for each problem, with its path in the YAML and what is allowed there."""
    sentences = []
    for problem in error.errors():
        location = tuple(part for part in problem["loc"] if part != "[key]")
        place = ".".join(str(part) for part in location) or "the file"
        if problem["type"] == "extra_forbidden":
            allowed = ", ".join(_model_at(location[:-1]).model_fields)
            sentences.append(f"{place}: unknown key; allowed here: {allowed}")
        elif problem["type"] == "missing":
            sentences.append(f"{place}: required and missing")
        else:
            given = "" if problem["type"] == "value_error" else f" (given: {problem['input']!r})"
            sentences.append(f"{place}: {problem['msg'].removeprefix('Value error, ')}{given}")
    return sentences


def _model_at(location: tuple[Any, ...]) -> type[BaseModel]:
    """The model that describes the mapping's part at ``location``."""
    model: type[BaseModel] = FileMapping
    for key in location:
        annotation = model.model_fields[str(key)].annotation
        choices = get_args(annotation) if get_origin(annotation) is UnionType else (annotation,)
        model = next(
            choice
            for choice in choices
            if isinstance(choice, type) and issubclass(choice, BaseModel)
        )
    return model
