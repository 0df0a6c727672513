"""``naxs findings``: what the quality rules found, month by month."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click
import polars as pl
from rich.console import Console
from rich.table import Table

from naxs_assets.cli.homes import Home
from naxs_assets.errors import ConfigurationError
from naxs_assets.partitions import parse_month

if TYPE_CHECKING:
    from naxs_assets.lineage.publishing import Lineage

ASSET = "market/findings"
_QUIET = ("pass", "not_applicable")
_COLUMNS = ("month", "asset", "rule", "verdict", "rows", "share", "sample", "note")


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
    from naxs_assets.market.rules import RULES

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
    console = Console(highlight=False)
    if found.is_empty():
        console.print("nothing found")
        return
    table = Table(*_COLUMNS, box=None, pad_edge=False)
    for row in found.select(_COLUMNS).to_dicts():
        table.add_row(*(f"{row[name]:.3%}" if name == "share" else str(row[name]) for name in row))
    console.print(table)


def found_by_rules(lineage: Lineage, *, everything: bool = False) -> pl.DataFrame:
    """The findings on record by month, asset and rule; without ``everything`` only broken rules.

    Raises :class:`~naxs_assets.lineage.reader.NotMadeError` before the first run.
    """
    table = lineage.reader(ASSET).whole().frame()
    if not everything:
        table = table.filter(~pl.col("verdict").is_in(_QUIET))
    return table.sort("month", "asset", "rule")


def summary_of_findings(lineage: Lineage) -> list[dict[str, Any]]:
    """For each asset, rule and verdict that was not passed: rows and number of months."""
    return (
        found_by_rules(lineage)
        .group_by("asset", "rule", "verdict")
        .agg(pl.col("rows").sum(), months=pl.len())
        .sort("asset", "rule", "verdict")
        .to_dicts()
    )
