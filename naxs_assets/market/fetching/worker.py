"""The process in which vendors' code runs: ``python -m naxs_assets.market.fetching.worker``.

It reads calls from its standard input and writes answers to its standard output. What a vendor's
code prints goes to standard error. It ends when its input does.
"""

from __future__ import annotations

import functools
import os
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl

from naxs_assets.market.fetching.calls import Family
from naxs_assets.market.fetching.choke_point import ChokePoint
from naxs_assets.market.fetching.conversation import (
    Conversation,
    LiveConversation,
    ReplayConversation,
)
from naxs_assets.market.fetching.errors import FetchError, SchemaChangedError
from naxs_assets.market.fetching.exchanges import Exchange
from naxs_assets.market.fetching.frames import to_polars
from naxs_assets.market.fetching.hosts import RequestLimits
from naxs_assets.market.fetching.judging import vendor_error
from naxs_assets.market.fetching.messages import error_as_json, packed, unpacked
from naxs_assets.market.fetching.rates import Turnstile
from naxs_assets.market.fetching.raw_store import RawStore

RAW_FOLDER = "raw"

Call = Callable[[str, dict[str, str]], pl.DataFrame]


class Worker:
    """Makes the calls of one family, each in a conversation of its own."""

    def __init__(self, setup: dict[str, Any], write: Callable[[bytes], object]) -> None:
        self._family = Family(setup["family"])
        self._limits = RequestLimits(**setup["limits"])
        self._folder = Path(setup["folder"])
        self._store = RawStore(self._folder / RAW_FOLDER)
        self._write = write
        self._turnstile: Turnstile | None = None
        self._choke_point = ChokePoint()
        self._choke_point.install()
        package = self._family.package
        self._call = self._akshare() if package == "akshare" else self._baostock(setup["address"])
        self._source_version = f"{package} {version(package)}"
        if setup["replay"]:
            # Waiting is for the upstream's sake.
            time.sleep = lambda _seconds: None

    def answer(self, message: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """Make one call: what is told of it, and the frame as Arrow IPC."""
        conversation = self._conversation(message)
        function, arguments = message["function"], message["arguments"]
        error: FetchError | None = None
        payload = b""
        with self._choke_point.conversing(conversation):
            try:
                payload = _as_arrow(self._call(function, arguments))
            except Exception as caught:  # noqa: BLE001
                # Vendors' code raises anything; the failure that the choke point saw is the cause.
                error = conversation.failure or _meaning(caught, conversation, function)
        error = conversation.failure or error
        return {
            "event": "done",
            "source_version": self._source_version,
            "exchanges": [exchange.as_json() for exchange in conversation.exchanges],
            "error": error_as_json(error) if error else None,
        }, (b"" if error else payload)

    def _conversation(self, message: dict[str, Any]) -> Conversation:
        if message["recorded"] is not None:
            recorded = [Exchange(**fields) for fields in message["recorded"]]
            return ReplayConversation(self._family, recorded, self._store)
        if self._turnstile is None:
            seconds = self._limits.seconds_between
            self._turnstile = Turnstile(self._folder, self._family, seconds)
        return LiveConversation(
            self._family,
            self._limits,
            message["allowed"],
            self._store,
            self._turnstile,
            lambda event: self._write(packed({"event": event})),
        )

    def _akshare(self) -> Call:
        import akshare

        caches = _caches()

        def call(function: str, arguments: dict[str, str]) -> pl.DataFrame:
            for cache in caches:
                cache.cache_clear()
            made = getattr(akshare, function, None)
            if not callable(made):
                raise SchemaChangedError(f"{self._source_version} has no function {function}")
            return to_polars(made(**arguments), function)

        return call

    def _baostock(self, address: list[Any] | None) -> Call:
        from naxs_assets.market.fetching.baostock_wire import BaostockWire

        return BaostockWire(self._choke_point, (address[0], address[1]) if address else None).frame


def _caches() -> list[Any]:
    """AKShare's memory of earlier answers, which a day later, or in a replay, would be wrong."""
    kind = type(functools.lru_cache(lambda: None))
    found = {
        id(value): value
        for name, module in sorted(sys.modules.items())
        if name.startswith("akshare.")
        for value in vars(module).values()
        if isinstance(value, kind)
    }
    return list(found.values())


def _meaning(error: Exception, conversation: Conversation, function: str) -> FetchError:
    if isinstance(error, FetchError):
        return error
    return vendor_error(error, conversation.last_body, function)


def _as_arrow(frame: pl.DataFrame) -> bytes:
    sink = frame.write_ipc(None, compat_level=pl.CompatLevel.newest())
    return sink.getvalue()


def main() -> None:
    """Serve calls until the input ends."""
    source: BinaryIO = sys.stdin.buffer
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)

    def read(size: int) -> bytes:
        data = source.read(size)
        if len(data) < size:
            raise EOFError
        return data

    def write(data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[answers.write(view) :]

    try:
        setup, _ = unpacked(read)
        worker = Worker(setup, write)
        write(packed({"event": "ready"}))
        while True:
            message, _ = unpacked(read)
            write(packed(*worker.answer(message)))
    except (EOFError, BrokenPipeError):
        return


if __name__ == "__main__":
    main()
