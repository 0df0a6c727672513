"""Baostock over its own TCP protocol: typed failures, a deadline, and replay."""

from __future__ import annotations

import json
import socket
import threading
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from naxs_assets.market.fetching.calls import Call, Family
from naxs_assets.market.fetching.errors import (
    BrokenError,
    EmptyAnswerError,
    FetchError,
    RefusedError,
    SchemaChangedError,
    ThrottledError,
)
from naxs_assets.market.fetching.live import LiveFetcher
from naxs_assets.market.fetching.replay import ReplayFetcher
from naxs_tests.market.fetching.conftest import Clock, quick

pytestmark = pytest.mark.slow

END = "<![CDATA[]]>\n"
ROWS = [["2024-01-01", "0"], ["2024-01-02", "1"]]
FIELDS = ("calendar_date", "is_trading_day")


class Server:
    """Speaks baostock's protocol: logs everyone in, and answers queries with ``reply``."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._listening.getsockname()
        self.reply = rows(ROWS)
        self.login = message("01", "0", "success", "login", "anonymous")
        self.asked: list[str] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=[connection], daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with suppress(OSError), connection, connection.makefile("rb") as lines:
            for line in lines:
                asked = line.decode().split("\1")
                self.asked.append(asked[2][10:])
                reply = self.login if asked[1] == "00" else self.reply
                connection.sendall(reply)
                if not reply.endswith(END.encode()):
                    return


def message(kind: str, *parts: str) -> bytes:
    body = "\1".join(parts)
    return f"00.9.10\1{kind}\1{len(body):010d}{body}\0010{END}".encode()


def rows(found: list[list[str]]) -> bytes:
    record = json.dumps({"record": found}) if found else ""
    listed = ["1", "10000", record, "2024-01-01", "2024-01-31", ",".join(FIELDS)]
    return message("34", "0", "success", "query_trade_dates", "anonymous", *listed)


def packed(reply: bytes) -> bytes:
    """The same response in the form of a compressed message."""
    body = zlib.compress(reply[21 : -len(END)])
    return f"00.9.10\00196\1{len(body):010d}".encode() + body + END.encode()


DAYS = Call(
    Family.BAOSTOCK,
    "query_trade_dates",
    {"start_date": "2024-01-01", "end_date": "2024-01-31"},
    FIELDS,
)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture(scope="module")
def fetcher(server: Server, folder: Path) -> Iterator[LiveFetcher]:
    limits = quick(read_seconds=0.5, request_seconds=1)
    with LiveFetcher(folder, Clock(), limits, baostock_address=server.address) as fetcher:
        yield fetcher


def test_rows_are_the_texts_that_came(server: Server, fetcher: LiveFetcher) -> None:
    server.reply = rows(ROWS)
    answer = fetcher.fetch(DAYS)
    assert answer.frame.rows() == [tuple(row) for row in ROWS]
    assert answer.source_version.startswith("baostock 0.9")
    assert server.asked == ["login", "query_trade_dates"]


def test_compressed_response(server: Server, fetcher: LiveFetcher) -> None:
    server.reply = packed(rows(ROWS))
    assert fetcher.fetch(DAYS).frame.rows() == [tuple(row) for row in ROWS]


def test_replay_gives_the_same_answer(server: Server, fetcher: LiveFetcher, folder: Path) -> None:
    server.reply = rows(ROWS)
    live = fetcher.fetch(DAYS)
    asked = len(server.asked)
    with ReplayFetcher(folder) as replay:
        again = replay.fetch(DAYS)
    assert again.frame.equals(live.frame)
    assert replace(again, frame=live.frame) == live
    assert len(server.asked) == asked


FAILURES: dict[str, tuple[bytes, type[FetchError]]] = {
    "black_list": (message("04", "10001011", "黑名单用户"), RefusedError),
    "too_many_logins": (message("04", "10001005", "账号登陆数达到上限"), ThrottledError),
    "logged_out": (message("04", "10001001", "用户未登陆"), BrokenError),
    "system_error": (message("04", "10005001", "系统级别错误"), BrokenError),
    "unknown_indicator": (message("04", "10004012", "无效的指标"), SchemaChangedError),
    "closed": (b"", BrokenError),
    "cut": (rows(ROWS)[:60], BrokenError),
    "unreadable": (b"\xff\xfe what is this" + END.encode(), BrokenError),
    "no_rows": (rows([]), EmptyAnswerError),
}


@pytest.mark.parametrize(("reply", "kind"), FAILURES.values(), ids=FAILURES.keys())
def test_failure_is_typed_and_the_next_call_works(
    server: Server, fetcher: LiveFetcher, reply: bytes, kind: type[FetchError]
) -> None:
    server.reply = reply
    with pytest.raises(FetchError) as raised:
        fetcher.fetch(DAYS)
    assert type(raised.value) is kind
    server.reply = rows(ROWS)
    assert fetcher.fetch(DAYS).frame.height == 2


def test_refused_login(server: Server, tmp_path: Path) -> None:
    server.login = message("04", "10001011", "黑名单用户")
    with (
        LiveFetcher(tmp_path, Clock(), quick(), baostock_address=server.address) as fetcher,
        pytest.raises(RefusedError, match="10001011"),
    ):
        fetcher.fetch(DAYS)
