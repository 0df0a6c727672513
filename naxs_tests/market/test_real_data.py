"""The quality rules on recorded data of third parties, in the folder NAXS_REAL_DATA names."""

from __future__ import annotations

import os
import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from naxs_assets.market.calendar import trading_days
from naxs_assets.market.contracts import INDEX_PRICES, PRICES
from naxs_assets.market.factor_repair import TOLERANCE
from naxs_assets.market.index_prices import build_index_month
from naxs_assets.market.prices import build_month
from naxs_assets.market.quality.publication import publishable
from naxs_assets.market.reference import index_members_table, instruments_table
from naxs_assets.market.rules import MonthRefused
from naxs_assets.market.sources.base import DeclaredGaps, FactorPolicy
from naxs_assets.market.sources.files import FilesSource
from naxs_assets.market.sources.mapping import FileMapping, load_mapping
from naxs_assets.partitions import first_day, last_day, month_of, months_between

FOLDER = os.environ.get("NAXS_REAL_DATA", "")
MAPPINGS = Path(__file__).parents[2] / "docs" / "mappings"
pytestmark = pytest.mark.skipif(
    not FOLDER, reason="NAXS_REAL_DATA does not name a folder of recorded market data"
)
Edit = Callable[[pl.DataFrame], pl.DataFrame]


@cache
def source(name: str) -> FilesSource:
    return FilesSource(load_mapping(MAPPINGS / f"{name}.yaml"), Path(FOLDER))


@cache
def calendar() -> pl.DataFrame:
    return trading_days(None, date(2026, 12, 31))


def build_all(
    files: FilesSource,
    *,
    edit: Edit = lambda bars: bars,
    gaps: DeclaredGaps | None = None,
    policy: FactorPolicy | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Every month's prices and findings."""
    listed = instruments_table(files.instruments())
    first, last = files.coverage()
    previous: pl.DataFrame | None = None
    frames, findings = [], []
    for month in months_between(month_of(first), month_of(last)):
        built = build_month(
            edit(files.bars(first_day(month), last_day(month))),
            month=month,
            calendar=calendar(),
            instruments=listed,
            previous=previous,
            gaps=gaps or files.gaps,
            policy=policy or files.factor_policy,
        )
        previous = PRICES.validate(built.frame, month)
        frames.append(built.frame)
        findings.append(built.findings.with_columns(month=pl.lit(month)))
    return pl.concat(frames), pl.concat(findings)


def no_pass(findings: pl.DataFrame) -> pl.DataFrame:
    return findings.filter(~pl.col("verdict").is_in(["pass", "partly"]))


@cache
def ci_small() -> tuple[pl.DataFrame, pl.DataFrame]:
    return build_all(source("ci_small"))


def test_the_small_panel_has_three_findings() -> None:
    _, findings = ci_small()
    assert no_pass(findings).select("rule", "verdict", "sample").rows() == [
        ("factor", "repaired", "600372.SH 2020-11-19"),
        ("factor", "repaired", "000001.SZ 2020-12-31"),
        ("limit", "warn", "000792.SZ 2021-08-10"),  # relisted without a limit
    ]


def test_no_price_of_the_small_panel_is_changed() -> None:
    frame, _ = ci_small()
    files = source("ci_small")
    raw = files.bars(*files.coverage()).sort("date", "symbol")
    for name in ("date", "symbol", "open", "high", "low", "close", "pre_close", "is_suspended"):
        assert frame[name].equals(raw[name]), name


def _edited(**cells: object) -> Edit:
    return lambda bars: bars.with_columns(
        pl.when("is_suspended")
        .then(pl.lit(value))
        .otherwise(name)
        .cast(bars[name].dtype)
        .alias(name)
        for name, value in cells.items()
    )


PRICE_COLUMNS = ("open", "high", "low", "close", "pre_close")
ENCODINGS: dict[str, Edit] = {
    "zero prices": _edited(**dict.fromkeys(PRICE_COLUMNS, 0.0), change=None),
    "nothing": _edited(**dict.fromkeys((*PRICE_COLUMNS, "volume", "amount", "change"))),
    "no flag": lambda bars: bars.with_columns(is_suspended=pl.lit(None, dtype=pl.Boolean)),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_of_suspension_gives_the_same_table(encoding: str) -> None:
    frame, _ = build_all(source("ci_small"), edit=ENCODINGS[encoding])
    assert frame.equals(ci_small()[0])


def test_absent_rows_are_filled_in_to_the_same_prices() -> None:
    frame, _ = build_all(
        source("ci_small"),
        edit=lambda bars: bars.filter(~pl.col("is_suspended")),
        gaps=DeclaredGaps(suspended_rows=True),
    )
    # An absent row does not tell ST, and nobody gave it.
    unknown = ["is_st", "limit_up", "limit_down", "source"]
    assert frame.drop(unknown).equals(ci_small()[0].drop(unknown))


def test_policy_quarantine_keeps_the_level_of_the_factor() -> None:
    frame, findings = build_all(source("ci_small"), policy=FactorPolicy.QUARANTINE)
    assert no_pass(findings)["verdict"].to_list() == ["quarantined", "quarantined", "warn"]
    assert frame["quarantined_by"].drop_nulls().to_list() == ["factor", "factor"]
    assert frame["adj_factor"].equals(ci_small()[0]["adj_factor"])


def test_swapped_columns_refuse_the_month() -> None:
    files = source("ci_small")
    swapped = files.bars(first_day("2020-03"), last_day("2020-03")).rename(
        {"high": "low", "low": "high"}
    )
    with pytest.raises(MonthRefused, match=r"market/prices 2020-03 refused by rule ohlc"):
        build_month(
            swapped,
            month="2020-03",
            calendar=calendar(),
            instruments=instruments_table(files.instruments()),
            previous=None,
            gaps=files.gaps,
            policy=files.factor_policy,
        )


FACTOR_FAULTS = {
    ("600633.SH", "2010-03-01"), ("601607.SH", "2010-03-05"), ("600654.SH", "2013-06-26"),
    ("000029.SZ", "2019-07-26"), ("000029.SZ", "2019-07-29"), ("000029.SZ", "2019-07-30"),
    ("000029.SZ", "2019-08-05"), ("002466.SZ", "2019-12-26"), ("002466.SZ", "2020-01-02"),
    ("000002.SZ", "2020-11-16"), ("000002.SZ", "2020-11-19"), ("600372.SH", "2020-11-19"),
    ("000002.SZ", "2020-11-20"), ("600633.SH", "2020-11-25"), ("600654.SH", "2020-11-25"),
    ("600655.SH", "2020-11-25"), ("601607.SH", "2020-11-27"), ("000001.SZ", "2020-12-31"),
}  # fmt: skip


@cache
def panel() -> tuple[pl.DataFrame, pl.DataFrame]:
    return build_all(source("panel_2010_2023"))


@pytest.mark.slow
def test_the_panel_has_eighteen_factor_faults_all_rebuilt() -> None:
    files = source("panel_2010_2023")
    frame, findings = panel()
    repaired = frame.filter(pl.col("repaired").is_not_null())
    found = set(repaired.select("symbol", pl.col("date").cast(pl.String)).iter_rows())
    assert found == FACTOR_FAULTS
    # Each is found in its month, and none elsewhere.
    months = Counter(day[:7] for _, day in FACTOR_FAULTS)
    by_month = no_pass(findings).filter(rule="factor").select("month", "rows")
    assert dict(by_month.iter_rows()) == months
    assert sorted(months) == [
        "2010-03", "2013-06", "2019-07", "2019-08", "2019-12", "2020-01", "2020-11", "2020-12",
    ]  # fmt: skip
    # Every adjusted return is the vendor's change, except a merger's on a day without trading.
    raw = files.bars(*files.coverage()).select("date", "symbol", "change")
    adjusted = pl.col("close") * pl.col("adj_factor")
    earned = (
        frame.join(raw, on=["date", "symbol"])
        .sort("symbol", "date")
        .with_columns(earned=(adjusted / adjusted.shift(1) - 1).over("symbol"))
    )
    wrong = earned.filter((pl.col("earned") - pl.col("change")).abs() > TOLERANCE)
    assert wrong.select("symbol", "date").rows() == [("601607.SH", date(2010, 3, 5))]
    on_faults = earned.join(repaired.select("date", "symbol"), on=["date", "symbol"])
    assert on_faults["earned"].null_count() == on_faults["change"].null_count() == 0
    # What is not a fault has the vendor's own ratio.
    ratios = frame.sort("symbol", "date").select(
        "repaired",
        ours=(pl.col("adj_factor") / pl.col("adj_factor").shift(1)).over("symbol"),
        vendor=(pl.col("source_adj_factor") / pl.col("source_adj_factor").shift(1)).over("symbol"),
    )
    kept = ratios.filter(pl.col("repaired").is_null())
    assert ((kept["ours"] / kept["vendor"]) - 1).abs().max() < 1e-9  # type: ignore[operator]


@pytest.mark.slow
def test_no_month_of_the_panel_is_refused_and_rules_on_gaps_never_pass() -> None:
    frame, findings = panel()
    assert frame.height == 2_542_852
    assert frame["quarantined_by"].null_count() == frame.height
    assert set(no_pass(findings).select("rule", "verdict").iter_rows()) == {
        ("zero", "not_applicable"),
        ("factor", "repaired"),
        ("limit", "warn"),
    }
    assert findings.filter(pl.col("rule") == "limit")["rows"].sum() == 25
    zero = findings.filter(pl.col("rule") == "zero").sort("month")
    before = pl.col("month") < "2020-01"
    assert set(zero.filter(before)["verdict"]) == {"not_applicable"}
    assert set(zero.filter(before)["note"]) == {"declared gap: amount"}
    # From 2020 on the second table knows the amount of a part.
    assert zero.filter(~before)["verdict"].to_list() == ["partly"] * 48
    assert zero.filter(month="2023-12")["note"].item() == "amount known for 6,048 of 17,892 rows"


@pytest.mark.slow
def test_the_richer_file_supplements_the_rows_that_both_have() -> None:
    files = source("panel_2010_2023")
    frame, _ = panel()
    given = frame.filter("supplemented")
    assert given.height == 270_491
    assert given["symbol"].n_unique() == 288
    assert (given["date"].min(), given["date"].max()) == (date(2020, 1, 2), date(2023, 12, 29))
    raw = files.bars(*files.coverage())
    # Both files come from one vendor: no close differs.
    assert raw["supplement_disagrees"].sum() == 0
    assert given.select("amount", "pre_close", "is_st").null_count().row(0) == (0, 0, 0)
    assert given["is_st"].sum() == 1036
    others = frame.filter(~pl.col("supplemented"))
    traded = ~pl.col("is_suspended")
    assert others.filter(traded)["amount"].null_count() == others.filter(traded).height
    assert others["is_st"].null_count() == others.height
    # A previous close worked out from the change is the recorded one.
    worked_out = (raw["close"] / (1 + raw["change"])).round(2)
    stated = raw.filter("supplemented", pl.col("change").is_not_null()).height
    assert (worked_out - raw["pre_close"]).abs().le(0.005).sum() == stated
    average = pl.col("amount") / pl.col("volume")
    inside = given.filter(traded).select(
        average.is_between(pl.col("low") - 0.01, pl.col("high") + 0.01).mean()
    )
    assert inside.item() > 0.9999


@pytest.mark.slow
def test_the_full_file_has_few_findings_and_one_stock_without_a_factor() -> None:
    files = source("full_2020_2023")
    frame, findings = build_all(files)
    assert frame.height == 278_438
    assert frame["quarantined_by"].null_count() == frame.height
    assert not frame["supplemented"].any()
    assert set(no_pass(findings).select("rule", "verdict").iter_rows()) == {
        ("factor", "repaired"),
        ("limit", "warn"),
    }
    assert no_pass(findings).filter(rule="limit").select("sample", "rows").rows() == [
        ("000792.SZ 2021-08-10", 1)  # relisted without a limit
    ]
    faults = frame.filter(
        pl.col("repaired").is_not_null() & pl.col("source_adj_factor").is_not_null()
    )
    found = set(faults.select("symbol", pl.col("date").cast(pl.String)).iter_rows())
    assert found < FACTOR_FAULTS
    # 601989.SH has no factor: it is built from the change on each of its days.
    built = frame.filter(pl.col("source_adj_factor").is_null())
    assert built["symbol"].unique().to_list() == ["601989.SH"]
    assert built["repaired"].to_list() == ["adj_factor"] * 970
    assert built["adj_factor"][0] == 1.0
    assert "rows without adj_factor, built from the change" in findings["note"].to_list()
    adjusted = built["close"] * built["adj_factor"]
    earned = (adjusted / adjusted.shift(1) - 1)[1:]
    change = files.bars(*files.coverage()).filter(symbol="601989.SH")["change"][1:]
    assert (earned - change.fill_null(0.0)).abs().max() < TOLERANCE  # type: ignore[operator]


def test_the_reference_tables_meet_their_contracts() -> None:
    files = source("panel_2010_2023")
    members = index_members_table(files.index_members())
    day = date(2015, 6, 8)
    on_day = members.filter(
        (pl.col("effective_from") <= day) & (pl.col("effective_to").fill_null(day) >= day)
    )
    assert on_day.height == 300
    listed = instruments_table(files.instruments())
    assert listed.filter(~pl.col("list_date_known")).height == 66


def test_index_prices_keep_every_row_that_has_prices() -> None:
    files = source("panel_2010_2023")
    rows = 0
    for month in ("2011-05", "2015-06", "2016-08", "2023-12"):
        raw = files.index_bars(first_day(month), last_day(month))
        built = build_index_month(raw, month=month, calendar=calendar())
        INDEX_PRICES.validate(built.frame, month)
        assert built.rejected.is_empty()
        rows += raw.height - built.frame.height
    assert rows == 21  # 000852.SH has no values in 2011
    peak = files.index_bars(date(2015, 6, 8), date(2015, 6, 8))
    assert peak.filter(pl.col("index") == "000300.SH")["close"].item() == pytest.approx(
        5353.75, abs=0.01
    )


def _mapping(path: str, **changes: object) -> FileMapping:
    content = {
        "name": "recorded",
        "suspension": "zero_volume",
        "bars": {"path": path, **changes.pop("bars")},  # type: ignore[dict-item]
        **changes,
    }
    return FileMapping.model_validate(content)


NETEASE = {
    "encoding": "gbk",
    "null_values": ["None"],
    "symbol_form": "600519",
    "columns": {
        "date": "日期", "symbol": "股票代码", "open": "开盘价", "high": "最高价", "low": "最低价",
        "close": "收盘价", "pre_close": "前收盘", "change": "涨跌幅", "volume": "成交量",
        "amount": "成交金额",
    },
    "units": {"volume": "shares", "amount": "cny", "change": "percent"},
}  # fmt: skip


def test_netease_files_in_gbk_with_zero_prices_become_a_clean_market(tmp_path: Path) -> None:
    with zipfile.ZipFile(Path(FOLDER) / "raw" / "netease163_2017_gbk.zip") as archive:
        archive.extractall(tmp_path)
    gaps = {"adj_factor": "built from the change", "is_st": "not recorded"}
    files = FilesSource(_mapping("*.csv", bars=NETEASE, gaps=gaps), tmp_path)
    frame, findings = build_all(files)
    assert frame["quarantined_by"].null_count() == frame.height
    assert set(no_pass(findings)["rule"]) <= {"factor", "limit"}
    panel = source("panel_2010_2023").bars(date(2017, 1, 1), date(2017, 12, 31))
    both = frame.join(panel, on=["date", "symbol"], suffix="_panel").filter(symbol="600519.SH")
    assert both.height == 244
    assert both["close"].equals(both["close_panel"], check_names=False)
    assert both["volume"].equals(both["volume_panel"], check_names=False)


def test_akshare_files_in_lots_are_read_into_shares() -> None:
    table = {
        "symbol_form": "600519",
        "columns": {
            "date": "日期", "symbol": "股票代码", "open": "开盘", "high": "最高", "low": "最低",
            "close": "收盘", "change": "涨跌幅", "volume": "成交量", "amount": "成交额",
        },
        "units": {"volume": "lots", "amount": "cny", "change": "percent"},
    }  # fmt: skip
    gaps = dict.fromkeys(("pre_close", "adj_factor", "is_st"), "absent")
    path = "raw/akshare_stock_zh_a_hist_qfq.parquet"
    files = FilesSource(_mapping(path, bars=table, gaps=gaps), Path(FOLDER))
    bars = files.bars(*files.coverage())
    assert bars.height == 67_693
    assert bars["bad_cells"].null_count() == bars.height
    per_share = bars.select((pl.col("amount") / pl.col("volume") / pl.col("close")).median()).item()
    assert 0.8 < per_share < 1.25


def test_legacy_tushare_files_in_descending_order_and_decimal_lots_are_read() -> None:
    table = {
        "columns": {
            "date": "date", "symbol": "symbol", "open": "open", "high": "high", "low": "low",
            "close": "close", "change": "p_change", "volume": "volume",
        },
        "units": {"volume": "lots", "change": "percent"},
    }  # fmt: skip
    gaps = dict.fromkeys(("pre_close", "amount", "adj_factor", "is_st"), "absent")
    path = "raw/tushare_legacy_since_delisted_2012_2015.parquet"
    mapping = _mapping(path, bars=table, gaps=gaps, suspension="absent_rows")
    early = FilesSource(mapping, Path(FOLDER), last=date(2015, 1, 30))
    frame, _ = build_all(early)
    bar = frame.filter(symbol="600005.SH", date=date(2015, 1, 30))
    raw = pl.read_parquet(Path(FOLDER) / path).filter(symbol="600005.SH", date=date(2015, 1, 30))
    assert bar["close"].item() == raw["close"].item()
    assert bar["volume"].item() == round(raw["volume"].item() * 100)
    # On 2015-02-24, within the spring holidays, the vendor has rows of 48 stocks.
    with pytest.raises(MonthRefused, match=r"2015-02 refused by rule calendar .*: 48 of 1223 rows"):
        build_all(FilesSource(mapping, Path(FOLDER), first=date(2015, 1, 5)))


def test_additive_prices_of_eastmoney_below_zero_are_refused() -> None:
    table = {
        "symbol_form": "600519",
        "columns": {
            "date": "date", "symbol": "code", "open": "open", "high": "high", "low": "low",
            "close": "close", "volume": "volume",
        },
        "units": {"volume": "lots"},
    }  # fmt: skip
    gaps = dict.fromkeys(("pre_close", "amount", "adj_factor", "is_st", "change"), "absent")
    mapping = _mapping("raw/eastmoney_qfq_long_history.parquet", bars=table, gaps=gaps)
    with pytest.raises(MonthRefused, match="refused by rule ohlc"):
        build_all(FilesSource(mapping, Path(FOLDER), first=date(2000, 1, 4)))


def test_a_series_that_is_shifted_in_time_is_refused_by_its_list_date() -> None:
    table = {
        "columns": {
            "date": "date", "symbol": "symbol", "open": "open", "high": "high", "low": "low",
            "close": "close", "change": "change", "volume": "volume",
        },
        "units": {"volume": "shares", "change": "percent"},
    }  # fmt: skip
    gaps = dict.fromkeys(("pre_close", "amount", "adj_factor", "is_st"), "absent")
    mapping = _mapping("raw/misdated_delisted_5.parquet", bars=table, gaps=gaps)
    files = FilesSource(mapping, Path(FOLDER), last=date(2010, 1, 29))
    real = {"603056.SH": date(2018, 1, 16), "300391.SZ": date(2014, 8, 1)}
    listed = instruments_table(
        files.instruments().with_columns(
            list_date=pl.col("symbol").replace_strict(real, default=None, return_dtype=pl.Date)
        )
    )
    frame, findings = build_all(files)
    with pytest.raises(MonthRefused, match="refused by rule life"):
        publishable(
            frame, findings.drop("month"),
            month="2010-01", instruments=listed, previous=None, gaps=files.gaps,
        )  # fmt: skip
