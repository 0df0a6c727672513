"""``naxs demo``: the whole path on the synthetic market, offline, in a home of its own."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

import click
from rich.console import Console

from naxs_assets.cli.homes import DAY, Home, make_home
from naxs_assets.cli.run import run_strategy, show_result
from naxs_assets.partitions import add_months, first_day, month_of

STRATEGY = "csi300_topk"
_LAST = date(2023, 12, 29)


@click.command()
@click.option("--names", type=int, default=300, show_default=True, help="Number of stocks.")
@click.option(
    "--months", type=click.IntRange(min=1), default=30, show_default=True, help="Months of history."
)
@click.option("--as-of", type=DAY, help="The day that the demo takes for today.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def demo(home: Home, names: int, months: int, as_of: datetime | None, as_json: bool) -> None:
    """Run csi300_topk on a synthetic market, offline, to its report."""
    today = as_of.date() if as_of else _LAST
    folder = home.given or Path(".naxs") / f"demo-{names}x{months}-{today}"
    first = first_day(add_months(month_of(today), 1 - months))
    settings = {
        # The clock stands still on the evening of that day, so that every demo is the same.
        "now": f"{today}T20:00:00+08:00",
        "market": {
            "source": "synthetic",
            "synthetic": {"names": names, "first": first, "last": today},
        },
    }
    platform = make_home(Home(folder), settings)
    facts = run_strategy(platform, STRATEGY, None, None, Console(stderr=True, highlight=False))
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False))
    else:
        show_result(facts)
