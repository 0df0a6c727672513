"""What the quality rules of rows found in one month of data.

A rule never drops a row silently: rows are quarantined, repaired or warned about, each counted, and
a month is refused only above the rule's critical share.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from naxs_assets.errors import DataError
from naxs_assets.market.quality.registry import (
    ALWAYS_ALLOWED,
    ROW_RULES,
    RULES,
    Rule,
    Verdict,
)
from naxs_assets.market.sources.base import DeclaredGaps

SAMPLE_SIZE = 20
MOST_FAILURES = 2_000
"""Rows of a refused month that are named beside it; all of them are in the rows kept."""

_HARSHNESS = {verdict: rank for rank, verdict in enumerate(Verdict)}


FINDINGS: dict[str, type[pl.DataType]] = {
    "rule": pl.String,
    "severity": pl.String,
    "verdict": pl.String,
    "rows": pl.Int64,
    "judged": pl.Int64,
    "share": pl.Float64,
    "observed": pl.Float64,
    "threshold": pl.Float64,
    "sample": pl.String,
    "note": pl.String,
}
"""One row per rule: ``rows`` of the ``judged`` ones that broke it and their ``share`` (a ratio; for
the rules of rows, of all raw rows), the ``observed`` figure beside the ``threshold`` it crossed or
would have crossed first (in the rule's unit), ``sample`` up to twenty ``symbol date`` keys joined
by commas, ``note`` in words."""


class MonthRefused(DataError):  # noqa: N818 - a month that was refused, no fault of the program
    """More rows of a month broke a rule than its share allows; nothing was made from it.

    ``findings`` is the frame of the rules up to this one, which is ``refused``; ``failures`` has
    rule, date and symbol of the rows that broke it.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str,
        remedy: str,
        findings: pl.DataFrame,
        failures: pl.DataFrame,
    ) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.findings = findings
        self.failures = failures

    def facts(self) -> dict[str, list[dict[str, object]]]:
        """Findings and the first failures as JSON values, to be kept beside the refused rows."""
        keys = self.failures.select("rule", pl.col("date").cast(pl.String), "symbol")
        return {
            "findings": self.findings.to_dicts(),
            "failures": keys.head(MOST_FAILURES).to_dicts(),
        }


@dataclass
class _Finding:
    verdict: Verdict
    judged: int
    rows: int = 0
    counted: int = 0
    sample: str = ""
    notes: tuple[str, ...] = ()


class Findings:
    """Collects what the rules found in one month of one table."""

    def __init__(
        self,
        where: str,
        rows: int,
        *,
        gaps: DeclaredGaps | None = None,
        known: Mapping[str, int] | None = None,
        rules: Iterable[str] = ROW_RULES,
    ) -> None:
        """``where`` names table and month; ``rows`` is the number of raw rows.

        ``known`` gives the number of raw rows that have a value in a column of ``gaps`` after all:
        a rule that needs it is applied to those and says so.
        """
        self._where = where
        self._rows = rows
        self._findings = {
            rule: _at_first(RULES[rule], gaps or DeclaredGaps(), known or {}, rows)
            for rule in rules
        }

    def note(self, rule: str, text: str) -> None:
        """Add a remark to a rule's finding."""
        finding = self._findings[rule]
        finding.notes = (*finding.notes, text)

    def add(
        self,
        rule: str,
        verdict: Verdict,
        keys: pl.DataFrame,
        *,
        note: str = "",
        rows: int | None = None,
        counted: bool = True,
    ) -> None:
        """Record that rows broke a rule; ``keys`` has ``date`` and ``symbol`` (or ``index``).

        ``rows`` overrides the number of rows where it is not the height of ``keys``. Rows that are
        not ``counted`` never refuse the month. Raises :class:`MonthRefused` above the share.
        """
        broken = keys.height if rows is None else rows
        if broken == 0:
            return
        finding = self._findings[rule]
        finding.verdict = max(finding.verdict, verdict, key=_HARSHNESS.__getitem__)
        finding.rows += broken
        finding.sample = finding.sample or sample_of(keys)
        if note:
            self.note(rule, note)
        if not counted:
            return
        finding.counted += broken
        if finding.counted > max((RULES[rule].critical or 0.0) * self._rows, ALWAYS_ALLOWED):
            finding.verdict = Verdict.REFUSED
            raise self._refusal(RULES[rule], finding, failures_of(rule, keys))

    def frame(self, until: str | None = None) -> pl.DataFrame:
        """One row per rule in the columns of ``FINDINGS``, the last of them ``until`` if given."""
        rules = list(self._findings)
        shown = rules if until is None else rules[: rules.index(until) + 1]
        return pl.DataFrame(
            [
                {
                    "rule": rule,
                    "severity": RULES[rule].severity.value,
                    "verdict": finding.verdict.value,
                    "rows": finding.rows,
                    "judged": finding.judged,
                    "share": self._share(finding.rows),
                    "observed": self._share(finding.rows) if finding.judged else None,
                    "threshold": RULES[rule].threshold(finding.verdict),
                    "sample": finding.sample,
                    "note": "; ".join(finding.notes),
                }
                for rule, finding in ((name, self._findings[name]) for name in shown)
            ],
            schema=FINDINGS,
        )

    def _share(self, rows: int) -> float:
        return rows / self._rows if self._rows else 0.0

    def _refusal(self, rule: Rule, finding: _Finding, failures: pl.DataFrame) -> MonthRefused:
        observed = finding.counted / self._rows if self._rows else 1.0
        notes = f" ({'; '.join(finding.notes)})" if finding.notes else ""
        return MonthRefused(
            f"{self._where} refused by rule {rule.id} ({rule.text_en}): {finding.counted} of "
            f"{self._rows} rows break it, {observed:.2%}, allowed {rule.critical:.2%}{notes}",
            where=f"for example {finding.sample or 'the whole month'}",
            remedy="nothing was published and what was stored before stays; correct the source's "
            "file or its mapping (columns, units, declared gaps) and run the month again",
            findings=self.frame(until=rule.id),
            failures=failures,
        )


def failures_of(rule: str, keys: pl.DataFrame) -> pl.DataFrame:
    """rule, date, symbol of the rows ``keys`` (with ``date`` and ``symbol`` or ``index``)."""
    name = "index" if "index" in keys.columns else "symbol"
    return keys.select(pl.lit(rule).alias("rule"), "date", pl.col(name).alias("symbol"))


def _at_first(rule: Rule, gaps: DeclaredGaps, known: Mapping[str, int], rows: int) -> _Finding:
    """The finding of a rule that nothing has broken yet."""
    missing = rule.missing(gaps)
    unknown = [need for need in missing if not any(known.get(name) for name in need)]
    if unknown:
        names = ", ".join(sorted(name for need in unknown for name in need))
        return _Finding(Verdict.NOT_APPLICABLE, judged=0, notes=(f"declared gap: {names}",))
    partly = sorted(name for need in missing for name in need if known.get(name))
    judged = min([rows, *(max(known.get(name, 0) for name in need) for need in missing)])
    notes = tuple(f"{name} known for {known[name]:,} of {rows:,} rows" for name in partly)
    return _Finding(Verdict.PASS if judged == rows else Verdict.PARTLY, judged, notes=notes)


def sample_of(keys: pl.DataFrame, unknown: str = "?") -> str:
    """The first twenty of ``keys`` (``date`` and ``symbol`` or ``index``), by day, in words.

    ``unknown`` stands for what is null: unreadable, or empty where a key is of the whole market.
    """
    name = "index" if "index" in keys.columns else "symbol"
    rows: Iterable[Mapping[str, object]] = (
        keys.select("date", name).sort("date", name, nulls_last=True).head(SAMPLE_SIZE).to_dicts()
    )
    return ", ".join(f"{row[name] or unknown} {row['date'] or unknown}".strip() for row in rows)
