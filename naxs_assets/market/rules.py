"""The registry of quality rules, and what they found in one month of data.

Ids, texts and severities follow the rules of the market-data reference, section 5; shares are
judgements. A rule never drops a row silently: rows are quarantined, repaired or warned about,
each counted, and a month is refused only above the rule's share.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import polars as pl

from naxs_assets.errors import DataError
from naxs_assets.market.sources.base import DeclaredGaps

SAMPLE_SIZE = 5
ALWAYS_ALLOWED = 3
"""This many broken rows never refuse a month: on its first days a few rows are a large share."""


class Severity(StrEnum):
    """``critical`` rows are taken out of the market, ``warning`` rows stay in it."""

    CRITICAL = "critical"
    WARNING = "warning"


class Verdict(StrEnum):
    """What became of a rule in one month, mildest first."""

    PASS = "pass"  # noqa: S105 - a verdict, no password
    NOT_APPLICABLE = "not_applicable"
    WARN = "warn"
    REPAIRED = "repaired"
    QUARANTINED = "quarantined"
    REFUSED = "refused"


_HARSHNESS = {verdict: rank for rank, verdict in enumerate(Verdict)}

FINDINGS: dict[str, type[pl.DataType]] = {
    "rule": pl.String,
    "severity": pl.String,
    "verdict": pl.String,
    "rows": pl.Int64,
    "share": pl.Float64,
    "sample": pl.String,
    "note": pl.String,
}
"""One row per rule: ``rows`` and ``share`` (ratio of the raw rows) that broke it, ``sample`` up to
five ``symbol date`` keys joined by commas, ``note`` in words."""


@dataclass(frozen=True)
class Rule:
    """One quality rule; ``check`` is its name as an asset check in the Dagster UI.

    ``share`` is the ratio of a month's rows that may break the rule before the month is refused.
    ``needs`` lists alternatives: of each set of columns at least one must not be a declared gap.
    """

    id: str
    check: str
    severity: Severity
    text_zh: str
    text_en: str
    share: float
    needs: tuple[frozenset[str], ...] = ()

    def missing(self, gaps: DeclaredGaps) -> list[frozenset[str]]:
        """The needs of which every column is a declared gap."""
        return [need for need in self.needs if need <= gaps.columns]


RULES: dict[str, Rule] = {
    rule.id: rule
    for rule in (
        Rule(
            "schema",
            "cells_are_readable",
            Severity.CRITICAL,
            "单元格可解析；主键以及有成交的行的开高低收与成交量不缺失",
            "every cell is readable; the key, and OHLC and volume of traded rows, are present",
            0.05,
        ),
        Rule(
            "calendar",
            "every_open_day_has_rows",
            Severity.CRITICAL,
            "只在交易日有行情，且每个交易日都有行情",
            "rows lie on open days only, and every open day has rows",
            0.01,
        ),
        Rule(
            "key",
            "one_row_per_symbol_and_day",
            Severity.CRITICAL,
            "（证券代码，日期）唯一",
            "(symbol, date) is unique",
            0.05,
        ),
        Rule(
            "ohlc",
            "prices_within_low_and_high",
            Severity.CRITICAL,
            "最低价 <= 开盘价、收盘价 <= 最高价，且均为正",
            "low <= open, close <= high, and all are positive",
            0.05,
        ),
        Rule(
            "zero",
            "no_volume_means_suspended",
            Severity.CRITICAL,
            "成交量为零 <=> 成交额为零 <=> 停牌",
            "volume = 0 <=> amount = 0 <=> suspended",
            0.05,
            (frozenset({"amount"}),),
        ),
        Rule(
            "factor",
            "factor_agrees_with_change",
            Severity.CRITICAL,
            "复权因子为正，且与涨跌幅一致（误差不超过 0.1 个百分点）",
            "adj_factor is positive and agrees with the change within 0.1 point",
            0.05,
            (frozenset({"adj_factor"}), frozenset({"change", "pre_close"})),
        ),
        Rule(
            "limit",
            "prices_stay_within_limits",
            Severity.WARNING,
            "最高价不超过涨停价，最低价不低于跌停价（允许一个最小变动价位）",
            "high <= limit up and low >= limit down, within one tick",
            0.001,
            (frozenset({"change", "pre_close"}),),
        ),
    )
}
"""Every rule by its id, in the order in which a row meets them."""


class MonthRefused(DataError):  # noqa: N818 - a month that was refused, no fault of the program
    """More rows of a month broke a rule than its share allows; nothing was made from it.

    ``findings`` is the frame of the rules up to this one, which is ``refused``.
    """

    def __init__(self, what: str, *, where: str, remedy: str, findings: pl.DataFrame) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.findings = findings


@dataclass
class _Finding:
    verdict: Verdict
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
        rules: Iterable[str] = tuple(RULES),
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
        finding.sample = finding.sample or _sample(keys)
        if note:
            self.note(rule, note)
        if not counted:
            return
        finding.counted += broken
        if finding.counted > max(RULES[rule].share * self._rows, ALWAYS_ALLOWED):
            finding.verdict = Verdict.REFUSED
            raise self._refusal(RULES[rule], finding)

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
                    "share": finding.rows / self._rows if self._rows else 0.0,
                    "sample": finding.sample,
                    "note": "; ".join(finding.notes),
                }
                for rule, finding in ((name, self._findings[name]) for name in shown)
            ],
            schema=FINDINGS,
        )

    def _refusal(self, rule: Rule, finding: _Finding) -> MonthRefused:
        observed = finding.counted / self._rows if self._rows else 1.0
        notes = f" ({'; '.join(finding.notes)})" if finding.notes else ""
        return MonthRefused(
            f"{self._where} refused by rule {rule.id} ({rule.text_en}): {finding.counted} of "
            f"{self._rows} rows break it, {observed:.2%}, allowed {rule.share:.2%}{notes}",
            where=f"for example {finding.sample or 'the whole month'}",
            remedy="nothing was published and what was stored before stays; correct the source's "
            "file or its mapping (columns, units, declared gaps) and run the month again",
            findings=self.frame(until=rule.id),
        )


def _at_first(rule: Rule, gaps: DeclaredGaps, known: Mapping[str, int], rows: int) -> _Finding:
    """The finding of a rule that nothing has broken yet."""
    missing = rule.missing(gaps)
    unknown = [need for need in missing if not any(known.get(name) for name in need)]
    if unknown:
        names = ", ".join(sorted(name for need in unknown for name in need))
        return _Finding(Verdict.NOT_APPLICABLE, notes=(f"declared gap: {names}",))
    partly = sorted(name for need in missing for name in need if known.get(name))
    notes = (f"{name} known for {known[name]:,} of {rows:,} rows" for name in partly)
    return _Finding(Verdict.PASS, notes=tuple(notes))


def _sample(keys: pl.DataFrame) -> str:
    name = "index" if "index" in keys.columns else "symbol"
    rows: Iterable[Mapping[str, object]] = (
        keys.select("date", name).sort("date", name, nulls_last=True).head(SAMPLE_SIZE).to_dicts()
    )
    return ", ".join(f"{row[name] or '?'} {row['date'] or '?'}" for row in rows)
