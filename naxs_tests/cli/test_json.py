"""``--json``: what README says of every command."""

from __future__ import annotations

from collections.abc import Iterator

import click

from naxs_assets.cli.main import cli


def commands(group: click.Group, *above: str) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *above, name)
        else:
            yield " ".join((*above, name)), command


def test_every_command_but_ui_takes_json() -> None:
    without = [
        name
        for name, command in commands(cli)
        if not any("--json" in option.opts for option in command.params)
    ]
    assert without == ["ui"]
