"""The requests of one call: in their turn, counted, and over with the first failure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock, Timeout

from naxs_assets.market.fetching.calls import Family
from naxs_assets.market.fetching.conversation import LiveConversation, ReplayConversation
from naxs_assets.market.fetching.errors import (
    BudgetSpentError,
    NotAllowedError,
    NotRecordedError,
    ThrottledError,
)
from naxs_assets.market.fetching.exchanges import Request, Response
from naxs_assets.market.fetching.hosts import Limits, RequestLimits
from naxs_assets.market.fetching.rates import Turnstile
from naxs_assets.market.fetching.raw_store import RawStore

GOOD = Response(200, {"content-type": "application/json"}, b'{"data": 1}')
LIMITS = replace(RequestLimits.of(Limits(), Family.SINA), seconds_between=0.001)


def page(number: int) -> Request:
    return Request("GET", f"https://finance.sina.com.cn/list?page={number}")


class Conversing:
    """A live conversation of a home, and what it was heard to do."""

    def __init__(self, folder: Path, allowed: int | None = None, *, serial: bool = False) -> None:
        self.heard: list[str] = []
        self.sent = 0
        self.store = RawStore(folder / "raw")
        self.live = LiveConversation(
            Family.SINA,
            replace(LIMITS, serial=serial),
            allowed,
            self.store,
            Turnstile(folder, Family.SINA, LIMITS.seconds_between),
            self.heard.append,
        )

    def ask(self, request: Request, response: Response = GOOD) -> Response:
        def send() -> Response:
            self.sent += 1
            return response

        return self.live.respond(request, send)


def test_response_is_kept_before_it_is_given(tmp_path: Path) -> None:
    conversing = Conversing(tmp_path)
    assert conversing.ask(page(1)) == GOOD
    exchange = conversing.live.exchanges[0]
    assert (exchange.url, exchange.status, exchange.kind) == (page(1).url, 200, "")
    assert conversing.store.get(exchange.sha256) == GOOD.body
    assert conversing.heard == ["asking", "asked"]


def test_page_that_refuses_us_is_kept_as_evidence(tmp_path: Path) -> None:
    conversing = Conversing(tmp_path)
    captcha = Response(429, {}, b"<html>are you human?</html>")
    with pytest.raises(ThrottledError):
        conversing.ask(page(1), captcha)
    exchange = conversing.live.exchanges[0]
    assert exchange.kind == "throttled"
    assert conversing.store.get(exchange.sha256) == captcha.body


def test_nothing_is_asked_after_the_first_failure(tmp_path: Path) -> None:
    conversing = Conversing(tmp_path)
    for _ in range(3):
        with pytest.raises(ThrottledError):
            conversing.ask(page(1), Response(503, {}, b""))
    assert conversing.sent == 1


def test_budget_of_the_run(tmp_path: Path) -> None:
    conversing = Conversing(tmp_path, allowed=2)
    conversing.ask(page(1))
    conversing.ask(page(2))
    with pytest.raises(BudgetSpentError):
        conversing.ask(page(3))
    assert conversing.sent == 2


@pytest.mark.parametrize(
    "url", ["https://example.com/", "https://push2.eastmoney.com/", "file:///etc/passwd"]
)
def test_host_of_another_family_or_of_none(tmp_path: Path, url: str) -> None:
    conversing = Conversing(tmp_path)
    with pytest.raises(NotAllowedError):
        conversing.ask(Request("GET", url))
    assert conversing.sent == 0


def test_serial_family_is_asked_by_one_at_a_time(tmp_path: Path) -> None:
    other = FileLock(tmp_path / "akshare.sina.lock")

    def send() -> Response:
        with pytest.raises(Timeout):
            other.acquire(blocking=False)
        return GOOD

    Conversing(tmp_path, serial=True).live.respond(page(1), send)
    other.acquire(blocking=False)
    other.release()


def test_replay_gives_each_response_once_and_in_order(tmp_path: Path) -> None:
    conversing = Conversing(tmp_path)
    second = replace(GOOD, body=b'{"data": 2}')
    conversing.ask(page(1))
    conversing.ask(page(1), second)

    def send() -> Response:
        raise AssertionError("a replay sends nothing")

    replay = ReplayConversation(Family.SINA, conversing.live.exchanges, conversing.store)
    assert [replay.respond(page(1), send) for _ in range(2)] == [GOOD, second]
    with pytest.raises(NotRecordedError):
        replay.respond(page(1), send)
