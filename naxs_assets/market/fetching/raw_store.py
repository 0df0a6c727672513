"""Response bodies, immutable, named by their sha256."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from naxs_assets.lineage.content_hash import file_hash
from naxs_assets.lineage.staging import remove_abandoned
from naxs_assets.market.fetching.errors import NotRecordedError


class RawStore:
    """A folder of bodies: ``ab/abcd...`` holds the bytes whose sha256 is ``abcd...``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._staging = folder / "staging"

    def put(self, body: bytes) -> str:
        """Keep ``body`` and return its sha256; it is on the disk when this returns."""
        digest = file_hash(body)
        file = self._file(digest)
        if not _holds(file, body):
            self._write(file, body)
        return digest

    def get(self, digest: str) -> bytes:
        """The body with this sha256. Raises :class:`NotRecordedError` if it is gone or damaged."""
        file = self._file(digest)
        try:
            body = file.read_bytes()
        except FileNotFoundError:
            body = None
        if body is None or file_hash(body) != digest:
            raise NotRecordedError(
                "a recorded response is " + ("gone" if body is None else "damaged"),
                where=str(file),
                remedy="restore the file from a backup, or fetch anew: naxs pull --refetch",
            )
        return body

    def _file(self, digest: str) -> Path:
        return self.folder / digest[:2] / digest

    def _write(self, file: Path, body: bytes) -> None:
        self._staging.mkdir(parents=True, exist_ok=True)
        file.parent.mkdir(exist_ok=True)
        staged = self._staging / uuid.uuid4().hex
        try:
            with staged.open("xb") as stream:
                stream.write(body)
                stream.flush()
                os.fsync(stream.fileno())
            staged.rename(file)
        finally:
            staged.unlink(missing_ok=True)
        _sync_folder(file.parent)
        remove_abandoned(self._staging.iterdir())


def _holds(file: Path, body: bytes) -> bool:
    try:
        return file.read_bytes() == body
    except FileNotFoundError:
        return False


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
