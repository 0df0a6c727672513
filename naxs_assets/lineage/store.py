"""The store: immutable files named by their content hash, on any fsspec URL.

A file is written to a staging name, flushed to disk and linked to its own name, so that a
reader meets either no file or a whole one. A stored file is never overwritten, not even by
another writer at the same moment; one that turns out to be damaged is set aside under
``damaged/`` when its content is made anew, and written again.
"""

from __future__ import annotations

import io
import os
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from naxs_assets.errors import DataError
from naxs_assets.lineage.content_hash import file_hash, table_hash, text_hash
from naxs_assets.lineage.staging import remove_abandoned

TABLE_SUFFIX = ".parquet"
_OBJECTS = "objects"
_STAGING = "staging"
# What decoding flipped bits has been seen to raise; the Parquet reader panics on some of them.
_UNREADABLE = (
    pl.exceptions.PolarsError,
    pl.exceptions.PanicException,
    LookupError,
    OSError,
    TypeError,
    ValueError,
)

_SameContent = Callable[[bytes], bool]


@dataclass(frozen=True)
class StoredFile:
    """Where a result lies, relative to the store, and the sha256 and size of its bytes."""

    uri: str
    sha256: str
    size: int


class DamagedFileError(DataError):
    """A stored file is missing or its bytes are not the ones that were recorded."""


class Store:
    """Content-addressed files below ``url`` (a local folder or any fsspec URL)."""

    def __init__(self, url: str) -> None:
        import fsspec
        from fsspec.implementations.local import LocalFileSystem

        self.url = url
        self._files, self._root = fsspec.core.url_to_fs(url)
        self._is_local = isinstance(self._files, LocalFileSystem)

    def put_table(self, table: pl.DataFrame, content_hash: str, key: tuple[str, ...]) -> StoredFile:
        """Store a table as zstd Parquet under its content hash; reuse an intact equal file."""
        buffer = io.BytesIO()
        table.write_parquet(buffer, compression="zstd", statistics=True)

        def holds_same(data: bytes) -> bool:
            return table_hash(pl.read_parquet(io.BytesIO(data)), key) == content_hash

        return self._put(content_hash + TABLE_SUFFIX, buffer.getvalue(), holds_same)

    def put_text(self, text: str, content_hash: str, suffix: str) -> StoredFile:
        """Store a text under its content hash; reuse an intact equal file."""

        def holds_same(data: bytes) -> bool:
            return text_hash(data.decode()) == content_hash

        return self._put(content_hash + suffix, text.encode(), holds_same)

    def read(self, uri: str, sha256: str) -> bytes:
        """The bytes of a stored file.

        Raises :class:`DamagedFileError` if the file is gone or its sha256 is not the recorded one.
        """
        try:
            data: bytes = self._files.cat_file(self._path(uri))
        except FileNotFoundError:
            raise DamagedFileError(
                "a stored file is missing",
                where=f"{self.url}/{uri}",
                remedy="restore it from a backup, or re-make its asset: naxs run re-creates it",
            ) from None
        if file_hash(data) != sha256:
            raise DamagedFileError(
                f"a stored file is damaged: its sha256 is not {sha256[:12]}",
                where=f"{self.url}/{uri}",
                remedy="restore it from a backup, or set it aside with naxs lineage verify: "
                "the next naxs run re-creates it",
            )
        return data

    def holds(self, uri: str, size: int | None = None) -> bool:
        """Whether a file (of that size) is there; its bytes are checked when it is read."""
        try:
            found: int = self._files.size(self._path(uri))
        except FileNotFoundError:
            return False
        return size is None or found == size

    def set_aside(self, uri: str) -> None:
        """Move a damaged file out of the way, under ``damaged/``, so that it can be made anew."""
        folder = f"{self._root}/damaged"
        self._files.makedirs(folder, exist_ok=True)
        name = uri.removeprefix(f"{_OBJECTS}/").replace("/", "")
        with suppress(FileNotFoundError):  # another writer set it aside first
            self._files.mv(self._path(uri), f"{folder}/{uuid.uuid4().hex}-{name}")

    def remove_abandoned(self) -> None:
        """Remove what processes that were killed at writing left in ``staging/``."""
        if self._is_local:
            remove_abandoned((Path(self._root) / _STAGING).glob("*"))

    @property
    def file_system(self) -> Any | None:
        """The fsspec file system that :meth:`address` names files of; None for a local folder."""
        return None if self._is_local else self._files

    def address(self, uri: str = _OBJECTS) -> str:
        """How another program names a stored file, by default the folder of all of them: an
        absolute path, or a URL such as ``s3://bucket/store/objects``."""
        path = self._path(uri)
        return path if self._is_local else str(self._files.unstrip_protocol(path))

    def local_path(self, uri: str) -> Path | None:
        """The file's path when the store is a local folder, else None."""
        return Path(self._path(uri)) if self._is_local else None

    def _path(self, uri: str) -> str:
        return f"{self._root}/{uri}"

    def _put(self, name: str, data: bytes, holds_same: _SameContent) -> StoredFile:
        uri = f"{_OBJECTS}/{name[:2]}/{name[2:]}"
        try:
            existing = self._intact(uri, data, holds_same)
            if existing is not None:
                return existing
            if not self._is_local:
                # A single put is atomic on object stores.
                self._files.pipe_file(self._path(uri), data)
            elif not self._write_durably(Path(self._path(uri)), data):
                # Another writer was first; its bytes may differ, so they are the ones to record.
                return self._put(name, data, holds_same)
        except OSError as error:
            raise DataError(
                f"could not write a result: {error.strerror or error}",
                where=f"{self.url}/{uri}",
                remedy="free space or mend the permissions of the store, then run again",
            ) from error
        return StoredFile(uri, file_hash(data), len(data))

    def _intact(self, uri: str, data: bytes, holds_same: _SameContent) -> StoredFile | None:
        try:
            stored: bytes = self._files.cat_file(self._path(uri))
        except FileNotFoundError:
            return None
        if stored == data or _reads_as(stored, holds_same):
            return StoredFile(uri, file_hash(stored), len(stored))
        self.set_aside(uri)
        return None

    def _write_durably(self, path: Path, data: bytes) -> bool:
        """Write a file that outlives a power failure; False if the name was taken meanwhile."""
        temporary = Path(self._root) / _STAGING / uuid.uuid4().hex
        _make_folder(temporary.parent)
        _make_folder(path.parent)
        try:
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            # Unlike a rename, a link refuses to replace what has that name already.
            path.hardlink_to(temporary)
        except FileExistsError:
            return False
        finally:
            temporary.unlink(missing_ok=True)
        _sync_folder(path.parent)
        return True


def _make_folder(folder: Path) -> None:
    """Make a folder and its parents, each one's name durable in the folder that holds it."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _reads_as(stored: bytes, holds_same: _SameContent) -> bool:
    """Whether bytes written by another writer still hold the same content."""
    try:
        return holds_same(stored)
    except _UNREADABLE:
        return False
