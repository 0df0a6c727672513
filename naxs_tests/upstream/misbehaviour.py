"""Every way in which an upstream is known to misbehave.

What AKShare makes of each is in ``test_misbehaviour``: statuses and broken bodies look alike there,
and changed rows pass in silence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from naxs_tests.upstream.replies import Reply, Row


class Misbehaviour(StrEnum):
    """What goes wrong; the value is its name."""

    STATUS_403 = "status_403"
    STATUS_418 = "status_418"
    STATUS_429 = "status_429"
    STATUS_456 = "status_456"
    STATUS_500 = "status_500"
    STATUS_503 = "status_503"
    HTML = "html"
    EMPTY_BODY = "empty_body"
    TRUNCATED = "truncated"
    LOGIN_REDIRECT = "login_redirect"
    LENGTH_NOT_MET = "length_not_met"
    CLOSED = "closed"
    RESET = "reset"
    SLOW_HEADER = "slow_header"
    DRIPPING = "dripping"
    HUGE_BODY = "huge_body"
    KEY_MISSING = "key_missing"
    JSON_LIST = "json_list"
    DATA_NULL = "data_null"
    DATA_EMPTY = "data_empty"
    COLUMN_ADDED = "column_added"
    COLUMN_DROPPED = "column_dropped"
    COLUMN_DROPPED_IN_SOME = "column_dropped_in_some"
    COLUMNS_SWAPPED = "columns_swapped"
    LOTS_TO_SHARES = "lots_to_shares"
    DASH = "dash"
    BAD_DATE = "bad_date"
    DUPLICATE = "duplicate"
    UNSORTED = "unsorted"
    HALF = "half"
    PLANTED_CODE = "planted_code"


STATUSES = {
    kind: int(kind.removeprefix("status_")) for kind in Misbehaviour if kind.startswith("status_")
}
"""The kinds that are a status with a short HTML page."""


def _middle(rows: list[Row]) -> int:
    return len(rows) // 2


def _column_added(rows: list[Row], reply: Reply) -> list[Row]:
    return [{**row, "f999": "0"} for row in rows]


def _column_dropped(rows: list[Row], reply: Reply) -> list[Row]:
    dropped = reply.columns["volume"]
    return [{key: cell for key, cell in row.items() if key != dropped} for row in rows]


def _column_dropped_in_some(rows: list[Row], reply: Reply) -> list[Row]:
    """From the middle on; the rows before keep the frame as wide as ever."""
    start = _middle(rows)
    return [*rows[:start], *_column_dropped(rows[start:], reply)]


def _columns_swapped(rows: list[Row], reply: Reply) -> list[Row]:
    high, low = reply.columns["high"], reply.columns["low"]
    return [{**row, high: row[low], low: row[high]} for row in rows]


def _lots_to_shares(rows: list[Row], reply: Reply) -> list[Row]:
    """From the middle on, volumes a hundred times as large."""
    volume, start = reply.columns["volume"], _middle(rows)
    changed = [{**row, volume: type(row[volume])(int(float(row[volume])) * 100)} for row in rows]
    return [*rows[:start], *changed[start:]]


def _in_one(column: str, cell: str) -> Callable[[list[Row], Reply], list[Row]]:
    def changed(rows: list[Row], reply: Reply) -> list[Row]:
        place = _middle(rows)
        row = {**rows[place], reply.columns[column]: cell}
        return [*rows[:place], row, *rows[place + 1 :]]

    return changed


def _duplicate(rows: list[Row], reply: Reply) -> list[Row]:
    place = _middle(rows)
    return [*rows[: place + 1], *rows[place:]]


def _unsorted(rows: list[Row], reply: Reply) -> list[Row]:
    place = _middle(rows)
    return [*rows[place:], *rows[:place]]


def _half(rows: list[Row], reply: Reply) -> list[Row]:
    return rows[::2]


_ON_ROWS: dict[Misbehaviour, Callable[[list[Row], Reply], list[Row]]] = {
    Misbehaviour.COLUMN_ADDED: _column_added,
    Misbehaviour.COLUMN_DROPPED: _column_dropped,
    Misbehaviour.COLUMN_DROPPED_IN_SOME: _column_dropped_in_some,
    Misbehaviour.COLUMNS_SWAPPED: _columns_swapped,
    Misbehaviour.LOTS_TO_SHARES: _lots_to_shares,
    Misbehaviour.DASH: _in_one("close", "-"),
    Misbehaviour.BAD_DATE: _in_one("date", "2O20-13-45"),
    Misbehaviour.DUPLICATE: _duplicate,
    Misbehaviour.UNSORTED: _unsorted,
    Misbehaviour.HALF: _half,
}

_NEEDED = {
    Misbehaviour.COLUMN_DROPPED: {"volume"},
    Misbehaviour.COLUMN_DROPPED_IN_SOME: {"volume"},
    Misbehaviour.COLUMNS_SWAPPED: {"high", "low"},
    Misbehaviour.LOTS_TO_SHARES: {"volume"},
    Misbehaviour.DASH: {"close"},
    Misbehaviour.BAD_DATE: {"date"},
}

_IN_FIXED = {
    Misbehaviour.LOTS_TO_SHARES,
    Misbehaviour.DUPLICATE,
    Misbehaviour.UNSORTED,
    Misbehaviour.HALF,
}


def spoiled(reply: Reply, kind: Misbehaviour) -> bytes:
    """The body of ``reply`` with the rows or the document changed.

    A reply that has no such column or key, or cannot hold such a cell, stays as it is: a whole
    family is often told to misbehave for the sake of one of its addresses.
    """
    if kind in _ON_ROWS:
        can_change = _NEEDED.get(kind, set()) <= reply.columns.keys()
        can_change &= bool(reply.rows) and (not reply.fixed or kind in _IN_FIXED)
        return reply.body(_ON_ROWS[kind](reply.rows, reply) if can_change else None)
    if kind is Misbehaviour.DATA_EMPTY:
        return reply.body([])
    document = reply.document(reply.rows)
    if kind is Misbehaviour.JSON_LIST and not isinstance(document, bytes):
        document = [document]
    elif kind is Misbehaviour.DATA_NULL and reply.data_key:
        document = {**document, reply.data_key: None}
    elif kind is Misbehaviour.KEY_MISSING and reply.data_key:
        document = {key: value for key, value in document.items() if key != reply.data_key}
    return reply.serialised(document)


def planted(body: bytes, code: str) -> bytes:
    """A script ``var x={...}`` whose value first runs the expression ``code``, which has no ``=``.

    AKShare evaluates such values as Python.
    """
    name, _, value = body.partition(b"=")
    return name + b"=" + code.encode() + b" and None or " + value


@dataclass
class Planned:
    """A misbehaviour of whatever matches ``target``: a host, a path, or a family's name."""

    target: str
    kind: Misbehaviour
    times: int | None = None

    def is_for(self, *address: str) -> bool:
        """True when one of host, path and family is meant, and it is not used up."""
        return self.target in address and self.times != 0

    def use(self) -> Misbehaviour:
        """Count one request; returns how it misbehaves."""
        if self.times is not None:
            self.times -= 1
        return self.kind
