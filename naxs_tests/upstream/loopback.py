"""The loopback upstream: every vendor on 127.0.0.1, for this process and its children."""

from __future__ import annotations

import os
import time as clock
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import partial
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

from naxs_assets.market.fetching.calls import Family
from naxs_tests.upstream import (
    csindex,
    datacenter,
    eastmoney,
    exchanges,
    news,
    shenwan,
    sina,
    tencent,
)
from naxs_tests.upstream.baostock_server import HOST, BaostockServer
from naxs_tests.upstream.market import UpstreamMarket
from naxs_tests.upstream.misbehaviour import STATUSES, Misbehaviour, Planned, planted, spoiled
from naxs_tests.upstream.replies import Asked, Reply, Route
from naxs_tests.upstream.seen import SHANGHAI, SeenMarket
from naxs_tests.upstream.server import PAGE, Answer, Proxy
from naxs_tests.upstream.tls import Certificates

ROUTES: Sequence[Route] = (
    *eastmoney.ROUTES,
    *datacenter.ROUTES,
    *news.ROUTES,
    *sina.ROUTES,
    *tencent.ROUTES,
    *csindex.ROUTES,
    *exchanges.ROUTES,
    *shenwan.ROUTES,
)
_AFTER_THE_CLOSE = time(16, 0)
_WITHOUT_A_BODY = {
    *STATUSES,
    Misbehaviour.LOGIN_REDIRECT,
    Misbehaviour.CLOSED,
    Misbehaviour.RESET,
    Misbehaviour.SLOW_HEADER,
    Misbehaviour.HTML,
}
_ON_THE_WIRE = {Misbehaviour.LENGTH_NOT_MET, Misbehaviour.DRIPPING, Misbehaviour.HUGE_BODY}


@dataclass(frozen=True)
class Request:
    """What was asked, and when by ``time.monotonic`` of this process.

    A query of baostock has its name as path, and login and logout are queries too; a connection
    that was reset before it asked has none.
    """

    host: str
    path: str
    query: Mapping[str, str]
    family: str
    at: float


class LoopbackUpstream:
    """Serves ``market`` as it was known at ``as_of``, by default the evening of its last day.

    Use as a context manager. ``environment`` makes real clients come here, in this process and in
    children; ``market`` and ``as_of`` may be set while it runs. A time without time zone is
    Shanghai's. A family in ``told_by`` tells of a market of its own.
    """

    def __init__(
        self, market: UpstreamMarket, folder: Path, *, as_of: date | datetime | None = None
    ) -> None:
        self.market = market
        self.as_of = as_of or market.open_days.max()
        self.told_by: dict[Family, UpstreamMarket] = {}
        self.requests: list[Request] = []
        self.payload_marker = folder / "planted-code-ran"
        self._planned: list[Planned] = []
        self._failures: list[Exception] = []
        self._lock = Lock()
        self._certificates = Certificates(folder)
        self._proxy = Proxy(self._certificates, self._answer, self._is_reset)
        self._baostock = BaostockServer(partial(self._seen, Family.BAOSTOCK), self._plan_query)
        self._site = self._baostock.write_site(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop serving. Raises what a handler raised, which clients saw as status 500."""
        self._proxy.close()
        self._baostock.close()
        for failure in self.failures:
            raise failure

    @property
    def environment(self) -> dict[str, str]:
        """Variables that send every client here and let it trust the certificates.

        Baostock's client knows no proxy: a child is sent here by the ``sitecustomize`` that
        ``PYTHONPATH`` leads to, this process by setting its constants to ``baostock_address``.
        """
        bundle = str(self._certificates.bundle)
        variables = dict.fromkeys(("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"), bundle)
        variables["CURL_CA_BUNDLE"] = bundle
        for scheme in ("HTTP", "HTTPS", "ALL"):
            variables[f"{scheme}_PROXY"] = variables[f"{scheme.lower()}_proxy"] = self._proxy.url
        variables["NO_PROXY"] = variables["no_proxy"] = ""
        paths = (str(self._site), os.environ.get("PYTHONPATH", ""))
        variables["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        return variables

    @property
    def failures(self) -> list[Exception]:
        """What handlers raised so far."""
        return [*self._failures, *self._baostock.failures]

    @property
    def baostock_address(self) -> tuple[str, int]:
        """Where baostock's protocol is spoken."""
        return self._baostock.address

    def misbehave(self, target: str, kind: Misbehaviour | str, *, times: int | None = None) -> None:
        """From now on ``target`` misbehaves: a host, a path, a family's value, a baostock query.

        ``times`` ends it after so many requests. The newest order for a request counts.
        """
        self._planned.insert(0, Planned(target, Misbehaviour(kind), times))

    def behave(self) -> None:
        """All is well again."""
        self._planned.clear()

    def _answer(self, method: str, host: str, path: str, query: dict[str, str]) -> Answer:
        route, found = self._route(host, path)
        family = route.family.value if route else ""
        kind = self._plan(Request(host, path, query, family, clock.monotonic()))
        if kind in _WITHOUT_A_BODY:
            return Answer(PAGE, kind=kind)
        try:
            reply = self._reply(route, Asked(path, query, found)) if route else None
            if reply is None:
                # A login page is asked for by whoever followed a redirect.
                return Answer(PAGE, status=200 if path == "/login" else 404, kind=kind)
            return Answer(self._body(reply, kind), reply.content_type, kind=kind)
        except Exception as error:  # noqa: BLE001
            self._failures.append(error)
            return Answer(PAGE, status=500)

    def _reply(self, route: Route, asked: Asked) -> Reply | None:
        return route.handler(asked, self._seen(route.family))

    def _plan(self, request: Request) -> Misbehaviour | None:
        """Keep ``request`` in the list; say how to misbehave."""
        with self._lock:
            self.requests.append(request)
            planned = self._next(request.host, request.path, request.family)
            return planned.use() if planned else None

    def _next(self, *address: str) -> Planned | None:
        return next((one for one in self._planned if one.is_for(*address)), None)

    def _is_reset(self, host: str) -> bool:
        """Whether a connection to ``host`` is to be reset before its TLS begins.

        Later is too late: OpenSSL reports a reset of an open connection as its end.
        """
        family = next((route.family.value for route in ROUTES if route.host == host), "")
        with self._lock:
            planned = self._next(host, family)
            if planned is None or planned.kind is not Misbehaviour.RESET:
                return False
            planned.use()
            self.requests.append(Request(host, "", {}, family, clock.monotonic()))
            return True

    def _plan_query(self, method: str, arguments: str) -> Misbehaviour | None:
        query = {"arguments": arguments}
        family = Family.BAOSTOCK.value
        return self._plan(Request(HOST, method, query, family, clock.monotonic()))

    def _route(self, host: str, path: str) -> tuple[Route | None, tuple[str, ...]]:
        for route in ROUTES:
            found = route.match(host, path)
            if found is not None:
                return route, found
        return None, ()

    def _seen(self, family: Family) -> SeenMarket:
        now = self.as_of
        if not isinstance(now, datetime):
            now = datetime.combine(now, _AFTER_THE_CLOSE)
        elif now.tzinfo is not None:
            now = now.astimezone(SHANGHAI).replace(tzinfo=None)
        return SeenMarket(self.told_by.get(family, self.market), now)

    def _body(self, reply: Reply, kind: Misbehaviour | None) -> bytes:
        if kind is None or kind in _ON_THE_WIRE:
            return reply.body()
        if kind is Misbehaviour.EMPTY_BODY:
            return b""
        if kind is Misbehaviour.TRUNCATED:
            body = reply.body()
            return body[: len(body) // 2]
        if kind is Misbehaviour.PLANTED_CODE:
            code = f"__import__('pathlib').Path({str(self.payload_marker)!r}).touch()"
            return planted(reply.body(), code)
        return spoiled(reply, kind)
