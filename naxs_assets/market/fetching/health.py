"""How each family has behaved: for the quality report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from naxs_assets.market.fetching.breaker import circuit_of
from naxs_assets.market.fetching.calls import Family
from naxs_assets.market.fetching.record import Record, attempted


@dataclass(frozen=True)
class FamilyHealth:
    """Requests and failed attempts of calls by kind, the circuit's state, the last good answer."""

    family: Family
    requests: int
    failures: dict[str, int]
    circuit: str
    opened_at: datetime | None
    last_success: datetime | None


def family_health(folder: Path, since: datetime | None = None) -> tuple[FamilyHealth, ...]:
    """The health of every family, in the order of :class:`Family`.

    ``folder`` is the fetching folder of a home; requests and failures are counted from ``since``.
    """
    record = Record(folder)
    return tuple(_health(record, family, since) for family in Family)


def _health(record: Record, family: Family, since: datetime | None) -> FamilyHealth:
    seen = attempted(record, family, since)
    circuit = circuit_of(record, family.value)
    return FamilyHealth(
        family=family,
        requests=seen.requests,
        failures=seen.failures,
        circuit=circuit.state,
        opened_at=circuit.opened_at,
        last_success=seen.last_success,
    )
