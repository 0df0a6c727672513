"""What a quality report says, as plain data: the page and the JSON are drawn from it alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from naxs_assets.market.quality.on_record import NotJudged


class Overall(StrEnum):
    """The verdict of a report, mildest first."""

    PASS = "pass"  # noqa: S105 - a verdict, no password
    WARN = "warn"
    FAIL = "fail"

    @property
    def exit_code(self) -> int:
        """0, 3 (degraded) or 1 (failed)."""
        return {Overall.PASS: 0, Overall.WARN: 3, Overall.FAIL: 1}[self]


@dataclass(frozen=True)
class RuleOutcome:
    """What one rule found in one table around the report's day.

    ``verdict`` is the rule's own word (``refused``, ``quarantined``, ...), ``overall`` what it
    means for the report. ``observed`` and ``threshold`` are in ``unit``; ``rows`` of the ``judged``
    ones broke it, ``waived`` of them under a waiver. ``daily`` counts the last 20 trading days,
    oldest first.
    """

    rule: str
    asset: str
    month: str
    severity: str
    verdict: str
    overall: Overall
    text_zh: str
    text_en: str
    unit: str
    observed: float | None
    threshold: float | None
    rows: int
    judged: int | None
    waived: int
    sample: tuple[str, ...]
    note: str
    daily: tuple[int, ...]


@dataclass(frozen=True)
class Blocked:
    """A result that was refused, and what stands in its place.

    ``kept`` names the version that is still served, None when there is none; ``downstream`` are
    the assets that were therefore not renewed.
    """

    asset: str
    partition: str
    reason: str
    at: str
    kept: str | None
    downstream: tuple[str, ...]


@dataclass(frozen=True)
class Freshness:
    """Whether the newest day is there in time; ``latency_seconds`` is negative before it is due."""

    asset: str
    newest: date | None
    expected: date
    due: datetime
    latency_seconds: float
    overall: Overall


@dataclass(frozen=True)
class Coverage:
    """What a table holds."""

    asset: str
    first: str
    last: str
    months: int
    rows: int
    versions: str


@dataclass(frozen=True)
class Taken:
    """What was taken from one source; ``instead_of`` says which ones failed before it, and how."""

    table: str
    source: str
    source_version: str
    fetched_first: datetime | None
    fetched_last: datetime | None
    parts: int
    rows: int
    instead_of: tuple[str, ...]


@dataclass(frozen=True)
class Health:
    """How a family of hosts answered; ``breaker`` is closed, open or half-open."""

    source: str
    requests: int
    failures: Mapping[str, int]
    breaker: str
    last_success: datetime | None


@dataclass(frozen=True)
class Restated:
    """A past value that the source has since changed."""

    table: str
    symbol: str
    date: date
    column: str
    old: str
    new: str
    seen_at: datetime


@dataclass(frozen=True)
class WaiverUse:
    """A waiver, and how many findings it covered; an expired one covers none."""

    rule: str
    scope: str
    reason: str
    by: str
    until: date
    expired: bool
    findings: int


@dataclass(frozen=True)
class QualityReport:
    """The whole report of one day, as known at ``as_of`` (UTC)."""

    day: date
    as_of: datetime
    rules: tuple[RuleOutcome, ...]
    blocked: tuple[Blocked, ...]
    not_judged: tuple[NotJudged, ...]
    freshness: tuple[Freshness, ...]
    coverage: tuple[Coverage, ...]
    taken: tuple[Taken, ...]
    health: tuple[Health, ...]
    restated: tuple[Restated, ...]
    waivers: tuple[WaiverUse, ...]
    gaps: tuple[str, ...]

    @property
    def overall(self) -> Overall:
        """The harshest verdict of any rule or freshness; failed where results are missing."""
        found = [*(one.overall for one in self.rules), *(one.overall for one in self.freshness)]
        if self.blocked or self.not_judged:
            found.append(Overall.FAIL)
        order = list(Overall)
        return max(found, key=order.index, default=Overall.PASS)

    def counts(self) -> dict[str, int]:
        """Rules evaluated, passed, warned, failed; and rows waived."""
        asked = [one for one in self.rules if one.verdict != "not_applicable"]
        return {
            "evaluated": len(asked),
            **{
                name: sum(one.overall is verdict for one in asked)
                for name, verdict in (
                    ("passed", Overall.PASS),
                    ("warned", Overall.WARN),
                    ("failed", Overall.FAIL),
                )
            },
            "not_applicable": len(self.rules) - len(asked),
            "waived": sum(one.waived for one in self.rules),
        }

    def document(self) -> dict[str, Any]:
        """The report as JSON values: dates and instants in ISO 8601."""
        facts = asdict(self)
        return {
            "day": self.day.isoformat(),
            "as_of": self.as_of.isoformat(),
            "verdict": self.overall.value,
            "exit_code": self.overall.exit_code,
            "counts": self.counts(),
            **{
                name: _plain(value) for name, value in facts.items() if name not in {"day", "as_of"}
            },
        }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    return value
