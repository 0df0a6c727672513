"""Baostock's own TCP protocol, caught at its ``send_msg``.

The package waits for ever when the server closes the connection, turns failures into printed
lines, and ends a listing quietly when a page fails. Here a message has a deadline and a cap, a
failure is typed and ends the call, and every message is an exchange that can be replayed. The
login is not recorded: a replay needs none.
"""

from __future__ import annotations

import socket
import zlib

import polars as pl

from naxs_assets.market.fetching.calls import Family
from naxs_assets.market.fetching.choke_point import ChokePoint, deadline
from naxs_assets.market.fetching.conversation import LiveConversation
from naxs_assets.market.fetching.errors import (
    BrokenError,
    FetchError,
    RefusedError,
    SchemaChangedError,
    ThrottledError,
)
from naxs_assets.market.fetching.exchanges import Request, Response
from naxs_assets.market.fetching.hosts import RequestLimits

_END = b"<![CDATA[]]>\n"
_HEAD = 21
# How a message is named in the record, wherever the server is.
_SERVER = "baostock://public-api.baostock.com"
_USER = "anonymous"
_DONE = "0"
_REFUSING = {"10001002", "10001004", "10001006", "10001007", "10001011", "10001012"}
_THROTTLING = {"10001005", "10004016"}
_BREAKING = ("10001", "10002", "10005")
_UNREADABLE = {"10004001", "10004002", "10004003", "10004004"}


class BaostockWire:
    """The connection of this process to baostock, opened and logged in when first needed."""

    def __init__(self, choke_point: ChokePoint, address: tuple[str, int] | None) -> None:
        """Put ourselves in the place of the package's ``send_msg``."""
        import baostock.common.contants as constants
        import baostock.util.socketutil as wire
        from baostock.common import context

        self._choke_point = choke_point
        self._socket: socket.socket | None = None
        self._address: tuple[str, int] = address or (
            constants.BAOSTOCK_SERVER_IP,
            constants.BAOSTOCK_SERVER_PORT,
        )
        self._compressed = set(constants.COMPRESSED_MESSAGE_TYPE_TUPLE)
        context.user_id = _USER
        wire.send_msg = self._send_message

    def frame(self, function: str, arguments: dict[str, str]) -> pl.DataFrame:
        """All rows that a function of the package returns, every value as the text it came as."""
        import baostock

        result = getattr(baostock, function)(**arguments)
        rows: list[list[str]] = []
        while result.error_code == _DONE and result.next():
            rows.append(result.get_row_data())
        if result.error_code != _DONE:
            self.close()  # for a new login
            raise _in_band(str(result.error_code), str(result.error_msg), function)
        return pl.DataFrame(rows, schema=dict.fromkeys(result.fields, pl.String), orient="row")

    def close(self) -> None:
        """Drop the connection; the next message opens another."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    def _send_message(self, message: str) -> str:
        sent = message.encode() + b"\n"
        function = message[_HEAD:].partition("\1")[0]
        request = Request("TALK", f"{_SERVER}/{function}", sent)
        conversation = self._choke_point.current

        def talk() -> Response:
            live = conversation
            if not isinstance(live, LiveConversation):
                raise BrokenError("a replay sends nothing")
            try:
                with deadline(live.limits.request_seconds, request.url):
                    return Response(0, {}, self._talk(live.limits, sent))
            except OSError as error:
                self.close()
                raise BrokenError(
                    f"no whole response: {type(error).__name__}: {error}", where=request.url
                ) from error

        try:
            return self._read(conversation.respond(request, talk, self._judge).body)
        except FetchError:
            self.close()
            raise

    def _talk(self, limits: RequestLimits, sent: bytes) -> bytes:
        if self._socket is None:
            self._socket = socket.create_connection(self._address, limits.connect_seconds)
            self._socket.settimeout(limits.read_seconds)
            login = _exchanged(self._socket, _login(), limits.body_bytes)
            _judge_text(self._read(login), "login")
        return _exchanged(self._socket, sent, limits.body_bytes)

    def _judge(self, _family: Family, _request: Request, response: Response) -> None:
        self._read(response.body)

    def _read(self, received: bytes) -> str:
        """The text of a response: its head, and its body unpacked."""
        try:
            head = received[:_HEAD].decode()
            _, kind, length = head.split("\1")[:3]
            if kind not in self._compressed:
                return received.decode()
            return head + zlib.decompress(received[_HEAD : _HEAD + int(length)]).decode()
        except (ValueError, zlib.error) as error:
            raise BrokenError(f"the response cannot be read: {error}", where="baostock") from error


def _exchanged(connection: socket.socket, sent: bytes, most: int) -> bytes:
    connection.sendall(sent)
    received = bytearray()
    while not received.endswith(_END):
        part = connection.recv(64 * 1024)
        if not part:
            raise BrokenError("the server closed the connection", where="baostock")
        received += part
        if len(received) > most:
            raise BrokenError(f"the response is longer than {most} bytes", where="baostock")
    return bytes(received)


def _login() -> bytes:
    import baostock.common.contants as constants
    import baostock.data.messageheader as header

    body = "\1".join(["login", _USER, "123456", "0"])
    message = header.to_message_header(constants.MESSAGE_TYPE_LOGIN_REQUEST, len(body)) + body
    return f"{message}\1{zlib.crc32(message.encode())}\n".encode()


def _judge_text(text: str, where: str) -> None:
    code, message = text[_HEAD:].split("\1")[:2]
    if code != _DONE:
        raise _in_band(code, message, where)


def _in_band(code: str, message: str, where: str) -> FetchError:
    """The failure that an error code of baostock means (``baostock.common.contants``)."""
    told = f"baostock says {code}: {message}"
    if code in _REFUSING:
        return RefusedError(told, where=where)
    if code in _THROTTLING:
        return ThrottledError(told, where=where)
    if code in _UNREADABLE or code.startswith(_BREAKING):
        return BrokenError(told, where=where)
    return SchemaChangedError(told, where=where)
