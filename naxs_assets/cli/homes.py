"""Making and opening homes: one home holds one market."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import yaml

from naxs_assets.errors import ConfigurationError, NaxsError
from naxs_assets.lineage.home import open_lineage, unwritable
from naxs_assets.lineage.staging import write_whole
from naxs_assets.settings import (
    LEDGER_FILE,
    SETTINGS_FILE,
    Settings,
    home_folder,
    load_settings,
)
from naxs_assets.yaml_file import parse_yaml

if TYPE_CHECKING:
    from naxs_assets.definitions import Platform
    from naxs_assets.lineage.publishing import Lineage

MAPPING_FILE = "mapping.yaml"
DAY = click.DateTime(formats=["%Y-%m-%d"])


@dataclass(frozen=True)
class Home:
    """The home that a command works on: the one given, else the environment's."""

    given: Path | None

    @property
    def folder(self) -> Path:
        return self.given.expanduser().resolve() if self.given else home_folder()

    def settings(self) -> Settings:
        """The settings of a home that exists. Raises ConfigurationError otherwise."""
        if not (self.folder / SETTINGS_FILE).exists():
            if (self.folder / LEDGER_FILE).exists():
                raise ConfigurationError(
                    f"the home has results but no {SETTINGS_FILE}",
                    where=str(self.folder),
                    remedy="put the file back, or make it anew with the same naxs init as before; "
                    "results of the same market are kept",
                )
            raise ConfigurationError(
                "there is no home here",
                where=str(self.folder),
                remedy="make one with naxs init, or try naxs demo",
            )
        return load_settings(self.folder)

    def lineage(self) -> Lineage:
        """The lineage of the home, opened without its source: whatever became of the files."""
        return open_lineage(self.settings())

    def platform(self) -> Platform:
        """The opened platform of the home."""
        from naxs_assets.definitions import open_platform

        return open_platform(self.settings())


def make_home(home: Home, values: dict[str, Any], mapping: Path | None = None) -> Platform:
    """Write ``naxs.yaml`` (and the mapping) of a new home and open it.

    Other settings than those that are there are refused once results have been made. What turns
    out to be of no use is taken back, so that the next attempt starts afresh.
    """
    texts = {SETTINGS_FILE: yaml.safe_dump(values, sort_keys=False, allow_unicode=True)}
    if mapping is not None:
        texts[MAPPING_FILE] = mapping.read_text(encoding="utf-8")
    before = {name: _text(home.folder / name) for name in texts}
    _refuse_other_settings(home, texts, before)
    try:
        for name, text in texts.items():
            _write(home.folder / name, text)
        return home.platform()
    except NaxsError:
        for name, text_before in before.items():
            if _text(home.folder / name) != text_before:
                _write(home.folder / name, text_before)
        raise


def _refuse_other_settings(
    home: Home, texts: dict[str, str], before: dict[str, str | None]
) -> None:
    for name, text in texts.items():
        known = before[name]
        file = home.folder / name
        if known is None or parse_yaml(known, file) == parse_yaml(text, file):
            continue
        if not home.lineage().ledger.is_empty():
            raise ConfigurationError(
                "this home is set up already, with other settings",
                where=str(file),
                remedy="edit that file, or make another home: naxs --home FOLDER init ...",
            )


def _text(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.exists() else None


def _write(file: Path, text: str | None) -> None:
    """Write a file, or remove it when there is no text for it."""
    try:
        if text is None:
            file.unlink(missing_ok=True)
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, text)
    except OSError as error:
        raise unwritable(error, file.parent) from error


@click.command()
@click.option(
    "--source",
    type=click.Choice(["synthetic", "files", "live"]),
    default="synthetic",
    show_default=True,
    help="Where the market comes from.",
)
@click.option(
    "--mapping",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The YAML mapping of your files (examples: docs/mappings). Copied into the home.",
)
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder that the mapping's paths start from.",
)
@click.option("--from", "first", type=DAY, help="First day (default: the first the source has).")
@click.option("--to", "last", type=DAY, help="Last day (default: the last the source has).")
@click.option("--universe", default="csi300", show_default=True, help="Live: whose bars.")
@click.option("--names", type=int, default=300, show_default=True, help="Synthetic: stocks.")
@click.option("--seed", type=int, default=7, show_default=True, help="Synthetic: seed.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def init(
    home: Home,
    source: str,
    mapping: Path | None,
    data: Path | None,
    first: datetime | None,
    last: datetime | None,
    universe: str,
    names: int,
    seed: int,
    as_json: bool,
) -> None:
    """Make a home for one market: the synthetic one, your own files, or a live one to pull."""
    first_day, last_day = (day.date() if day else None for day in (first, last))
    if first_day and last_day and first_day > last_day:
        raise ConfigurationError(
            "the first day lies after the last",
            where=f"--from {first_day} --to {last_day}",
            remedy="exchange them, or leave one out",
        )
    if source == "files":
        market = _files_market(mapping, data, first_day, last_day)
    elif source == "live":
        market = _live_market(universe, first_day, last_day)
    else:
        market = _synthetic_market(seed, names, first_day, last_day)
    platform = make_home(home, {"market": market}, mapping if source == "files" else None)
    begins, ends = platform.source.coverage()
    facts: dict[str, Any] = {
        "home": str(home.folder),
        "source": source,
        "first": begins.isoformat(),
        "last": ends.isoformat(),
        "strategies": _runnable(platform),
    }
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False))
        return
    click.echo(f"home {home.folder}: {source} market, {begins} to {ends}")
    if source == "live":
        click.echo(f"next: naxs --home {home.folder} pull")
    elif facts["strategies"]:
        click.echo(f"next: naxs --home {home.folder} run {facts['strategies'][0]}")
    else:
        click.echo(
            "next: there are no index members, so write a strategy with universe: all into\n"
            f"  {home.folder / 'catalog/strategies'} (docs/own-data.md), then naxs run it"
        )


def _runnable(platform: Platform) -> list[str]:
    """The strategies whose universe this market knows."""
    catalogue = platform.catalogue
    indices = set(platform.source.index_members().get_column("index"))
    universes = {name: catalogue.universes[s.universe] for name, s in catalogue.strategies.items()}
    return sorted(name for name, u in universes.items() if u.kind == "all" or u.index in indices)


def _synthetic_market(
    seed: int, names: int, first: date | None, last: date | None
) -> dict[str, Any]:
    chosen: dict[str, Any] = {"seed": seed, "names": names}
    if first:
        chosen["first"] = first
    if last:
        chosen["last"] = last
    return {"source": "synthetic", "synthetic": chosen}


def _live_market(universe: str, first: date | None, last: date | None) -> dict[str, Any]:
    if first is None or last is not None:
        raise ConfigurationError(
            "a live market has a first day and goes on to today",
            where="--source live",
            remedy="give --from DAY, and no --to",
        )
    return {"source": "live", "live": {"universe": universe, "first": first}}


def _files_market(
    mapping: Path | None, data: Path | None, first: date | None, last: date | None
) -> dict[str, Any]:
    if mapping is None or data is None:
        raise ConfigurationError(
            "a market from files needs --mapping and --data",
            remedy="copy a mapping from docs/mappings, name your columns in it, and pass both",
        )
    from naxs_assets.market.sources.files import FilesSource
    from naxs_assets.market.sources.mapping import load_mapping

    source = FilesSource(load_mapping(mapping), data.resolve(), first=first, last=last)
    begins, ends = source.coverage()
    files = {"mapping": MAPPING_FILE, "data": str(data.resolve()), "first": begins, "last": ends}
    return {"source": "files", "files": files}
