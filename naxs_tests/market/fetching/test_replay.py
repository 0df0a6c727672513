"""A replay runs the vendor's code on recorded responses: the same answer, and no network."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from naxs_assets.lineage.content_hash import table_hash
from naxs_assets.market.fetching.calls import Answer
from naxs_assets.market.fetching.errors import NotRecordedError
from naxs_assets.market.fetching.live import LiveFetcher
from naxs_assets.market.fetching.replay import ReplayFetcher
from naxs_tests.market.fetching.conftest import START, Clock, quick
from naxs_tests.market.fetching.loopback import Asked, Reply, Upstream
from naxs_tests.market.fetching.vendor import (
    KLINES,
    NEWS_COLUMNS,
    factor,
    good_factor,
    good_kline,
    good_news,
    kline,
    news,
    suspensions,
    suspensions_page,
)

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)


def good(asked: Asked) -> Reply:
    if asked.host.startswith("search"):
        return good_news()
    if asked.path.endswith("hfq.js"):
        return good_factor()
    if asked.host.startswith("datacenter"):
        return suspensions_page(asked)
    return good_kline()


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def live(upstream: Upstream, folder: Path, clock: Clock) -> Iterator[LiveFetcher]:
    with LiveFetcher(folder, clock, quick()) as fetcher:
        yield fetcher


@pytest.fixture(scope="module")
def recorded(upstream: Upstream, live: LiveFetcher) -> dict[str, Answer]:
    upstream.script = good
    calls = {"kline": kline(), "factor": factor(), "news": news(), "suspensions": suspensions()}
    return {name: live.fetch(call) for name, call in calls.items()}


@pytest.fixture(scope="module")
def replay(folder: Path) -> Iterator[ReplayFetcher]:
    with ReplayFetcher(folder) as fetcher:
        yield fetcher


@pytest.mark.parametrize("name", ["kline", "factor", "news", "suspensions"])
def test_replay_gives_the_same_answer(
    recorded: dict[str, Answer], replay: ReplayFetcher, upstream: Upstream, name: str
) -> None:
    before = len(upstream.asked)
    live = recorded[name]
    again = replay.fetch(live.call)
    assert table_hash(again.frame, []) == table_hash(live.frame, [])
    assert replace(again, frame=live.frame) == live
    assert again.raw_sha256 == live.raw_sha256
    assert len(upstream.asked) == before


def test_pages_are_recorded_in_order(recorded: dict[str, Answer]) -> None:
    responses = recorded["suspensions"].responses
    assert len(responses) == 3
    assert responses[0] == responses[1] != responses[2]
    assert recorded["suspensions"].frame["代码"].to_list() == ["600001", "600002"]


def test_news_by_the_other_http_library(recorded: dict[str, Answer]) -> None:
    assert tuple(recorded["news"].frame.columns) == NEWS_COLUMNS
    assert recorded["news"].frame["新闻标题"].to_list() == ["浦发银行发布年报"]


def test_unrecorded_call(replay: ReplayFetcher) -> None:
    with pytest.raises(NotRecordedError, match="no answer was recorded"):
        replay.fetch(kline("000001"))


def test_answers_of_one_call_are_kept_in_time_order(
    upstream: Upstream, live: LiveFetcher, replay: ReplayFetcher, folder: Path, clock: Clock
) -> None:
    call = kline("000002")
    upstream.script = lambda asked: good_kline(KLINES[:1])
    live.fetch(call)
    clock.advance(DAY)
    upstream.script = lambda asked: good_kline(KLINES)
    live.fetch(call)
    assert replay.fetch(call).frame.height == 2
    with ReplayFetcher(folder, as_of=START + DAY / 2) as earlier:
        first = earlier.fetch(call)
        assert first.frame.height == 1
        assert first.fetched_at == START
    with ReplayFetcher(folder, as_of=START - DAY) as before, pytest.raises(NotRecordedError):
        before.fetch(call)


def test_damaged_response_is_not_replayed(
    upstream: Upstream, live: LiveFetcher, replay: ReplayFetcher, folder: Path
) -> None:
    upstream.script = lambda asked: good_kline(KLINES[1:])
    call = kline("000003")
    body = next((folder / "raw").rglob(live.fetch(call).responses[0]))
    body.write_bytes(body.read_bytes().replace(b"10.1", b"19.1"))
    with pytest.raises(NotRecordedError, match="damaged"):
        replay.fetch(call)
    live.fetch(call)
    assert replay.fetch(call).frame.height == 1


CONNECTING = """
import socket, sys, urllib.request
from pathlib import Path
from naxs_assets.market.fetching.calls import Family
from naxs_assets.market.fetching.choke_point import ChokePoint
from naxs_assets.market.fetching.conversation import ReplayConversation
from naxs_assets.market.fetching.errors import NotRecordedError
from naxs_assets.market.fetching.raw_store import RawStore

point = ChokePoint()
point.install()
conversation = ReplayConversation(Family.SINA, [], RawStore(Path(sys.argv[1])))
with point.conversing(conversation):
    for connect in (
        lambda: socket.create_connection(("127.0.0.1", 9)),
        lambda: socket.socket().connect_ex(("127.0.0.1", 9)),
        lambda: socket.getaddrinfo("finance.sina.com.cn", 443),
        lambda: urllib.request.urlopen("http://127.0.0.1:9/"),
    ):
        try:
            connect()
        except NotRecordedError:
            print("refused")
assert isinstance(conversation.failure, NotRecordedError)
"""


def test_every_way_to_connect_is_refused_in_a_replay(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CONNECTING, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        env={name: value for name, value in os.environ.items() if "proxy" not in name.lower()},
    )
    assert done.stdout.split() == ["refused"] * 4, done.stderr
