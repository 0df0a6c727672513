"""A tiny upstream on the loopback: every host behind one TLS-ending proxy, told what to answer."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import trustme


@dataclass(frozen=True)
class Asked:
    """A request as the upstream saw it."""

    method: str
    host: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]


Reply = Callable[[socket.socket], None]
Script = Callable[[Asked], Reply]


class Upstream:
    """Answers every request with what ``script`` says; keeps what was ``asked``."""

    def __init__(self, folder: Path) -> None:
        self.script: Script = lambda _asked: answer(404, b"nothing here")
        self.asked: list[Asked] = []
        self._authority = trustme.CA()
        self._contexts: dict[str, ssl.SSLContext] = {}
        self.certificates = folder / "ca.pem"
        self._authority.cert_pem.write_to_path(str(self.certificates))
        self._listening = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def environment(self) -> dict[str, str]:
        """What leads a process here."""
        proxy = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        bundle = str(self.certificates)
        return {
            "HTTPS_PROXY": proxy,
            "https_proxy": proxy,
            "HTTP_PROXY": proxy,
            "http_proxy": proxy,
            "NO_PROXY": "",
            "no_proxy": "",
            "REQUESTS_CA_BUNDLE": bundle,
            "CURL_CA_BUNDLE": bundle,
        }

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
        with suppress(OSError, ValueError), connection:
            connect = _head(connection)
            host = connect.split()[1].partition(":")[0]
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            with self._context(host).wrap_socket(connection, server_side=True) as tls:
                asked = _asked(_head(tls), host)
                self.asked.append(asked)
                self.script(asked)(tls)

    def _context(self, host: str) -> ssl.SSLContext:
        if host not in self._contexts:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._authority.issue_cert(host).configure_cert(context)
            self._contexts[host] = context
        return self._contexts[host]


def answer(status: int, body: bytes, **headers: str) -> Reply:
    """A whole response; ``content_type=...`` gives the header Content-Type."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return raw("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def as_json(value: object, status: int = 200) -> Reply:
    return answer(status, json.dumps(value).encode(), content_type="application/json")


def raw(data: bytes) -> Reply:
    """These bytes, then the end of the connection."""
    return lambda connection: connection.sendall(data)


def silent(connection: socket.socket) -> None:
    """Nothing at all, until the other side gives up."""
    connection.recv(1)


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    socket.socket(fileno=connection.detach()).close()


def dripping(body: bytes) -> Reply:
    """A whole response, one byte after another, ever soon enough for a read's time limit."""

    def drip(connection: socket.socket) -> None:
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        for byte in body:
            connection.sendall(bytes([byte]))
            time.sleep(0.05)

    return drip


def _head(connection: socket.socket) -> str:
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(1)
        if not part:
            raise ValueError("the client went away")
        data += part
    return data.decode()


def _asked(head: str, host: str) -> Asked:
    first, *lines = head.strip().split("\r\n")
    method, target, _ = first.split()
    parts = urlsplit(target)
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return Asked(method, host, parts.path, parse_qs(parts.query), headers)
