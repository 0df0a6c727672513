"""A small synthetic market, served from memory."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from naxs_assets.market.pulling.parts import PulledStore
from naxs_assets.market.sources.synthetic import SyntheticSource
from naxs_assets.market.synthetic import SyntheticMarket
from naxs_tests.market.pulling.memory import Clock, Upstream, upstream_of

FIRST, LAST = date(2021, 7, 1), date(2021, 9, 30)


@pytest.fixture(scope="session")
def market() -> SyntheticSource:
    return SyntheticSource(SyntheticMarket(seed=7, names=30, first=FIRST, last=LAST))


@pytest.fixture
def clock() -> Clock:
    """It stands at the evening of a Tuesday in the middle of the market."""
    clock = Clock(None)  # type: ignore[arg-type]
    clock.set(date(2021, 8, 31))
    return clock


@pytest.fixture
def upstream(market: SyntheticSource, clock: Clock) -> Upstream:
    return upstream_of(market, clock, LAST)


@pytest.fixture
def store(tmp_path: Path) -> PulledStore:
    return PulledStore(tmp_path / "pulled")
