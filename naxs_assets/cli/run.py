"""``naxs run``: from prices to the report of one strategy, making only what is not up to date."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from naxs_assets.cli.findings import summary_of_findings
from naxs_assets.cli.homes import Home
from naxs_assets.cli.warehouse import publish_warehouse
from naxs_assets.errors import ConfigurationError, NaxsError
from naxs_assets.lineage.records import Outcome, Published, place_name
from naxs_assets.lineage.staging import write_whole
from naxs_assets.partitions import parse_month

if TYPE_CHECKING:
    from naxs_assets.definitions import Platform
    from naxs_assets.lineage.planning import Plan


@click.command()
@click.argument("strategy")
@click.option(
    "--from", "first", help="First backtest month, YYYY-MM (default: the first there is)."
)
@click.option("--to", "last", help="Last backtest month, YYYY-MM (default: the last there is).")
@click.option("--dry-run", is_flag=True, help="Say what would be made and why; make nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def run(
    home: Home, strategy: str, first: str | None, last: str | None, dry_run: bool, as_json: bool
) -> None:
    """Make the backtest and the report of STRATEGY, and what they need."""
    console = Console(stderr=True, highlight=False)
    facts = run_strategy(home.platform(), strategy, first, last, console, dry_run=dry_run)
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False))
    elif dry_run:
        _show_plan(facts)
    else:
        show_result(facts)


def run_strategy(
    platform: Platform,
    strategy: str,
    first: str | None,
    last: str | None,
    console: Console,
    *,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Plan and run one strategy; returns the facts that the command prints."""
    started = time.monotonic()
    planned = _plan(platform, strategy, first, last)
    facts: dict[str, Any] = {
        "strategy": strategy,
        "home": str(platform.settings.home),
        "needed": sum(len(months) for months in planned.needed.values()),
        "reused": planned.reused,
        "held": [
            place_name(hold.asset, hold.partition)
            for hold in platform.lineage.ledger.holds()
            if hold.partition in planned.needed.get(hold.asset, ())
        ],
        "to_make": {asset: dict(reasons) for asset, reasons in planned.stale.items()},
    }
    if dry_run:
        return facts
    from naxs_assets.cli.running import run_plans
    from naxs_assets.lineage.planning import plan_roots

    def plans() -> Iterator[Plan]:
        roots = plan_roots(planned, platform.assets)
        yield roots
        yield _plan(platform, strategy, first, last) if roots.batches else planned

    published = run_plans(platform, plans(), console)
    facts.pop("to_make")
    report = platform.lineage.reader(f"{strategy}/report").whole()
    facts |= {
        "made": _counts(published),
        "up_to_date": facts["needed"] - len(published),
        "seconds": round(time.monotonic() - started, 1),
        "report": str(_publish_report(platform, strategy, report.text())),
        "warehouse": str(publish_warehouse(platform).file),
        "summary": report.version.metadata["summary"] if report.version else {},
        "findings": _findings(platform),
    }
    return facts


def _findings(platform: Platform) -> list[dict[str, Any]]:
    from naxs_assets.lineage.assets import recipes
    from naxs_assets.lineage.refusals import open_refusals
    from naxs_assets.market.quality.on_record import on_record

    refusals = open_refusals(platform.lineage.library, recipes(platform.assets))
    return summary_of_findings(on_record(platform.lineage, refusals))


def _plan(platform: Platform, strategy: str, first: str | None, last: str | None) -> Plan:
    from naxs_assets.lineage.planning import plan

    known = sorted(platform.catalogue.strategies)
    if strategy not in known:
        raise ConfigurationError(
            f"there is no strategy {strategy!r}",
            where=f"the catalogue and {platform.settings.home / 'catalog/strategies'}/*.yaml",
            remedy=f"known: {', '.join(known)}",
        )
    _check_universe(platform, strategy)
    market_first, market_last = platform.months
    if market_first > market_last:
        raise ConfigurationError(
            f"the clock stands at {platform.settings.today()}, before the market's first month",
            where="now in naxs.yaml or NAXS_NOW",
            remedy=f"set it to a day from {market_first} on, or leave it out",
        )
    begins = parse_month(first or market_first, "--from")
    ends = parse_month(last or market_last, "--to")
    if not market_first <= begins <= ends <= market_last:
        raise ConfigurationError(
            f"the months {begins} to {ends} do not lie within the market",
            where=f"--from {begins} --to {ends}",
            remedy=f"choose months from {market_first} to {market_last}",
        )
    return plan(
        platform.assets,
        platform.lineage.library,
        f"{strategy}/report",
        first=begins,
        last=ends,
        market_first=market_first,
        market_last=market_last,
    )


def _check_universe(platform: Platform, strategy: str) -> None:
    universe = platform.catalogue.universes[platform.catalogue.strategies[strategy].universe]
    if universe.kind == "all":
        return
    known = platform.source.index_members().get_column("index").unique().sort().to_list()
    if universe.index not in known:
        raise ConfigurationError(
            f"the market has no members of {universe.index}, the universe of {strategy}",
            where=f"universe {universe.name}",
            remedy="add index_members to the mapping, or write a strategy with universe: all "
            f"(indices with members: {', '.join(known) or 'none'})",
        )


def _counts(published: list[Published]) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {}
    for result in published:
        counts.setdefault(result.version.asset, Counter())[result.outcome.value] += 1
    return {asset: dict(counter) for asset, counter in counts.items()}


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _publish_report(platform: Platform, strategy: str, page: str) -> Path:
    """Put the current report at a place that stays, by rename."""
    file = platform.settings.home / "reports" / f"{strategy}.html"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, page)
    except OSError as error:
        raise NaxsError(
            f"the report is made, but cannot be put into its place: {error.strerror}",
            where=str(file),
            remedy="free space or mend the permissions of the folder, then run again",
        ) from error
    return file


def _show_plan(facts: dict[str, Any]) -> None:
    click.echo(f"{facts['needed']} results are needed, {facts['reused']} of them are up to date")
    for asset, reasons in facts["to_make"].items():
        months = sorted(reasons)
        span = f"{months[0]}..{months[-1]}" if months[0] else "whole"
        click.echo(f"  {asset} {span}: {len(months)} to make, first because {reasons[months[0]]}")


def show_result(facts: dict[str, Any]) -> None:
    """Print what a run made and reused, and where its report lies."""
    console = Console(highlight=False)
    if facts["made"]:
        table = Table("asset", *(outcome.value for outcome in Outcome), box=None, pad_edge=False)
        for asset, counts in facts["made"].items():
            table.add_row(asset, *(str(counts.get(outcome.value, 0)) for outcome in Outcome))
        console.print(table)
    made = sum(sum(counts.values()) for counts in facts["made"].values())
    console.print(
        f"made {made} results, reused {facts['up_to_date']} that were up to date, "
        f"in {facts['seconds']} s"
    )
    for found in facts["findings"]:
        console.print(
            f"{found['asset']}: rule {found['rule']}, {found['verdict']}: "
            f"{_counted(found['rows'], 'row')} in {_counted(found['months'], 'month')}"
        )
    if facts["findings"]:
        console.print("naxs findings lists these rows")
    if facts["held"]:
        console.print(f"held by a person, left as they are: {', '.join(facts['held'])}")
    console.print(f"report: {facts['report']}", soft_wrap=True)
