"""``naxs findings``: what the quality rules found, month by month."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click
import polars as pl

from naxs_assets.cli.homes import Home
from naxs_assets.errors import ConfigurationError, NaxsError
from naxs_assets.partitions import parse_month

if TYPE_CHECKING:
    from naxs_assets.lineage.publishing import Lineage
    from naxs_assets.lineage.records import Refusal
    from naxs_assets.market.quality.on_record import NotJudged, OnRecord

_QUIET = ("pass", "partly", "not_applicable")
_FIGURES = ("month", "asset", "rule", "verdict", "rows", "share")
_COLUMNS = (*_FIGURES, "sample", "note")


@click.command()
@click.option("--rule", help="Only this rule, for example factor.")
@click.option("--month", help="Only this month, YYYY-MM.")
@click.option("--all", "everything", is_flag=True, help="Also what passed or could not be asked.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def findings(
    home: Home, rule: str | None, month: str | None, everything: bool, as_json: bool
) -> None:
    """What the quality rules found in the months judged so far, with sample rows."""
    from naxs_assets.market.quality.on_record import on_record
    from naxs_assets.market.quality.registry import RULES

    if rule is not None and rule not in RULES:
        raise ConfigurationError(
            f"there is no rule {rule!r}", where="--rule", remedy=f"known: {', '.join(RULES)}"
        )
    lineage = home.lineage()
    record = on_record(lineage, _open_refusals(home, lineage))
    found, not_judged = found_by_rules(record, everything=everything), record.not_judged
    if rule is not None:
        found = found.filter(pl.col("rule") == rule)
    if month is not None:
        chosen = parse_month(month, "--month")
        found = found.filter(pl.col("month") == chosen)
        not_judged = tuple(
            replace(one, months=(chosen,)) for one in not_judged if chosen in one.months
        )
    if as_json:
        rows = found.select(_COLUMNS).to_dicts()
        rows += [row for one in not_judged for row in _rows_not_judged(one)]
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    if not found.is_empty():
        _show(found)
    elif not not_judged:
        click.echo("nothing found")
    for one in not_judged:
        click.echo(f"not judged: {one.asset} {one.spans}: {one.reason_en}")


def _open_refusals(home: Home, lineage: Lineage) -> list[Refusal]:
    """The refusals that still want mending.

    Where an older version stands the source tells, which may be again what that was made from;
    without a source it cannot be told, and the refusal counts.
    """
    refusals = lineage.ledger.refusals()
    if not any(lineage.ledger.current(one.asset, one.partition) for one in refusals):
        return refusals
    from naxs_assets.lineage.assets import recipes
    from naxs_assets.lineage.refusals import open_refusals

    try:
        return open_refusals(lineage.library, recipes(home.platform().assets))
    except NaxsError:
        return refusals


def found_by_rules(record: OnRecord, *, everything: bool = False) -> pl.DataFrame:
    """The findings on record by month, asset and rule; without ``everything`` only broken rules."""
    table = record.findings
    if not everything:
        table = table.filter(~pl.col("verdict").is_in(_QUIET))
    return table.sort("month", "asset", "rule")


def _rows_not_judged(one: NotJudged) -> list[dict[str, Any]]:
    """A row for each month, of no rule."""
    row = {"rule": None, "verdict": "not_judged", "rows": 0, "share": 0.0, "sample": ""}
    return [
        {"month": month, "asset": one.asset, **row, "note": one.reason_en} for month in one.months
    ]


def _show(found: pl.DataFrame) -> None:
    """A line of figures for each finding, and below it, as long as they are, rows and notes."""
    shown = [
        {name: f"{value:.3%}" if name == "share" else str(value) for name, value in row.items()}
        for row in found.select(_COLUMNS).to_dicts()
    ]
    width = {name: max(len(name), *(len(row[name]) for row in shown)) for name in _FIGURES}
    click.echo("  ".join(name.ljust(width[name]) for name in _FIGURES).rstrip())
    for row in shown:
        click.echo("  ".join(row[name].ljust(width[name]) for name in _FIGURES).rstrip())
        for text in (row["sample"], row["note"]):
            if text:
                click.echo(f"{'':{width['month']}}  {text}")


def summary_of_findings(record: OnRecord) -> list[dict[str, Any]]:
    """For each asset, rule and verdict that was not passed: rows and number of months."""
    return (
        found_by_rules(record)
        .group_by("asset", "rule", "verdict")
        .agg(pl.col("rows").sum(), months=pl.len())
        .sort("asset", "rule", "verdict")
        .to_dicts()
    )
