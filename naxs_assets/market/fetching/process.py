"""A worker as its owner sees it: started when needed, killed when late, begun anew after that."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, cast

import naxs_assets
from naxs_assets.market.fetching.errors import BrokenError
from naxs_assets.market.fetching.messages import packed, unpacked

_MODULE = "naxs_assets.market.fetching.worker"
_START_SECONDS = 180.0
_TAIL_BYTES = 2000
_PASSED_ON = {
    *("PATH", "HOME", "LANG", "LANGUAGE", "TMPDIR", "TZ", "VIRTUAL_ENV", "LD_LIBRARY_PATH"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"),
}
_PASSED_ON_PREFIXES = ("LC_", "PYTHON")


def worker_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What vendors' code may see of ``environment``: paths, language, proxies and certificates."""
    kept = {
        name: value
        for name, value in environment.items()
        if name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIXES)
    }
    ours = str(Path(naxs_assets.__file__).parents[1])
    kept["PYTHONPATH"] = os.pathsep.join(filter(None, [ours, kept.get("PYTHONPATH", "")]))
    kept["TQDM_DISABLE"] = "1"
    # requests would send the passwords of ~/.netrc along.
    kept["NETRC"] = os.devnull
    return kept


class WorkerProcess:
    """One worker at a time, for calls one after another; threads wait for each other."""

    def __init__(
        self, setup: Mapping[str, Any], *, silent_seconds: float, call_seconds: float
    ) -> None:
        self._setup = dict(setup)
        self._silent_seconds = silent_seconds
        self._call_seconds = call_seconds
        self._running: _Running | None = None
        self._lock = threading.Lock()

    def call(
        self, message: Mapping[str, Any], heard: Callable[[str], None] = lambda _event: None
    ) -> tuple[dict[str, Any], bytes]:
        """The worker's answer to ``message``; ``heard`` is told its events on the way.

        Raises :class:`BrokenError` when it dies, falls silent or takes too long; it is gone then.
        """
        with self._lock:
            is_done = False
            try:
                running = self._started()
                running.write(packed(dict(message)))
                until = time.monotonic() + self._call_seconds
                while True:
                    told, payload = running.message(self._silent_seconds, until)
                    if told["event"] == "done":
                        is_done = True
                        return told, payload
                    heard(told["event"])
            except _LateError:
                raise BrokenError(
                    "a call took too long and its worker was killed", where=self._setup["family"]
                ) from None
            except (EOFError, BrokenPipeError):
                raise self._death() from None
            finally:
                if not is_done:
                    self._kill()

    def close(self) -> None:
        """End the worker."""
        with self._lock:
            self._kill()

    def _started(self) -> _Running:
        if self._running is None or self._running.process.poll() is not None:
            self._kill()
            self._running = _Running()
            self._running.write(packed(self._setup))
            self._running.message(_START_SECONDS, time.monotonic() + _START_SECONDS)
        return self._running

    def _death(self) -> BrokenError:
        told = self._running.last_words() if self._running is not None else ""
        return BrokenError(f"the worker died: {told}", where=self._setup["family"])

    def _kill(self) -> None:
        if self._running is not None:
            self._running.kill()
        self._running = None


class _LateError(Exception):
    pass


class _Running:
    """A worker process with its pipes, in a process group of its own."""

    def __init__(self) -> None:
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115
        self.process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-P", "-m", _MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            env=worker_environment(os.environ),
            bufsize=0,
            start_new_session=True,
        )
        self._stdin = cast("IO[bytes]", self.process.stdin)
        self._stdout = cast("IO[bytes]", self.process.stdout)

    def write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[self._stdin.write(view) :]

    def message(self, silent_seconds: float, until: float) -> tuple[dict[str, Any], bytes]:
        """Its next message. Raises ``EOFError`` when it is dead, :class:`_LateError` when late."""

        def read(size: int) -> bytes:
            data = bytearray()
            while len(data) < size:
                seconds = min(silent_seconds, until - time.monotonic())
                if seconds <= 0 or not select.select([self._stdout], [], [], seconds)[0]:
                    raise _LateError
                part = self._stdout.read(size - len(data))
                if not part:
                    raise EOFError
                data += part
            return bytes(data)

        return unpacked(read)

    def last_words(self) -> str:
        """How it ended, and the end of what it wrote to its standard error."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        self._stderr.seek(max(0, self._stderr.seek(0, os.SEEK_END) - _TAIL_BYTES))
        tail = self._stderr.read().decode(errors="replace").strip()
        return f"exit code {self.process.poll()}; {tail or 'it said nothing'}"

    def kill(self) -> None:
        """End it, and with it what a vendor's code may have started."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for pipe in (self._stdin, self._stdout, self._stderr):
            pipe.close()
