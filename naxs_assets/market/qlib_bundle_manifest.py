"""The manifest of a Qlib bundle: what it was made from and what each of its files must hold."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from naxs_assets.errors import DataError
from naxs_assets.lineage.staging import write_whole
from naxs_assets.market.qlib_bundle import CALENDAR_FILE, FIELDS, VALUE, field_file

MANIFEST_FILE = "naxs_bundle.json"
# Raised when the same tables would give other files.
_FORMAT = 1


class Span(BaseModel):
    """The series of a symbol: the place of its first day, its days, and a CRC-32 a field."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    first: int
    days: int
    crc: tuple[int, ...]

    @property
    def end(self) -> int:
        return self.first + self.days

    @property
    def file_size(self) -> int:
        return (1 + self.days) * VALUE.itemsize


class Manifest(BaseModel):
    """What a finished bundle holds.

    ``parts`` are the digests of the months it was made from. ``unfinished`` says that files were
    being changed: no finished export leaves it so.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int = _FORMAT
    fields: tuple[str, ...] = FIELDS
    days: int
    calendar: str
    parts: dict[str, str]
    indices: tuple[str, ...]
    symbols: dict[str, Span]
    unfinished: bool = False

    def is_of_this_program(self) -> bool:
        return self.format == _FORMAT and self.fields == FIELDS

    def write(self, folder: Path) -> int:
        """Write it into the folder of its bundle; returns the bytes."""
        content = self.model_dump_json().encode()
        write_whole(folder / MANIFEST_FILE, content)
        return len(content)


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a bundle, None where there is none.

    Raises :class:`DataError` for one that cannot be read.
    """
    file = folder / MANIFEST_FILE
    if not file.exists():
        return None
    try:
        return Manifest.model_validate_json(file.read_bytes())
    except ValidationError as error:
        raise DataError(
            f"the manifest of the bundle cannot be read: {error.errors()[0]['msg']}",
            where=str(file),
            remedy="remove the bundle's folder and export it again",
        ) from error


def calendar_digest(days: Sequence[str]) -> str:
    """The sha256 of days, one a line."""
    return hashlib.sha256("\n".join(days).encode()).hexdigest()


def damaged_files(folder: Path, manifest: Manifest) -> list[Path]:
    """The files of a bundle that are missing or hold other bytes than the manifest says; every
    series and the calendar are read."""
    found = [
        file for symbol in manifest.symbols for file in damaged_series(folder, manifest, symbol)
    ]
    calendar = folder / CALENDAR_FILE
    days = calendar.read_text(encoding="utf-8").split() if calendar.exists() else []
    if len(days) != manifest.days or calendar_digest(days) != manifest.calendar:
        found.append(calendar)
    return found


def damaged_series(folder: Path, manifest: Manifest, symbol: str) -> list[Path]:
    """The files of one symbol that are missing or hold other bytes than the manifest says."""
    files = [field_file(folder, symbol, field) for field in manifest.fields]
    return [
        file
        for file, crc in zip(files, manifest.symbols[symbol].crc, strict=True)
        if not file.exists() or zlib.crc32(file.read_bytes()) != crc
    ]
