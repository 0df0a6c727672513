"""Errors a person is meant to read: what went wrong, where, and how to mend it."""

from __future__ import annotations

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_DEGRADED = 3
EXIT_BUSY = 4


class NaxsError(Exception):
    """An expected failure. ``what`` happened, ``where`` it happened, and the ``remedy``.

    ``exit_code`` is what a command ends with: 1 failed, 2 usage or configuration,
    3 degraded, 4 busy.
    """

    exit_code = EXIT_FAILED

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        parts = [what]
        if where:
            parts.append(f"where: {where}")
        if remedy:
            parts.append(f"remedy: {remedy}")
        super().__init__("\n".join(parts))


class ConfigurationError(NaxsError):
    """Settings, a catalogue file or a command's arguments cannot be used as they are."""

    exit_code = EXIT_USAGE


class DataError(NaxsError):
    """Data broke a contract or a quality rule; nothing was published from it."""
