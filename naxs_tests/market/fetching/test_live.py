"""A live fetch: real AKShare functions, led to a loopback upstream by proxy and CA settings."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import chain, repeat
from pathlib import Path

import polars as pl
import pytest

from naxs_assets.market.fetching.calls import Call, Family
from naxs_assets.market.fetching.errors import (
    BrokenError,
    BudgetSpentError,
    CircuitOpenError,
    NotAllowedError,
    RefusedError,
    ThrottledError,
)
from naxs_assets.market.fetching.health import FamilyHealth
from naxs_assets.market.fetching.hosts import Budget, Limits
from naxs_assets.market.fetching.live import LiveFetcher
from naxs_tests.market.fetching.conftest import START, Clock, quick
from naxs_tests.market.fetching.loopback import Asked, Reply, Upstream, answer, silent
from naxs_tests.market.fetching.vendor import (
    KLINE_COLUMNS,
    good_kline,
    kline,
    suspensions,
    suspensions_page,
)

pytestmark = pytest.mark.slow

HOUR = timedelta(hours=1)
Open = Callable[[Limits], LiveFetcher]


@pytest.fixture
def opened(tmp_path: Path, clock: Clock) -> Iterator[Open]:
    """Opens fetchers of one home."""
    fetchers: list[LiveFetcher] = []

    def open_fetcher(limits: Limits) -> LiveFetcher:
        fetchers.append(LiveFetcher(tmp_path, clock, limits))
        return fetchers[-1]

    yield open_fetcher
    for fetcher in fetchers:
        fetcher.close()


def in_turn(upstream: Upstream, *replies: Reply) -> None:
    """Let the upstream give these replies, and the last one ever after."""
    coming = chain(replies, repeat(replies[-1]))
    upstream.asked.clear()
    upstream.script = lambda asked: next(coming)


def health(fetcher: LiveFetcher, family: Family = Family.EASTMONEY) -> FamilyHealth:
    return next(found for found in fetcher.family_health() if found.family is family)


SLOW_DOWN = answer(429, b"slow down")


def test_answer_holds_the_vendors_own_columns(upstream: Upstream, opened: Open) -> None:
    in_turn(upstream, good_kline())
    answer = opened(quick()).fetch(kline())
    assert tuple(answer.frame.columns) == KLINE_COLUMNS
    assert answer.frame["日期"].to_list() == [date(2024, 1, 2), date(2024, 1, 3)]
    assert answer.frame["成交量"].dtype == pl.Int64
    assert answer.source_version.startswith("akshare 1.")
    assert answer.fetched_at == START
    assert len(answer.responses) == 1


def test_throttled_call_is_tried_again(upstream: Upstream, opened: Open) -> None:
    again_at_once = answer(503, b"busy", Retry_After="0")
    in_turn(upstream, SLOW_DOWN, again_at_once, good_kline())
    fetcher = opened(quick(attempts=3))
    assert fetcher.fetch(kline()).frame.height == 2
    seen = health(fetcher)
    assert (seen.requests, seen.failures) == (3, {"throttled": 2})
    assert (seen.circuit, seen.last_success) == ("closed", START)


def test_refused_call_is_not_tried_again(upstream: Upstream, opened: Open) -> None:
    in_turn(upstream, answer(403, b"go away"), good_kline())
    with pytest.raises(RefusedError):
        opened(quick(attempts=3)).fetch(kline())
    assert len(upstream.asked) == 1


def test_wait_that_is_asked_for_is_kept_or_the_call_given_up(
    upstream: Upstream, opened: Open
) -> None:
    in_turn(upstream, answer(429, b"slow down", Retry_After="3600"), good_kline())
    with pytest.raises(ThrottledError):
        opened(quick(attempts=3)).fetch(kline())
    assert len(upstream.asked) == 1


def test_three_failing_requests_open_the_circuit(
    upstream: Upstream, opened: Open, clock: Clock
) -> None:
    limits = quick(attempts=10, budgets={Family.EASTMONEY: Budget(seconds=0.001, pause=HOUR)})
    in_turn(upstream, SLOW_DOWN)
    fetcher = opened(limits)
    with pytest.raises(CircuitOpenError):
        fetcher.fetch(kline())
    with pytest.raises(CircuitOpenError):
        opened(limits).fetch(kline())
    assert len(upstream.asked) == 3
    assert (health(fetcher).circuit, health(fetcher).opened_at) == ("open", START)

    in_turn(upstream, good_kline())
    clock.advance(HOUR)
    assert fetcher.fetch(kline()).frame.height == 2
    assert health(fetcher).circuit == "closed"


def test_first_failure_ends_a_call_of_many_requests(upstream: Upstream, opened: Open) -> None:
    upstream.asked.clear()
    upstream.script = lambda asked: (
        SLOW_DOWN
        if asked.query["pageNumber"] == ["1"] and len(upstream.asked) > 1
        else suspensions_page(asked)
    )
    with pytest.raises(ThrottledError):
        opened(quick()).fetch(suspensions())
    assert len(upstream.asked) == 2


def test_run_has_a_budget_that_a_call_of_many_requests_cannot_exceed(
    upstream: Upstream, opened: Open
) -> None:
    upstream.script = suspensions_page
    family = Family.EASTMONEY_DATACENTER
    fetcher = opened(quick(budgets={family: Budget(seconds=0.001, per_run=4)}))
    assert fetcher.fetch(suspensions()).frame.height == 2  # three requests
    upstream.asked.clear()
    for _ in range(2):
        with pytest.raises(BudgetSpentError):
            fetcher.fetch(suspensions())
    assert len(upstream.asked) == 1
    assert health(fetcher, family).circuit == "closed"


def test_redirect_within_the_family_is_followed(upstream: Upstream, opened: Open) -> None:
    moved = answer(302, b"", Location="https://push2.eastmoney.com/elsewhere", Set_Cookie="a=b")
    in_turn(upstream, moved, good_kline())
    assert len(opened(quick()).fetch(kline()).responses) == 2
    assert [asked.host.partition(".")[0] for asked in upstream.asked] == ["push2his", "push2"]
    assert all("cookie" not in asked.headers for asked in upstream.asked)


def worker_of(fetcher: LiveFetcher) -> int:
    """The process id of the only worker."""
    children = [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and _parent(entry) == os.getpid()
    ]
    workers = [
        child
        for child in children
        if b"fetching.worker" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]
    assert len(workers) == 1
    return workers[0]


def _parent(entry: Path) -> int:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def test_worker_is_used_again_and_sees_no_secret(upstream: Upstream, opened: Open) -> None:
    in_turn(upstream, good_kline())
    fetcher = opened(quick())
    fetcher.fetch(kline())
    worker = worker_of(fetcher)
    environment = Path(f"/proc/{worker}/environ").read_bytes()
    assert b"5ecret" not in environment
    assert b"HTTPS_PROXY" in environment
    fetcher.fetch(kline())
    assert worker_of(fetcher) == worker


def test_dead_worker_is_a_broken_call_and_the_next_one_works(
    upstream: Upstream, opened: Open
) -> None:
    fetcher = opened(quick())

    def kill(_asked: Asked) -> Reply:
        os.kill(worker_of(fetcher), signal.SIGKILL)
        return good_kline()

    upstream.script = kill
    with pytest.raises(BrokenError, match="the worker died: exit code -9"):
        fetcher.fetch(kline())
    assert (health(fetcher).requests, health(fetcher).failures) == (1, {"broken": 1})
    in_turn(upstream, good_kline())
    assert fetcher.fetch(kline()).frame.height == 2


def test_worker_that_falls_silent_is_killed(upstream: Upstream, opened: Open) -> None:
    in_turn(upstream, silent)
    fetcher = opened(quick(silent_seconds=1, read_seconds=600, request_seconds=600))
    with pytest.raises(BrokenError, match="took too long"):
        fetcher.fetch(kline())
    with pytest.raises(AssertionError):
        worker_of(fetcher)


def test_call_has_a_deadline_of_its_own(upstream: Upstream, opened: Open) -> None:
    in_turn(upstream, silent)
    with pytest.raises(BrokenError, match="took too long"):
        opened(quick(call_seconds=1, read_seconds=600, request_seconds=600)).fetch(kline())


def test_vendor_that_asks_past_the_choke_point_is_stopped(upstream: Upstream, opened: Open) -> None:
    upstream.asked.clear()
    by_urllib = Call(Family.CSINDEX, "stock_zh_index_value_csindex", {"symbol": "000300"})
    with pytest.raises(NotAllowedError, match="past the choke point"):
        opened(quick()).fetch(by_urllib)
    assert upstream.asked == []
