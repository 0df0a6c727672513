"""One circuit breaker for each family, with state that outlives the process.

Three failing requests in a row (refused, throttled or broken) open a family's circuit; after its
pause one process may try again, and the outcome closes the circuit or opens it anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pybreaker
from filelock import FileLock, Timeout

from naxs_assets.market.fetching.calls import Family
from naxs_assets.market.fetching.errors import (
    BrokenError,
    BudgetSpentError,
    CircuitOpenError,
    FetchError,
    NotAllowedError,
    RefusedError,
    ThrottledError,
)
from naxs_assets.market.fetching.hosts import FAILURES_BEFORE_PAUSE
from naxs_assets.market.fetching.record import Record, as_text

_COUNTED = (RefusedError, ThrottledError, BrokenError)


@dataclass(frozen=True)
class Circuit:
    """State of a family's circuit: ``closed``, ``open`` or ``half-open``, and since when open."""

    state: str
    failures: int
    opened_at: datetime | None


class Breaker:
    """The circuit breaker of one family, shared by all processes of a home."""

    def __init__(
        self,
        folder: Path,
        record: Record,
        family: Family,
        pause: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        self._family = family
        self._pause = pause
        self._clock = clock
        self._storage = _Storage(record, family, clock)
        self._probe = FileLock(folder / f"{family.value}.probe.lock", thread_local=False)
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=FAILURES_BEFORE_PAUSE,
            reset_timeout=pause.total_seconds(),
            state_storage=self._storage,
            throw_new_error_on_trip=False,
        )

    @contextmanager
    def guarding(self) -> Iterator[None]:
        """Let the block ask the upstream, and count how it ends.

        Raises :class:`CircuitOpenError` when the family is being left alone, or when another
        process is already trying it again.
        """
        with self._admitted():
            try:
                yield
            except (NotAllowedError, BudgetSpentError):
                raise  # tells nothing of the upstream
            except _COUNTED as error:
                self._count(error)
                raise
            except FetchError:
                self._count(None)  # the upstream did answer
                raise
            self._count(None)

    @contextmanager
    def _admitted(self) -> Iterator[None]:
        circuit = self._storage.circuit()
        if circuit.state == pybreaker.STATE_CLOSED:
            yield
            return
        until = (circuit.opened_at or self._clock()) + self._pause
        if circuit.state == pybreaker.STATE_OPEN and self._clock() < until:
            raise self._refusal(f"until {until:%Y-%m-%d %H:%M} UTC")
        try:
            self._probe.acquire(blocking=False)
        except Timeout:
            raise self._refusal("while another process tries it again") from None
        try:
            yield
        finally:
            self._probe.release()

    def _refusal(self, how_long: str) -> CircuitOpenError:
        return CircuitOpenError(
            f"{self._family.value} failed {FAILURES_BEFORE_PAUSE} times in a row; "
            f"it is left alone {how_long}",
            where=self._family.value,
            remedy="take another source meanwhile",
        )

    def _count(self, error: FetchError | None) -> None:
        def outcome() -> None:
            if error is not None:
                raise error

        # Another process may have opened the circuit while we were asking.
        with suppress(FetchError, pybreaker.CircuitBreakerError):
            self._breaker.call(outcome)


class _Storage(pybreaker.CircuitBreakerStorage):
    """Keeps the breaker's state in the record, and its times by the given clock."""

    def __init__(self, record: Record, family: Family, clock: Callable[[], datetime]) -> None:
        super().__init__(family.value)
        self._record = record
        self._clock = clock

    def circuit(self) -> Circuit:
        return circuit_of(self._record, self.name)

    @property
    def state(self) -> str:
        return self.circuit().state

    @state.setter
    def state(self, state: str) -> None:
        self._set("state = ?", state)

    def increment_counter(self) -> None:
        self._set("failures = failures + 1")

    def reset_counter(self) -> None:
        self._set("failures = 0")

    def increment_success_counter(self) -> None:
        self._set("successes = successes + 1")

    def reset_success_counter(self) -> None:
        self._set("successes = 0")

    @property
    def counter(self) -> int:
        return self.circuit().failures

    @property
    def success_counter(self) -> int:
        with self._record.open() as database:
            row = database.execute(
                "SELECT successes FROM breakers WHERE family = ?", (self.name,)
            ).fetchone()
        return int(row[0]) if row else 0

    @property
    def opened_at(self) -> datetime | None:
        opened_at = self.circuit().opened_at
        # The library compares with the machine's clock: it is told the instant on that clock.
        return opened_at and datetime.now(UTC) - (self._clock() - opened_at)

    @opened_at.setter
    def opened_at(self, _now: datetime) -> None:
        self._set("opened_at = ?", as_text(self._clock()))

    def _set(self, change: str, *values: object) -> None:
        with self._record.open() as database:
            database.execute(
                "INSERT OR IGNORE INTO breakers VALUES (?, ?, 0, 0, NULL)",
                (self.name, pybreaker.STATE_CLOSED),
            )
            database.execute(f"UPDATE breakers SET {change} WHERE family = ?", (*values, self.name))


def circuit_of(record: Record, family: str) -> Circuit:
    """The state of a family's circuit as last written."""
    with record.open() as database:
        row = database.execute(
            "SELECT state, failures, opened_at FROM breakers WHERE family = ?", (family,)
        ).fetchone()
    if row is None:
        return Circuit(pybreaker.STATE_CLOSED, 0, None)
    return Circuit(row[0], row[1], datetime.fromisoformat(row[2]) if row[2] else None)
