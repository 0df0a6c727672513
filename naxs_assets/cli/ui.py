"""``naxs ui``: the Dagster UI of a home."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from naxs_assets.cli.homes import Home


@click.command()
@click.option("--port", type=int, default=3000, show_default=True, help="Port on 127.0.0.1.")
@click.pass_obj
def ui(home: Home, port: int) -> None:
    """Serve the Dagster UI of the home on 127.0.0.1 until interrupted."""
    import dagster as dg

    from naxs_assets.cli.running import point_dagster_at
    from naxs_assets.operations.orphans import end_orphans

    settings = home.settings()
    point_dagster_at(settings.home)
    with dg.DagsterInstance.get() as instance:
        end_orphans(instance)
    workspace = Path(os.environ["DAGSTER_HOME"]) / "workspace.yaml"
    click.echo(f"Dagster UI of {settings.home} on http://127.0.0.1:{port}")
    # Dagster would rather have its newer command dg, which reads no workspace file.
    quiet = ["-W", "ignore:Function `dev_command` is superseded:FutureWarning"]
    command = ["dagster", "dev", "-w", str(workspace), "-h", "127.0.0.1", "-p", str(port)]
    os.execv(sys.executable, [sys.executable, *quiet, "-m", *command])  # noqa: S606 - a fixed command
