"""Baostock's TCP protocol: messages of a head of 21 characters, a body, and a checksum.

A request is ``version \\1 kind \\1 body length`` + body + ``\\1 crc32 \\n``; a response ends with
``<![CDATA[]]>\\n``, and bodies of bars are compressed. The client reads until it sees that end:
when the server closes the connection before, it waits for ever.
"""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import cast

from naxs_tests.upstream.baostock_tables import SUCCESS, Query, QueryError, answer
from naxs_tests.upstream.misbehaviour import Misbehaviour, spoiled
from naxs_tests.upstream.seen import SeenMarket

HOST = "public-api.baostock.com"
_END = b"<![CDATA[]]>\n"
_HEAD = 21
_VERSION = "00.9.40"
_LOGIN, _LOGOUT = "00", "02"
_ERRORS = "04"
_BARS = "96"
_COMPRESSED = {_BARS, "99"}
_RESPONSE_TO = {"15": "16", "33": "34", "45": "46", "61": "62", "95": _BARS, "98": "99"}
_DRIPS, _DRIP_SECONDS = 9, 0.3
_HUGE = 1 << 30

Plan = Callable[[str, str], Misbehaviour | None]
"""(method, its arguments) -> how to misbehave; also keeps the list of requests."""

# The package connects to a host by name, past any proxy: children come here by this module, which
# Python imports at its start.
_SITE = """\"\"\"Send connections to baostock's server to the loopback.\"\"\"

import socket

_ADDRESS = ("127.0.0.1", {port})
_connect, _getaddrinfo = socket.socket.connect, socket.getaddrinfo


def _redirected_connect(self, address):
    return _connect(self, _ADDRESS if address[0] == "{host}" else address)


def _redirected_getaddrinfo(host, port, *rest, **named):
    if host == "{host}":
        host, port = _ADDRESS
    return _getaddrinfo(host, port, *rest, **named)


socket.socket.connect = _redirected_connect
socket.getaddrinfo = _redirected_getaddrinfo
"""


class BaostockServer(socketserver.ThreadingTCPServer):
    """Serves on a free port of 127.0.0.1 until it is closed."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, seen: Callable[[], SeenMarket], plan: Plan) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.seen = seen
        self.plan = plan
        self.is_closing = threading.Event()
        self.failures: list[Exception] = []
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        host, port = self.server_address[:2]
        return str(host), int(port)

    def write_site(self, folder: Path) -> Path:
        """A folder for ``PYTHONPATH`` that makes children's baostock come here."""
        site = folder / "site"
        site.mkdir()
        text = _SITE.format(port=self.address[1], host=HOST)
        (site / "sitecustomize.py").write_text(text, encoding="utf-8")
        return site

    def close(self) -> None:
        """Stop accepting, and let connections that wait go."""
        self.is_closing.set()
        self.shutdown()
        self.server_close()
        self._thread.join()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is nothing to report."""


class _Connection(socketserver.StreamRequestHandler):
    is_logged_in = False

    @property
    def _baostock(self) -> BaostockServer:
        return cast(BaostockServer, self.server)

    def handle(self) -> None:
        for line in self.rfile:
            if not self._respond(line.decode().removesuffix("\n")):
                return

    def _respond(self, message: str) -> bool:
        """Answer one message; false when the connection is over."""
        text, _, checksum = message.rpartition("\1")
        head, body = text[:_HEAD], text[_HEAD:]
        _, kind, length = head.split("\1")
        method, user, *parts = body.split("\1")
        query = Query(method, user, tuple(parts))
        misbehaviour = self._baostock.plan(method, ",".join(parts))
        if str(zlib.crc32(text.encode())) != checksum or int(length) != len(body):
            reply = _error("10004019", "消息格式不正确")
        elif kind == _LOGIN:
            self.is_logged_in = True
            reply = _framed("01", "\1".join((SUCCESS, "success", "login", user)).encode())
        elif not self.is_logged_in:
            reply = _error("10001001", "用户未登陆")
        elif kind == _LOGOUT:
            reply = _framed("03", "\1".join((SUCCESS, "success", "logout", user)).encode())
        else:
            reply = self._answer(kind, query, misbehaviour)
        return self._send(reply, misbehaviour)

    def _answer(self, kind: str, query: Query, misbehaviour: Misbehaviour | None) -> bytes:
        try:
            found = answer(query, self._baostock.seen())
            if misbehaviour is None or misbehaviour in _ON_THE_WIRE:
                body = found.body()
            else:
                body = spoiled(found, misbehaviour)
        except QueryError as error:
            return _error(error.code, error.message)
        except Exception as error:  # noqa: BLE001
            self._baostock.failures.append(error)
            return _error("10005001", "系统级别错误")
        response = _RESPONSE_TO[kind]
        # The client cuts the last character of a page of bars.
        return _framed(response, body + (b"\n" if response == _BARS else b""))

    def _send(self, reply: bytes, misbehaviour: Misbehaviour | None) -> bool:
        closing = self._baostock.is_closing
        if misbehaviour is Misbehaviour.SLOW_HEADER:
            closing.wait()
        elif misbehaviour is Misbehaviour.TRUNCATED:
            self.wfile.write(reply[: len(reply) // 2])
        elif misbehaviour is Misbehaviour.RESET:
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            socket.close(self.connection.detach())
        elif misbehaviour is Misbehaviour.HUGE_BODY:
            left, blanks = _HUGE, b" " * 65536
            while left > 0 and not closing.is_set():
                left -= self.wfile.write(blanks)
        elif misbehaviour is Misbehaviour.DRIPPING:
            size = max(1, -(-len(reply) // _DRIPS))
            for start in range(0, len(reply), size):
                self.wfile.write(reply[start : start + size])
                closing.wait(_DRIP_SECONDS)
            return True
        elif misbehaviour is not Misbehaviour.CLOSED:
            self.wfile.write(reply)
            return True
        return False


_ON_THE_WIRE = {
    Misbehaviour.CLOSED,
    Misbehaviour.RESET,
    Misbehaviour.SLOW_HEADER,
    Misbehaviour.TRUNCATED,
    Misbehaviour.DRIPPING,
    Misbehaviour.HUGE_BODY,
}


def _framed(kind: str, body: bytes) -> bytes:
    """A whole message: the body compressed where the client expects it."""
    packed = kind in _COMPRESSED
    sent = zlib.compress(body) if packed else body
    head = "\1".join((_VERSION, kind, f"{len(sent):010d}")).encode()
    tail = b"" if packed else b"\1" + str(zlib.crc32(head + sent)).encode()
    return head + sent + tail + _END


def _error(code: str, message: str) -> bytes:
    return _framed(_ERRORS, "\1".join((code, message)).encode())
