"""Publishing: check the contract, store the file, record the version, move the pointer; month by
month, so that an interrupted range keeps what is done and a resume skips it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from naxs_assets.errors import DataError
from naxs_assets.lineage.content_hash import table_hash, text_hash, type_name
from naxs_assets.lineage.contract import Contract
from naxs_assets.lineage.events import Event
from naxs_assets.lineage.freshness import Freshness
from naxs_assets.lineage.ledger import Claim, Ledger
from naxs_assets.lineage.monthly import Made, Monthly, Refused
from naxs_assets.lineage.reader import Library, Reader
from naxs_assets.lineage.recipe import Recipe
from naxs_assets.lineage.records import (
    Draft,
    Outcome,
    Published,
    Read,
    ReadKind,
    Schema,
    Version,
    instant,
    place_name,
    version_seal,
)
from naxs_assets.lineage.store import Store

_NAMED = 12
"""Refused months beside the first that a message names."""

Clock = Callable[[], datetime]
Watcher = Callable[[Published, Made], None]


def unwatched(_published: Published, _made: Made) -> None:
    """Nobody watches."""


def place_of_refused(asset: str) -> str:
    """The name under which refused rows of an asset are recorded, month by month."""
    return f"{asset}.refused"


class PartitionsRefusedError(DataError):
    """Some partitions of a range were refused; the others were published."""


@dataclass(frozen=True)
class Lineage:
    """The store, the ledger and the clock of one home: all that makes and keeps results."""

    store: Store
    ledger: Ledger
    library: Library
    clock: Clock
    actor: str

    def reader(self, asset: str, as_of: datetime | None = None) -> Reader:
        """A lazy reader of one asset, as of now or of an earlier instant."""
        return Reader(self.library, asset, as_of)

    def now(self) -> str:
        """The clock's instant as the ledger writes it: ISO 8601, UTC, microseconds."""
        return instant(self.clock())

    def claim(self, asset: str, partitions: Sequence[str], run_id: str) -> Claim:
        """Claim the places that a run is about to make."""
        return self.ledger.claim(asset, partitions, run_id=run_id, actor=self.actor, at=self.now())

    def publish(
        self,
        monthly: Monthly,
        partitions: Sequence[str],
        claim: Claim,
        on_published: Watcher = unwatched,
    ) -> list[Published]:
        """Make and publish the partitions that are not up to date, one after another.

        Returns what was published, unchanged ones that had to be made included; partitions that
        were up to date are not made and not listed. Raises :class:`PartitionsRefusedError` at
        the end, naming the partitions that were refused, and at once whatever else the making
        raises, with the partitions published so far kept.
        """
        return list(self._drain(monthly, partitions, claim, on_published))

    def _drain(
        self,
        monthly: Monthly,
        partitions: Sequence[str],
        claim: Claim,
        on_published: Watcher,
    ) -> Iterator[Published]:
        recipe = monthly.recipe
        freshness = Freshness(self.library, recipe, partitions)
        externals: dict[str, tuple[Read, ...]] = {}

        def wanted() -> Iterator[str]:
            for partition in partitions:
                if freshness.stale_because(partition) is not None:
                    # Digested before the making reads them: what changes meanwhile is stale.
                    externals[partition] = _externals(recipe, partition)
                    yield partition

        refused: list[Refused] = []
        for result in monthly.make(wanted()):
            if result.partition not in externals:
                place = place_name(recipe.asset, result.partition)
                raise ValueError(f"{place} was made, but the generator had not taken it")
            if isinstance(result, Refused):
                refused.append(result)
                self._record_refusal(recipe, result, claim)
                continue
            draft = self._store(recipe, result, externals[result.partition])
            published = self.ledger.publish(draft, claim, self.now())
            freshness.note(published.version)
            on_published(published, result)
            yield published
        if refused:
            raise _refusal(recipe, refused) from refused[0].error

    def _store(self, recipe: Recipe, made: Made, externals: tuple[Read, ...]) -> Draft:
        where = place_name(recipe.asset, made.partition)
        if isinstance(made.value, pl.DataFrame):
            if recipe.contract is None:
                raise TypeError(f"{where} gave a table, but its recipe promises a text")
            table = recipe.contract.validate(made.value, where)
            content = table_hash(table, recipe.contract.key)
            stored = self.store.put_table(table, content, recipe.contract.key)
            rows: int | None = table.height
            schema = _schema(recipe.contract, table)
            kind = "table"
        else:
            if recipe.suffix is None:
                raise TypeError(f"{where} gave a text, but its recipe promises a table")
            content = text_hash(made.value)
            stored = self.store.put_text(made.value, content, recipe.suffix)
            rows, schema, kind = None, Schema(), "text"
        return Draft(
            asset=recipe.asset,
            partition=made.partition,
            content_hash=content,
            kind=kind,
            uri=stored.uri,
            file_sha256=stored.sha256,
            size=stored.size,
            rows=rows,
            schema=schema,
            code_hash=recipe.code_hash,
            config_hash=recipe.config_hash,
            reads=_edges(made) + externals,
            metadata=dict(made.metadata),
        )

    def _keep_refused(self, recipe: Recipe, refused: Refused, claim: Claim) -> Version | None:
        """Record the rows that were refused at a place of their own, which nothing reads from."""
        if refused.rows is None:
            return None
        rows, key = refused.rows, refused.key
        content = table_hash(rows, key)
        stored = self.store.put_table(rows, content, key)
        columns = tuple((name, type_name(dtype, name)) for name, dtype in rows.schema.items())
        aside = place_of_refused(recipe.asset)
        draft = Draft(
            asset=aside,
            partition=refused.partition,
            content_hash=content,
            kind="table",
            uri=stored.uri,
            file_sha256=stored.sha256,
            size=stored.size,
            rows=rows.height,
            schema=Schema(contract="refused", version=1, columns=columns, key=key),
            code_hash=recipe.code_hash,
            config_hash=recipe.config_hash,
            reads=(),
            metadata={
                "refused": refused.error.what,
                "for example": refused.error.where,
                **refused.metadata,
            },
        )
        own = self.claim(aside, [refused.partition], claim.run_id)
        return self.ledger.publish(draft, own, self.now()).version

    def _record_refusal(self, recipe: Recipe, refused: Refused, claim: Claim) -> None:
        kept = self._keep_refused(recipe, refused, claim)
        beside = f"; its rows are kept as version {kept.id}, {kept.place}" if kept else ""
        self.ledger.record_event(
            Event(
                action="refuse",
                asset=recipe.asset,
                partition=refused.partition,
                actor=claim.actor,
                run_id=claim.run_id,
                at=self.now(),
                reason=refused.error.what + beside,
                seal=version_seal(kept) if kept else "",
            )
        )


def _edges(made: Made) -> tuple[Read, ...]:
    """Every version that was read, once; two when the pointer moved between two looks."""
    return tuple(dict.fromkeys(handle.read() for handle in made.made_from))


def _externals(recipe: Recipe, partition: str) -> tuple[Read, ...]:
    if recipe.externals is None:
        return ()
    return tuple(
        Read(ReadKind.EXTERNAL, name, partition, None, digest)
        for name, digest in recipe.externals(partition).items()
    )


def _schema(contract: Contract, table: pl.DataFrame) -> Schema:
    return Schema(
        contract=contract.name,
        version=contract.version,
        columns=tuple((name, type_name(dtype, name)) for name, dtype in table.schema.items()),
        key=contract.key,
        known_from=contract.known_from,
        known_until=contract.known_until,
    )


def _refusal(recipe: Recipe, refused: Sequence[Refused]) -> PartitionsRefusedError:
    first = refused[0]
    if len(refused) == 1:
        place = place_name(recipe.asset, first.partition)
        what = f"{place} was refused: {first.error.what}"
        return PartitionsRefusedError(
            what, where=first.error.where or place, remedy=first.error.remedy
        )
    months = ", ".join(result.partition for result in refused[1 : 1 + _NAMED])
    more = f" and {len(refused) - 1 - _NAMED} more" if len(refused) > 1 + _NAMED else ""
    return PartitionsRefusedError(
        f"{len(refused)} months of {recipe.asset} were refused, the first because "
        f"{first.error.what}; then {months}{more}",
        where=first.error.where or recipe.asset,
        remedy=first.error.remedy,
    )


def count_outcomes(published: Sequence[Published]) -> dict[str, int]:
    """How many results were new, confirmed or unchanged."""
    return {
        outcome.value: sum(1 for result in published if result.outcome is outcome)
        for outcome in Outcome
    }
