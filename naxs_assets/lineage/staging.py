"""Files on their way to their own name, and what a killed process left of them."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

ABANDONED_AFTER_SECONDS = 24 * 60 * 60
"""A file is staged for as long as it takes to write it; only a dead process leaves it for a day."""

_NEW = ".new"


def write_whole(file: Path, content: str | bytes) -> None:
    """Give a file a new content by rename: a full disk or a kill leaves the one before."""
    staged = file.with_name(f".{file.name}.{uuid.uuid4().hex}{_NEW}")
    try:
        staged.write_bytes(content.encode() if isinstance(content, str) else content)
        staged.rename(file)
    finally:
        staged.unlink(missing_ok=True)
    remove_abandoned(file.parent.glob(f".{file.name}.*{_NEW}"))


def remove_abandoned(files: Iterable[Path]) -> None:
    """Remove the staged files that nobody has written to for a day.

    Those of a living process stay. One that slept so long cannot publish what is gone: it fails.
    """
    before = time.time() - ABANDONED_AFTER_SECONDS
    for file in files:
        with suppress(FileNotFoundError):  # published or removed meanwhile
            if file.stat().st_mtime < before:
                file.unlink()
