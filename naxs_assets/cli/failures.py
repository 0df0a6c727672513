"""Any error of a command as the one that a person is told: what happened, where, and the remedy."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from naxs_assets.errors import EXIT_BUSY, NaxsError

_TRACEBACK = "run again with --traceback to see where; what was finished before is kept"


class UnforeseenError(NaxsError):
    """An error that is not one of the platform's own."""


class RecordsBusyError(NaxsError):
    """Another program held Dagster's records locked for too long."""

    exit_code = EXIT_BUSY


def readable(error: BaseException, home: Path) -> NaxsError:
    """The platform's own error behind ``error`` if there is one, else one made of its cause."""
    chain = list(_chain(error))
    for link in chain:
        if isinstance(link, NaxsError):
            return link
    for link in chain:
        # The ledger tells of its own file, so this is one of Dagster's.
        if isinstance(link, sqlite3.DatabaseError):
            return _of_records(link, home)
        if isinstance(link, OSError) and link.errno is not None:
            return _of_a_file(link, home)
    cause = _deepest(chain)
    first_line = str(cause).strip().partition("\n")[0]
    return UnforeseenError(
        f"{type(cause).__name__}: {first_line}", where=f"home {home}", remedy=_TRACEBACK
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it; Dagster's name the error of the person's code apart."""
    seen: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in seen:  # a chain of causes may run in a circle
        seen.append(link)
        yield link
        link = getattr(link, "user_exception", None) or link.__cause__ or link.__context__


def _deepest(chain: list[BaseException]) -> BaseException:
    """The last error of the chain that is not Dagster's own."""
    others = [link for link in chain if not type(link).__module__.startswith("dagster")]
    return others[-1] if others else chain[0]


def _of_records(error: sqlite3.DatabaseError, home: Path) -> NaxsError:
    where = str(home / "dagster")
    if "locked" in str(error):
        return RecordsBusyError(
            f"Dagster's records are held by another program: {error}",
            where=where,
            remedy="wait until it is done, then run again; what was finished is kept",
        )
    return NaxsError(
        f"Dagster's records of runs cannot be used: {error}",
        where=where,
        remedy="free space and run again; if they are damaged, move the folder away: it holds what "
        "the UI shows of past runs, and no result",
    )


def _of_a_file(error: OSError, home: Path) -> NaxsError:
    is_full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return NaxsError(
        f"a file cannot be used: {error.strerror}",
        where=str(error.filename or f"home {home}"),
        remedy="free space, then run again; what was finished before is kept"
        if is_full
        else "mend the path or its permissions, then run again; --traceback shows who asked for it",
    )
