"""The quality report as a page: the verdict and its reasons first, everything else below."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from naxs_assets.pages.blocks import (
    Banner,
    Bars,
    Block,
    Cell,
    Column,
    Details,
    Note,
    Section,
    Table,
    Text,
    Tone,
)
from naxs_assets.pages.frame import MarketLabel, Page, render_page
from naxs_assets.pages.messages import Message, message, message_or_name
from naxs_assets.pages.numbers import ABSENT, count, decimal, percent
from naxs_assets.reports.quality_facts import (
    Freshness,
    Overall,
    QualityReport,
    RuleOutcome,
    WaiverUse,
)
from naxs_assets.reports.quality_page_blocked import blocked_blocks
from naxs_assets.settings import SHANGHAI

_LINES = 5
"""Problems that the verdict names; a person reads no more in ten seconds."""
_NAMES = 3
_SHOWN_SAMPLES = 20
_ORDER = list(Overall)


def quality_page(report: QualityReport, market: MarketLabel, failures_file: str) -> Page:
    """The report as blocks; ``failures_file`` names the Parquet file beside the page."""
    sections = [
        Section(
            "verdict", message("quality_report.problems"), (_banner(report), _problems(report))
        ),
        Section("blocked", message("quality_report.blocked"), blocked_blocks(report)),
        Section("freshness", message("quality_report.freshness"), (_freshness(report),)),
        Section("sources", message("quality_report.sources"), _sources(report)),
        Section("restated", message("quality_report.restated"), (_restated(report),)),
        Section("coverage", message("quality_report.coverage"), _coverage(report)),
        Section("waivers", message("quality_report.waivers"), (_waivers(report),)),
        Section(
            "rules",
            message("quality_report.all_rules"),
            (
                Note(message("quality_report.failures_file", file=failures_file)),
                Details(message("quality_report.all_rules"), (_rules(report.rules),)),
            ),
        ),
    ]
    return Page(
        title=message("quality_report.title"),
        name=report.day.isoformat(),
        market=market,
        facts=((message("quality_report.as_of"), _instant(report.as_of)),),
        sections=sections,
        signed=False,
    )


def render_quality_report(report: QualityReport, market: MarketLabel, failures_file: str) -> str:
    """The page as one self-contained HTML text."""
    return render_page(quality_page(report, market, failures_file))


def _banner(report: QualityReport) -> Banner:
    lines: list[Text] = []
    for one in report.blocked:
        kept = (
            message("quality_report.still_served", version=one.kept)
            if one.kept
            else message("quality_report.nothing_served")
        )
        downstream = _some(one.downstream)
        lines.append(
            Message(
                f"已阻断 {one.asset} {one.partition}：{kept.zh}；未更新的下游：{downstream}",
                f"blocked: {one.reason}; {kept.en}; not renewed: {downstream}",
            )
        )
    lines += [
        Message(
            f"尚未判定 {one.asset} {one.spans}：{one.reason_zh}", f"not judged: {one.reason_en}"
        )
        for one in report.not_judged
    ]
    lines += [_late(one) for one in report.freshness if one.overall is not Overall.PASS]
    lines += [_in_words(one) for one in _broken(report)]
    if len(lines) > _LINES:
        more = message("quality_report.more_problems", count=len(lines) - _LINES)
        lines = [*lines[:_LINES], more]
    lines.append(message("quality_report.counts", **report.counts()))
    overall = report.overall
    return Banner(overall.value, message(f"quality_verdict.{overall.value}"), lines)


def _some(names: Sequence[str]) -> str:
    """The first few names, and how many more."""
    more = f" +{len(names) - _NAMES}" if len(names) > _NAMES else ""
    return ", ".join(names[:_NAMES]) + more or ABSENT


def _late(one: Freshness) -> Message:
    return message(
        "quality_report.late",
        asset=one.asset,
        newest=one.newest or ABSENT,
        expected=one.expected,
        latency=_duration(one.latency_seconds),
    )


def _broken(report: QualityReport) -> list[RuleOutcome]:
    """The rules that count against the verdict, harshest first."""
    broken = [one for one in report.rules if one.overall is not Overall.PASS]
    return sorted(broken, key=lambda one: (-_ORDER.index(one.overall), -one.rows, one.rule))


def _in_words(one: RuleOutcome) -> Message:
    found = f"{one.asset} {one.month}".strip()
    sample = f"，例如 {one.sample[0]}" if one.sample else ""
    rows = f"{one.rows:,d} 行{sample}" if one.rows else one.note
    return Message(
        f"{one.rule} · {found}：{rows}",
        f"{one.text_en}; {_verdict_name(one)}",
    )


def _verdict_name(one: RuleOutcome) -> str:
    text = message_or_name(f"verdict.{one.verdict}", one.verdict)
    return text if isinstance(text, str) else text.en


def _problems(report: QualityReport) -> Block:
    broken = _broken(report)
    return _rules(broken) if broken else Note(message("quality_report.no_problems"))


def _rules(rules: tuple[RuleOutcome, ...] | list[RuleOutcome]) -> Table:
    return Table(
        (
            Column(message("table.rule"), numeric=False),
            Column(message("table.asset"), numeric=False),
            Column(message("table.verdict"), numeric=False),
            Column(message("table.rows")),
            Column(message("quality_report.observed")),
            Column(message("quality_report.threshold")),
            Column(message("quality_report.daily"), numeric=False),
            Column(message("table.sample"), numeric=False, wide=True),
        ),
        [
            (
                Cell(Message(f"{one.rule} · {one.text_zh}", one.text_en)),
                f"{one.asset} {one.month}".strip(),
                Cell(message_or_name(f"verdict.{one.verdict}", one.verdict), _tone(one)),
                _rows(one),
                _value(one.observed, one.unit),
                _value(one.threshold, one.unit),
                _daily(one),
                " · ".join(filter(None, (", ".join(one.sample[:_SHOWN_SAMPLES]), one.note)))
                or ABSENT,
            )
            for one in rules
        ],
    )


def _rows(one: RuleOutcome) -> str:
    of = f" / {one.judged:,d}" if one.judged is not None else ""
    waived = f" ({one.waived:,d} {message('quality_report.waived_rows')})" if one.waived else ""
    return f"{count(one.rows)}{of}{waived}"


def _tone(one: RuleOutcome) -> Tone:
    if one.verdict == "not_applicable":
        return "muted"
    return one.overall.value


def _daily(one: RuleOutcome) -> Bars | str:
    if not any(one.daily):
        return ABSENT
    return Bars(one.daily, " ".join(map(str, one.daily)))


def _value(value: float | None, unit: str) -> str:
    if value is None:
        return ABSENT
    if unit == "ratio":
        return percent(value, decimals=3)
    whole = float(value).is_integer()
    return decimal(value, decimals=0 if whole else 4) + (f" {unit}" if unit else "")


def _freshness(report: QualityReport) -> Block:
    return Table(
        (
            Column(message("table.asset"), numeric=False),
            Column(message("quality_report.newest"), numeric=False),
            Column(message("quality_report.expected"), numeric=False),
            Column(message("quality_report.due"), numeric=False),
            Column(message("quality_report.latency")),
            Column(message("table.verdict"), numeric=False),
        ),
        [
            (
                one.asset,
                str(one.newest or ABSENT),
                str(one.expected),
                _instant(one.due),
                _duration(one.latency_seconds),
                Cell(
                    message_or_name(f"verdict.{one.overall.value}", one.overall.value),
                    one.overall.value,
                ),
            )
            for one in report.freshness
        ],
    )


def _sources(report: QualityReport) -> list[Block]:
    if not report.taken and not report.health:
        return [Note(message("quality_report.no_pull"))]
    taken = Table(
        (
            Column(message("table.asset"), numeric=False),
            Column(message("quality_report.source"), numeric=False),
            Column(message("table.version"), numeric=False),
            Column(message("quality_report.fetched"), numeric=False),
            Column(message("quality_report.parts")),
            Column(message("table.rows")),
            Column(message("quality_report.instead_of"), numeric=False, wide=True),
        ),
        [
            (
                one.table,
                one.source,
                one.source_version,
                " – ".join(_instant(at) for at in (one.fetched_first, one.fetched_last) if at),
                count(one.parts),
                count(one.rows),
                Cell("; ".join(one.instead_of), "warn") if one.instead_of else ABSENT,
            )
            for one in report.taken
        ],
    )
    health = Table(
        (
            Column(message("quality_report.source"), numeric=False),
            Column(message("quality_report.requests")),
            Column(message("quality_report.failures"), numeric=False),
            Column(message("quality_report.breaker"), numeric=False),
            Column(message("quality_report.last_success"), numeric=False),
        ),
        [
            (
                one.source,
                count(one.requests),
                ", ".join(f"{kind} {number}" for kind, number in one.failures.items()) or ABSENT,
                Cell(
                    message_or_name(f"breaker.{one.breaker}", one.breaker),
                    "plain" if one.breaker == "closed" else "fail",
                ),
                _instant(one.last_success) if one.last_success else ABSENT,
            )
            for one in report.health
        ],
        title=message("quality_report.health"),
    )
    return [taken, health]


def _restated(report: QualityReport) -> Block:
    if not report.restated:
        return Note(message("quality_report.nothing_restated"))
    return Table(
        (
            Column(message("table.asset"), numeric=False),
            Column(message("quality_report.symbol"), numeric=False),
            Column(message("quality_report.day"), numeric=False),
            Column(message("quality_report.column"), numeric=False),
            Column(message("quality_report.old")),
            Column(message("quality_report.new")),
            Column(message("quality_report.at"), numeric=False),
        ),
        [
            (
                one.table,
                one.symbol,
                one.date.isoformat(),
                one.column,
                one.old,
                one.new,
                _instant(one.seen_at),
            )
            for one in report.restated
        ],
        searchable=True,
    )


def _coverage(report: QualityReport) -> list[Block]:
    table = Table(
        (
            Column(message("table.asset"), numeric=False),
            Column(message("quality_report.first_month"), numeric=False),
            Column(message("quality_report.last_month"), numeric=False),
            Column(message("table.months")),
            Column(message("table.rows")),
            Column(message("table.version"), numeric=False, code=True),
        ),
        [
            (one.asset, one.first, one.last, count(one.months), count(one.rows), one.versions)
            for one in report.coverage
        ],
    )
    if not report.gaps:
        return [table]
    gaps = tuple(Note(gap) for gap in report.gaps)
    return [table, Details(message("quality_report.gaps"), gaps, opened=True)]


def _waivers(report: QualityReport) -> Block:
    if not report.waivers:
        return Note(message("quality_report.no_waivers"))
    return Table(
        (
            Column(message("table.rule"), numeric=False),
            Column(message("quality_report.scope"), numeric=False),
            Column(message("quality_report.until"), numeric=False),
            Column(message("quality_report.waived_rows")),
            Column(message("quality_report.by"), numeric=False),
            Column(message("quality_report.reason"), numeric=False, wide=True),
        ),
        [
            (
                one.rule,
                one.scope,
                _until(one),
                count(one.findings),
                one.by,
                one.reason,
            )
            for one in report.waivers
        ],
    )


def _until(one: WaiverUse) -> Cell | str:
    if not one.expired:
        return one.until.isoformat()
    expired = message("quality_report.expired")
    return Cell(Message(f"{one.until} {expired.zh}", expired.en), "warn")


def _instant(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S} +08:00"


def _duration(seconds: float) -> str:
    """Days, hours, minutes and seconds, with the sign of being late or early."""
    sign, left = ("-" if seconds < 0 else "+"), int(abs(seconds))
    days, left = divmod(left, 86_400)
    hours, left = divmod(left, 3600)
    whole_days = f"{days:,} d " if days else ""
    return f"{sign}{whole_days}{hours}:{left // 60:02d}:{left % 60:02d}"
