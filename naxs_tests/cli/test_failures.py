"""Whatever a command ends with is told as what happened, where, and how to mend it."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

from dagster import DagsterError
from sqlalchemy.exc import OperationalError

from naxs_assets.cli.failures import UnforeseenError, readable
from naxs_assets.errors import EXIT_BUSY, EXIT_FAILED, DataError, NaxsError

HOME = Path("/home/of/ann")


def told(error: BaseException, cause: BaseException | None = None) -> NaxsError:
    error.__cause__ = cause or error.__cause__
    return readable(error, HOME)


def of_records(text: str) -> OperationalError:
    error = OperationalError("INSERT INTO event_logs ...", None, sqlite3.OperationalError(text))
    error.__cause__ = error.orig
    return error


def test_the_platforms_own_error_is_found_behind_others() -> None:
    own = DataError("a month was refused")
    assert told(own) is own
    assert told(DagsterError("step failed"), own) is own
    holder = DagsterError("step failed")
    holder.user_exception = own  # type: ignore[attr-defined]
    assert told(RuntimeError("outermost"), holder) is own


def test_a_circle_of_causes_has_an_end() -> None:
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    assert readable(one, HOME).what == "ValueError: two"


def test_an_unforeseen_error_is_told_by_its_first_line() -> None:
    error = told(DagsterError("step failed"), ZeroDivisionError("by zero\nand more"))
    assert isinstance(error, UnforeseenError)
    assert error.what == "ZeroDivisionError: by zero"
    assert "--traceback" in error.remedy
    assert told(DagsterError("of its own")).what == "DagsterError: of its own"


def test_a_file_is_named_with_what_is_wrong_with_it() -> None:
    full = told(OSError(errno.ENOSPC, "No space left on device", "/home/of/ann/x"))
    assert full.what == "a file cannot be used: No space left on device"
    assert full.where == "/home/of/ann/x"
    assert "free space" in full.remedy
    nameless = told(PermissionError(errno.EACCES, "Permission denied"))
    assert str(HOME) in nameless.where
    assert "permissions" in nameless.remedy


def test_dagsters_records_are_told_apart_from_results() -> None:
    full = told(DagsterError("step failed"), of_records("database or disk is full"))
    assert full.where == str(HOME / "dagster")
    assert "no result" in full.remedy
    assert "INSERT" not in str(full)
    assert full.exit_code == EXIT_FAILED
    assert told(of_records("database is locked")).exit_code == EXIT_BUSY
