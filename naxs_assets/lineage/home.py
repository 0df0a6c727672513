"""Opening a home: its store and ledger, and the one market that is fixed in it."""

from __future__ import annotations

import errno
import json
from collections.abc import Mapping
from pathlib import Path

from naxs_assets.errors import ConfigurationError, NaxsError
from naxs_assets.lineage.content_hash import canonical_json
from naxs_assets.lineage.database import Database
from naxs_assets.lineage.ledger import Ledger
from naxs_assets.lineage.publishing import Lineage
from naxs_assets.lineage.reader import Library
from naxs_assets.lineage.store import Store
from naxs_assets.settings import SETTINGS_FILE, Settings

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
            f"this home holds another market: {_difference(json.loads(known), identity)}",
            where=f"the market section of {home / SETTINGS_FILE} and its mapping",
            remedy="set them back to what they were, or make another home: naxs --home FOLDER init",
        )


def _difference(known: Mapping[str, object], wanted: Mapping[str, object]) -> str:
    """What the home was made with and what the settings now say, where they are not the same."""
    return "; ".join(
        f"{name} was {known.get(name)!r} and is now {wanted.get(name)!r}"
        for name in sorted({*known, *wanted})
        if known.get(name) != wanted.get(name)
    )


def unwritable(error: OSError, folder: Path) -> NaxsError:
    """What a person is told when a file of a home cannot be written."""
    is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    kind = NaxsError if is_full else ConfigurationError
    return kind(
        f"the home cannot be written: {error.strerror}",
        where=str(folder),
        remedy="free space, then run again"
        if is_full
        else "set NAXS_HOME or --home to a folder that you may write",
    )


def _make_folder(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True)
        probe = home / ".writable"
        probe.touch()
        probe.unlink(missing_ok=True)  # another process may be opening the home too
    except OSError as error:
        raise unwritable(error, home) from error
