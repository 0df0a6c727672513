"""The tear sheet's view of its data: what the quality rules found, and the rows they touched."""

from __future__ import annotations

import polars as pl

from naxs_assets.market.quality.registry import HARMLESS, RULES, Verdict
from naxs_assets.pages.blocks import (
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
from naxs_assets.pages.messages import Message, message, message_or_name
from naxs_assets.pages.numbers import ABSENT, count, percent
from naxs_assets.reports.tear_sheet_inputs import TearSheet

_HARSHNESS = {verdict.value: rank for rank, verdict in enumerate(Verdict)}
_RULE_ORDER = {rule: place for place, rule in enumerate(RULES)}
_HARMLESS = {verdict.value for verdict in HARMLESS}
_TOUCHED = (Verdict.QUARANTINED.value, Verdict.REPAIRED.value)
_NOTES = 2
_SAMPLES = 3


def quality(inputs: TearSheet) -> Section:
    """Findings of the quality rules over the report's months: first what was found, then all."""
    title = message("tear_sheet.quality")
    gaps = inputs.market.gaps
    declared: list[Block] = []
    if gaps:
        summary = message("tear_sheet.declared_gaps", count=len(gaps))
        declared.append(Details(summary, tuple(map(Note, gaps)), opened=True))
    if inputs.findings.is_empty():
        return Section("quality", title, (Note(message("tear_sheet.no_findings")), *declared))
    found = findings_by_verdict(inputs.findings)
    broken = found.filter(~pl.col("verdict").is_in(_HARMLESS))
    blocks: list[Block] = []
    if broken.is_empty():
        blocks.append(Note(message("tear_sheet.no_broken_rule")))
    else:
        blocks += [_touched(inputs.findings), _findings(broken, message("table.findings"))]
    harmless = found.filter(pl.col("verdict").is_in(_HARMLESS))
    if not harmless.is_empty():
        summary = message("tear_sheet.harmless_rows", rows=harmless.height)
        blocks.append(Details(summary, (_findings(harmless),)))
    return Section("quality", title, [*blocks, *declared])


def findings_by_verdict(findings: pl.DataFrame) -> pl.DataFrame:
    """asset, rule, verdict; months, rows and share_most (the largest share of a month); sample
    (keys of the first months, joined by commas) and note (the first distinct ones, joined by
    semicolons, and how many more there are); harshest verdict first, then by table and in the order
    of the rules.
    """

    def distinct(column: str) -> pl.Expr:
        return pl.col(column).filter(pl.col(column) != "").unique(maintain_order=True)

    return (
        findings.sort("asset", "rule", "month")
        .group_by("asset", "rule", "verdict", maintain_order=True)
        .agg(
            months=pl.len().cast(pl.Int64),
            rows=pl.col("rows").sum(),
            share_most=pl.col("share").max(),
            sample=distinct("sample").str.split(", ").explode().head(_SAMPLES).str.join(", "),
            note=distinct("note").head(_NOTES).str.join("; "),
            unsaid=distinct("note").len().cast(pl.Int64) - _NOTES,
        )
        .with_columns(
            note=pl.when(pl.col("unsaid") > 0)
            .then(pl.format("{}; … (+{})", "note", "unsaid"))
            .otherwise("note"),
            harshness=pl.col("verdict").replace_strict(_HARSHNESS, default=len(_HARSHNESS)),
            place=pl.col("rule").replace_strict(_RULE_ORDER, default=len(_RULE_ORDER)),
        )
        .sort("harshness", "asset", "place", "rule", descending=[True, False, False, False])
        .drop("harshness", "place", "unsaid")
    )


def touched_rows(findings: pl.DataFrame) -> pl.DataFrame:
    """year (String), asset, quarantined, repaired: rows of the findings with that verdict."""
    return (
        findings.filter(pl.col("verdict").is_in(_TOUCHED))
        .group_by(pl.col("month").str.head(4).alias("year"), "asset")
        .agg(
            pl.col("rows").filter(pl.col("verdict") == verdict).sum().alias(verdict)
            for verdict in _TOUCHED
        )
        .sort("year", "asset")
    )


def _touched(findings: pl.DataFrame) -> Block:
    rows = touched_rows(findings).to_dicts()
    if not rows:
        return Note(message("tear_sheet.no_touched_rows"))
    return Table(
        (
            Column(message("table.year"), numeric=False),
            Column(message("table.asset"), numeric=False),
            *(Column(message(f"verdict.{verdict}")) for verdict in _TOUCHED),
        ),
        [(row["year"], row["asset"], *(count(row[name]) for name in _TOUCHED)) for row in rows],
        title=message("table.touched_rows"),
        stacked=False,
    )


def _findings(rows: pl.DataFrame, title: Text = "") -> Table:
    return Table(
        (
            Column(message("table.asset"), numeric=False),
            Column(message("table.rule"), numeric=False),
            Column(message("table.rule_text"), numeric=False, wide=True),
            Column(message("table.verdict"), numeric=False),
            Column(message("table.months")),
            Column(message("table.rows")),
            Column(message("table.share_most")),
            Column(message("table.sample"), numeric=False, wide=True),
        ),
        [
            (
                row["asset"],
                row["rule"],
                Cell(_rule_text(row["rule"])),
                Cell(message_or_name(f"verdict.{row['verdict']}", row["verdict"]), _tone(row)),
                count(row["months"]),
                count(row["rows"]),
                percent(row["share_most"], decimals=3) if row["rows"] else ABSENT,
                " · ".join(filter(None, (row["sample"], row["note"]))) or ABSENT,
            )
            for row in rows.to_dicts()
        ],
        title=title,
    )


def _rule_text(rule: str) -> Text:
    known = RULES.get(rule)
    return Message(known.text_zh, known.text_en) if known else ""


def _tone(row: dict[str, object]) -> Tone:
    return "muted" if row["verdict"] in _HARMLESS else "plain"
