"""What a response means: usable, or which failure it is."""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

from naxs_assets.market.fetching.calls import Family
from naxs_assets.market.fetching.errors import (
    BrokenError,
    EmptyAnswerError,
    FetchError,
    RefusedError,
    SchemaChangedError,
    ThrottledError,
)
from naxs_assets.market.fetching.exchanges import Request, Response
from naxs_assets.market.fetching.hosts import family_of

_REFUSING = {403, 418, 451, 456}
_THROTTLING = {408, 425, 429, 503}
_REDIRECTING = {301, 302, 303, 307, 308}
_LOGIN = re.compile(r"passport|login|captcha|verify", re.IGNORECASE)
_HTML = re.compile(
    rb"(\xef\xbb\xbf)?\s*<(!doctype\s+html|!--|html|head|body|script|title)", re.IGNORECASE
)
_EVALUATED = re.compile(r"(hfq|qfq)\.js$")
_ONE_BYTE_CHARSETS = {"", "utf-8", "utf8", "gbk", "gb2312", "gb18030", "iso-8859-1", "ascii"}
_FACTOR = re.compile(
    rb'\s*\{\s*("total"\s*:\s*\d+\s*,\s*)?"data"\s*:\s*\[\s*'
    rb'(\{\s*("\w+"\s*:\s*"[\w.+:/-]*"\s*,?\s*)+\}\s*,?\s*)*\]\s*\}\s*;?\s*'
)
_CALLBACK = re.compile(r"[\w$.]*\((.*)\)\s*;?", re.DOTALL)
_ASSIGNMENT = re.compile(r"(?:var\s+)?[\w$.]+\s*=\s*([^;]*);?", re.DOTALL)
_PAGE = "the upstream shows a page, not data: slow down, and look at it in a browser"


def judge(family: Family, request: Request, response: Response) -> None:
    """Raise the :class:`FetchError` that ``response`` amounts to; return when it is usable."""
    where = f"{request.method} {request.url}"
    status = response.status
    if status in _REFUSING:
        raise RefusedError(f"the upstream refuses us: HTTP {status}", where=where)
    if status in _THROTTLING:
        error = ThrottledError(f"the upstream asks us to slow down: HTTP {status}", where=where)
        error.retry_after = _seconds(response.headers.get("retry-after", ""))
        raise error
    if status in _REDIRECTING and "location" in response.headers:
        _judge_redirect(family, urljoin(request.url, response.headers["location"]), where)
        return
    if not 200 <= status < 300:
        raise BrokenError(f"the upstream fails: HTTP {status}", where=where)
    if not response.body.strip():
        raise BrokenError(f"the response is empty: HTTP {status}", where=where)
    if _HTML.match(response.body):
        raise RefusedError(
            "the upstream sends a page where data should be", where=where, remedy=_PAGE
        )
    if _EVALUATED.search(urlsplit(request.url).path):
        _judge_evaluated(response, where)


def _judge_redirect(family: Family, target: str, where: str) -> None:
    parts = urlsplit(target)
    if family_of(parts.hostname or "") is not family or _LOGIN.search(parts.path):
        raise RefusedError(
            f"the upstream sends us elsewhere: {parts.hostname}{parts.path}",
            where=where,
            remedy=_PAGE,
        )


def _judge_evaluated(response: Response, where: str) -> None:
    """Check the text that AKShare hands to ``eval``: between the first two ``=``, on one line.

    Only in charsets where its bytes are read as the characters that they are checked as.
    """
    charset = re.search(r"charset=[\"']?([\w-]+)", response.headers.get("content-type", ""))
    parts = response.body.split(b"=")
    evaluated = parts[1].split(b"\n")[0] if len(parts) > 1 else b""
    is_plain = (charset[1].lower() if charset else "") in _ONE_BYTE_CHARSETS
    if not is_plain or not _FACTOR.fullmatch(evaluated):
        raise SchemaChangedError(
            "a factor file holds something other than factors; it was not evaluated",
            where=where,
            remedy="look at the recorded response before trusting this upstream again",
        )


def _seconds(retry_after: str) -> float | None:
    """Seconds of a Retry-After header, which is a number or a date."""
    if not retry_after:
        return None
    if retry_after.strip().isdigit():
        return float(retry_after)
    try:
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    # The upstream means the time that it is, not the time of a frozen clock.
    return max(0.0, (until - datetime.now(UTC)).total_seconds()) if until.tzinfo else None


# By name where a vendor's package brings the class along.
_UNREADABLE = (
    json.JSONDecodeError,
    UnicodeError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
)
_UNREADABLE_NAMES = {
    "JSONDecodeError",
    "JSONDecodeSyntaxError",
    "JSONError",
    "XLRDError",
    "InvalidFileException",
    "JSEvalException",
    "JSParseException",
    "XMLSyntaxError",
}


def vendor_error(error: Exception, last_body: bytes, where: str) -> FetchError:
    """What an exception of a vendor's code means, when every response looked usable.

    Codes that cannot read a body say so by exceptions about JSON, Excel, encodings and the like;
    codes that read it and miss something by ``KeyError``, ``TypeError`` and their kin: no data
    where the body says null, else changed columns.
    """
    told = f"{type(error).__name__}: {error}".splitlines()[0][:300]
    names = {cls.__name__ for cls in type(error).__mro__}
    if isinstance(error, _UNREADABLE) or names & _UNREADABLE_NAMES:
        return BrokenError(f"the response cannot be read: {told}", where=where)
    if _says_null(last_body):
        return EmptyAnswerError("the upstream has no data for this request", where=where)
    return SchemaChangedError(f"the response is not what the function expects: {told}", where=where)


def _says_null(body: bytes) -> bool:
    """Whether a body is null, or carries ``data`` or ``result`` and that is null or empty."""
    try:
        text = body.decode().strip()
        wrapped = _CALLBACK.fullmatch(text) or _ASSIGNMENT.fullmatch(text)
        value = json.loads(wrapped[1] if wrapped else text)
    except ValueError:
        return False
    if not isinstance(value, dict):
        return not value
    return any(name in value and not value[name] for name in ("data", "result"))
