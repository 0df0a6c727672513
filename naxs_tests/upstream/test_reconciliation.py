"""A vendor that tells other closes than the rest is found out by the real clients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from math import ceil
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
DAYS = [date(2021, 8, day) for day in (18, 19, 20, 23, 24)]
SHIFTED_SHARE = 0.03


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
def upstream(
    market: UpstreamMarket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LoopbackUpstream]:
    folder = tmp_path / "upstream"
    folder.mkdir()
    with LoopbackUpstream(market, folder) as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


def home_at(folder: Path, upstream: LoopbackUpstream, day: date) -> LiveHome:
    """The home in ``folder`` on the evening of ``day``, and the upstream too."""
    upstream.as_of = datetime(day.year, day.month, day.day, 19)
    host, port = upstream.baostock_address
    quick = {"seconds": 0.01, "per_run": 100_000}
    live = {
        "first": FIRST,
        "also": [],
        "baostock": f"{host}:{port}",
        "budgets": {family.value: quick for family in Family},
    }
    settings = {
        "now": upstream.as_of.replace(tzinfo=SHANGHAI).isoformat(),
        "market": {"source": "live", "live": live},
    }
    folder.mkdir(exist_ok=True)
    (folder / "naxs.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    return LiveHome.of(load_settings(folder, {}))


def shifted(market: UpstreamMarket, symbols: list[str]) -> UpstreamMarket:
    """The same market with the closes of ``symbols`` five ticks higher."""
    close = pl.col("close") + pl.when(pl.col("symbol").is_in(symbols)).then(0.05).otherwise(0.0)
    return replace(market, bars=market.bars.with_columns(close=close.round(2)))


@pytest.mark.parametrize(("share", "verdict"), [(0.0, "pass"), (SHIFTED_SHARE, "critical")])
def test_closes_shifted_by_one_vendor_are_critical(
    share: float, verdict: str, market: UpstreamMarket, upstream: LoopbackUpstream, tmp_path: Path
) -> None:
    day = market.bars.filter(pl.col("date") == DAYS[-1], pl.col("volume") > 0)
    members = market.members.filter(pl.col("effective_to").is_null()).get_column("symbol")
    traded = sorted(set(day.get_column("symbol")) & set(members))
    chosen = traded[: ceil(share * len(traded))]
    upstream.told_by[Family.TENCENT] = shifted(market, chosen)
    for today in DAYS:
        home = home_at(tmp_path / "home", upstream, today)
        result = home.pull(FIRST, today)
        assert result.verdict == FRESH
        assert result.unconfirmed == []
    # What confirms stays apart: nothing that stands has moved.
    assert result.restatements.is_empty()
    tables = reconciliation(home)
    (found,) = judge_tables(tables, month="whole").findings.filter(rule="recon").to_dicts()
    told = tables["second_sample"].height
    assert (found["judged"], found["verdict"]) == (told, verdict)
    assert told > 4 * len(traded)  # whole days, not a sample
    assert found["rows"] == len(DAYS) * len(chosen)
    days = {part.scope for part in home.store.parts(PulledTable.CONFIRMING_DAY)}
    assert days == {day.isoformat() for day in DAYS}
    count, differences = home.replay(DAYS[0], DAYS[-1])
    assert differences == []
    assert count > len(home.store.parts(*CONFIRMING))
