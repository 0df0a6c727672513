"""The one place that all HTTP of a worker goes through.

``requests`` is caught at ``HTTPAdapter.send``, ``curl_cffi`` at ``Session.request``. Any other
connection of this process is refused by an audit hook, so that no vendor's code finds a way round.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from types import FrameType
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from naxs_assets.market.fetching.conversation import (
    Conversation,
    LiveConversation,
    ReplayConversation,
)
from naxs_assets.market.fetching.errors import (
    BrokenError,
    FetchError,
    NotAllowedError,
    NotRecordedError,
)
from naxs_assets.market.fetching.exchanges import Request, Response, kept_headers
from naxs_assets.market.fetching.hosts import RequestLimits

_CHUNK = 64 * 1024
_CONNECTING = {"socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"}


class _DeadlinePassed(BaseException):
    """Out of any code's reach that catches ``Exception``."""


class ChokePoint:
    """Holds the conversation of the call that is being made."""

    def __init__(self) -> None:
        self._conversation: Conversation | None = None

    def install(self) -> None:
        """Catch the HTTP of this process from now on, and refuse other connections."""
        self._catch_requests()
        self._catch_curl()
        sys.addaudithook(self._audit)

    @contextmanager
    def conversing(self, conversation: Conversation) -> Iterator[None]:
        """Send what is asked in this block through ``conversation``."""
        self._conversation = conversation
        try:
            yield
        finally:
            self._conversation = None

    @property
    def current(self) -> Conversation:
        if self._conversation is None:
            raise NotAllowedError("a request was made outside of any call; nothing was asked")
        return self._conversation

    def _catch_requests(self) -> None:
        original: Callable[..., requests.Response] = HTTPAdapter.send

        def send(
            adapter: HTTPAdapter, prepared: requests.PreparedRequest, *_: Any, **options: Any
        ) -> requests.Response:
            conversation = self.current
            request = Request(prepared.method or "GET", prepared.url or "", _body(prepared.body))

            def fetch() -> Response:
                # A retry of the adapter's own would ask unseen.
                adapter.max_retries = urllib3.Retry(0, read=False)
                return _requested(
                    lambda **more: original(adapter, prepared, **{**options, **more}),
                    _live(conversation).limits,
                    request.url,
                )

            response = conversation.respond(request, fetch)
            raw = urllib3.HTTPResponse(
                body=BytesIO(response.body),
                headers=dict(response.headers),
                status=response.status,
                preload_content=False,
            )
            return adapter.build_response(prepared, raw)

        HTTPAdapter.send = send  # type: ignore[assignment, method-assign]

    def _catch_curl(self) -> None:
        from curl_cffi import CurlOpt
        from curl_cffi import requests as curl

        original: Callable[..., Any] = curl.Session.request

        def ask(session: Any, method: str, url: str, **options: Any) -> Any:
            conversation = self.current
            prepared = requests.Request(
                method, url, params=options.get("params"), data=options.get("data")
            ).prepare()
            request = Request(method, prepared.url or url, _body(prepared.body))

            def fetch() -> Response:
                limits = _live(conversation).limits
                session.curl_options[CurlOpt.MAXFILESIZE_LARGE] = limits.body_bytes
                kept = {
                    "timeout": limits.request_seconds,
                    "allow_redirects": False,
                    "discard_cookies": True,
                    "verify": _certificates(),
                }
                try:
                    got = original(session, method, url, **{**options, **kept})
                except curl.exceptions.RequestException as error:
                    raise _broken(error, request.url) from error
                return Response(got.status_code, kept_headers(dict(got.headers)), got.content)

            response = conversation.respond(request, fetch)
            made = curl.Response()
            made.url, made.status_code = request.url, response.status
            made.content, made.headers = response.body, curl.Headers(dict(response.headers))
            made.ok = response.status < 400
            return made

        curl.Session.request = ask  # type: ignore[assignment, method-assign]

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event not in _CONNECTING:
            return
        conversation = self._conversation
        if conversation is not None and conversation.is_connecting:
            return
        if isinstance(arguments[0], socket.socket) and arguments[0].family == socket.AF_UNIX:
            return
        where = f"{event}: {arguments[1] if len(arguments) > 1 else arguments[0]}"
        if isinstance(conversation, ReplayConversation):
            refusal: FetchError = NotRecordedError("a replay tried to connect", where=where)
        else:
            refusal = NotAllowedError("a connection past the choke point", where=where)
        raise conversation.fail(refusal) if conversation is not None else refusal


def _requested(send: Callable[..., requests.Response], limits: RequestLimits, url: str) -> Response:
    """Send by ``requests`` and read the body, all within the limits."""
    try:
        with deadline(limits.request_seconds, url):
            got = send(stream=True, timeout=(limits.connect_seconds, limits.read_seconds))
            try:
                body = _read(got, limits.body_bytes, url)
            finally:
                got.close()
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise _broken(error, url) from error
    return Response(got.status_code, kept_headers(got.headers), body)


def _read(got: requests.Response, most: int, url: str) -> bytes:
    body = bytearray()
    for chunk in got.raw.stream(_CHUNK, decode_content=True):
        body += chunk
        if len(body) > most:
            raise BrokenError(f"the response is longer than {most} bytes", where=url)
    return bytes(body)


@contextmanager
def deadline(seconds: float, where: str) -> Iterator[None]:
    """End the block after ``seconds`` by :class:`BrokenError`, whatever it is waiting for.

    A signal does it: only that ends a read whose bytes keep dripping. Main thread only.
    """
    is_armed = True

    def stop(_signal: int, _frame: FrameType | None) -> None:
        if is_armed:
            raise _DeadlinePassed

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    except _DeadlinePassed:
        raise BrokenError(f"the response was not whole after {seconds:g} s", where=where) from None
    finally:
        is_armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _live(conversation: Conversation) -> LiveConversation:
    if not isinstance(conversation, LiveConversation):  # only a live conversation sends
        raise NotRecordedError("a replay sends nothing")
    return conversation


def _certificates() -> str | bool:
    """The CA bundle that the environment names; else curl's own."""
    return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True


def _body(body: Any) -> bytes:
    if body is None:
        return b""
    return body.encode() if isinstance(body, str) else bytes(body)


def _broken(error: Exception, url: str) -> BrokenError:
    told = str(error).splitlines()[0][:300] if str(error) else ""
    return BrokenError(f"no whole response: {type(error).__name__}: {told}", where=url)
