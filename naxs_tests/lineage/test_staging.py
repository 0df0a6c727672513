"""Files get their own name when they are whole; what a killed writer left goes after a day."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from naxs_assets.lineage.staging import ABANDONED_AFTER_SECONDS, remove_abandoned, write_whole
from naxs_assets.lineage.store import Store


def aged(file: Path, seconds: float) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("half")
    os.utime(file, (time.time() - seconds, time.time() - seconds))
    return file


def test_only_what_nobody_wrote_to_for_a_day_is_removed(tmp_path: Path) -> None:
    old = aged(tmp_path / "old", ABANDONED_AFTER_SECONDS + 60)
    young = aged(tmp_path / "young", ABANDONED_AFTER_SECONDS - 60)
    remove_abandoned([old, young, tmp_path / "removed by another"])
    assert (old.exists(), young.exists()) == (False, True)


def test_a_store_removes_staged_files_and_no_stored_one(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    store.remove_abandoned()  # before anything was ever written
    staged = aged(tmp_path / "staging/left", ABANDONED_AFTER_SECONDS + 60)
    stored = aged(tmp_path / "objects/aa/bb.parquet", ABANDONED_AFTER_SECONDS + 60)
    store.remove_abandoned()
    assert (staged.exists(), stored.exists()) == (False, True)
    Store("memory://anywhere").remove_abandoned()


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    for text in ("one", "二"):
        write_whole(file, text)
        assert file.read_text(encoding="utf-8") == text
    assert list(tmp_path.iterdir()) == [file]


def test_a_write_that_fails_leaves_the_file_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "page.html"
    write_whole(file, "one")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(OSError, match="No space"):
        write_whole(file, "two")
    assert file.read_text() == "one"
    assert list(tmp_path.iterdir()) == [file]
