"""The quality report's view of what was blocked: refused results, and months not judged yet."""

from __future__ import annotations

from naxs_assets.pages.blocks import Block, Cell, Column, Note, Table
from naxs_assets.pages.messages import Message, message
from naxs_assets.pages.numbers import ABSENT
from naxs_assets.reports.quality_facts import QualityReport


def blocked_blocks(report: QualityReport) -> list[Block]:
    """Tables of the refused results and of the months not judged, or a note of neither."""
    if not report.blocked and not report.not_judged:
        return [Note(message("quality_report.nothing_blocked"))]
    blocks: list[Block] = []
    if report.blocked:
        blocks.append(_refused(report))
    if report.not_judged:
        blocks.append(_not_judged(report))
    return blocks


def _not_judged(report: QualityReport) -> Table:
    return Table(
        (
            Column(message("table.asset"), numeric=False),
            Column(message("table.months"), numeric=False, wide=True),
            Column(message("quality_report.reason"), numeric=False, wide=True),
        ),
        [
            (one.asset, one.spans, Cell(Message(one.reason_zh, one.reason_en)))
            for one in report.not_judged
        ],
        title=message("quality_report.not_judged"),
    )


def _refused(report: QualityReport) -> Table:
    return Table(
        (
            Column(message("table.asset"), numeric=False),
            Column(message("table.partition"), numeric=False),
            Column(message("quality_report.at"), numeric=False),
            Column(message("quality_report.kept"), numeric=False, code=True),
            Column(message("quality_report.downstream"), numeric=False, wide=True),
            Column(message("quality_report.reason"), numeric=False, wide=True),
        ),
        [
            (
                one.asset,
                one.partition,
                one.at,
                one.kept or ABSENT,
                ", ".join(one.downstream) or ABSENT,
                one.reason,
            )
            for one in report.blocked
        ],
    )
