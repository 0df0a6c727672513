"""From a worker's answer to the frame that a call promised."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from naxs_assets.market.fetching.calls import Call
from naxs_assets.market.fetching.errors import EmptyAnswerError, SchemaChangedError
from naxs_assets.market.fetching.messages import error_from_json


def frame_of(call: Call, told: Mapping[str, Any], payload: bytes) -> pl.DataFrame:
    """The frame of an answer, with the columns that ``call`` names.

    An empty answer that may be empty has those columns, all of them String. Raises the worker's
    error, :class:`EmptyAnswerError` or :class:`SchemaChangedError`.
    """
    error = error_from_json(told["error"]) if told["error"] else None
    if error is not None and not isinstance(error, EmptyAnswerError):
        raise error
    frame = pl.read_ipc(payload) if error is None else pl.DataFrame()
    if frame.is_empty():
        if not call.may_be_empty:
            raise error or EmptyAnswerError("the answer has no rows", where=str(call))
        return pl.DataFrame(schema=dict.fromkeys(call.columns, pl.String))
    if call.columns and tuple(frame.columns) != call.columns:
        raise SchemaChangedError(_difference(call.columns, frame.columns), where=str(call))
    return frame


def _difference(promised: tuple[str, ...], found: list[str]) -> str:
    missing = [name for name in promised if name not in found]
    unexpected = [name for name in found if name not in promised]
    parts = [
        f"missing: {', '.join(missing)}" if missing else "",
        f"unexpected: {', '.join(unexpected)}" if unexpected else "",
    ]
    told = "; ".join(part for part in parts if part) or f"another order: {', '.join(found)}"
    return f"the columns of the answer have changed ({told})"
