"""``naxs qlib``: the market as a Qlib bundle, and a Qlib bundle as a market."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from naxs_assets.cli.homes import Home
from naxs_assets.errors import DataError

_BUNDLE = click.Path(exists=True, file_okay=False, path_type=Path)
_SHOWN = 5


@click.group()
def qlib() -> None:
    """Exchange a market with Qlib, as bundles of daily bars."""


@qlib.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def export(home: Home, folder: Path, as_json: bool) -> None:
    """Make FOLDER the Qlib bundle of the home's market, or bring it up to date."""
    from naxs_assets.market.qlib_bundle_export import export_bundle
    from naxs_assets.market.qlib_bundle_input import input_of_home

    done = export_bundle(input_of_home(home.lineage()), folder)
    facts: dict[str, Any] = {"bundle": str(done.folder), **done.facts()}
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False))
        return
    said = (
        f"{done.grown} symbols grew, {done.rewritten} written anew, {done.written:,} bytes"
        if done.written
        else "up to date"
    )
    click.echo(f"{done.folder}: {done.symbols} symbols, {done.days} days; {said}")


@qlib.command()
@click.argument("folder", type=_BUNDLE)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def verify(folder: Path, as_json: bool) -> None:
    """Read every file of a bundle that was exported here and compare it with its manifest."""
    from naxs_assets.market.qlib_bundle_manifest import (
        MANIFEST_FILE,
        damaged_files,
        read_manifest,
    )

    manifest = read_manifest(folder)
    if manifest is None:
        raise DataError(
            "the bundle has no manifest, so nothing says what it must hold",
            where=str(folder / MANIFEST_FILE),
            remedy="only bundles made by naxs qlib export can be verified",
        )
    damaged = damaged_files(folder, manifest)
    if damaged:
        named = ", ".join(str(file.relative_to(folder)) for file in damaged[:_SHOWN])
        raise DataError(
            f"{len(damaged)} files are missing or damaged, for example {named}",
            where=str(folder),
            remedy="remove the folder and export it again",
        )
    if as_json:
        facts = {"bundle": str(folder), "days": manifest.days, "symbols": len(manifest.symbols)}
        click.echo(json.dumps(facts, ensure_ascii=False))
        return
    click.echo(f"{folder}: {len(manifest.symbols)} symbols, every file intact")


@qlib.command(name="import")
@click.argument("bundle", type=_BUNDLE)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--name", default="qlib", show_default=True, help="The name of the market.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def import_(bundle: Path, folder: Path, name: str, as_json: bool) -> None:
    """Write the Qlib BUNDLE into FOLDER as Parquet, with the mapping that naxs init reads."""
    from naxs_assets.market.qlib_bundle_import import import_bundle, write_imported

    imported = import_bundle(bundle)
    mapping = write_imported(imported, folder, name)
    rows = {table: frame.height for table, frame in imported.tables.items()}
    if as_json:
        facts = {"mapping": str(mapping), "rows": rows, "left_out": imported.left_out}
        click.echo(json.dumps(facts, ensure_ascii=False))
        return
    click.echo(", ".join(f"{table}: {count:,} rows" for table, count in rows.items()))
    for file in imported.left_out:
        click.echo(f"left out: instruments/{file}, which is no index known here")
    click.echo(
        f"next: naxs --home HOME init --source files --mapping {mapping} --data {mapping.parent}"
    )
