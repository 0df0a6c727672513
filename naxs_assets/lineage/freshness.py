"""Freshness: whether a recorded result is still what its recipe and inputs would give.

A result is up to date when its code and configuration are the recipe's and everything it read
still holds the same content. An input that was absent when it was read must still be absent, and
a result made from every month of an asset is stale when a month comes that it has not seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from naxs_assets.lineage.reader import Library, Reader
from naxs_assets.lineage.recipe import AllMonths, Recipe
from naxs_assets.lineage.records import Read, ReadKind, Version, place_name


class Freshness:
    """Answers for the partitions of one asset, asked while results are being published."""

    def __init__(self, library: Library, recipe: Recipe, partitions: Sequence[str]) -> None:
        self._library = library
        self._recipe = recipe
        self._known = library.ledger.currents_with_reads(recipe.asset, partitions)
        places = {
            (read.asset, read.partition)
            for _, reads in self._known.values()
            for read in reads
            if read.kind is not ReadKind.EXTERNAL
        }
        self._current = library.ledger.current_contents(places)
        self._held = {
            (hold.asset, hold.partition)
            for hold in library.ledger.holds()
            if hold.asset == recipe.asset
        }

    def note(self, version: Version) -> None:
        """Take into account that ``version`` has just become current."""
        self._current[version.asset, version.partition] = version.id, version.content_hash

    def stale_because(self, partition: str) -> str | None:
        """Why the partition must be made, in words for a person; None when it is up to date."""
        if (self._recipe.asset, partition) in self._held:
            return None
        if partition not in self._known:
            return "not made yet"
        version, reads = self._known[partition]
        return (
            self._own_change(version)
            or self._input_change(partition, reads)
            or self._new_month(version, reads)
        )

    def _own_change(self, version: Version) -> str | None:
        if version.code_hash != self._recipe.code_hash:
            return "the code that makes it changed"
        if version.config_hash != self._recipe.config_hash:
            return "its configuration changed"
        if not self._library.store.holds(version.uri, version.size):
            return "its file is missing or cut off"
        return None

    def _input_change(self, partition: str, reads: Sequence[Read]) -> str | None:
        for read in reads:
            if read.kind is not ReadKind.EXTERNAL and not self._still_holds(read):
                return f"{place_name(read.asset, read.partition)} changed"
        return self._external_change(partition, reads)

    def _still_holds(self, read: Read) -> bool:
        current = self._current.get((read.asset, read.partition))
        if read.kind is ReadKind.ABSENT or current is None:
            return current is None and read.kind is ReadKind.ABSENT
        version_id, content_hash = current
        if version_id == read.version_id:
            return True
        if not read.cut:
            return content_hash == read.read_hash
        handle = Reader(self._library, read.asset)[read.partition]
        if read.kind is ReadKind.FACT:
            return handle.fact(read.cut).read().read_hash == read.read_hash
        return handle.until(date.fromisoformat(read.cut)).read().read_hash == read.read_hash

    def _new_month(self, version: Version, reads: Sequence[Read]) -> str | None:
        for upstream in self._recipe.upstream.values():
            if not isinstance(upstream, AllMonths):
                continue
            seen = {read.partition for read in reads if read.asset == upstream.asset}
            for month in self._library.ledger.partitions_since(upstream.asset, version.id):
                if month not in seen:
                    return f"{place_name(upstream.asset, month)} is new"
        return None

    def _external_change(self, partition: str, reads: Sequence[Read]) -> str | None:
        recorded = {r.asset: r.read_hash for r in reads if r.kind is ReadKind.EXTERNAL}
        if self._recipe.externals is None:
            return None
        current: Mapping[str, str] = self._recipe.externals(partition)
        changed = sorted(
            name for name in current.keys() | recorded if current.get(name) != recorded.get(name)
        )
        return f"{', '.join(changed)} changed" if changed else None


def stale_partitions(library: Library, recipe: Recipe, partitions: Sequence[str]) -> dict[str, str]:
    """The partitions that must be made now, each with the reason."""
    freshness = Freshness(library, recipe, partitions)
    reasons = {partition: freshness.stale_because(partition) for partition in partitions}
    return {partition: reason for partition, reason in reasons.items() if reason is not None}
