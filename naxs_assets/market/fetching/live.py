"""Fetching over the network: politely, with retries, and recorded for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import stamina

from naxs_assets.market.fetching.breaker import Breaker
from naxs_assets.market.fetching.calls import Answer, Call, Family
from naxs_assets.market.fetching.errors import (
    BrokenError,
    BudgetSpentError,
    FetchError,
    ThrottledError,
)
from naxs_assets.market.fetching.exchanges import Exchange
from naxs_assets.market.fetching.health import FamilyHealth, family_health
from naxs_assets.market.fetching.hosts import Budget, Limits, RequestLimits
from naxs_assets.market.fetching.process import WorkerProcess
from naxs_assets.market.fetching.reading import frame_of
from naxs_assets.market.fetching.record import Record

FETCHING_FOLDER = "fetching"
"""Where in a home the raw responses and the record of fetching are."""


class LiveFetcher:
    """A :class:`Fetcher` that asks the upstreams; one of it is one run of the budgets.

    ``folder`` is the fetching folder of a home, shared by all its processes. Calls of different
    families may be made from several threads at once; those of one family wait for each other.
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
        self._lines: dict[Family, _Line] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the workers."""
        for line in self._lines.values():
            line.worker.close()

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
        line = self._line(call.family)
        for attempt in attempts:
            with attempt:
                return line.attempt(call)
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

    def _line(self, family: Family) -> _Line:
        with self._lock:
            if family not in self._lines:
                limits = self._limits
                budget = limits.budget(family)
                setup = worker_setup(
                    self._folder,
                    family,
                    RequestLimits.of(limits, family),
                    address=self._baostock_address,
                )
                self._lines[family] = _Line(
                    worker=WorkerProcess(
                        setup,
                        silent_seconds=limits.silent_seconds,
                        call_seconds=limits.call_seconds,
                    ),
                    breaker=Breaker(self._folder, self._record, family, budget.pause, self._clock),
                    record=self._record,
                    clock=self._clock,
                    budget=budget,
                )
            return self._lines[family]


@dataclass
class _Line:
    """What leads to one family: its worker behind its breaker, and how much of the run is left."""

    worker: WorkerProcess
    breaker: Breaker
    record: Record
    clock: Callable[[], datetime]
    budget: Budget
    asked: int = 0
    turn: threading.Lock = field(default_factory=threading.Lock)

    def attempt(self, call: Call) -> Answer:
        """One try at ``call``, counted by the breaker and noted in the record."""
        with self.turn:
            allowed = self._allowed(call)
            with self.breaker.guarding():
                at = self.clock().astimezone(UTC)
                try:
                    return self._ask(call, at, allowed)
                except FetchError as error:
                    self.record.add_failed_call(call, at, error.kind, error.what)
                    raise

    def _ask(self, call: Call, at: datetime, allowed: int | None) -> Answer:
        before = self.asked
        message = {
            "function": call.function,
            "arguments": dict(call.arguments),
            "allowed": allowed,
            "recorded": None,
        }
        try:
            told, payload = self.worker.call(message, self._hear)
        except BrokenError as error:
            # Which requests a dead worker made is lost, their number is not.
            lost = Exchange(method="", url="", body_sha256="", kind=error.kind)
            self.record.add_requests(call, at, [lost] * (self.asked - before))
            raise
        exchanges = [Exchange(**fields) for fields in told["exchanges"]]
        self.record.add_requests(call, at, exchanges)
        frame = frame_of(call, told, payload)
        self.record.add_answer(call, told["source_version"], at, exchanges)
        return Answer(
            call=call,
            frame=frame,
            source_version=told["source_version"],
            fetched_at=at,
            responses=tuple(exchange.sha256 for exchange in exchanges),
        )

    def _hear(self, event: str) -> None:
        if event == "asking":
            self.asked += 1

    def _allowed(self, call: Call) -> int | None:
        """How many more requests this run may make."""
        most = self.budget.per_run
        if most is None:
            return None
        if self.asked >= most:
            raise BudgetSpentError(
                f"{call.family.value} has had its {most} requests of this run",
                where=str(call),
                remedy="run again later, or take the rest from another source",
            )
        return most - self.asked


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
