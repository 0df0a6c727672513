"""The real clients of AKShare and baostock fill a home from the loopback upstream."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from click.testing import CliRunner, Result
from filelock import FileLock

from naxs_assets.cli.main import cli
from naxs_assets.definitions import Platform, open_platform
from naxs_assets.market.fetching.calls import Family
from naxs_assets.market.pulling.parts import PulledStore
from naxs_assets.market.sources.offers import PulledTable
from naxs_assets.market.synthetic import SyntheticMarket
from naxs_assets.settings import SHANGHAI, load_settings
from naxs_tests.graph.live import LIVE_TINY
from naxs_tests.graph.small import FEATURES, close, currents, write_entry
from naxs_tests.upstream import LoopbackUpstream, UpstreamMarket

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("loopback")]

FIRST, LAST = date(2021, 7, 1), date(2021, 10, 29)
TODAY, TOMORROW = date(2021, 8, 31), date(2021, 9, 1)
QUICK = {"seconds": 0.01, "per_run": 100_000}
NOBODY = "http://127.0.0.1:9"


@dataclass
class Live:
    """A live home over the loopback upstream, and the ``naxs`` command for it."""

    home: Path
    upstream: LoopbackUpstream

    def at(self, day: date, hour: int = 19, **live: Any) -> Live:
        """Set the clock of the home and of the upstream."""
        self.upstream.as_of = datetime(day.year, day.month, day.day, hour)
        host, port = self.upstream.baostock_address
        section = {
            "first": FIRST,
            "budgets": {family.value: QUICK for family in Family},
            "baostock": f"{host}:{port}",
            "also": ["corporate_actions", "industry"],
            **live,
        }
        settings = {
            "now": datetime(day.year, day.month, day.day, hour, tzinfo=SHANGHAI).isoformat(),
            "actor": "ann",
            "threads": 1,
            "market": {"source": "live", "live": section},
        }
        self.home.mkdir(exist_ok=True)
        (self.home / "naxs.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
        return self

    def __call__(self, *arguments: object, code: int = 0) -> Result:
        words = ["--home", str(self.home), *(str(argument) for argument in arguments)]
        result = CliRunner().invoke(cli, words, prog_name="naxs")
        assert result.exit_code == code, result.output + repr(result.exception)
        return result

    def facts(self, *arguments: object, code: int = 0) -> dict[str, Any]:
        facts: dict[str, Any] = json.loads(self(*arguments, "--json", code=code).stdout)
        return facts

    def platform(self) -> Platform:
        return open_platform(load_settings(self.home, {}))


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
def live(market: UpstreamMarket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    folder = tmp_path / "upstream"
    folder.mkdir()
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    with LoopbackUpstream(market, folder) as upstream:
        for name, value in upstream.environment.items():
            monkeypatch.setenv(name, value)
        yield Live(tmp_path / "home", upstream)


def test_the_restatement_drill(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    write_entry(live.home, "features", FEATURES)
    write_entry(live.home, "strategies", LIVE_TINY)
    assert live.at(TODAY).facts("pull")["verdict"] == "fresh"
    live("run", "tiny")
    platform = live.platform()
    before = currents(platform)
    day = date(2021, 8, 27)
    bars = platform.source.bars(day, day).filter(~pl.col("is_suspended"))
    bar = bars.filter(pl.col("close") != pl.col("high")).sort("amount").row(-1, named=True)
    close(platform)

    # The vendor corrects one past bar; the next pull tells of it.
    live.upstream.market = live.upstream.market.restated(bar["symbol"], day, close=bar["high"])
    live.at(date(2021, 9, 1), 12)  # before the close: nothing new but the correction
    facts = live.facts("pull")
    assert facts["last"] == "2021-08-31"
    told = [line for line in facts["restated"] if line["column"] == "close"]
    assert [(t["symbol"], t["date"], t["old"], t["new"]) for t in told] == [
        (bar["symbol"], "2021-08-27", str(bar["close"]), str(bar["high"]))
    ]
    assert facts["stale"]["market/prices"] == ["2021-08"]
    assert facts["stale"]["features/few"] == ["2021-08"]

    # What is downstream of the month is made anew, and version 1 stays readable.
    live("run", "tiny")
    platform = live.platform()
    after = currents(platform)
    changed = {place for place in after if after[place].content_hash != before[place].content_hash}
    assert ("market/prices", "2021-08") in changed
    assert {month for _, month in changed if month} <= {"2021-07", "2021-08"}
    assert ("market/prices", "2021-07") not in changed
    evening = datetime(2021, 8, 31, 23, 0, tzinfo=SHANGHAI)
    here = (pl.col("symbol") == bar["symbol"]) & (pl.col("date") == day)
    prices = platform.lineage.reader("market/prices", evening)["2021-08"].frame().filter(here)
    assert prices.item(0, "close") == bar["close"]
    now = platform.lineage.reader("market/prices")["2021-08"].frame().filter(here)
    assert now.item(0, "close") == bar["high"]
    close(platform)
    assert live.facts("run", "tiny")["made"] == {}

    # Every kept answer reads as it is stored, with the network off, and mends what is damaged.
    objects = live.home / "pulled" / "objects"
    files = {file: file.read_bytes() for file in sorted(objects.glob("*/*"))}
    days = PulledStore(live.home / "pulled").parts(PulledTable.DAY)
    august = [part for part in days if part.wanted.first >= date(2021, 8, 1)]
    flipped, gone = (live.home / "pulled" / part.uri for part in (august[0], august[-1]))
    flipped.write_bytes(files[flipped][:100] + b"?" + files[flipped][101:])
    gone.unlink()
    for name in live.upstream.environment:
        if name.lower().endswith("_proxy"):
            monkeypatch.setenv(name, NOBODY)
    asked = len(live.upstream.requests)
    replayed = live.facts("pull", "--replay", "--from", "2021-08-01")
    assert replayed["differences"] == []
    assert [one["part"] for one in replayed["mended"]] == [str(august[0]), str(august[-1])]
    assert {file: file.read_bytes() for file in sorted(objects.glob("*/*"))} == files
    assert replayed["parts"] > 50
    assert len(live.upstream.requests) == asked


def test_a_family_that_refuses_is_replaced_and_named(live: Live) -> None:
    live.at(TODAY)
    live.upstream.misbehave(Family.BAOSTOCK.value, "closed")
    facts = live.facts("pull", code=3)
    # Nobody else tells who was a member in the past.
    assert [line["table"] for line in facts["unanswered"]] == ["members"]
    told = {(line["table"], line["family"]): line["kind"] for line in facts["fallbacks"]}
    assert told["history", "baostock"] in ("broken", "circuit_open")
    taken = {(line["table"], line["family"]) for line in facts["taken"]}
    assert ("history", "akshare.sina") in taken
    assert ("factors", "akshare.sina") in taken
    # The circuit opened: baostock was left alone after a few requests.
    queries = [r for r in live.upstream.requests if r.family == Family.BAOSTOCK.value]
    assert len(queries) <= 6
    platform = live.platform()
    source = platform.source
    assert "akshare.sina:history" in source.provenance()
    assert source.bars(FIRST, TODAY).height > 0
    close(platform)


def test_when_everybody_fails_the_stored_market_stands(live: Live) -> None:
    live.at(TODAY)("pull")
    platform = live.platform()
    bars = platform.source.bars(FIRST, TODAY)
    close(platform)
    live.at(TOMORROW)
    for family in Family:
        live.upstream.misbehave(family.value, "closed")
    said = live("pull", code=3)
    assert "nobody answered" in said.output
    assert "stale: 2021-07-01 to 2021-09-01" in said.output
    platform = live.platform()
    assert platform.source.bars(FIRST, TOMORROW).equals(bars)
    close(platform)


def test_one_pull_at_a_time(live: Live) -> None:
    live.at(TODAY)
    (live.home / "pulled").mkdir()
    with FileLock(live.home / "pulled" / "pull.lock"):
        said = live("pull", code=4)
    assert "another pull runs in this home" in said.output
    assert live.upstream.requests == []


FETCH = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from naxs_assets.market.fetching.hosts import Budget, Limits
from naxs_assets.market.fetching.calls import Family
from naxs_assets.market.fetching.live import LiveFetcher
from naxs_assets.market.sources.offers import PulledTable, Wanted
from naxs_assets.market.sources.registry import offers_of
from datetime import date

limits = Limits(budgets={Family.TENCENT: Budget(0.5)})
offer = [o for o in offers_of(PulledTable.HISTORY) if o.family is Family.TENCENT][0]
symbol = sys.argv[2]
wanted = Wanted(date(2021, 8, 1), date(2021, 8, 31), date(2021, 8, 31), (symbol,))
with LiveFetcher(Path(sys.argv[1]), lambda: datetime.now(UTC), limits) as fetcher:
    for _ in range(3):
        for call in offer.calls(wanted):
            fetcher.fetch(call)
"""


def test_three_processes_of_one_home_keep_one_rate(live: Live) -> None:
    live.at(TODAY)
    symbols = live.upstream.market.bars.filter(pl.col("symbol").str.ends_with("SH"))
    chosen = symbols.get_column("symbol").unique().sort().head(3).to_list()
    begun = time.monotonic()
    running = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", FETCH, str(live.home / "fetching"), symbol],
            env={**os.environ, **live.upstream.environment},
        )
        for symbol in chosen
    ]
    assert [process.wait(timeout=120) for process in running] == [0, 0, 0]
    asked = sorted(r.at for r in live.upstream.requests if r.family == Family.TENCENT.value)
    assert len(asked) >= 9
    assert min(asked) > begun
    # Requests are let through half a second apart; how long each is under way differs.
    assert all(later - earlier > 0.25 for earlier, later in pairwise(asked))
    assert asked[-1] - asked[0] >= 0.5 * (len(asked) - 1) - 0.25
