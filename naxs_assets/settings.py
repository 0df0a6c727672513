"""Typed settings in layers, and the one clock.

Defaults come first, then ``naxs.yaml`` in the home, then the environment: ``NAXS_ACTOR=ann`` sets
``actor`` and ``NAXS_MARKET__SYNTHETIC__SEED=3`` sets ``market.synthetic.seed``. A key that no
setting has is refused with its path.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import yaml
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from naxs_assets.errors import ConfigurationError
from naxs_assets.yaml_file import read_yaml

SHANGHAI = ZoneInfo("Asia/Shanghai")
SETTINGS_FILE = "naxs.yaml"
LEDGER_FILE = "ledger.db"
DEFAULT_HOME = Path("~/.naxs")
_PREFIX = "NAXS_"
# Named in the environment for other ends: where the home and the real data of tests lie.
_NOT_SETTINGS = {"NAXS_HOME", "NAXS_REAL_DATA"}


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SyntheticSettings(_Model):
    """The synthetic market: its seed, number of names and declared first and last day."""

    seed: int = 7
    names: int = Field(default=300, ge=20, le=10_000)
    first: date = date(2021, 7, 1)
    last: date = date(2023, 12, 29)


class FilesSettings(_Model):
    """A market from files: the mapping (relative to the home) and the folder of the data.

    ``first`` and ``last`` restrict it to a part of what the files hold.
    """

    mapping: Path
    data: Path
    first: date
    last: date


class BudgetSettings(_Model):
    """How much one family of hosts is asked: a request in so many seconds, so many in one pull."""

    seconds: float = Field(gt=0)
    per_run: int | None = Field(default=None, ge=1)


class DeadlineSettings(_Model):
    """When a trading day is expected, in Shanghai, and after how many minutes to raise the alarm.

    ``snapshot`` is for a day's bars to be there at all, ``final`` for the results made from them.
    """

    snapshot: time = time(15, 45)
    final: time = time(18, 30)
    alert_minutes: int = Field(default=10, ge=0)

    @property
    def allowed(self) -> timedelta:
        """How late a day may be before it raises the alarm."""
        return timedelta(minutes=self.alert_minutes)


class LiveSettings(_Model):
    """A market that is pulled from upstreams day by day, from ``first`` to today.

    ``universe`` names a universe of the catalogue that follows an index. ``order`` replaces the
    order of families for a table, ``budgets`` what a family may be asked, both by name; ``also``
    are the tables that are pulled beside bars and what they need. ``baostock`` is another address
    of its server, HOST:PORT.
    """

    universe: str = "csi300"
    first: date
    order: dict[str, tuple[str, ...]] = {}
    budgets: dict[str, BudgetSettings] = {}
    also: tuple[str, ...] = ("corporate_actions", "industry", "fundamentals", "suspensions", "st")
    baostock: str | None = Field(default=None, pattern=r"^[^:]+:\d+$")
    deadlines: DeadlineSettings = DeadlineSettings()


class MarketSettings(_Model):
    """The one market of the home."""

    source: Literal["synthetic", "files", "live"] = "synthetic"
    synthetic: SyntheticSettings = SyntheticSettings()
    files: FilesSettings | None = None
    live: LiveSettings | None = None

    @model_validator(mode="after")
    def _source_has_its_section(self) -> MarketSettings:
        if self.source == "files" and self.files is None:
            raise ValueError("source 'files' needs the section market.files")
        if self.source == "live" and self.live is None:
            raise ValueError("source 'live' needs the section market.live")
        return self

    @property
    def first(self) -> date:
        """The first day of the market."""
        if self.source == "live" and self.live:
            return self.live.first
        return self.files.first if self.source == "files" and self.files else self.synthetic.first

    def last(self, today: date) -> date:
        """The last day that the source declares; ``today`` for a live one."""
        if self.source == "live":
            return today
        return self.files.last if self.source == "files" and self.files else self.synthetic.last


class Settings(_Model):
    """Everything a person can set.

    ``store`` is a folder or any fsspec URL, ``ledger`` a SQLAlchemy URL; both default to places in
    the home. ``now`` freezes the clock. ``threads`` bounds the threads of one computation.
    ``qlib_bundle`` is the folder (relative to the home) of a Qlib bundle that the data pipeline
    keeps up to date; None keeps none.
    """

    home: Path
    store: str | None = None
    ledger: str | None = None
    now: AwareDatetime | None = None
    actor: str = Field(default_factory=getpass.getuser)
    threads: int = Field(default=2, ge=1)
    qlib_bundle: Path | None = None
    market: MarketSettings = MarketSettings()

    @property
    def store_url(self) -> str:
        return self.store or str(self.home / "store")

    @property
    def ledger_url(self) -> str:
        return self.ledger or f"sqlite:///{self.home / LEDGER_FILE}"

    def clock(self) -> datetime:
        """The current instant in UTC: the one clock of the platform."""
        return self.now.astimezone(UTC) if self.now is not None else datetime.now(UTC)

    def today(self) -> date:
        """The current day in Shanghai."""
        return self.clock().astimezone(SHANGHAI).date()


def home_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """The home named by ``NAXS_HOME``, else the default in the user's folder."""
    return Path(environment.get("NAXS_HOME") or DEFAULT_HOME).expanduser().resolve()


def load_settings(
    home: Path | None = None, environment: Mapping[str, str] = os.environ
) -> Settings:
    """The settings of a home. Raises :class:`ConfigurationError` naming file, key and remedy."""
    folder = home.expanduser().resolve() if home is not None else home_folder(environment)
    file = folder / SETTINGS_FILE
    values = _from_file(file)
    _overlay(values, _from_environment(environment))
    values["home"] = folder
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        problems = [
            f"{'.'.join(str(part) for part in problem['loc'])}: {_plain(problem)}"
            for problem in error.errors()
        ]
        raise ConfigurationError(
            "settings cannot be used: " + "; ".join(problems),
            where=f"{file} and the {_PREFIX}* environment",
            remedy="mend or remove the named keys; the README lists every setting",
        ) from error


def _plain(problem: Any) -> str:
    if problem["type"] == "extra_forbidden":
        return "no such setting"
    return str(problem["msg"])


def _from_file(file: Path) -> dict[str, Any]:
    if not file.exists():
        return {}
    values = read_yaml(file) or {}
    if not isinstance(values, dict):
        raise ConfigurationError(
            "settings must be a mapping of keys to values", where=str(file), remedy="mend the file"
        )
    if "home" in values:
        raise ConfigurationError(
            "settings cannot be used: home: a home does not name itself",
            where=str(file),
            remedy="remove the key; --home or NAXS_HOME says which home is used",
        )
    return values


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, text in sorted(environment.items()):
        if not name.startswith(_PREFIX) or name in _NOT_SETTINGS:
            continue
        section = values
        *sections, key = name.removeprefix(_PREFIX).lower().split("__")
        for part in sections:
            section = section.setdefault(part, {})
            if not isinstance(section, dict):
                raise ConfigurationError(
                    f"{part} is set both as one value and by its parts",
                    where=f"{name} in the environment",
                    remedy="keep one of the two variables",
                )
        section[key] = _value(name, text)
    return values


def _value(name: str, text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigurationError(
            "its value cannot be read as YAML",
            where=f"{name} in the environment",
            remedy="quote it, as in YAML",
        ) from error


def _overlay(values: dict[str, Any], over: Mapping[str, Any]) -> None:
    for key, value in over.items():
        if isinstance(value, Mapping) and isinstance(values.get(key), dict):
            _overlay(values[key], value)
        else:
            values[key] = value
