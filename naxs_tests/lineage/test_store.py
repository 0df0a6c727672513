"""The store: whole files under the name of their content, never overwritten, damage refused."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import fsspec
import numpy as np
import polars as pl
import pytest

from naxs_assets.errors import DataError
from naxs_assets.lineage.content_hash import file_hash, table_hash, text_hash
from naxs_assets.lineage.store import DamagedFileError, Store, StoredFile

TABLE = pl.DataFrame({"symbol": ["600519.SH", "000001.SZ"], "close": [1685.01, None]})
KEY = ("symbol",)
CONTENT = table_hash(TABLE, KEY)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "store"))


def put(store: Store) -> StoredFile:
    return store.put_table(TABLE, CONTENT, KEY)


def path_of(store: Store, stored: StoredFile) -> Path:
    path = store.local_path(stored.uri)
    assert path is not None
    return path


def files_of(store: Store) -> list[str]:
    root = Path(store.url)
    return sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file())


def otherwise_written() -> bytes:
    """The bytes that another writer gives the same content."""
    buffer = io.BytesIO()
    TABLE.write_parquet(buffer, compression="uncompressed", statistics=False)
    return buffer.getvalue()


# --- Writing --------------------------------------------------------------------------------------


def test_a_file_is_named_by_its_content_and_read_back_whole(store: Store) -> None:
    stored = put(store)
    assert stored.uri == f"objects/{CONTENT[:2]}/{CONTENT[2:]}.parquet"
    data = store.read(stored.uri, stored.sha256)
    assert (file_hash(data), len(data)) == (stored.sha256, stored.size)
    assert pl.read_parquet(data).equals(TABLE)
    assert files_of(store) == [stored.uri]


def test_texts_are_kept_as_they_are(store: Store) -> None:
    text = '{"model": "模型"}\r\n'
    stored = store.put_text(text, text_hash(text), ".json")
    assert store.read(stored.uri, stored.sha256).decode() == text


def test_an_equal_file_is_reused_and_never_overwritten(store: Store) -> None:
    first = put(store)
    before = path_of(store, first).stat()
    assert put(store) == first
    after = path_of(store, first).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_the_bytes_of_another_writer_are_kept_and_recorded_as_they_are(store: Store) -> None:
    path = path_of(store, put(store))
    path.write_bytes(otherwise_written())
    stored = put(store)
    assert path.read_bytes() == otherwise_written()
    assert stored.sha256 == file_hash(otherwise_written())


def test_a_writer_that_comes_second_leaves_the_first_ones_file(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = f"objects/{CONTENT[:2]}/{CONTENT[2:]}.parquet"
    link = Path.hardlink_to

    def another_is_faster(path: Path, target: Path) -> None:
        monkeypatch.setattr(Path, "hardlink_to", link)
        path.write_bytes(otherwise_written())
        link(path, target)

    monkeypatch.setattr(Path, "hardlink_to", another_is_faster)
    stored = put(store)
    assert stored == StoredFile(uri, file_hash(otherwise_written()), len(otherwise_written()))
    assert store.read(stored.uri, stored.sha256) == otherwise_written()
    assert files_of(store) == [uri]


def _no_space(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("step", ["fsync", "mkdir", "link"])
def test_a_full_disk_gives_one_clear_error_and_leaves_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    monkeypatch.setattr(os, step, _no_space)
    with pytest.raises(DataError) as caught:
        put(store)
    assert "No space left on device" in caught.value.what
    assert "free space" in caught.value.remedy
    assert CONTENT[2:] in caught.value.where
    assert files_of(store) == []
    monkeypatch.undo()
    assert store.holds(put(store).uri)


def test_a_disk_that_fills_up_while_writing_leaves_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_file = Path.open

    def open_full(path: Path, mode: str = "r") -> object:
        file = open_file(path, mode)

        class Full:
            def write(self, data: bytes) -> None:
                file.write(data[:10])
                _no_space()

            def __enter__(self) -> Full:
                return self

            def __exit__(self, *_: object) -> None:
                file.close()

        return Full()

    monkeypatch.setattr(Path, "open", open_full)
    with pytest.raises(DataError, match="No space left on device"):
        put(store)
    monkeypatch.undo()
    assert files_of(store) == []


def test_an_interrupted_write_leaves_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    Path(store.url, "staging").mkdir(parents=True)
    Path(store.url, "objects", CONTENT[:2]).mkdir(parents=True)
    with pytest.raises(KeyboardInterrupt):
        put(store)
    assert files_of(store) == []


def test_bytes_reach_the_disk_before_their_name_and_the_name_before_the_call_returns(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, link = os.fsync, os.link

    def watched_fsync(descriptor: int) -> None:
        where = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        steps.append("file" if where.is_file() else where.name)
        fsync(descriptor)

    def watched_link(source: str, target: str) -> None:
        steps.append("link")
        link(source, target)

    if not Path("/proc/self/fd").exists():
        pytest.skip("open files are looked up in /proc, which this system does not have")
    Path(store.url).mkdir()
    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(os, "link", watched_link)
    put(store)
    # New folders are made durable in the folder above, else a file could vanish with its folder.
    assert steps == ["store", "store", "objects", "file", "link", CONTENT[:2]]


# --- Damage ---------------------------------------------------------------------------------------


def _flip(data: bytes) -> bytes:
    place = len(data) // 2
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "a flipped bit": _flip,
    "cut off": lambda data: data[:-20],
    "empty": lambda _: b"",
    "longer": lambda data: data + b"\0",
    "something else": lambda _: b"not a table at all",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_refused_with_its_place_and_the_remedy(store: Store, damage: str) -> None:
    stored = put(store)
    path = path_of(store, stored)
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    with pytest.raises(DamagedFileError) as caught:
        store.read(stored.uri, stored.sha256)
    assert "damaged" in caught.value.what
    assert caught.value.where.endswith(stored.uri)
    assert "backup" in caught.value.remedy


def test_a_missing_file_is_refused_too(store: Store) -> None:
    stored = put(store)
    assert store.holds(stored.uri)
    path_of(store, stored).unlink()
    assert not store.holds(stored.uri)
    with pytest.raises(DamagedFileError, match="missing"):
        store.read(stored.uri, stored.sha256)


def test_a_file_of_another_size_does_not_count_as_held(store: Store) -> None:
    stored = put(store)
    assert store.holds(stored.uri, stored.size)
    os.truncate(path_of(store, stored), stored.size - 1)
    assert store.holds(stored.uri)
    assert not store.holds(stored.uri, stored.size)


@pytest.mark.parametrize("damage", ["a flipped bit", "cut off", "empty", "something else"])
def test_making_the_content_again_sets_the_damaged_file_aside_and_heals(
    store: Store, damage: str
) -> None:
    stored = put(store)
    path = path_of(store, stored)
    # Inside the first column's pages, where a flipped bit changes a value.
    damaged = _flip(path.read_bytes()[:40]) + path.read_bytes()[40:]
    if damage != "a flipped bit":
        damaged = DAMAGES[damage](path.read_bytes())
    path.write_bytes(damaged)
    assert put(store) == stored
    assert store.read(stored.uri, stored.sha256) == path.read_bytes()
    (aside,) = Path(store.url, "damaged").iterdir()
    assert aside.read_bytes() == damaged
    assert aside.name.endswith(f"{CONTENT}.parquet")


def test_no_flipped_bit_can_stop_the_healing(store: Store) -> None:
    stored = put(store)
    path = path_of(store, stored)
    sound = path.read_bytes()
    generator = np.random.default_rng(5)
    for place in generator.integers(len(sound), size=60).tolist():
        flipped = sound[place] ^ 1 << int(generator.integers(8))
        path.write_bytes(sound[:place] + bytes([flipped]) + sound[place + 1 :])
        healed = put(store)
        assert table_hash(pl.read_parquet(store.read(healed.uri, healed.sha256)), KEY) == CONTENT


def test_two_writers_may_set_the_same_damaged_file_aside(store: Store) -> None:
    stored = put(store)
    store.set_aside(stored.uri)
    store.set_aside(stored.uri)
    assert not store.holds(stored.uri)


# --- Other file systems ---------------------------------------------------------------------------


def test_any_fsspec_url_holds_the_same_files() -> None:
    store = Store(f"memory://naxs-{uuid4().hex}")
    stored = put(store)
    assert put(store) == stored
    assert store.holds(stored.uri, stored.size)
    assert pl.read_parquet(store.read(stored.uri, stored.sha256)).equals(TABLE)
    assert store.local_path(stored.uri) is None

    fsspec.filesystem("memory").pipe_file(f"{store.url}/{stored.uri}", b"damaged")
    with pytest.raises(DamagedFileError):
        store.read(stored.uri, stored.sha256)
    assert put(store) == stored
    assert store.read(stored.uri, stored.sha256)

    store.set_aside(stored.uri)
    assert not store.holds(stored.uri)
    with pytest.raises(DamagedFileError, match="missing"):
        store.read(stored.uri, stored.sha256)
