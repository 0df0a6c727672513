"""What can go wrong between us and an upstream, by what is to be done about it."""

from __future__ import annotations

from typing import ClassVar

from naxs_assets.errors import NaxsError


class FetchError(NaxsError):
    """A call gave no usable answer. ``kind`` names the case in metadata and reports."""

    kind: ClassVar[str] = "failed"
    retryable: ClassVar[bool] = False


class RefusedError(FetchError):
    """The upstream does not want us: 403, 418, 451, 456, or a page where data should be."""

    kind = "refused"


class NotAllowedError(RefusedError):
    """We do not want it: a host of another family, or a way past the choke point. Nothing was
    asked."""

    kind = "not_allowed"


class ThrottledError(FetchError):
    """Too many requests, or the upstream is overloaded: 408, 425, 429, 503."""

    kind = "throttled"
    retryable = True
    retry_after: float | None = None
    """Seconds that the upstream asked us to wait."""


class BrokenError(FetchError):
    """The answer did not arrive whole: connection, time limit, 5xx, a cut or unreadable body."""

    kind = "broken"
    retryable = True


class SchemaChangedError(FetchError):
    """The answer is whole, but its columns are not the ones that its function promises."""

    kind = "schema_changed"


class EmptyAnswerError(FetchError):
    """No rows where there must be some: a listed symbol, a trading day."""

    kind = "empty"


class IncompleteError(FetchError):
    """Rows are lacking that must be there: sessions, members, stocks that were listed before."""

    kind = "incomplete"


class CircuitOpenError(FetchError):
    """The family of hosts failed too often; it is left alone until its pause is over."""

    kind = "circuit_open"


class BudgetSpentError(FetchError):
    """The family has had as many requests as one run may make."""

    kind = "budget_spent"


class NotRecordedError(FetchError):
    """A replay met a call of which no answer is kept."""

    kind = "not_recorded"
