"""``naxs dq``: the quality report of a day."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

import click

from naxs_assets.cli.homes import DAY, Home

if TYPE_CHECKING:
    from naxs_assets.reports.quality_facts import QualityReport

_SHOWN = 12


@click.group()
def dq() -> None:
    """Data quality: what is wrong, where, how bad, and what was blocked."""


@dq.command()
@click.option("--date", "day", type=DAY, help="The day (default: the market's last one).")
@click.option("--json", "as_json", is_flag=True, help="Print the facts as JSON.")
@click.pass_context
def report(ctx: click.Context, day: datetime | None, as_json: bool) -> None:
    """Judge the home as it stands and write reports/dq/DATE: page, JSON and every broken row.

    Exit code: 0 pass, 3 warnings, 1 failed.
    """
    from naxs_assets.definitions import quality_report_of

    home: Home = ctx.obj
    gathered, page = quality_report_of(home.platform(), day.date() if day else None)
    told = gathered.report
    if as_json:
        click.echo(json.dumps(told.document(), ensure_ascii=False))
    else:
        _show(told)
        click.echo(f"report: {page}")
    ctx.exit(told.overall.exit_code)


def _show(told: QualityReport) -> None:
    counts = told.counts()
    click.echo(
        f"{told.day}: {told.overall.value}; {counts['evaluated']} evaluated, {counts['passed']} "
        f"passed, {counts['warned']} warned, {counts['failed']} failed, "
        f"{counts['not_applicable']} not applicable, {counts['waived']} rows waived"
    )
    for one in told.blocked[:_SHOWN]:
        served = f"version {one.kept} is still served" if one.kept else "nothing is served"
        click.echo(f"  blocked  {one.asset} {one.partition}: {served}")
    if len(told.blocked) > _SHOWN:
        click.echo(f"  blocked  {len(told.blocked) - _SHOWN} more, named in the report")
    for missing in told.not_judged:
        click.echo(f"  not judged {missing.asset} {missing.spans}: {missing.reason_en}")
    for late in told.freshness:
        if late.overall != "pass":
            ends = f"ends on {late.newest}" if late.newest else "is empty"
            click.echo(f"  late     {late.asset} {ends}, {late.expected} is due")
    broken = [one for one in told.rules if one.overall != "pass"]
    for rule in sorted(broken, key=lambda one: (one.overall, one.month, one.rule))[:_SHOWN]:
        where = f"{rule.asset} {rule.month}".strip()
        sample = f", for example {rule.sample[0]}" if rule.sample else ""
        click.echo(f"  {rule.verdict:<8} {rule.rule} in {where}: {rule.rows:,} rows{sample}")
