"""A mapping file: what it must say, and how its faults are told."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from naxs_assets.errors import ConfigurationError
from naxs_assets.market.sources.base import FactorPolicy
from naxs_assets.market.sources.mapping import FileMapping, load_mapping

EXAMPLES = sorted((Path(__file__).parents[3] / "docs" / "mappings").glob("*.yaml"))


def mapping(**changes: Any) -> dict[str, Any]:
    """A valid mapping; keywords replace whole top-level keys, None drops one."""
    columns = {name: name for name in ("date", "symbol", "open", "high", "low", "close", "volume")}
    content: dict[str, Any] = {
        "name": "mine",
        "suspension": "zero_volume",
        "bars": {"path": "bars.csv", "columns": columns, "units": {"volume": "shares"}},
        "gaps": dict.fromkeys(("pre_close", "change", "amount", "adj_factor", "is_st"), "none"),
    }
    content |= changes
    return {key: value for key, value in content.items() if value is not None}


def bars(**changes: Any) -> dict[str, Any]:
    return mapping()["bars"] | changes


def supplement(*fields: str, **changes: Any) -> dict[str, Any]:
    """A table of key, close and ``fields``; keywords replace its keys."""
    names = ("date", "symbol", "close", *fields)
    return {"path": "rich.csv", "columns": {name: name for name in names}} | changes


def load(tmp_path: Path, content: dict[str, Any]) -> FileMapping:
    path = tmp_path / "mapping.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return load_mapping(path)


def test_a_minimal_mapping_is_read(tmp_path: Path) -> None:
    read = load(tmp_path, mapping())
    assert read.policies.factor is FactorPolicy.REBUILD
    assert read.declared_gaps().columns == {
        "pre_close", "change", "amount", "turnover", "adj_factor", "is_st",
    }  # fmt: skip
    assert not read.declared_gaps().suspended_rows
    assert list(read.tables()) == ["bars"]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_are_valid_and_hold_no_absolute_path(path: Path) -> None:
    assert load_mapping(path).name
    assert '"/' not in path.read_text(encoding="utf-8")


def test_there_are_examples() -> None:
    assert {path.stem for path in EXAMPLES} == {
        "ci_small", "full_2020_2023", "own_csv", "panel_2010_2023",
    }  # fmt: skip


COLUMNS: dict[str, str] = mapping()["bars"]["columns"]
FAULTS: list[tuple[dict[str, Any], list[str]]] = [
    (mapping(bras={}), ["bras: unknown key", "name, suspension, bars, supplement, index_bars"]),
    (
        mapping(bars=bars(columns=COLUMNS | {"closee": "c"})),
        ["bars.columns.closee: unknown key", "date, symbol, open, high, low, close, volume"],
    ),
    (
        mapping(calendar={"path": "c.csv", "columns": {"date": "d", "open": "o"}}),
        ["calendar.columns.open: unknown key; allowed here: date, is_open"],
    ),
    (mapping(name=None), ["name: required and missing"]),
    (
        mapping(bars=bars(columns={k: v for k, v in COLUMNS.items() if k != "close"})),
        ["bars.columns.close: required and missing"],
    ),
    (mapping(suspension="flag"), ["suspension: ", "'zero_volume'", "(given: 'flag')"]),
    (mapping(suspension="column"), ["bars.columns.is_suspended"]),
    (mapping(gaps={"pre_close": "none"}), ["change, amount, adj_factor, is_st: neither mapped"]),
    (mapping(gaps={"volume": "none"}), ["gaps.volume: ", "'pre_close', 'change'"]),
    (
        mapping(bars=bars(columns=COLUMNS | {"amount": "a"})),
        ["bars: units must say the unit of amount"],
    ),
    (
        mapping(
            bars=bars(columns=COLUMNS | {"amount": "a"}, units={"volume": "lots", "amount": "cny"})
        ),
        ["amount: mapped in bars.columns and declared in gaps"],
    ),
    (mapping(bars=bars(units={"volume": "hands"})), ["bars.units.volume: ", "'lots'", "'hands'"]),
    (mapping(bars=bars(path="/data/bars.csv")), ["bars.path: give the path relative"]),
    (mapping(bars=bars(path="../bars.csv")), ["bars.path: give the path relative"]),
    (mapping(bars=bars(encoding="gkb")), ["bars.encoding: there is no encoding 'gkb'"]),
    (mapping(policies={"factor": "ignore"}), ["policies.factor: ", "'rebuild_from_change'"]),
    (
        mapping(index_members={"path": "m.csv", "columns": {"symbol": "s", "effective_from": "f"}}),
        ["index_members: give the index either in columns or in constants"],
    ),
    (
        mapping(supplement=supplement("is_st", "volume")),
        [
            "supplement.columns.volume: unknown key; allowed here: "
            "date, symbol, close, pre_close, amount, turnover, is_st, is_suspended"
        ],
    ),
    (
        mapping(supplement={"path": "r.csv", "columns": {"date": "d", "symbol": "s"}}),
        ["supplement.columns.close: required and missing"],
    ),
    (
        mapping(supplement=supplement()),
        [
            "supplement: columns must map one of pre_close, amount, turnover, is_st, is_suspended",
            "leave the supplement out",
        ],
    ),
    (
        mapping(supplement=supplement("amount")),
        ["supplement: units must say the unit of amount"],
    ),
    (
        mapping(supplement=supplement("amount", units={"amount": "yuan"})),
        ["supplement.units.amount: ", "'thousand_cny'", "'yuan'"],
    ),
    (
        mapping(supplement=supplement("is_st", path="/data/rich.csv")),
        ["supplement.path: give the path relative to the data folder"],
    ),
    (
        mapping(supplement=supplement("is_st", columns_={"close": "c"})),
        ["supplement.columns_: unknown key; allowed here: path, encoding"],
    ),
    (
        mapping(
            gaps=dict.fromkeys(("change", "amount", "adj_factor", "is_st"), "none"),
            supplement=supplement("pre_close"),
        ),
        ["pre_close: neither mapped in bars.columns nor declared in gaps"],
    ),
]


@pytest.mark.parametrize(("content", "texts"), FAULTS)
def test_a_fault_is_told_with_its_path_and_what_is_allowed(
    tmp_path: Path, content: dict[str, Any], texts: list[str]
) -> None:
    with pytest.raises(ConfigurationError) as told:
        load(tmp_path, content)
    for text in (*texts, "mapping.yaml", "remedy"):
        assert text in str(told.value)


def test_several_faults_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"suspension: .*; bras: unknown key"):
        load(tmp_path, mapping(suspension="flag", bras=1))


@pytest.mark.parametrize("text", ["name: [", "", "- a list", "just text"])
def test_what_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="mapping"):
        load_mapping(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.yaml"):
        load_mapping(tmp_path / "nowhere.yaml")


def test_the_digest_follows_the_meaning_not_the_text(tmp_path: Path) -> None:
    one = load(tmp_path, mapping())
    reordered = dict(reversed(mapping().items()))
    assert one.sha256() == load(tmp_path, reordered).sha256()
    assert one.sha256() != load(tmp_path, mapping(name="other")).sha256()


def test_a_supplement_is_a_table_and_its_fields_stay_gaps_of_the_bars(tmp_path: Path) -> None:
    read = load(tmp_path, mapping(supplement=supplement("is_st", "pre_close", symbol_form=600519)))
    assert list(read.tables()) == ["bars", "supplement"]
    assert {"is_st", "pre_close"} <= read.declared_gaps().columns
    assert read.sha256() != load(tmp_path, mapping()).sha256()


def test_keys_left_out_or_null_are_the_same_mapping(tmp_path: Path) -> None:
    spelled = {**mapping(), "calendar": None, "supplement": None}
    path = tmp_path / "spelled.yaml"
    path.write_text(yaml.safe_dump(spelled), encoding="utf-8")
    assert load_mapping(path).sha256() == load(tmp_path, mapping()).sha256()


def test_a_bare_number_is_a_symbol_form(tmp_path: Path) -> None:
    path = tmp_path / "mapping.yaml"
    text = yaml.safe_dump(mapping()).replace(
        "path: bars.csv", "path: bars.csv\n  symbol_form: 600519"
    )
    path.write_text(text, encoding="utf-8")
    assert load_mapping(path).bars.symbol_form == "600519"
