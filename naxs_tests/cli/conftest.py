"""Commands run in this process, on homes in memory."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from naxs_assets.cli.main import cli
from naxs_tests.graph.conftest import folder, memory  # noqa: F401 - fixtures
from naxs_tests.graph.small import close, copy_home, hashes, open_home, version_count, write_home

MARKET: dict[str, Any] = {"names": 30, "last": date(2021, 12, 31)}
MONTHS = [f"2021-{month:02d}" for month in range(7, 13)]


@dataclass(frozen=True)
class Naxs:
    """The ``naxs`` command for one home."""

    home: Path

    def __call__(self, *arguments: object, code: int = 0) -> Result:
        """Run a command that is to end with ``code``."""
        words = ["--home", str(self.home), *(str(argument) for argument in arguments)]
        result = CliRunner().invoke(cli, words, prog_name="naxs")
        assert result.exit_code == code, result.output + repr(result.exception)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result

    def facts(self, *arguments: object) -> dict[str, Any]:
        """What a command prints with ``--json``."""
        facts: dict[str, Any] = json.loads(self(*arguments, "--json").stdout)
        return facts

    def refusal(self, *arguments: object, code: int = 2) -> str:
        """What a command that fails says, as one line."""
        said = " ".join(self(*arguments, code=code).stderr.split())
        assert "Traceback" not in said
        return said

    def hashes(self) -> dict[tuple[str, str], str]:
        """The content hash of every place of the home."""
        platform = open_home(self.home)
        found = hashes(platform)
        close(platform)
        return found

    def version_count(self) -> int:
        """How many versions the home's ledger holds."""
        platform = open_home(self.home)
        count = version_count(platform)
        close(platform)
        return count


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No home of the person who runs the tests; what a command sets is undone after it."""
    monkeypatch.setenv("NAXS_HOME", "/nonexistent")
    monkeypatch.delenv("DAGSTER_HOME", raising=False)


@pytest.fixture
def naxs(folder: Path) -> Naxs:  # noqa: F811
    """The command for a home that is not there yet."""
    return Naxs(folder / "home")


@pytest.fixture(scope="session")
def finished(memory: Path) -> Naxs:  # noqa: F811
    """A home on which ``naxs run tiny`` was run once. Not to be changed: see ``copied``."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NAXS_HOME", "/nonexistent")
        patch.delenv("DAGSTER_HOME", raising=False)
        command = Naxs(write_home(memory / "finished-by-command", **MARKET))
        made = command.facts("run", "tiny")["made"]
    assert made["tiny/backtest"] == {"new": len(MONTHS)}
    return command


@pytest.fixture
def copied(finished: Naxs, folder: Path) -> Naxs:  # noqa: F811
    """The command for a copy of the finished home."""
    return Naxs(copy_home(finished.home, folder / "copy"))
