"""A small home served by ``naxs ui``, and a browser that looks at it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

from naxs_tests.graph.conftest import memory  # noqa: F401 - a fixture
from naxs_tests.graph.small import write_home

PROJECT = Path(__file__).resolve().parents[2]
STARTING = 180.0  # seconds
PATIENCE = 60_000  # milliseconds that a page may take on a busy machine

_CHROMIUM = shutil.which("chromium")
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_LOCATION = "{workspaceOrError{... on Workspace{locationEntries{loadStatus}}}}"


@pytest.fixture(scope="session")
def chromium() -> str:
    """The machine's own browser; none is ever downloaded."""
    if _CHROMIUM is None:
        pytest.skip("chromium is not installed, so there is no browser to look at the UI with")
    return _CHROMIUM


@pytest.fixture(scope="module")
def address(chromium: str, memory: Path) -> Iterator[str]:  # noqa: F811
    """Where ``naxs ui`` serves a home of six months in which nothing is made yet."""
    home = write_home(memory / "ui", names=30, last=date(2021, 12, 31))
    port = _free_port()
    command = ["--home", str(home), "ui", "--port", str(port)]
    environment = {k: v for k, v in os.environ.items() if k not in ("DAGSTER_HOME", "NAXS_HOME")}
    with (home / "ui.log").open("w") as log:
        # A session of its own, so that the daemons and workers below it can be ended together.
        server = subprocess.Popen(
            [sys.executable, "-m", "naxs_assets.cli.main", *command],
            cwd=PROJECT,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    served = f"http://127.0.0.1:{port}"
    try:
        _wait_until_loaded(served, server, home / "ui.log")
        yield served
    finally:
        _end(server)


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """A browser without a window."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=_QUIET)
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser, address: str, tmp_path: Path) -> Iterator[Page]:
    """The UI's first page, watched as by ``looking``."""
    with looking(browser, address, tmp_path) as opened:
        yield opened


@contextmanager
def looking(browser: Browser, address: str, folder: Path) -> Iterator[Page]:
    """The UI's first page; afterwards nothing may have gone wrong, nor left this machine.

    What was last seen is kept as ``last.png`` in ``folder``.
    """
    # So high that no list leaves out rows that are out of sight.
    context = browser.new_context(viewport={"width": 1400, "height": 1800})
    context.set_default_timeout(PATIENCE)
    wrong: list[str] = []

    def stay_here(route: Route) -> None:
        if urlsplit(route.request.url).hostname == "127.0.0.1":
            route.continue_()
        else:
            wrong.append(f"asked {route.request.url}")
            route.abort()

    context.route("**/*", stay_here)
    opened = context.new_page()
    opened.on("pageerror", lambda error: wrong.append(f"failed: {error}"))
    opened.on(
        "console",
        lambda said: wrong.append(f"said: {said.text}") if said.type == "error" else None,
    )
    try:
        opened.goto(address)
        yield opened
    finally:
        opened.screenshot(path=folder / "last.png")
        context.close()
    assert wrong == []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_loaded(served: str, server: subprocess.Popen[bytes], log: Path) -> None:
    request = urllib.request.Request(  # noqa: S310 - the loopback address
        f"{served}/graphql",
        json.dumps({"query": _LOCATION}).encode(),
        {"Content-Type": "application/json"},
    )
    until = time.monotonic() + STARTING
    while server.poll() is None and time.monotonic() < until:
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                entries = json.load(answer)["data"]["workspaceOrError"]["locationEntries"]
        except OSError:
            entries = []
        if entries and all(entry["loadStatus"] == "LOADED" for entry in entries):
            return
        time.sleep(0.5)
    pytest.fail(f"naxs ui did not come up:\n{log.read_text()[-3000:]}")


def _end(server: subprocess.Popen[bytes]) -> None:
    for sign in (signal.SIGINT, signal.SIGKILL):
        try:
            os.killpg(server.pid, sign)
        except ProcessLookupError:
            return
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            continue
