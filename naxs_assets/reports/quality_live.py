"""What a live home knows of its pulls, for the quality report."""

from __future__ import annotations

from datetime import datetime

from naxs_assets.market.fetching.health import family_health
from naxs_assets.market.fetching.live import FETCHING_FOLDER
from naxs_assets.market.pulling.opening import LiveHome
from naxs_assets.market.pulling.telling import LOOKED_BACK
from naxs_assets.reports.quality_facts import Health, Restated, Taken


def taken_by_newest_pull(live: LiveHome | None) -> tuple[Taken, ...]:
    """What the newest pull took, by table and family; nothing without one."""
    pulls = live.store.pulls() if live else []
    if not pulls or live is None:
        return ()
    newest = pulls[-1]
    setbacks: dict[str, list[str]] = {}
    for one in newest["fallbacks"]:
        setbacks.setdefault(one["table"], []).append(f"{one['family']}: {one['kind']}")
    found = []
    for one in newest["taken"]:
        parts = [
            part
            for part in live.store.parts()
            if part.table.value == one["table"] and part.family.value == one["family"]
        ]
        times = sorted(part.fetched_at for part in parts)
        found.append(
            Taken(
                table=one["table"],
                source=one["family"],
                source_version=parts[-1].source_version if parts else "",
                fetched_first=times[0] if times else None,
                fetched_last=times[-1] if times else None,
                parts=one["parts"],
                rows=one["rows"],
                instead_of=tuple(setbacks.get(one["table"], ())),
            )
        )
    return tuple(found)


def health_of_families(live: LiveHome | None, now: datetime) -> tuple[Health, ...]:
    """How the families of hosts answered lately; those of which nothing was asked are left out."""
    if live is None:
        return ()
    folder = live.settings.home / FETCHING_FOLDER
    return tuple(
        Health(one.family.value, one.requests, one.failures, one.circuit, one.last_success)
        for one in family_health(folder, now - LOOKED_BACK)
        if one.requests or one.failures or one.circuit != "closed"
    )


def restated_lately(live: LiveHome | None, now: datetime) -> tuple[Restated, ...]:
    """The past values that the pulls lately found changed."""
    if live is None:
        return ()
    return tuple(
        Restated(
            table=row["table"],
            symbol=row["symbol"],
            date=row["date"],
            column=row["column"],
            old=row["old"] or "",
            new=row["new"] or "",
            seen_at=datetime.fromisoformat(row["seen_at"]),
        )
        for row in live.store.restatements(now - LOOKED_BACK).to_dicts()
    )
