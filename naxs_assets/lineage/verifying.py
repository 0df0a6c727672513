"""Verification: every recorded file still has its bytes and its content, and no event is lost."""

from __future__ import annotations

import io
from dataclasses import dataclass

import polars as pl

from naxs_assets.lineage.content_hash import table_hash, text_hash
from naxs_assets.lineage.events import broken_link
from naxs_assets.lineage.publishing import Lineage
from naxs_assets.lineage.records import Version
from naxs_assets.lineage.sealing import forged_records
from naxs_assets.lineage.store import DamagedFileError


@dataclass(frozen=True)
class Damage:
    """A version whose file is not what was recorded."""

    place: str
    version_id: int
    what: str


@dataclass(frozen=True)
class Verification:
    """What was checked and what was found.

    ``broken_event`` is the first bad sequence number of the chain of events; ``forged`` says in
    words which other rows of the ledger do not agree with the chain.
    """

    versions: int
    damaged: tuple[Damage, ...]
    broken_event: int | None
    forged: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        return not self.damaged and self.broken_event is None and not self.forged


def verify(lineage: Lineage, *, set_aside: bool = False) -> Verification:
    """Check the file and the content hash of every version, and the ledger against its events.

    With ``set_aside`` damaged files are moved away, so that the next run makes them anew.
    """
    damaged: dict[int, Damage] = {}
    sound: set[str] = set()
    versions = lineage.ledger.all_versions()
    verdicts: dict[tuple[str, str, str], str | None] = {}
    for version in versions:
        file = (version.uri, version.file_sha256, version.content_hash)
        if file not in verdicts:
            verdicts[file] = _damage(lineage, version)
        what = verdicts[file]
        if what is None:
            sound.add(version.uri)
        else:
            damaged[version.id] = Damage(version.place, version.id, what)
    if set_aside:
        # A file made anew by another writer is sound for the versions recorded since.
        for uri in sorted({v.uri for v in versions if v.id in damaged} - sound):
            if lineage.store.holds(uri):
                lineage.store.set_aside(uri)
    with lineage.ledger.database.read() as connection:
        broken_event = broken_link(connection)
        forged = forged_records(connection)
    return Verification(len(versions), tuple(damaged.values()), broken_event, tuple(forged))


def _damage(lineage: Lineage, version: Version) -> str | None:
    try:
        data = lineage.store.read(version.uri, version.file_sha256)
    except DamagedFileError as error:
        return error.what
    if version.kind == "table":
        content = table_hash(pl.read_parquet(io.BytesIO(data)), version.schema.key)
    else:
        content = text_hash(data.decode())
    return None if content == version.content_hash else "its content hash differs"
