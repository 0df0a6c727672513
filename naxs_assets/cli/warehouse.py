"""``naxs warehouse``: publish the home's tables for whoever reads SQL."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from naxs_assets.cli.homes import Home

if TYPE_CHECKING:
    from naxs_assets.definitions import Platform
    from naxs_assets.lineage.warehouse import Publication


@click.group()
def warehouse() -> None:
    """The home's tables in one DuckDB file, warehouse.duckdb."""


@warehouse.command()
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def publish(home: Home, as_json: bool) -> None:
    """Publish the current tables, as naxs run does at its end."""
    done = publish_warehouse(home.platform())
    if as_json:
        facts = {
            "file": str(done.file),
            "published": done.is_new,
            "tables": done.tables,
            "results": done.results,
        }
        click.echo(json.dumps(facts, ensure_ascii=False))
        return
    said = "published" if done.is_new else "up to date"
    click.echo(f"{said}: {done.file}, {done.tables} tables of {done.results} results")


def publish_warehouse(platform: Platform) -> Publication:
    """Publish the warehouse of an opened home. Raises :class:`NaxsError`."""
    from naxs_assets.lineage.warehouse import publish as publish_file

    return publish_file(platform.lineage, platform.described, platform.settings.home)
