"""``naxs lineage`` and ``naxs restore``: what was made from what, whether it is still intact, and
pointing a result at an earlier version again."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from naxs_assets.cli.homes import Home
from naxs_assets.errors import NaxsError
from naxs_assets.lineage.queries import UnknownVersionError
from naxs_assets.lineage.records import UNPARTITIONED, Read, ReadKind, Version, place_name
from naxs_assets.lineage.verifying import verify as verify_home
from naxs_assets.lineage.walk import downstream, external_sources, upstream

_AS_OF = click.DateTime(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f"])
"""UTC"""
_MOST_LISTED = 12
"""An asset read in more months than these is counted; ``--json`` lists every one."""


class DamageFoundError(NaxsError):
    """Verification found results that are missing or damaged."""


@click.group()
def lineage() -> None:
    """Show what was made from what, and verify that it is intact."""


@lineage.command()
@click.argument("asset")
@click.argument("month", default=UNPARTITIONED)
@click.option("--as-of", type=_AS_OF, help="As it was at this instant (UTC).")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def show(home: Home, asset: str, month: str, as_of: datetime | None, as_json: bool) -> None:
    """Show the versions of ASSET [MONTH] and the current one's inputs."""
    ledger = home.lineage().ledger
    current = _current(home, asset, month, as_of)
    history = ledger.history(asset, month)
    reads = ledger.reads(current.id)
    held = {(hold.asset, hold.partition): hold for hold in ledger.holds()}.get((asset, month))
    if as_json:
        click.echo(
            json.dumps(
                {
                    "current": _facts(current),
                    "versions": [_facts(version) for version in history],
                    "made_from": [_read_facts(read) for read in reads],
                    "held": {"by": held.held_by, "reason": held.reason} if held else None,
                },
                ensure_ascii=False,
            )
        )
        return
    console = Console(highlight=False)
    columns = ("", "id", "version", "rows", "made at (UTC)", "by", "run", "code")
    table = Table(*columns, box=None, padding=(0, 1, 0, 0))
    for version in history:
        mark = "*" if version.id == current.id else ""
        rows = "" if version.rows is None else str(version.rows)
        table.add_row(
            mark,
            str(version.id),
            version.short,
            rows,
            version.made_at.removesuffix("+00:00"),
            version.actor,
            version.run_id[:8],
            version.code_hash[:8],
        )
    console.print(f"{current.place}  ({current.uri})", soft_wrap=True)
    console.print(table)
    if held:
        console.print(f"held by {held.held_by}: {held.reason}")
    console.print("made from:")
    for line in _inputs(reads):
        console.print(f"  {line}", soft_wrap=True)


@lineage.command()
@click.argument("asset")
@click.argument("month", default=UNPARTITIONED)
@click.option("--as-of", type=_AS_OF, help="From the version current at this instant (UTC).")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def up(home: Home, asset: str, month: str, as_of: datetime | None, as_json: bool) -> None:
    """Everything that ASSET [MONTH] was made from, back to the source."""
    database = home.lineage().ledger.database
    version = _current(home, asset, month, as_of)
    found = upstream(database, version.id)
    sources = external_sources(database, version.id)
    _show_walk(version, found, "made from", as_json, sources)


@lineage.command()
@click.argument("asset")
@click.argument("month", default=UNPARTITIONED)
@click.option("--as-of", type=_AS_OF, help="From the version current at this instant (UTC).")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def down(home: Home, asset: str, month: str, as_of: datetime | None, as_json: bool) -> None:
    """Everything that was made from ASSET [MONTH]."""
    database = home.lineage().ledger.database
    version = _current(home, asset, month, as_of)
    _show_walk(version, downstream(database, version.id), "was used for", as_json, ())


@lineage.command()
@click.option("--set-aside", is_flag=True, help="Move damaged files away, so a run re-makes them.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def verify(home: Home, set_aside: bool, as_json: bool) -> None:
    """Check every file against its hashes, and the chain of events."""
    from naxs_assets.market.pulling.parts import PULLED_FOLDER, PulledStore

    result = verify_home(home.lineage(), set_aside=set_aside)
    parts, broken_parts = PulledStore(home.folder / PULLED_FOLDER).damaged()
    if as_json:
        click.echo(
            json.dumps(
                {
                    "versions": result.versions,
                    "damaged": [
                        {"place": d.place, "id": d.version_id, "what": d.what}
                        for d in result.damaged
                    ],
                    "broken_event": result.broken_event,
                    "forged": list(result.forged),
                    "pulled_parts": parts,
                    "damaged_parts": [
                        {"part": str(part), "id": part.id, "what": error.what}
                        for part, error in broken_parts
                    ],
                },
                ensure_ascii=False,
            )
        )
    else:
        click.echo(f"{_counted(result.versions)} checked, {len(result.damaged)} damaged")
        for damage in result.damaged:
            click.echo(f"  {damage.place} version {damage.version_id}: {damage.what}")
        if result.broken_event is not None:
            click.echo(f"  the chain of events breaks at event {result.broken_event}")
        for what in result.forged:
            click.echo(f"  changed by hand: {what}")
        if parts:
            click.echo(f"{parts} pulled parts checked, {len(broken_parts)} damaged")
        for part, error in broken_parts:
            click.echo(f"  {part}: {error.what}")
    remedies = []
    if broken_parts:
        first = min(part.wanted.first for part, _ in broken_parts)
        remedies.append(f"naxs pull --replay --from {first} writes damaged parts anew")
    if not result.is_sound:
        remedies.append(
            "naxs lineage verify --set-aside, then naxs run re-makes damaged files; "
            "a ledger that was changed by hand must come from a backup"
        )
    if remedies:
        raise DamageFoundError(
            "the home is not intact", where=str(home.folder), remedy="; ".join(remedies)
        )


@click.command()
@click.argument("version", type=int)
@click.option("--release", is_flag=True, help="End the hold on this version's result instead.")
@click.option("--reason", required=True, help="Why; it goes on record.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def restore(home: Home, version: int, release: bool, reason: str, as_json: bool) -> None:
    """Make an earlier VERSION current again and hold it there.

    VERSION is an id from naxs lineage show. The next naxs run re-makes what was made from the
    version that was current before.
    """
    lineage = home.lineage()
    wanted = lineage.ledger.version(version)
    if release:
        lineage.ledger.release_hold(
            wanted.asset, wanted.partition, actor=lineage.actor, reason=reason, at=lineage.now()
        )
        facts = {"released": wanted.place}
        said = f"released {wanted.place}: the next naxs run makes it if it is stale"
    else:
        lineage.store.read(wanted.uri, wanted.file_sha256)  # a damaged one is refused
        lineage.ledger.restore(
            version,
            actor=lineage.actor,
            reason=reason,
            run_id=f"restore-{uuid.uuid4()}",
            at=lineage.now(),
        )
        facts = {"restored": wanted.place, "version": wanted.short, "held_by": lineage.actor}
        said = (
            f"restored {wanted.place} to version {wanted.short}, held by {lineage.actor}\n"
            "next: naxs run STRATEGY re-makes what was made from the other version"
        )
    click.echo(json.dumps(facts, ensure_ascii=False) if as_json else said)


def _current(home: Home, asset: str, month: str, as_of: datetime | None) -> Version:
    at = as_of.replace(tzinfo=UTC) if as_of is not None else None
    version = home.lineage().ledger.current(asset, month, at)
    if version is None:
        raise UnknownVersionError(
            "nothing is recorded here",
            where=place_name(asset, month),
            remedy="give ASSET as in the graph (market/prices) and MONTH as YYYY-MM, none for an "
            "unpartitioned asset",
        )
    return version


def _counted(versions: int) -> str:
    return f"{versions} version" + ("" if versions == 1 else "s")


def _facts(version: Version) -> dict[str, Any]:
    return {
        "id": version.id,
        "asset": version.asset,
        "partition": version.partition,
        "content_hash": version.content_hash,
        "rows": version.rows,
        "uri": version.uri,
        "code_hash": version.code_hash,
        "config_hash": version.config_hash,
        "run_id": version.run_id,
        "actor": version.actor,
        "made_at": version.made_at,
    }


def _read_facts(read: Read) -> dict[str, Any]:
    return {
        "kind": read.kind.value,
        "asset": read.asset,
        "partition": read.partition,
        "version_id": read.version_id,
        "read_hash": read.read_hash,
        "cut": read.cut,
    }


def _inputs(reads: Sequence[Read]) -> Iterator[str]:
    """The inputs in words: one by one, or counted where an asset was read in many months."""
    for (asset, kind, cut), group in groupby(reads, lambda read: (read.asset, read.kind, read.cut)):
        same = list(group)
        link = "its" if kind is ReadKind.FACT else "until"
        what = f" {link} {cut}" if cut else ""
        if len(same) > _MOST_LISTED:
            months = sorted(read.partition for read in same)
            yield f"{asset}[{months[0]}..{months[-1]}]{what}  {len(same)} {kind.value}s"
            continue
        for read in same:
            place = place_name(asset, read.partition)
            yield f"{place}{what}  {kind.value}  {read.read_hash[:12]}"


def _show_walk(
    version: Version,
    found: Sequence[Version],
    verb: str,
    as_json: bool,
    sources: Sequence[Read],
) -> None:
    if as_json:
        facts = {
            "version": _facts(version),
            "versions": [_facts(other) for other in found],
            "sources": [_read_facts(read) for read in sources],
        }
        click.echo(json.dumps(facts, ensure_ascii=False))
        return
    click.echo(f"{version.place} {verb} {_counted(len(found))}:")
    by_asset: dict[str, list[Version]] = {}
    for other in found:
        by_asset.setdefault(other.asset, []).append(other)
    for asset, versions in by_asset.items():
        months = sorted({other.partition for other in versions})
        span = "" if months == [UNPARTITIONED] else f"  {months[0]}..{months[-1]}"
        click.echo(f"  {asset}{span}  {_counted(len(versions))}")
    if sources:
        names: dict[str, int] = {}
        for read in sources:
            names[read.asset] = names.get(read.asset, 0) + 1
        listed = ", ".join(
            f"{name} ({count} digest{'s' if count > 1 else ''})" for name, count in names.items()
        )
        click.echo(f"  from outside: {listed}")
