"""Fetching over the network: politely, with retries, and recorded for ever."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import stamina

from naxs_assets.market.fetching.breaker import Breaker
from naxs_assets.market.fetching.calls import Answer, Call, Family
from naxs_assets.market.fetching.errors import BudgetSpentError, FetchError, ThrottledError
from naxs_assets.market.fetching.exchanges import Exchange
from naxs_assets.market.fetching.health import FamilyHealth, family_health
from naxs_assets.market.fetching.hosts import Limits, RequestLimits
from naxs_assets.market.fetching.process import WorkerProcess
from naxs_assets.market.fetching.reading import frame_of
from naxs_assets.market.fetching.record import Record

FETCHING_FOLDER = "fetching"
"""Where in a home the raw responses and the record of fetching are."""


class LiveFetcher:
    """A :class:`Fetcher` that asks the upstreams; one of it is one run of the budgets.

    ``folder`` is the fetching folder of a home, shared by all its processes. Calls of different
    families may be made from several threads at once.
    """

    def __init__(
        self,
        folder: Path,
        clock: Callable[[], datetime],
        limits: Limits | None = None,
        baostock_address: tuple[str, int] | None = None,
    ) -> None:
        self._folder = folder.resolve()
        self._clock = clock
        self._limits = limits or Limits()
        self._baostock_address = baostock_address
        self._record = Record(self._folder)
        self._workers: dict[Family, WorkerProcess] = {}
        self._breakers: dict[Family, Breaker] = {}
        self._asked: Counter[Family] = Counter()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the workers."""
        for worker in self._workers.values():
            worker.close()

    def fetch(self, call: Call) -> Answer:
        """The upstream's answer to ``call``, now. Raises a :class:`FetchError`."""
        limits = self._limits
        attempts = stamina.retry_context(
            on=self._wait_after,
            attempts=limits.attempts,
            timeout=None,
            wait_initial=limits.first_wait_seconds,
            wait_max=limits.longest_wait_seconds,
            wait_jitter=limits.first_wait_seconds,
        )
        for attempt in attempts:
            with attempt:
                return self._attempt(call)
        raise AssertionError("the last attempt returns or raises")

    def family_health(self, since: datetime | None = None) -> tuple[FamilyHealth, ...]:
        """How each family has behaved in this home."""
        return family_health(self._folder, since)

    def _wait_after(self, error: Exception) -> bool | float:
        """Whether to try again, or after how many seconds."""
        if not isinstance(error, FetchError) or not error.retryable:
            return False
        if not isinstance(error, ThrottledError) or error.retry_after is None:
            return True
        return error.retry_after <= self._limits.longest_wait_seconds and error.retry_after

    def _attempt(self, call: Call) -> Answer:
        allowed = self._allowed(call.family)
        with self._breaker(call.family).guarding():
            at = self._clock()
            try:
                return self._ask(call, at, allowed)
            except FetchError as error:
                self._record.add_failed_call(call, at, error.kind, error.what)
                raise

    def _ask(self, call: Call, at: datetime, allowed: int | None) -> Answer:
        def heard(event: str) -> None:
            if event == "asking":
                self._asked[call.family] += 1

        message = {
            "function": call.function,
            "arguments": dict(call.arguments),
            "allowed": allowed,
            "recorded": None,
        }
        told, payload = self._worker(call.family).call(message, heard)
        exchanges = [Exchange(**fields) for fields in told["exchanges"]]
        self._record.add_requests(call, at, exchanges)
        frame = frame_of(call, told, payload)
        self._record.add_answer(call, told["source_version"], at, exchanges)
        return Answer(
            call=call,
            frame=frame,
            source_version=told["source_version"],
            fetched_at=at,
            responses=tuple(exchange.sha256 for exchange in exchanges),
        )

    def _allowed(self, family: Family) -> int | None:
        """How many more requests this run may make of ``family``."""
        most = self._limits.budget(family).per_run
        if most is None:
            return None
        left = most - self._asked[family]
        if left <= 0:
            raise BudgetSpentError(
                f"{family.value} has had its {most} requests of this run",
                where=family.value,
                remedy="run again later, or take the rest from another source",
            )
        return left

    def _breaker(self, family: Family) -> Breaker:
        with self._lock:
            if family not in self._breakers:
                pause = self._limits.budget(family).pause
                self._breakers[family] = Breaker(
                    self._folder, self._record, family, pause, self._clock
                )
            return self._breakers[family]

    def _worker(self, family: Family) -> WorkerProcess:
        with self._lock:
            if family not in self._workers:
                self._workers[family] = WorkerProcess(
                    worker_setup(
                        self._folder,
                        family,
                        RequestLimits.of(self._limits, family),
                        address=self._baostock_address,
                    ),
                    silent_seconds=self._limits.silent_seconds,
                    call_seconds=self._limits.call_seconds,
                )
            return self._workers[family]


def worker_setup(
    folder: Path,
    family: Family,
    limits: RequestLimits,
    *,
    address: tuple[str, int] | None = None,
    replay: bool = False,
) -> dict[str, Any]:
    """The first message to a worker: whose calls it makes, within which limits."""
    return {
        "family": family.value,
        "folder": str(folder),
        "limits": limits.as_json(),
        "address": list(address) if address else None,
        "replay": replay,
    }
