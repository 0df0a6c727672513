"""What a live home pulls with: its store, order of families, fetchers, and the lock of the pull."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import stamina
from filelock import FileLock, Timeout

from naxs_assets.catalog.loading import load_catalogue
from naxs_assets.errors import EXIT_BUSY, ConfigurationError, NaxsError
from naxs_assets.market.fetching.calls import Family
from naxs_assets.market.fetching.hosts import BUDGETS, Budget, Limits
from naxs_assets.market.fetching.live import FETCHING_FOLDER, LiveFetcher
from naxs_assets.market.fetching.replay import ReplayFetcher
from naxs_assets.market.pulling.parts import PULLED_FOLDER, PulledStore
from naxs_assets.market.pulling.planning import Ask, Lives
from naxs_assets.market.pulling.pull import Puller, PullResult, bar_ranks, table_ranks
from naxs_assets.market.pulling.replay import Finding, parts_of, replay
from naxs_assets.market.pulling.universe import lives_of, sessions_of
from naxs_assets.market.pulling.winners import BAR_TABLES, Ranks
from naxs_assets.market.sources.offers import Offer, PulledTable
from naxs_assets.market.sources.registry import offers_of
from naxs_assets.settings import SETTINGS_FILE, LiveSettings, Settings

_Kind = TypeVar("_Kind", Family, PulledTable)


class PullBusyError(NaxsError):
    """Another pull runs in this home."""

    exit_code = EXIT_BUSY


@dataclass(frozen=True)
class LiveHome:
    """A home with a live market, opened for pulling. Nothing is read before it is asked for."""

    settings: Settings
    live: LiveSettings

    @classmethod
    def of(cls, settings: Settings) -> LiveHome:
        """Raises ``ConfigurationError`` for a home of another kind of market."""
        market = settings.market
        if market.source != "live" or market.live is None:
            raise ConfigurationError(
                f"this home has a market of kind {market.source}, which is not pulled",
                where=str(settings.home / SETTINGS_FILE),
                remedy="make a live one: naxs --home FOLDER init --source live --from DAY",
            )
        home = cls(settings, market.live)
        # Names are refused before anything is made of them.
        for read in (home.limits, lambda: home.also, lambda: home._order):
            read()
        return home

    @cached_property
    def store(self) -> PulledStore:
        return PulledStore(self.settings.home / PULLED_FOLDER)

    @cached_property
    def index(self) -> str:
        """The index that the universe follows. Raises ``ConfigurationError`` if none."""
        universes = load_catalogue(self.settings.home).universes
        chosen = universes.get(self.live.universe)
        if chosen is None or chosen.index is None:
            known = sorted(name for name, one in universes.items() if one.index)
            raise ConfigurationError(
                f"{self.live.universe!r} is no universe that follows an index",
                where="market.live.universe",
                remedy=f"choose one of {', '.join(known)}, or write one into the home's catalog",
            )
        return chosen.index

    def offers(self, table: PulledTable) -> Sequence[Offer]:
        """The offers of ``table`` in the order of the settings, else of the registry."""
        offers = {offer.family: offer for offer in offers_of(table)}
        chosen = self._order.get(table)
        if chosen is None:
            return tuple(offers.values())
        unknown = [family.value for family in chosen if family not in offers]
        if unknown:
            raise ConfigurationError(
                f"{', '.join(unknown)} does not give {table.value}",
                where=f"market.live.order.{table.value}",
                remedy=f"choose of {', '.join(family.value for family in offers)}",
            )
        return tuple(offers[family] for family in chosen)

    def ranks(self, table: PulledTable) -> Ranks:
        """Whose part of ``table`` stands where several families gave one."""
        return bar_ranks(self.offers) if table in BAR_TABLES else table_ranks(self.offers, table)

    @cached_property
    def also(self) -> tuple[PulledTable, ...]:
        """The tables that are pulled beside bars and what they need."""
        return tuple(_named(PulledTable, name, "market.live.also") for name in self.live.also)

    @cached_property
    def _order(self) -> dict[PulledTable, tuple[Family, ...]]:
        where = "market.live.order"
        return {
            _named(PulledTable, table, where): tuple(
                _named(Family, name, f"{where}.{table}") for name in names
            )
            for table, names in self.live.order.items()
        }

    def sessions(self, first: date, last: date) -> list[date]:
        """The open days from ``first`` to ``last``, as pulled."""
        return sessions_of(self.store, first, last)

    def lives(self) -> Lives:
        """Every symbol of the universe with its days of listing and delisting, as pulled."""
        return lives_of(self.store, self.index)

    def limits(self) -> Limits:
        """The limits of fetching with the budgets of the settings."""
        budgets = {}
        for name, chosen in self.live.budgets.items():
            family = _named(Family, name, "market.live.budgets")
            of = BUDGETS[family]
            budgets[family] = Budget(chosen.seconds, chosen.per_run, of.pause, of.serial)
        return Limits(budgets=budgets)

    def pull(
        self,
        first: date,
        last: date,
        *,
        refetch: bool = False,
        on_asked: Callable[[Ask, int], None] = lambda _ask, _left: None,
    ) -> PullResult:
        """Pull over the network. Raises :class:`PullBusyError` while another pull runs here."""
        with self._alone(), self._fetcher() as fetcher:
            puller = Puller(
                store=self.store,
                fetcher=fetcher,
                offers=self.offers,
                index=self.index,
                clock=self.settings.clock,
                also=self.also,
                on_asked=on_asked,
            )
            return puller.pull(first, last, refetch=refetch)

    def replay(self, first: date, last: date) -> tuple[int, list[Finding]]:
        """Read the parts of these days again, without network, and mend damaged files.

        How many parts there are, and what is amiss. Raises ``NaxsError`` if there are none, and
        :class:`PullBusyError` when a file is to be mended while a pull runs here.
        """
        parts = parts_of(self.store, first, last)
        if not parts:
            raise NaxsError(
                f"no part of the days {first} to {last} is stored",
                where=str(self.store.folder),
                remedy="bring them: naxs pull; what was pulled before and is gone comes from a "
                "backup of this folder",
            )
        with ReplayFetcher(self._fetching) as recorded:
            # Of every family, also of one that is no longer in the order.
            return len(parts), replay(self.store, parts, recorded, offers_of, self._alone)

    @property
    def _fetching(self) -> Path:
        return self.settings.home / FETCHING_FOLDER

    @contextmanager
    def _fetcher(self) -> Iterator[LiveFetcher]:
        # It would print every retry to where a command prints its result.
        stamina.instrumentation.set_on_retry_hooks(())
        address = None
        if self.live.baostock:
            host, _, port = self.live.baostock.rpartition(":")
            address = host, int(port)
        clock: Callable[[], datetime] = self.settings.clock
        with LiveFetcher(self._fetching, clock, self.limits(), address) as fetcher:
            yield fetcher

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self.store.folder.mkdir(parents=True, exist_ok=True)
        lock = self.store.folder / "pull.lock"
        try:
            with FileLock(lock, timeout=0):
                yield
        except Timeout as error:
            raise PullBusyError(
                "another pull runs in this home",
                where=str(lock),
                remedy="wait until it is done; what it brings needs no second pull, a replay is "
                "to be started again",
            ) from error


def _named(kind: type[_Kind], name: str, where: str) -> _Kind:
    try:
        return kind(name)
    except ValueError as error:
        raise ConfigurationError(
            f"{name!r} is not known", where=where, remedy=f"known: {', '.join(kind)}"
        ) from error
