"""Why a row has no label."""

from __future__ import annotations

import enum


class NullReason(enum.StrEnum):
    """The reasons in the order in which they are asked; the first that holds is told."""

    NOT_KNOWN_YET = "not_known_yet"
    """A later day that the label needs has not come."""
    QUARANTINED = "quarantined"
    """A quality rule took out the row, or a bar that the label needs."""
    NO_BAR = "no_bar"
    """The symbol has no row on a day that the label needs: not listed yet, or no more."""
    SUSPENDED_AT_ENTRY = "suspended_at_entry"
    LIMIT_UP_AT_ENTRY = "limit_up_at_entry"
    """The entry price is at the upper limit, where nobody can count on buying."""
    SUSPENDED_AT_EXIT = "suspended_at_exit"
    """No trading on another later day that the label reads."""
    NO_VALUE = "no_value"
    """The expression gives no number: a field of a traded bar is unknown, or 0 divides."""
