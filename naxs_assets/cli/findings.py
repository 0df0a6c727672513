"""``naxs findings``: what the quality rules found, month by month."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click
import polars as pl

from naxs_assets.cli.homes import Home
from naxs_assets.errors import ConfigurationError
from naxs_assets.partitions import parse_month

if TYPE_CHECKING:
    from naxs_assets.lineage.publishing import Lineage

ASSET = "market/findings"
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
    """What the quality rules found in the months made so far, with sample rows."""
    from naxs_assets.market.quality.registry import RULES

    if rule is not None and rule not in RULES:
        raise ConfigurationError(
            f"there is no rule {rule!r}", where="--rule", remedy=f"known: {', '.join(RULES)}"
        )
    found = found_by_rules(home.lineage(), everything=everything)
    if rule is not None:
        found = found.filter(pl.col("rule") == rule)
    if month is not None:
        found = found.filter(pl.col("month") == parse_month(month, "--month"))
    if as_json:
        click.echo(json.dumps(found.select(_COLUMNS).to_dicts(), ensure_ascii=False))
        return
    if found.is_empty():
        click.echo("nothing found")
        return
    _show(found)


def found_by_rules(lineage: Lineage, *, everything: bool = False) -> pl.DataFrame:
    """The findings on record by month, asset and rule; without ``everything`` only broken rules.

    Raises :class:`~naxs_assets.lineage.reader.NotMadeError` before the first run.
    """
    table = lineage.reader(ASSET).whole().frame()
    if not everything:
        table = table.filter(~pl.col("verdict").is_in(_QUIET))
    return table.sort("month", "asset", "rule")


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


def summary_of_findings(lineage: Lineage) -> list[dict[str, Any]]:
    """For each asset, rule and verdict that was not passed: rows and number of months."""
    return (
        found_by_rules(lineage)
        .group_by("asset", "rule", "verdict")
        .agg(pl.col("rows").sum(), months=pl.len())
        .sort("asset", "rule", "verdict")
        .to_dicts()
    )
