"""What a worker may see, and what crosses between it and its owner."""

from __future__ import annotations

import io
import os

import pytest

from naxs_assets.market.fetching import errors
from naxs_assets.market.fetching.messages import (
    error_as_json,
    error_from_json,
    packed,
    unpacked,
)
from naxs_assets.market.fetching.process import worker_environment


def test_worker_sees_nothing_but_what_it_needs() -> None:
    given = {
        "PATH": "/bin",
        "HOME": "/home/ann",
        "LC_ALL": "C.UTF-8",
        "HTTPS_PROXY": "http://127.0.0.1:8080",
        "REQUESTS_CA_BUNDLE": "/etc/ca.pem",
        "PYTHONPATH": "/somewhere",
        "NAXS_LEDGER": "postgresql://ann:5ecret@host/naxs",
        "AWS_SECRET_ACCESS_KEY": "5ecret",
        "ANYTHING": "else",
    }
    seen = worker_environment(given)
    assert "5ecret" not in str(seen)
    assert "ANYTHING" not in seen
    kept = ("PATH", "HOME", "LC_ALL", "HTTPS_PROXY", "REQUESTS_CA_BUNDLE")
    assert {name: seen[name] for name in kept} == {name: given[name] for name in kept}
    assert seen["PYTHONPATH"].split(os.pathsep)[-1] == "/somewhere"


def test_passwords_of_the_user_are_not_found() -> None:
    assert worker_environment({})["NETRC"] == os.devnull


def test_message_crosses_whole() -> None:
    pipe = io.BytesIO(packed({"event": "done", "text": "停牌"}, b"\x00frame"))

    def read(size: int) -> bytes:
        return pipe.read(size)

    assert unpacked(read) == ({"event": "done", "text": "停牌"}, b"\x00frame")


KINDS = [
    errors.RefusedError,
    errors.NotAllowedError,
    errors.ThrottledError,
    errors.BrokenError,
    errors.SchemaChangedError,
    errors.EmptyAnswerError,
    errors.CircuitOpenError,
    errors.BudgetSpentError,
    errors.NotRecordedError,
]


@pytest.mark.parametrize("kind", KINDS)
def test_error_keeps_its_type_and_words(kind: type[errors.FetchError]) -> None:
    error = kind("it went wrong", where="here", remedy="mend it")
    again = error_from_json(error_as_json(error))
    assert type(again) is kind
    assert str(again) == str(error)


def test_wait_that_was_asked_for_crosses_too() -> None:
    error = errors.ThrottledError("slow down")
    error.retry_after = 7.5
    again = error_from_json(error_as_json(error))
    assert isinstance(again, errors.ThrottledError)
    assert again.retry_after == 7.5
