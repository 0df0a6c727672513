"""Certificates for any host name, from an authority made for one test."""

from __future__ import annotations

import ssl
from pathlib import Path
from threading import Lock

import trustme


class Certificates:
    """Issues one server context per host; ``bundle`` is what clients must trust."""

    def __init__(self, folder: Path) -> None:
        self._authority = trustme.CA()
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = Lock()
        self.bundle = folder / "loopback-ca.pem"
        self._authority.cert_pem.write_to_path(str(self.bundle))

    def context(self, host: str) -> ssl.SSLContext:
        """The context of a server that is ``host``."""
        with self._lock:
            if host not in self._contexts:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                self._authority.issue_cert(host).configure_cert(context)
                self._contexts[host] = context
            return self._contexts[host]
