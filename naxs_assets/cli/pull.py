"""``naxs pull``: bring what is missing from the upstreams, or read what is kept again."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from naxs_assets.cli.homes import DAY, Home
from naxs_assets.errors import EXIT_DEGRADED, EXIT_FAILED, ConfigurationError

if TYPE_CHECKING:
    from naxs_assets.market.pulling.opening import LiveHome
    from naxs_assets.market.pulling.planning import Ask
    from naxs_assets.market.pulling.replay import Finding

_LONGEST_REASON = 120


@click.command()
@click.option("--universe", help="Must be the home's own (default: that).")
@click.option("--from", "first", type=DAY, help="First day (default: the home's first).")
@click.option("--to", "last", type=DAY, help="Last day (default: last final; to replay: today).")
@click.option("--replay", is_flag=True, help="Read kept answers again, no network: compare, mend.")
@click.option("--refetch", is_flag=True, help="Ask for everything again, not only for what lacks.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_context
def pull(
    context: click.Context,
    universe: str | None,
    first: datetime | None,
    last: datetime | None,
    replay: bool,
    refetch: bool,
    as_json: bool,
) -> None:
    """Fill a live home: what is missing, the newest sessions again, late corrections told."""
    from naxs_assets.market.pulling.finality import last_final_day
    from naxs_assets.market.pulling.opening import LiveHome

    home: Home = context.obj
    opened = LiveHome.of(home.settings())
    begins = first.date() if first else opened.live.first
    # A morning's parts are of a day that is not final.
    newest = opened.settings.today() if replay else last_final_day(opened.settings.clock())
    ends = last.date() if last else newest
    # What is stored may be older than the first day, where that was set later.
    _check(opened, universe, begins, ends, earliest=date.min if replay else opened.live.first)
    if replay and refetch:
        raise ConfigurationError(
            "a replay asks nobody", where="--replay --refetch", remedy="give one of the two"
        )
    if replay:
        _replay(context, opened, begins, ends, as_json=as_json)
        return
    console = Console(stderr=True, highlight=False)
    with _Progress(console) as progress:
        result = opened.pull(begins, ends, refetch=refetch, on_asked=progress.advance)
    facts = {**result.facts(), "stale": _stale(home)}
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False))
    else:
        show_pull(facts)
    if result.unanswered:
        context.exit(EXIT_DEGRADED)


def _check(
    opened: LiveHome, universe: str | None, first: date, last: date, *, earliest: date
) -> None:
    if universe is not None and universe != opened.live.universe:
        raise ConfigurationError(
            f"this home is of the universe {opened.live.universe}",
            where=f"--universe {universe}",
            remedy="leave it out, or make another home for that universe",
        )
    today = opened.settings.today()
    if not earliest <= first <= last <= today:
        raise ConfigurationError(
            f"the days {first} to {last} do not lie within the market",
            where=f"--from {first} --to {last}",
            remedy=f"choose days from {opened.live.first} to {today}",
        )


def _replay(
    context: click.Context, opened: LiveHome, first: date, last: date, *, as_json: bool
) -> None:
    count, found = opened.replay(first, last)
    mended = [one for one in found if one.mended]
    differences = [one for one in found if not one.mended]
    if as_json:
        facts = {
            "first": first.isoformat(),
            "last": last.isoformat(),
            "parts": count,
            "mended": [_finding_facts(one) for one in mended],
            "differences": [_finding_facts(one) for one in differences],
        }
        click.echo(json.dumps(facts, ensure_ascii=False))
    else:
        for one in mended:
            click.echo(f"mended: {one.part}: {one.what}")
        if differences:
            click.echo(f"{len(differences)} of {count} parts read otherwise than they are stored")
            for one in differences:
                click.echo(f"  {one.part}: {one.what}")
        else:
            click.echo(f"{count} parts read again, bit by bit as they are stored")
    if differences:
        context.exit(EXIT_FAILED)


def _finding_facts(one: Finding) -> dict[str, str]:
    return {"part": str(one.part), "fetched_at": one.part.fetched_at.isoformat(), "what": one.what}


def _stale(home: Home) -> dict[str, list[str]]:
    """What became stale of the results made so far, or may: asset -> months."""
    from naxs_assets.automation.restatements import stale_plans

    found: dict[str, set[str]] = {}
    for one in stale_plans(home.platform()):
        for asset, reasons in one.stale.items():
            found.setdefault(asset, set()).update(reasons)
    return {asset: sorted(months) for asset, months in found.items()}


def show_pull(facts: dict[str, Any]) -> None:
    """Print what a pull took of whom, what it could not get, and what that touches."""
    console = Console(highlight=False)
    if facts["taken"]:
        table = Table("table", "from", "parts", "rows", box=None, pad_edge=False)
        for line in facts["taken"]:
            table.add_row(line["table"], line["family"], str(line["parts"]), f"{line['rows']:,}")
        console.print(table)
    else:
        console.print("nothing new was asked for or answered")
    for line in (*facts["fallbacks"], *facts["unconfirmed"]):
        times = f", {line['times']} times" if line["times"] > 1 else ""
        console.print(
            f"{line['table']}: {line['family']} did not answer ({line['kind']}{times}): "
            f"{_shortened(line['what'])}",
            markup=False,
            soft_wrap=True,
        )
    for name, told in (("unanswered", "nobody answered"), ("not_offered", "nobody offers")):
        for line in facts[name]:
            console.print(f"{line['table']}: {told}: {line['parts']}, first {line['first']}")
    for name, rows in facts["partial_bar"].items():
        console.print(f"{name}: {rows} rows of today are not final before 15:30: kept raw only")
    for line in facts["restated"]:
        console.print(
            f"restated: {line['symbol']} {line['date']} {line['column']} {line['old']} -> "
            f"{line['new']} ({line['old_source']} -> {line['new_source']})",
            soft_wrap=True,
        )
    more = facts["restatements"] - len(facts["restated"])
    if more > 0:
        console.print(f"restated: {more} more values")
    for asset, months in facts["stale"].items():
        span = f"{months[0]}..{months[-1]}" if months[0] else "whole"
        console.print(f"out of date: {asset} {span}: {len(months)}")
    console.print(f"{facts['verdict']}: {facts['first']} to {facts['last']}")


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]}..."


class _Progress:
    """A bar for what is being asked for, on a terminal; silent elsewhere."""

    def __init__(self, console: Console) -> None:
        self._bar = Progress(
            TextColumn("{task.description:<28}"),
            BarColumn(),
            TextColumn("{task.fields[left]} left"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task: TaskID = self._bar.add_task("starting", total=None, left="?")

    def __enter__(self) -> _Progress:
        self._bar.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._bar.stop()

    def advance(self, ask: Ask, left: int) -> None:
        """One ask is done."""
        done = self._bar.tasks[0].completed + 1
        self._bar.update(
            self._task, completed=done, total=done + left, description=str(ask), left=str(left)
        )
