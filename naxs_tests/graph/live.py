"""A live home over the upstream in memory, with the small strategy in its catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import date, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml

from naxs_assets.definitions import Platform, open_platform
from naxs_assets.market.pulling.opening import LiveHome
from naxs_assets.settings import SHANGHAI, load_settings
from naxs_tests.graph.small import FEATURES, TINY, write_entry
from naxs_tests.market.pulling.memory import Upstream, offers

FIRST = date(2021, 7, 1)
LIVE_TINY = TINY | {
    "start": "2021-07",
    "training": {"months": 2, "minimum_months": 1, "retrain_every": 1},
}


@contextmanager
def served_by(upstream: Upstream) -> Iterator[None]:
    """Live homes ask this upstream and no other, and replay what it said, within the block."""

    @contextmanager
    def fetcher(_home: LiveHome) -> Iterator[Upstream]:
        yield upstream

    def recorded(_folder: Path) -> AbstractContextManager[Upstream]:
        return nullcontext(upstream)

    with (
        patch("naxs_assets.market.pulling.opening.offers_of", offers),
        patch.object(LiveHome, "_fetcher", fetcher),
        patch("naxs_assets.market.pulling.opening.ReplayFetcher", recorded),
    ):
        yield


def write_live_home(folder: Path, day: date, hour: int = 19, minute: int = 0) -> Path:
    """A live home, or the same one with its clock moved."""
    write_entry(folder, "features", FEATURES)
    write_entry(folder, "strategies", LIVE_TINY)
    now = datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI)
    settings: dict[str, Any] = {
        "now": now.isoformat(),
        "actor": "ann",
        "threads": 1,
        "market": {"source": "live", "live": {"first": FIRST, "also": []}},
    }
    (folder / "naxs.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    return folder


def open_live(home: Path, upstream: Upstream) -> Platform:
    """The opened home; the upstream's clock is the home's."""
    settings = load_settings(home, {})
    upstream.clock.now = settings.clock()
    return open_platform(settings)
