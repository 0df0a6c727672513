"""A family that fails three times in a row is left alone by every process until its pause ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from naxs_assets.market.fetching.breaker import Breaker, circuit_of
from naxs_assets.market.fetching.calls import Family
from naxs_assets.market.fetching.errors import (
    BrokenError,
    BudgetSpentError,
    CircuitOpenError,
    EmptyAnswerError,
    FetchError,
    NotAllowedError,
    RefusedError,
    SchemaChangedError,
    ThrottledError,
)
from naxs_assets.market.fetching.record import Record
from naxs_tests.market.fetching.conftest import START, Clock

PAUSE = timedelta(hours=24)
Make = Callable[[], Breaker]


@pytest.fixture
def make(tmp_path: Path, clock: Clock) -> Make:
    """Makes the family's breaker as a process of its own would."""
    return lambda: Breaker(tmp_path, Record(tmp_path), Family.EASTMONEY, PAUSE, clock)


def ask(breaker: Breaker, error: FetchError | None = None) -> None:
    """One request that ends as ``error`` says, which is then raised."""
    with breaker.guarding():
        if error is not None:
            raise error


def fail(breaker: Breaker, *errors: FetchError) -> None:
    for error in errors:
        with pytest.raises(type(error)):
            ask(breaker, error)


THREE = (RefusedError("no"), ThrottledError("slower"), BrokenError("oops"))


def test_three_failures_in_a_row_open_the_circuit(make: Make) -> None:
    breaker = make()
    fail(breaker, *THREE)
    with pytest.raises(CircuitOpenError, match=r"until 2024-03-02 08:00 UTC"):
        ask(breaker)


def test_success_between_failures_starts_the_count_anew(make: Make) -> None:
    breaker = make()
    fail(breaker, *THREE[:2])
    ask(breaker)
    fail(breaker, *THREE[:2])
    ask(breaker)


@pytest.mark.parametrize("error", [SchemaChangedError("columns"), EmptyAnswerError("no rows")])
def test_whole_answer_is_no_failure_of_the_upstream(make: Make, error: FetchError) -> None:
    breaker = make()
    fail(breaker, *THREE[:2], error, *THREE[:2], error)
    ask(breaker)


@pytest.mark.parametrize("error", [NotAllowedError("host"), BudgetSpentError("enough")])
def test_what_was_not_asked_counts_neither_way(make: Make, error: FetchError) -> None:
    breaker = make()
    fail(breaker, error, error, error)
    fail(breaker, *THREE[:2], error, THREE[2])
    with pytest.raises(CircuitOpenError):
        ask(breaker)


def test_failures_of_several_processes_count_together(make: Make) -> None:
    for error in THREE:
        fail(make(), error)
    with pytest.raises(CircuitOpenError):
        ask(make())


def test_open_circuit_outlives_the_process(make: Make, tmp_path: Path, clock: Clock) -> None:
    fail(make(), *THREE)
    clock.advance(PAUSE - timedelta(seconds=1))
    with pytest.raises(CircuitOpenError):
        ask(make())
    circuit = circuit_of(Record(tmp_path), Family.EASTMONEY.value)
    assert (circuit.state, circuit.opened_at) == ("open", START)


def test_good_probe_after_the_pause_closes_the_circuit(make: Make, clock: Clock) -> None:
    fail(make(), *THREE)
    clock.advance(PAUSE)
    ask(make())
    fail(make(), *THREE[:2])
    ask(make())


def test_bad_probe_after_the_pause_opens_it_for_another(make: Make, clock: Clock) -> None:
    fail(make(), *THREE)
    clock.advance(PAUSE)
    fail(make(), BrokenError("still"))
    clock.advance(PAUSE / 2)
    with pytest.raises(CircuitOpenError):
        ask(make())
    clock.advance(PAUSE / 2)
    ask(make())


def test_one_process_at_a_time_probes(make: Make, clock: Clock) -> None:
    fail(make(), *THREE)
    clock.advance(PAUSE)
    with make().guarding(), pytest.raises(CircuitOpenError, match="another process"):
        ask(make())
    ask(make())


def test_families_are_independent(make: Make, tmp_path: Path, clock: Clock) -> None:
    fail(make(), *THREE)
    ask(Breaker(tmp_path, Record(tmp_path), Family.SINA, PAUSE, clock))
