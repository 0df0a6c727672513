"""One rate for a family, whichever processes of the home ask."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from pyrate_limiter import Rate, RateItem, SQLiteBucket

from naxs_assets.market.fetching.calls import Family

if TYPE_CHECKING:
    from pyrate_limiter.abstracts.algorithm import Decision

RATES_FILE = "rates.db"
_LONGEST_SLEEP_SECONDS = 5.0


class Turnstile:
    """Lets one request through in every ``seconds``, over all processes that share ``folder``."""

    def __init__(self, folder: Path, family: Family, seconds: float) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._bucket = SQLiteBucket.init_from_file(
            [Rate(1, max(1, round(seconds * 1000)))],
            table=family.value.replace(".", "_"),
            db_path=str(folder / RATES_FILE),
            use_file_lock=True,
        )
        self.last_taken = 0
        """When we last went through, in milliseconds since 1970."""

    def wait(self, waiting: Callable[[], object]) -> None:
        """Return when it is our turn; ``waiting`` is called every few seconds until then."""
        while (seconds := self._take()) > 0:
            waiting()
            time.sleep(min(seconds, _LONGEST_SLEEP_SECONDS))

    def _take(self) -> float:
        """Take the next place and return 0, or the seconds until there may be one."""
        bucket = self._bucket
        # The instant is read under the lock: places are then taken in the order of their instants.
        with bucket.lock:
            item = RateItem("request", int(bucket.now()))  # type: ignore[no-untyped-call]
            decision = cast("Decision", bucket.put_decision(item))
            if decision.allowed:
                self.last_taken = item.timestamp
                bucket.leak(item.timestamp)
                return 0.0
            return max(1, decision.retry_after_ms or 0) / 1000
