"""The exchanges of one call, inside a worker: with the upstream, or with the raw store.

A call is over with its first failure: every further request raises it again, so that a vendor's
code that swallows it, or retries by itself, asks for nothing more and cannot hide it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from urllib.parse import urlsplit

from filelock import FileLock

from naxs_assets.market.fetching.calls import Family
from naxs_assets.market.fetching.errors import (
    BudgetSpentError,
    FetchError,
    NotAllowedError,
    NotRecordedError,
)
from naxs_assets.market.fetching.exchanges import Exchange, Request, Response
from naxs_assets.market.fetching.hosts import RequestLimits, family_of
from naxs_assets.market.fetching.judging import judge
from naxs_assets.market.fetching.rates import Turnstile
from naxs_assets.market.fetching.raw_store import RawStore

Send = Callable[[], Response]
Judge = Callable[[Family, Request, Response], None]


class Conversation(ABC):
    """What was asked and answered in one call."""

    def __init__(self, family: Family) -> None:
        self.family = family
        self.exchanges: list[Exchange] = []
        self.failure: FetchError | None = None
        self.last_body = b""
        self.is_connecting = False

    def respond(self, request: Request, send: Send, judged_by: Judge = judge) -> Response:
        """The response to ``request``, which ``send`` would fetch. Raises :class:`FetchError`."""
        if self.failure is not None:
            raise self.failure
        try:
            response = self._respond(request, send, judged_by)
        except FetchError as error:
            self.failure = error
            raise
        self.last_body = response.body
        return response

    def fail(self, error: FetchError) -> FetchError:
        """Remember ``error`` as the failure of this call, unless it has one already."""
        self.failure = self.failure or error
        return self.failure

    @abstractmethod
    def _respond(self, request: Request, send: Send, judged_by: Judge) -> Response: ...


class LiveConversation(Conversation):
    """Asks the upstream, one request at a time and in its turn, and keeps every body."""

    def __init__(
        self,
        family: Family,
        limits: RequestLimits,
        allowed: int | None,
        store: RawStore,
        turnstile: Turnstile,
        tell: Callable[[str], object],
    ) -> None:
        super().__init__(family)
        self.limits = limits
        self._allowed = allowed
        self._store = store
        self._turnstile = turnstile
        self._tell = tell

    def _respond(self, request: Request, send: Send, judged_by: Judge) -> Response:
        self._check_host(request)
        if self._allowed is not None:
            if self._allowed <= 0:
                raise BudgetSpentError(
                    f"{self.family.value} has had all the requests of this run",
                    where=request.url,
                    remedy="run again later, or take the rest from another source",
                )
            self._allowed -= 1
        with self._alone():
            self._turnstile.wait(lambda: self._tell("waiting"))
            self._tell("asking")
            return self._exchange(request, send, judged_by)

    def _exchange(self, request: Request, send: Send, judged_by: Judge) -> Response:
        status, headers, digest, kind = 0, {}, "", ""
        try:
            self.is_connecting = True
            try:
                response = send()
            finally:
                self.is_connecting = False
            status, headers = response.status, dict(response.headers)
            digest = self._store.put(response.body)
            judged_by(self.family, request, response)
        except FetchError as error:
            kind = error.kind
            raise
        finally:
            self.exchanges.append(
                Exchange(
                    method=request.method,
                    url=request.url,
                    body_sha256=request.body_sha256,
                    status=status,
                    headers=headers,
                    sha256=digest,
                    kind=kind,
                )
            )
            self._tell("asked")
        return response

    def _check_host(self, request: Request) -> None:
        host = urlsplit(request.url).hostname or ""
        if family_of(host) is not self.family:
            raise NotAllowedError(
                f"{host or request.url} is not a host of {self.family.value}; nothing was asked",
                where=request.url,
                remedy="add the host to its family in market/fetching/hosts.py, or name the "
                "call's right family",
            )

    def _alone(self) -> AbstractContextManager[object]:
        if not self.limits.serial:
            return nullcontext()
        return _Patient(self._store.folder.parent / f"{self.family.value}.lock", self._tell)


class _Patient:
    """A lock between processes that gives signs of life while it waits."""

    def __init__(self, file: Path, tell: Callable[[str], object]) -> None:
        self._lock = FileLock(file)
        self._tell = tell

    def __enter__(self) -> None:
        while True:
            try:
                self._lock.acquire(timeout=5)
                return
            except TimeoutError:
                self._tell("waiting")

    def __exit__(self, *_: object) -> None:
        self._lock.release()


class ReplayConversation(Conversation):
    """Answers from the exchanges of a recorded call; knows no network."""

    def __init__(self, family: Family, recorded: Sequence[Exchange], store: RawStore) -> None:
        super().__init__(family)
        self._store = store
        self._recorded: dict[tuple[str, str, str], deque[Exchange]] = defaultdict(deque)
        for exchange in recorded:
            self._recorded[exchange.key].append(exchange)

    def _respond(self, request: Request, send: Send, judged_by: Judge) -> Response:
        del send
        waiting = self._recorded.get(request.key)
        if not waiting:
            raise NotRecordedError(
                "the replay asks for something that was not recorded",
                where=f"{request.method} {request.url}",
                remedy="fetch anew: naxs pull --refetch",
            )
        exchange = waiting.popleft()
        response = Response(exchange.status, exchange.headers, self._store.get(exchange.sha256))
        judged_by(self.family, request, response)
        self.exchanges.append(exchange)
        return response
