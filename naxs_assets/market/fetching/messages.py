"""Messages between a fetcher and its worker: a line of JSON and bytes, never a pickle.

A message is two lengths of eight bytes, the JSON and the payload.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any

from naxs_assets.market.fetching import errors
from naxs_assets.market.fetching.errors import FetchError, ThrottledError

_LENGTHS = struct.Struct(">QQ")

_KINDS: dict[str, type[FetchError]] = {
    cls.kind: cls
    for cls in (
        errors.RefusedError,
        errors.NotAllowedError,
        errors.ThrottledError,
        errors.BrokenError,
        errors.SchemaChangedError,
        errors.EmptyAnswerError,
        errors.CircuitOpenError,
        errors.BudgetSpentError,
        errors.NotRecordedError,
    )
}


def packed(message: dict[str, Any], payload: bytes = b"") -> bytes:
    """The bytes of a message."""
    text = json.dumps(message, ensure_ascii=False).encode()
    return _LENGTHS.pack(len(text), len(payload)) + text + payload


def unpacked(read: Callable[[int], bytes]) -> tuple[dict[str, Any], bytes]:
    """The next message; ``read(n)`` gives exactly n bytes or raises ``EOFError``."""
    text, payload = _LENGTHS.unpack(read(_LENGTHS.size))
    return json.loads(read(text)), read(payload)


def error_as_json(error: FetchError) -> dict[str, Any]:
    """What another process needs to raise the same error."""
    return {
        "kind": error.kind,
        "what": error.what,
        "where": error.where,
        "remedy": error.remedy,
        "retry_after": error.retry_after if isinstance(error, ThrottledError) else None,
    }


def error_from_json(told: dict[str, Any]) -> FetchError:
    """The error that another process met."""
    error = _KINDS[told["kind"]](told["what"], where=told["where"], remedy=told["remedy"])
    if isinstance(error, ThrottledError):
        error.retry_after = told["retry_after"]
    return error
