"""Fetching from the raw store alone: vendors' real code on recorded responses, without network."""

from __future__ import annotations

import threading
from datetime import datetime
from pathlib import Path
from typing import Self

from naxs_assets.market.fetching.calls import Answer, Call, Family
from naxs_assets.market.fetching.errors import NotRecordedError
from naxs_assets.market.fetching.exchanges import Exchange
from naxs_assets.market.fetching.hosts import Limits, RequestLimits
from naxs_assets.market.fetching.live import worker_setup
from naxs_assets.market.fetching.process import WorkerProcess
from naxs_assets.market.fetching.reading import frame_of
from naxs_assets.market.fetching.record import Record


class ReplayFetcher:
    """A :class:`Fetcher` that gives each call its newest recorded answer, or that of an instant.

    ``folder`` is the fetching folder of a home. Any attempt to connect is refused.
    """

    def __init__(self, folder: Path, as_of: datetime | None = None) -> None:
        self._folder = folder.resolve()
        self._as_of = as_of
        self._record = Record(self._folder)
        self._workers: dict[Family, WorkerProcess] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the workers."""
        for worker in self._workers.values():
            worker.close()

    def fetch(self, call: Call) -> Answer:
        """The recorded answer to ``call``, read anew from its responses.

        Raises :class:`NotRecordedError` when there is none, or what the responses amount to.
        """
        return self.fetch_as_of(call, self._as_of)

    def fetch_as_of(self, call: Call, as_of: datetime | None) -> Answer:
        """The same of an instant, whatever that of this fetcher."""
        recorded = self._record.answer(call.request_hash, as_of)
        if recorded is None:
            when = f" by {as_of:%Y-%m-%d %H:%M}" if as_of else ""
            raise NotRecordedError(
                f"no answer was recorded{when}",
                where=f"{call.family.value}: {call}",
                remedy="fetch it first: naxs pull without --replay",
            )
        message = {
            "function": call.function,
            "arguments": dict(call.arguments),
            "allowed": None,
            "recorded": [exchange.as_json() for exchange in recorded.exchanges],
        }
        told, payload = self._worker(call.family).call(message)
        return Answer(
            call=call,
            frame=frame_of(call, told, payload),
            source_version=recorded.source_version,
            fetched_at=recorded.fetched_at,
            responses=tuple(Exchange(**fields).sha256 for fields in told["exchanges"]),
        )

    def _worker(self, family: Family) -> WorkerProcess:
        with self._lock:
            if family not in self._workers:
                limits = Limits()
                self._workers[family] = WorkerProcess(
                    worker_setup(
                        self._folder, family, RequestLimits.of(limits, family), replay=True
                    ),
                    silent_seconds=limits.silent_seconds,
                    call_seconds=limits.call_seconds,
                )
            return self._workers[family]
