"""One request and the response to it, as they are kept and as they are replayed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from naxs_assets.lineage.content_hash import file_hash

# What a vendor's code may look at. Cookies are not kept, and so never sent back.
_KEPT_HEADERS = ("content-type", "location", "retry-after")
# Parameters that only defeat caches: milliseconds since 1970, random fractions.
_VOLATILE = re.compile(r"(?<![\d.])(\d{10,}|0\.\d{8,})(?!\d)")


@dataclass(frozen=True)
class Request:
    """What is asked: method, URL with its parameters, and body."""

    method: str
    url: str
    body: bytes = b""

    @property
    def body_sha256(self) -> str:
        return file_hash(self.body)

    @property
    def key(self) -> tuple[str, str, str]:
        """What a replay finds the response by."""
        return request_key(self.method, self.url, self.body_sha256)


@dataclass(frozen=True)
class Response:
    """What came back: status, the headers that are kept, and the body after content decoding."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Exchange:
    """A request and its response; bodies are named by their sha256.

    ``kind`` is that of the failure that was seen in the response, empty when there was none.
    ``status`` is 0 where no response came or the protocol knows none.
    """

    method: str
    url: str
    body_sha256: str
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    sha256: str = ""
    kind: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        return request_key(self.method, self.url, self.body_sha256)

    def as_json(self) -> dict[str, Any]:
        """The fields by name."""
        return {**asdict(self), "headers": dict(self.headers)}


def request_key(method: str, url: str, body_sha256: str) -> tuple[str, str, str]:
    """The same for two requests that ask for the same thing at different times."""
    return method.upper(), _VOLATILE.sub("#", url), body_sha256


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers worth keeping, in lower case."""
    found = {name.lower(): value for name, value in headers.items()}
    return {name: found[name] for name in _KEPT_HEADERS if name in found}
