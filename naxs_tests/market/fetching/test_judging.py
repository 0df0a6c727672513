"""What a response, or a vendor's exception about it, amounts to."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from naxs_assets.market.fetching.calls import Family
from naxs_assets.market.fetching.errors import (
    BrokenError,
    EmptyAnswerError,
    FetchError,
    SchemaChangedError,
    ThrottledError,
)
from naxs_assets.market.fetching.exchanges import Request, Response, request_key
from naxs_assets.market.fetching.judging import judge, vendor_error
from naxs_tests.market.fetching.vendor import FACTORS

FACTOR_FILE = Request("GET", "https://finance.sina.com.cn/realstock/company/sh600000/hfq.js")
ANY = Request("GET", "https://finance.sina.com.cn/data")


def factor_file(body: bytes, content_type: str = "application/x-javascript") -> None:
    judge(Family.SINA, FACTOR_FILE, Response(200, {"content-type": content_type}, body))


GOOD = {
    "as_recorded": FACTORS,
    "no_factors": b'var sh600000hfq={"total":0,"data":[]}\n',
    "with_blanks": b'var a = { "total" : 1 , "data" : [ { "d" : "2023-07-21" , "f" : "1.5" } ] }\n',
    "without_a_total": b'var a={"data":[{"d":"2023-07-21","f":"1.5"}]}',
    "more_fields": b'var a={"total":1,"data":[{"d":"2023-07-21","f":"1.5","c":"0.1"}]}\n',
    "what_follows_is_not_evaluated": b'var a={"data":[]}\n/* \xb1\xb8\xd7\xa2 os.system() = */',
}


@pytest.mark.parametrize("body", GOOD.values(), ids=GOOD.keys())
def test_factor_file(body: bytes) -> None:
    factor_file(body)
    factor_file(body, "text/html; charset=GBK")


BAD = {
    "call": b"var a=print(1)\n",
    "call_for_a_value": b'var a={"total":1,"data":[{"d":"2023-07-21","f":exit()}]}\n',
    "call_after_the_factors": b'var a={"total":0,"data":[]} or exit()\n',
    "call_in_a_list": b'var a={"total":0,"data":[exit()]}\n',
    "call_for_the_total": b'var a={"total":exit(),"data":[]}\n',
    "ends_a_text": b'var a={"data":[{"d":"x"+exit()+"y","f":"1"}]}\n',
    "escapes_in_a_text": b'var a={"data":[{"d":"\\x22","f":"1"}]}\n',
    "not_a_factor_file": b"404 not found",
    "nothing_to_evaluate": b"var a=\n",
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD.keys())
def test_anything_but_factors_is_not_evaluated(body: bytes) -> None:
    with pytest.raises(SchemaChangedError, match="not evaluated"):
        factor_file(body)


@pytest.mark.parametrize("charset", ["utf-7", "utf-16", "hz", "iso2022_jp"])
def test_charset_that_gives_bytes_another_meaning(charset: str) -> None:
    with pytest.raises(SchemaChangedError):
        factor_file(FACTORS, f"text/javascript; charset={charset}")


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("", None), ("soon", None), ("0", 0.0)]
)
def test_retry_after_in_seconds(header: str, seconds: float | None) -> None:
    with pytest.raises(ThrottledError) as raised:
        judge(Family.SINA, ANY, Response(429, {"retry-after": header}, b""))
    assert raised.value.retry_after == seconds


def test_retry_after_as_a_date() -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    with pytest.raises(ThrottledError) as raised:
        judge(Family.SINA, ANY, Response(503, {"retry-after": until}, b""))
    assert raised.value.retry_after is not None
    assert 3000 < raised.value.retry_after <= 3600


MEANINGS: dict[str, tuple[Exception, bytes, type[FetchError]]] = {
    "no_json": (json.JSONDecodeError("no", "{", 0), b"{", BrokenError),
    "no_text": (UnicodeDecodeError("gbk", b"\xff", 0, 1, "no"), b"\xff", BrokenError),
    "no_workbook": (zipfile.BadZipFile("no"), b"PK", BrokenError),
    "key_missing": (KeyError("klines"), b'{"data": {"x": 1}}', SchemaChangedError),
    "list_for_an_object": (TypeError("indices"), b"[1]", SchemaChangedError),
    "other_number_of_columns": (ValueError("Length mismatch"), b"x", SchemaChangedError),
    "null": (TypeError("NoneType"), b'{"data": null}', EmptyAnswerError),
    "null_in_a_callback": (TypeError("NoneType"), b'cb_1({"result": null});', EmptyAnswerError),
    "empty_list": (IndexError("0"), b'{"data": []}', EmptyAnswerError),
    "null_assigned": (KeyError("day"), b'kline_day2024={"code":-1,"data":[]}', EmptyAnswerError),
    "nothing_but_null": (TypeError("NoneType"), b"null", EmptyAnswerError),
    "data_assigned": (KeyError("day"), b'kline_day2024={"data":{"x":1}};', SchemaChangedError),
}


@pytest.mark.parametrize(("error", "body", "kind"), MEANINGS.values(), ids=MEANINGS.keys())
def test_meaning_of_a_vendors_exception(
    error: Exception, body: bytes, kind: type[FetchError]
) -> None:
    assert type(vendor_error(error, body, "a_function")) is kind


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        ("https://h/p?_=1700000000000", "https://h/p?_=1800000000000", True),
        ("https://h/p?r=0.8205512681", "https://h/p?r=0.1234567890", True),
        ("https://h/p?pn=1&_=1700000000000", "https://h/p?pn=2&_=1700000000000", False),
        ("https://h/p?beg=20240101", "https://h/p?beg=20240102", False),
        ("https://h/p?symbol=600000", "https://h/p?symbol=600001", False),
    ],
)
def test_requests_for_the_same_thing_at_different_times(
    first: str, second: str, is_same: bool
) -> None:
    assert (request_key("GET", first, "") == request_key("GET", second, "")) is is_same
