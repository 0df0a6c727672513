"""What a host is asked, and a healthy answer in a form that misbehaviour can spoil."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from naxs_assets.market.fetching.calls import Family
from naxs_tests.upstream.seen import SeenMarket

Row: TypeAlias = dict[str, Any]

JSON = "application/json; charset=utf-8"
SCRIPT = "application/javascript; charset=utf-8"
SPREADSHEET = "application/vnd.ms-excel"


@dataclass(frozen=True)
class Asked:
    """A request as a handler sees it; ``found`` is what the route's pattern caught in the path."""

    path: str
    query: Mapping[str, str]
    found: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reply:
    """Rows, and how they become a body.

    ``document`` makes the whole JSON value, or the body itself when it returns ``bytes``.
    ``data_key`` is the document's key that holds the rows. ``columns`` names the rows' keys by
    their meaning (``date``, ``open``, ``close``, ``volume``), for those that have one. A ``fixed``
    body, packed or a spreadsheet, holds no other columns and no other kinds of cells.
    """

    rows: list[Row]
    document: Callable[[list[Row]], Any]
    data_key: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    wrap: Callable[[str], str] = str
    content_type: str = JSON
    fixed: bool = False

    def body(self, rows: list[Row] | None = None) -> bytes:
        """The body for ``rows``, by default the healthy ones."""
        return self.serialised(self.document(self.rows if rows is None else rows))

    def serialised(self, document: Any) -> bytes:
        """The body of a whole document."""
        if isinstance(document, bytes):
            return document
        return self.wrap(json.dumps(document, ensure_ascii=False, separators=(",", ":"))).encode()


Handler: TypeAlias = Callable[[Asked, SeenMarket], Reply | None]
"""Answers a request from the market as seen on the day; ``None`` is 404, an HTML page."""


@dataclass(frozen=True)
class Route:
    """Which handler answers for a host's paths that match ``pattern``."""

    family: Family
    host: str
    pattern: str
    handler: Handler

    def match(self, host: str, path: str) -> tuple[str, ...] | None:
        """What the pattern caught, or ``None`` when the route is not for this address."""
        if host != self.host:
            return None
        found = re.fullmatch(self.pattern, path)
        return None if found is None else found.groups()
