"""A proxy on the loopback that is every host at once: CONNECT with its own TLS, and plain HTTP."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast
from urllib.parse import parse_qsl, unquote, urlsplit

from naxs_tests.upstream.misbehaviour import STATUSES, Misbehaviour
from naxs_tests.upstream.tls import Certificates

PAGE = b"<html><head><title>upstream</title></head><body>not what you asked for</body></html>"
_HTML = "text/html; charset=utf-8"
LOGIN_HOST = "passport.example"
_DRIPS = 9
_DRIP_SECONDS = 0.3
_HUGE = 1 << 30


class Answer:
    """What the proxy sends: a body, and how it misbehaves on the wire."""

    def __init__(
        self,
        body: bytes,
        content_type: str = _HTML,
        *,
        status: int = 200,
        kind: Misbehaviour | None = None,
    ) -> None:
        self.body = body
        self.content_type = content_type
        self.status = status
        self.kind = kind


AnswerTo = Callable[[str, str, str, dict[str, str]], Answer]
"""(method, host, path, query and form fields) -> answer."""


class Proxy(ThreadingHTTPServer):
    """Serves on a free port of 127.0.0.1 until it is closed."""

    daemon_threads = True
    block_on_close = False

    def __init__(
        self, certificates: Certificates, answer_to: AnswerTo, is_reset: Callable[[str], bool]
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.certificates = certificates
        self.answer_to = answer_to
        self.is_reset = is_reset
        self.is_closing = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """The proxy's address for clients."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def close(self) -> None:
        """Stop accepting, and let connections that wait go."""
        self.is_closing.set()
        self.shutdown()
        self.server_close()
        self._thread.join()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is nothing to report."""


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    host = ""

    @property
    def proxy(self) -> Proxy:
        return cast(Proxy, self.server)

    def do_CONNECT(self) -> None:
        self.host = self.path.rpartition(":")[0]
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        if self.proxy.is_reset(self.host):
            self.connection.recv(1)
            self._reset()
            return
        self.connection = self.proxy.certificates.context(self.host).wrap_socket(
            self.connection, server_side=True
        )
        self.rfile = self.connection.makefile("rb", -1)
        self.wfile = self.connection.makefile("wb", 0)
        self.close_connection = False

    def do_GET(self) -> None:
        self._respond()

    def do_POST(self) -> None:
        self._respond()

    def _respond(self) -> None:
        url = urlsplit(self.path)
        host = url.hostname or self.host
        length = int(self.headers.get("Content-Length") or 0)
        text = f"{url.query}&{self.rfile.read(length).decode()}"
        fields = dict(parse_qsl(text, keep_blank_values=True))
        answer = self.proxy.answer_to(self.command, host, unquote(url.path), fields)
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        kind = answer.kind
        if kind is Misbehaviour.CLOSED:
            self._hang_up()
        elif kind is Misbehaviour.RESET:
            self._reset()
        elif kind is Misbehaviour.LOGIN_REDIRECT:
            self._head(302, 0, f"Location: https://{LOGIN_HOST}/login")
        elif kind in STATUSES:
            self._whole(STATUSES[kind], PAGE, _HTML)
        elif kind is Misbehaviour.SLOW_HEADER:
            self.proxy.is_closing.wait()
            self.close_connection = True
        elif kind is Misbehaviour.LENGTH_NOT_MET:
            self._head(200, len(answer.body) + 100, f"Content-Type: {answer.content_type}")
            self.wfile.write(answer.body)
            self._hang_up()
        elif kind is Misbehaviour.DRIPPING:
            self._drip(answer)
        elif kind is Misbehaviour.HUGE_BODY:
            self._flood(answer)
        else:
            self._whole(answer.status, answer.body, answer.content_type)

    def _head(self, status: int, length: int, *headers: str) -> None:
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {length}", *headers, "", ""]
        self.wfile.write("\r\n".join(lines).encode())

    def _whole(self, status: int, body: bytes, content_type: str) -> None:
        self._head(status, len(body), f"Content-Type: {content_type}")
        self.wfile.write(body)

    def _drip(self, answer: Answer) -> None:
        """The body in pieces; each gap is shorter than a sensible read timeout."""
        body = answer.body
        self._head(200, len(body), f"Content-Type: {answer.content_type}")
        size = max(1, -(-len(body) // _DRIPS))
        for start in range(0, len(body), size):
            self.wfile.write(body[start : start + size])
            if self.proxy.is_closing.wait(_DRIP_SECONDS):
                return

    def _flood(self, answer: Answer) -> None:
        """A gigabyte of blanks after the body, for as long as the client reads."""
        self._head(200, _HUGE, f"Content-Type: {answer.content_type}")
        self.wfile.write(answer.body)
        left, blanks = _HUGE - len(answer.body), b" " * 65536
        while left > 0 and not self.proxy.is_closing.is_set():
            left -= self.wfile.write(blanks[:left])

    def _hang_up(self) -> None:
        self.close_connection = True
        if isinstance(self.connection, ssl.SSLSocket):
            self.connection.unwrap()

    def _reset(self) -> None:
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        # The handler's files and the request of the base class hold the descriptor as well.
        socket.close(self.connection.detach())

    def log_message(self, *_: object) -> None:
        """Nothing: the upstream keeps its own list of requests."""
