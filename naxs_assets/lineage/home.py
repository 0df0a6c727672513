"""Opening a home: its store and ledger, and the one market that is fixed in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from naxs_assets.errors import ConfigurationError
from naxs_assets.lineage.content_hash import canonical_json
from naxs_assets.lineage.database import Database
from naxs_assets.lineage.ledger import Ledger
from naxs_assets.lineage.publishing import Lineage
from naxs_assets.lineage.reader import Library
from naxs_assets.lineage.store import Store
from naxs_assets.settings import Settings

_MARKET = "market"


def open_lineage(settings: Settings) -> Lineage:
    """The lineage of a home, made on first use.

    Raises :class:`ConfigurationError` if the home cannot be written.
    """
    _make_folder(settings.home)
    ledger = Ledger(Database(settings.ledger_url))
    store = Store(settings.store_url)
    return Lineage(
        store=store,
        ledger=ledger,
        library=Library(ledger, store),
        clock=settings.clock,
        actor=settings.actor,
    )


def fix_market(lineage: Lineage, identity: Mapping[str, object], home: Path) -> None:
    """Fix the home's market; refuse another one as soon as results have been made."""
    wanted = canonical_json(dict(identity))
    known = lineage.ledger.fix_fact(_MARKET, wanted)
    if known != wanted:
        raise ConfigurationError(
            f"this home holds another market: it was made with {known}, "
            f"the settings now say {wanted}",
            where=str(home),
            remedy="set the market back, or make a home of its own: naxs --home FOLDER init",
        )


def _make_folder(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True)
        probe = home / ".writable"
        probe.touch()
        probe.unlink(missing_ok=True)  # another process may be opening the home too
    except OSError as error:
        raise ConfigurationError(
            f"the home cannot be written: {error.strerror}",
            where=str(home),
            remedy="set NAXS_HOME to a folder that you may write, with free space",
        ) from error
