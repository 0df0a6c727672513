"""An upstream on the loopback, and fetchers that are led to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from naxs_assets.market.fetching.calls import Family
from naxs_assets.market.fetching.hosts import Budget, Limits
from naxs_tests.market.fetching.loopback import Upstream

START = datetime(2024, 3, 1, 8, 0, tzinfo=UTC)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, span: timedelta) -> None:
        self.now += span


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upstream]:
    upstream = Upstream(tmp_path_factory.mktemp("upstream"))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in upstream.environment.items():
            patch.setenv(name, value)
        patch.setenv("A_SECRET_OF_OURS", "5ecret")
        yield upstream
    upstream.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fetching")


@pytest.fixture
def clock() -> Clock:
    return Clock()


def quick(**changes: object) -> Limits:
    """Limits for tests: no waiting between requests, none between attempts."""
    budgets = {family: Budget(seconds=0.001) for family in Family}
    values = {"attempts": 1, "first_wait_seconds": 0, "budgets": budgets, **changes}
    return Limits(**values)  # type: ignore[arg-type]
