"""Which hosts belong to which family, and how much may be asked of each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

from naxs_assets.market.fetching.calls import Family

_HOSTS: dict[Family, str] = {
    Family.EASTMONEY: r"(\d+\.)?push2(his|ex|delay)?\.eastmoney\.com",
    Family.EASTMONEY_DATACENTER: (
        r"(datacenter[\w-]*|data|search-api-web|emweb\.securities)\.eastmoney\.com"
    ),
    Family.SINA: r"([\w-]+\.)*finance\.sina\.com\.cn|quotes\.sina\.cn|hq\.sinajs\.cn",
    Family.TENCENT: r"([\w-]+\.)*finance\.qq\.com|([\w-]+\.)*gtimg\.cn",
    Family.CSINDEX: r"([\w-]+\.)*csindex\.com\.cn",
    Family.EXCHANGES: r"([\w-]+\.)*(sse\.com\.cn|szse\.cn|bse\.cn)",
    Family.SHENWAN: r"([\w-]+\.)*swsresearch\.com",
    Family.BAOSTOCK: r"([\w-]+\.)*baostock\.com",
}
_PATTERNS = {family: re.compile(hosts, re.IGNORECASE) for family, hosts in _HOSTS.items()}

FAILURES_BEFORE_PAUSE = 3
"""So many failing requests in a row open a family's circuit."""


def family_of(host: str) -> Family | None:
    """The family that ``host`` belongs to; none for a host that nobody may ask."""
    return next((family for family, hosts in _PATTERNS.items() if hosts.fullmatch(host)), None)


@dataclass(frozen=True)
class Budget:
    """What one family may be asked: at most one request in ``seconds``, ``per_run`` in one run.

    ``pause`` is how long the family is left alone once its circuit is open; of a ``serial`` family
    one request is under way at a time, whichever process asks.
    """

    seconds: float
    per_run: int | None = None
    pause: timedelta = timedelta(minutes=30)
    serial: bool = False


BUDGETS: dict[Family, Budget] = {
    Family.EASTMONEY: Budget(seconds=5, per_run=60, pause=timedelta(hours=24)),
    Family.EASTMONEY_DATACENTER: Budget(seconds=1),
    Family.SINA: Budget(seconds=2),
    Family.TENCENT: Budget(seconds=0.5),
    Family.CSINDEX: Budget(seconds=5),
    Family.EXCHANGES: Budget(seconds=5),
    Family.SHENWAN: Budget(seconds=5),
    Family.BAOSTOCK: Budget(seconds=0.6, serial=True),
}
"""Judged from reports of bans: push2 hosts ban after some 12 to 200 calls."""


@dataclass(frozen=True)
class Limits:
    """How long and how often is tried.

    A request ends within ``request_seconds`` however slowly its body drips, with a body of at most
    ``body_bytes``; a call ends within ``call_seconds``, waiting for its turn included, and its
    worker is killed after ``silent_seconds`` without a sign of life. A retryable failure is tried
    ``attempts`` times in all, after a growing wait or what the upstream asked for, unless that is
    more than ``longest_wait_seconds``.
    """

    connect_seconds: float = 10
    read_seconds: float = 20
    request_seconds: float = 60
    call_seconds: float = 1800
    silent_seconds: float = 120
    body_bytes: int = 64 * 1024 * 1024
    attempts: int = 3
    first_wait_seconds: float = 2
    longest_wait_seconds: float = 120
    budgets: Mapping[Family, Budget] = field(default_factory=dict)

    def budget(self, family: Family) -> Budget:
        """The budget of ``family``: the caller's own, else the default."""
        return self.budgets.get(family) or BUDGETS[family]


@dataclass(frozen=True)
class RequestLimits:
    """The part of :class:`Limits` that a worker keeps, for its one family."""

    connect_seconds: float
    read_seconds: float
    request_seconds: float
    body_bytes: int
    seconds_between: float
    serial: bool

    @classmethod
    def of(cls, limits: Limits, family: Family) -> RequestLimits:
        """What a worker of ``family`` keeps."""
        budget = limits.budget(family)
        return cls(
            connect_seconds=limits.connect_seconds,
            read_seconds=limits.read_seconds,
            request_seconds=limits.request_seconds,
            body_bytes=limits.body_bytes,
            seconds_between=budget.seconds,
            serial=budget.serial,
        )

    def as_json(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)
