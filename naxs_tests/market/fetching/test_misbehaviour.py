"""Every way in which an upstream misbehaves has its typed error, whatever AKShare makes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from naxs_assets.market.fetching.calls import Call, Family
from naxs_assets.market.fetching.errors import (
    BrokenError,
    EmptyAnswerError,
    FetchError,
    NotAllowedError,
    RefusedError,
    SchemaChangedError,
    ThrottledError,
)
from naxs_assets.market.fetching.live import LiveFetcher
from naxs_tests.market.fetching.conftest import Clock, quick
from naxs_tests.market.fetching.loopback import (
    Asked,
    Reply,
    Upstream,
    answer,
    as_json,
    dripping,
    raw,
    reset,
    silent,
)
from naxs_tests.market.fetching.vendor import (
    KLINES,
    SUSPENSION_COLUMNS,
    factor,
    good_factor,
    good_kline,
    good_news,
    kline,
    news,
    suspensions,
)

pytestmark = pytest.mark.slow

PAGE = b"<!DOCTYPE html><html><body>please prove that you are human</body></html>"
WHOLE = json.dumps({"data": {"klines": KLINES}}).encode()


@pytest.fixture(scope="module")
def fetcher(upstream: Upstream, folder: Path) -> Iterator[LiveFetcher]:
    limits = quick(read_seconds=0.5, request_seconds=1.5, body_bytes=20_000)
    with LiveFetcher(folder, Clock(), limits) as fetcher:
        yield fetcher


def failure(upstream: Upstream, fetcher: LiveFetcher, reply: Reply, call: Call) -> FetchError:
    """What ``call`` raises; the same call succeeds right after, on the upstream's good answer."""
    upstream.script = lambda asked: reply
    with pytest.raises(FetchError) as raised:
        fetcher.fetch(call)
    upstream.script = good
    assert fetcher.fetch(call).frame.height > 0
    return raised.value


def good(asked: Asked) -> Reply:
    if asked.host.startswith("search"):
        return good_news()
    return good_factor() if asked.path.endswith("hfq.js") else good_kline()


@pytest.mark.parametrize("status", [403, 418, 451, 456])
def test_refusing_status(upstream: Upstream, fetcher: LiveFetcher, status: int) -> None:
    error = failure(upstream, fetcher, answer(status, PAGE), kline())
    assert isinstance(error, RefusedError)
    assert str(status) in error.what
    assert "push2his.eastmoney.com" in error.where


@pytest.mark.parametrize("status", [408, 425, 429, 503])
def test_throttling_status(upstream: Upstream, fetcher: LiveFetcher, status: int) -> None:
    error = failure(upstream, fetcher, answer(status, b"slow down", Retry_After="7"), kline())
    assert isinstance(error, ThrottledError)
    assert error.retry_after == 7


LOGIN = answer(302, b"", Location="https://passport.eastmoney.com/login?back=here")
PAGES = {
    "page_where_data_should_be": answer(200, PAGE, content_type="application/json"),
    "page_after_blanks": answer(200, b"\n \n<HTML>no</HTML>"),
    "redirect_to_a_login": LOGIN,
    "redirect_elsewhere": answer(302, b"", Location="https://example.com/"),
}


@pytest.mark.parametrize("reply", PAGES.values(), ids=PAGES.keys())
def test_page_is_a_refusal(upstream: Upstream, fetcher: LiveFetcher, reply: Reply) -> None:
    assert isinstance(failure(upstream, fetcher, reply, kline()), RefusedError)


CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + WHOLE
BREAKAGE = {
    "not_found": answer(404, b"no such thing"),
    "server_error": answer(500, b"oops"),
    "bad_gateway": answer(502, PAGE),
    "empty": answer(200, b""),
    "blank": answer(200, b" \n"),
    "truncated_json": answer(200, WHOLE[:60]),
    "content_length_not_met": raw(CUT),
    "closed_without_bytes": raw(b""),
    "connection_reset": reset,
    "slow_header": silent,
    "dripping_body": dripping(WHOLE),
    "endless_body": answer(200, b" " * 30_000 + WHOLE),
    "broken_gzip": answer(200, b"\x1f\x8b no gzip", Content_Encoding="gzip"),
}


@pytest.mark.parametrize("reply", BREAKAGE.values(), ids=BREAKAGE.keys())
def test_what_does_not_arrive_whole_is_broken(
    upstream: Upstream, fetcher: LiveFetcher, reply: Reply
) -> None:
    assert isinstance(failure(upstream, fetcher, reply, kline()), BrokenError)


BY_CURL: dict[str, tuple[Reply, type[FetchError]]] = {
    "refused": (answer(403, PAGE), RefusedError),
    "throttled": (answer(429, b"slow down"), ThrottledError),
    "page": (answer(200, PAGE), RefusedError),
    "login": (LOGIN, RefusedError),
    "closed": (raw(b""), BrokenError),
    "cut": (raw(CUT), BrokenError),
    "slow_header": (silent, BrokenError),
    "dripping_body": (dripping(WHOLE), BrokenError),
    "endless_body": (answer(200, b" " * 30_000 + WHOLE), BrokenError),
    "endless_unannounced": (raw(b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 90_000), BrokenError),
}


@pytest.mark.parametrize(("reply", "kind"), BY_CURL.values(), ids=BY_CURL.keys())
def test_same_by_the_other_http_library(
    upstream: Upstream, fetcher: LiveFetcher, reply: Reply, kind: type[FetchError]
) -> None:
    assert type(failure(upstream, fetcher, reply, news())) is kind


CHANGES = {
    "key_missing": as_json({"data": {"code": "600000"}}),
    "list_for_an_object": as_json([1, 2, 3]),
    "column_added": good_kline([line + ",1" for line in KLINES]),
    "column_dropped": good_kline([line.rpartition(",")[0] for line in KLINES]),
}


@pytest.mark.parametrize("reply", CHANGES.values(), ids=CHANGES.keys())
def test_other_columns_are_a_changed_schema(
    upstream: Upstream, fetcher: LiveFetcher, reply: Reply
) -> None:
    assert isinstance(failure(upstream, fetcher, reply, kline()), SchemaChangedError)


@pytest.mark.parametrize("data", [None, {"klines": []}, []], ids=["null", "no_rows", "empty_list"])
def test_no_rows_is_an_empty_answer(upstream: Upstream, fetcher: LiveFetcher, data: object) -> None:
    error = failure(upstream, fetcher, as_json({"data": data}), kline())
    assert isinstance(error, EmptyAnswerError)


def test_changed_columns_are_named(upstream: Upstream, fetcher: LiveFetcher) -> None:
    upstream.script = lambda asked: good_kline()
    with pytest.raises(SchemaChangedError, match=r"missing: 均价; unexpected: 开盘"):
        fetcher.fetch(kline(columns=(*kline().columns[:2], "均价", *kline().columns[3:])))


def test_null_where_there_may_be_none_is_an_empty_frame(
    upstream: Upstream, fetcher: LiveFetcher
) -> None:
    upstream.script = lambda asked: as_json({"result": None, "message": "返回数据为空"})
    frame = fetcher.fetch(suspensions()).frame
    assert tuple(frame.columns) == SUSPENSION_COLUMNS
    assert frame.is_empty()


PLANTED = b'var sh600000hfq={"total":1,"data":[{"d":"2023-07-21","f":%s}]}\n'
PAYLOAD = b'__import__("pathlib").Path("%s").touch()'


def test_planted_code_is_not_evaluated(
    upstream: Upstream, fetcher: LiveFetcher, tmp_path: Path
) -> None:
    trap = tmp_path / "trapped"
    reply = answer(200, PLANTED % (PAYLOAD % str(trap).encode()))
    assert isinstance(failure(upstream, fetcher, reply, factor()), SchemaChangedError)
    assert not trap.exists()


def test_charset_cannot_smuggle_code_past_the_check(
    upstream: Upstream, fetcher: LiveFetcher
) -> None:
    reply = answer(200, PLANTED % b'"1.0"', content_type="text/javascript; charset=utf-7")
    assert isinstance(failure(upstream, fetcher, reply, factor()), SchemaChangedError)


def test_host_of_another_family_is_not_asked(upstream: Upstream, fetcher: LiveFetcher) -> None:
    before = len(upstream.asked)
    with pytest.raises(NotAllowedError, match="not a host of"):
        fetcher.fetch(kline(family=Family.SINA))
    assert len(upstream.asked) == before


def test_unknown_function_is_a_changed_schema(fetcher: LiveFetcher) -> None:
    with pytest.raises(SchemaChangedError, match="no function"):
        fetcher.fetch(Call(Family.EASTMONEY, "stock_of_tomorrow"))
