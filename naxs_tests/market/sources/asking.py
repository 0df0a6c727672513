"""Real vendor functions asked without a network: AKShare runs on bodies that a test hands it."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import polars as pl
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

from naxs_assets.market.fetching.calls import Answer, Call
from naxs_assets.market.sources.offers import PULLED, Offer, Wanted

EVENING = datetime(2024, 1, 5, 17, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
FRIDAY = date(2024, 1, 5)


def wanted(
    first: date = date(2024, 1, 2),
    last: date = FRIDAY,
    *symbols: str,
    now: date = FRIDAY,
    index: str = "",
) -> Wanted:
    return Wanted(first, last, now, symbols, index)


TODAY = Wanted(FRIDAY, FRIDAY, FRIDAY)


def answered(call: Call, frame: pl.DataFrame, at: datetime = EVENING) -> Answer:
    """``frame`` as the answer to ``call``."""
    return Answer(call, frame, "akshare 1.19.5", at.astimezone(ZoneInfo("UTC")), ("0" * 64,))


def made(call: Call, *rows: tuple[Any, ...], at: datetime = EVENING) -> Answer:
    """An answer with exactly the promised columns."""
    frame = pl.DataFrame(list(rows), schema=list(call.columns), orient="row", strict=False)
    return answered(call, frame, at)


@contextmanager
def upstream(**bodies: str | bytes | dict[str, Any]) -> Iterator[list[str]]:
    """Answer each HTTP request whose URL holds a keyword (``__`` for ``/``) with its body."""
    asked: list[str] = []

    def send(_: HTTPAdapter, request: PreparedRequest, **__: Any) -> Response:
        url = request.url or ""
        asked.append(url)
        body = next(body for part, body in bodies.items() if part.replace("__", "/") in url)
        if isinstance(body, dict):
            body = json.dumps(body, ensure_ascii=False)
        response = Response()
        response.status_code, response.url, response.request = 200, url, request
        response.encoding = "utf-8"
        response.raw = io.BytesIO(body.encode() if isinstance(body, str) else body)
        return response

    with patch.object(HTTPAdapter, "send", send):
        yield asked


def ask(call: Call, **bodies: str | bytes | dict[str, Any]) -> Answer:
    """Run the real function of AKShare on ``bodies``; its columns are those the call promises."""
    import akshare

    with upstream(**bodies):
        frame = getattr(akshare, call.function)(**call.arguments)
    if call.columns:
        assert tuple(frame.columns) == call.columns
    return answered(call, pl.from_pandas(frame))


def rows_of(offer: Offer, asked: Wanted, *answers: Answer) -> pl.DataFrame:
    """What the offer makes of the answers, held to the table's columns."""
    rows = offer.rows(asked, answers)
    assert rows.schema == pl.Schema(PULLED[offer.table])
    return rows
