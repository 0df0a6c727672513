"""``naxs factor``: how factors order what comes after them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import date
from typing import Any, get_args

import click

from naxs_assets.catalog.models import Mode
from naxs_assets.cli.homes import Home
from naxs_assets.errors import ConfigurationError
from naxs_assets.partitions import first_day, last_day, parse_month


class _DayOrMonth(click.ParamType[date]):
    """A day, or a month that stands for the day that ``of_month`` gives."""

    name = "day or month"

    def __init__(self, of_month: Callable[[str], date]) -> None:
        self._of_month = of_month

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            if len(value) == len("YYYY-MM"):
                return self._of_month(parse_month(value))
            return date.fromisoformat(value)
        except (ConfigurationError, ValueError):
            self.fail(f"{value!r} is neither a day YYYY-MM-DD nor a month YYYY-MM", param, ctx)


_UNIVERSE = click.option("--universe", default="csi300", show_default=True, help="Among whom.")
_LABEL = click.option("--label", default="next_day", show_default=True, help="Against what.")
_FIRST = click.option(
    "--from",
    "first",
    type=_DayOrMonth(first_day),
    help="First day, or month (default: the first there is).",
)
_LAST = click.option(
    "--to",
    "last",
    type=_DayOrMonth(last_day),
    help="Last day, or month (default: the last there is).",
)


@click.group()
def factor() -> None:
    """Judge factors: IC, RankIC, decay, groups, turnover."""


# An expression may begin with a minus sign.
@factor.command(name="eval", context_settings={"ignore_unknown_options": True})
@click.argument("expression")
@_UNIVERSE
@_LABEL
@_FIRST
@_LAST
@click.option(
    "--mode",
    type=click.Choice(get_args(Mode)),
    default="qlib",
    show_default=True,
    help="In which language.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.pass_obj
def evaluate(
    home: Home,
    expression: str,
    universe: str,
    label: str,
    first: date | None,
    last: date | None,
    mode: Mode,
    as_json: bool,
) -> None:
    """Judge one EXPRESSION on the home's prices; nothing is written."""
    from naxs_assets.factors.bench_home import open_bench

    found = open_bench(home.settings(), universe, label, first, last).eval(expression, mode)
    if not as_json:
        click.echo(str(found))
        return
    facts: dict[str, Any] = {
        "expression": found.expression,
        "label": found.label,
        "first": found.first.isoformat(),
        "last": found.last.isoformat(),
        "days": found.rank_ic.days,
        "ic": found.ic.mean,
        "icir": found.ic.ratio,
        "rank_ic": found.rank_ic.mean,
        "rank_icir": found.rank_ic.ratio,
        "t": found.rank_ic.t,
        "coverage": found.coverage,
        "decay": {str(lag): value for lag, value in found.decay.items()},
        "missing": list(found.missing),
    }
    click.echo(json.dumps(_without_nan(facts), ensure_ascii=False))


@factor.command()
@click.argument("feature_set", metavar="SET")
@click.option("--universe", help="Among whom (default: that of the strategies that use SET).")
@click.option("--label", help="Against what (default: that of the strategies that use SET).")
@_FIRST
@_LAST
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.pass_obj
def report(
    home: Home,
    feature_set: str,
    universe: str | None,
    label: str | None,
    first: date | None,
    last: date | None,
    as_json: bool,
) -> None:
    """Judge every factor of SET and write reports/factors/SET: page, JSON and Parquet."""
    from naxs_assets.factors.bench_home import chosen, open_bench
    from naxs_assets.factors.report_files import report_facts, write_factor_report
    from naxs_assets.factors.report_page import subject_of
    from naxs_assets.factors.report_standard import standard_of

    platform = home.platform()
    catalogue = platform.catalogue
    judged = chosen(catalogue.feature_sets, feature_set, "feature set", "SET")
    among, against = standard_of(judged, catalogue)
    if universe:
        among = chosen(catalogue.universes, universe, "universe", "--universe")
    if label:
        against = chosen(catalogue.labels, label, "label", "--label")
    bench = open_bench(platform.settings, among.name, against.name, first, last)
    market = platform.market_label
    subject = subject_of(judged, among, against, bench.days, bench.names, market)
    found = bench.report(judged.expressions, judged.mode)
    page = write_factor_report(found, subject, platform.settings.home)
    if as_json:
        facts = {"report": str(page), **report_facts(found, subject)}
        click.echo(json.dumps(facts, ensure_ascii=False))
    else:
        click.echo(f"report: {page}")


def _without_nan(value: Any) -> Any:
    """JSON knows no NaN: what is unknown is null."""
    if isinstance(value, dict):
        return {key: _without_nan(each) for key, each in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value
