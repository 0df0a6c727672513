"""The ``naxs`` command.

Exit codes: 0 ok, 1 failed, 2 usage or configuration, 3 degraded, 4 busy.
"""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from naxs_assets.cli import (
    demo,
    dq,
    factor,
    findings,
    homes,
    lineage,
    pull,
    qlib,
    run,
    schema,
    sql,
    ui,
    warehouse,
)
from naxs_assets.cli.failures import readable
from naxs_assets.errors import NaxsError


class _Commands(click.Group):
    """A command group that turns errors into one screen and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.Abort, click.ClickException, BrokenPipeError):
            raise
        except Exception as error:
            if ctx.params.get("traceback"):
                raise
            told = readable(error, ctx.obj.folder)
            _show(told, as_json=_wants_json(ctx))
            ctx.exit(told.exit_code)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    help="The home folder (default: NAXS_HOME, else ~/.naxs).",
)
@click.option("--traceback", is_flag=True, help="Show the whole traceback of an error.")
@click.version_option(package_name="naxs-assets", prog_name="naxs")
@click.pass_context
def cli(ctx: click.Context, home: Path | None, traceback: bool) -> None:  # noqa: ARG001
    """NAXS: research on Chinese A-shares, from prices to a report, with exact lineage."""
    ctx.obj = homes.Home(home)


cli.add_command(demo.demo)
cli.add_command(homes.init)
cli.add_command(pull.pull)
cli.add_command(run.run)
cli.add_command(findings.findings)
cli.add_command(dq.dq)
cli.add_command(factor.factor)
cli.add_command(ui.ui)
cli.add_command(lineage.lineage)
cli.add_command(lineage.restore)
cli.add_command(sql.sql)
cli.add_command(warehouse.warehouse)
cli.add_command(schema.schema)
cli.add_command(qlib.qlib)


def main() -> None:
    """Entry point of the ``naxs`` script."""
    # A command imports and builds much that lives to its end: looking through it all again after
    # every 700 allocations costs a second of every night.
    gc.set_threshold(100_000, 50, 100)
    cli(prog_name="naxs")


def _wants_json(ctx: click.Context) -> bool:
    return "--json" in sys.argv or bool(ctx.params.get("as_json"))


def _show(error: NaxsError, *, as_json: bool) -> None:
    if as_json:
        facts = {"what": error.what, "where": error.where, "remedy": error.remedy}
        click.echo(json.dumps({"error": facts}, ensure_ascii=False), err=True)
        return
    console = Console(stderr=True, highlight=False)
    console.print(f"[bold red]error[/] {escape(error.what)}")
    if error.where:
        # A path that is broken over two lines cannot be copied.
        console.print(f"[dim]where [/] {escape(error.where)}", soft_wrap=True)
    if error.remedy:
        console.print(f"[bold]remedy[/] {escape(error.remedy)}")


if __name__ == "__main__":
    main()
