"""One market for all tests of the upstream, and AKShare pointed at it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from naxs_tests.upstream import LoopbackUpstream, UpstreamMarket
from naxs_tests.upstream.eventful import EventfulSource


@pytest.fixture(scope="session")
def market() -> UpstreamMarket:
    return UpstreamMarket.of(EventfulSource())


@pytest.fixture(scope="module")
def upstream(
    market: UpstreamMarket, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LoopbackUpstream]:
    """The upstream on the market's last evening, in this process's environment."""
    with (
        LoopbackUpstream(market, tmp_path_factory.mktemp("upstream")) as running,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in running.environment.items():
            patch.setenv(name, value)
        yield running


@pytest.fixture(autouse=True)
def well_behaved(request: pytest.FixtureRequest) -> Iterator[None]:
    """No misbehaviour outlives the test that ordered it."""
    yield
    if "upstream" in request.fixturenames:
        request.getfixturevalue("upstream").behave()
