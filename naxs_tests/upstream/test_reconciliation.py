"""A vendor that tells other closes than the rest is found out by the real clients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
import yaml

from naxs_assets.market.fetching.calls import Family
from naxs_assets.market.pulling.opening import LiveHome
from naxs_assets.market.pulling.pull import FRESH
from naxs_assets.market.pulling.reconciling import reconciliation
from naxs_assets.market.quality.tables import judge_tables
from naxs_assets.market.sources.offers import CONFIRMING, PulledTable
from naxs_assets.market.synthetic import SyntheticMarket
from naxs_assets.settings import SHANGHAI, load_settings
from naxs_tests.upstream import LoopbackUpstream, UpstreamMarket

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("loopback")]

FIRST, LAST = date(2021, 8, 2), date(2021, 8, 31)
DAYS = (date(2021, 8, 23), date(2021, 8, 24))
SHIFTED = 4


@pytest.fixture(scope="module")
def market() -> UpstreamMarket:
    """With a stock on every list of the exchanges: AKShare cannot read an empty one."""
    market = UpstreamMarket.of(SyntheticMarket(seed=7, names=60, first=FIRST, last=LAST))
    others = pl.DataFrame(
        [
            ("601999.SH", "退市甲", date(2000, 1, 4), date(2020, 5, 29)),
            ("002999.SZ", "退市乙", date(2004, 6, 25), date(2020, 5, 29)),
            ("920901.BJ", "北交丙", date(2020, 7, 27), None),
        ],
        schema=market.instruments.schema,
        orient="row",
    )
    return replace(market, instruments=pl.concat([market.instruments, others]))


@pytest.fixture
def vendors(
    market: UpstreamMarket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LoopbackUpstream]:
    folder = tmp_path / "upstream"
    folder.mkdir()
    with LoopbackUpstream(market, folder) as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


def home_at(folder: Path, vendors: LoopbackUpstream, day: date) -> LiveHome:
    """The home in ``folder`` on the evening of ``day``, and the upstream too."""
    vendors.as_of = datetime(day.year, day.month, day.day, 19)
    host, port = vendors.baostock_address
    quick = {"seconds": 0.01, "per_run": 100_000}
    live = {
        "first": FIRST,
        "also": [],
        "baostock": f"{host}:{port}",
        "budgets": {family.value: quick for family in Family},
    }
    settings = {
        "now": vendors.as_of.replace(tzinfo=SHANGHAI).isoformat(),
        "market": {"source": "live", "live": live},
    }
    folder.mkdir(exist_ok=True)
    (folder / "naxs.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    return LiveHome.of(load_settings(folder, {}))


def shifted(market: UpstreamMarket, symbols: list[str]) -> UpstreamMarket:
    """The same market with the closes of ``symbols`` five ticks higher."""
    close = pl.col("close") + pl.when(pl.col("symbol").is_in(symbols)).then(0.05).otherwise(0.0)
    return replace(market, bars=market.bars.with_columns(close=close.round(2)))


def recon(home: LiveHome) -> tuple[str, int, int]:
    findings = judge_tables(reconciliation(home), month="whole").findings
    (found,) = findings.filter(rule="recon").to_dicts()
    return found["verdict"], found["rows"], found["judged"]


def test_closes_shifted_by_one_vendor_are_critical(
    market: UpstreamMarket, vendors: LoopbackUpstream, tmp_path: Path
) -> None:
    traded = market.bars.filter(pl.col("date") == DAYS[-1], pl.col("volume") > 0)
    members = market.members.filter(pl.col("effective_to").is_null()).get_column("symbol")
    chosen = sorted(set(traded.get_column("symbol")) & set(members))[:SHIFTED]
    for today in DAYS:
        home = home_at(tmp_path / "home", vendors, today)
        result = home.pull(FIRST, today)
        assert result.verdict == FRESH
        assert result.unconfirmed == []
        verdict, rows, judged = recon(home)
        if today == DAYS[0]:
            assert (verdict, rows) == ("pass", 0)
            vendors.told_by[Family.TENCENT] = shifted(market, chosen)
    assert (verdict, rows) == ("critical", SHIFTED)
    assert judged > 80  # whole days, not a sample
    # What confirms stays apart: nothing that stands has moved.
    assert result.restatements.is_empty()
    days = {part.scope for part in home.store.parts(PulledTable.CONFIRMING_DAY)}
    assert days == {day.isoformat() for day in DAYS}
    count, differences = home.replay(DAYS[0], DAYS[-1])
    assert differences == []
    assert count > len(home.store.parts(*CONFIRMING))
