"""Bodies are kept once, whole, under their own hash."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from naxs_assets.market.fetching.errors import NotRecordedError
from naxs_assets.market.fetching.raw_store import RawStore

BODY = b'{"data": null}'


def test_body_is_named_by_its_sha256(tmp_path: Path) -> None:
    digest = RawStore(tmp_path).put(BODY)
    assert digest == hashlib.sha256(BODY).hexdigest()
    assert (tmp_path / digest[:2] / digest).read_bytes() == BODY
    assert RawStore(tmp_path).get(digest) == BODY


def test_same_body_is_not_written_again(tmp_path: Path) -> None:
    store = RawStore(tmp_path)
    file = tmp_path / store.put(BODY)[:2] / store.put(BODY)
    before = file.stat()
    store.put(BODY)
    assert file.stat().st_ino == before.st_ino
    assert list((tmp_path / "staging").iterdir()) == []


def test_empty_body(tmp_path: Path) -> None:
    store = RawStore(tmp_path)
    assert store.get(store.put(b"")) == b""


def test_body_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(NotRecordedError, match="gone"):
        RawStore(tmp_path).get("ab" * 32)


def test_damaged_body_is_refused_and_mended_by_a_new_fetch(tmp_path: Path) -> None:
    store = RawStore(tmp_path)
    digest = store.put(BODY)
    (tmp_path / digest[:2] / digest).write_bytes(BODY[:5])
    with pytest.raises(NotRecordedError, match="damaged"):
        store.get(digest)
    store.put(BODY)
    assert store.get(digest) == BODY
