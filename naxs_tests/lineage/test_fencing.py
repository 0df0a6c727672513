"""Fencing: of writers that race for one place the latest wins, and the others are told by whom."""

from __future__ import annotations

import threading
import time
from ast import literal_eval
from collections import Counter
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import select

from naxs_assets.errors import EXIT_BUSY
from naxs_assets.lineage import tables as t
from naxs_assets.lineage.database import Database
from naxs_assets.lineage.events import broken_link
from naxs_assets.lineage.ledger import Ledger, StaleWriterError
from naxs_tests.lineage.support import a_claim, a_draft, at, run_at_once

PLACES = ["2020-01", "2020-02", "2020-03"]
RACING_SECONDS = 1.0
_turns = count()
MAKING_SECONDS = 0.008  # in which another may claim


def test_the_later_claim_wins_and_the_earlier_writer_is_refused_by_name(ledger: Ledger) -> None:
    early = a_claim(ledger, "run-early")
    late = a_claim(ledger, "run-late")
    with pytest.raises(StaleWriterError) as caught:
        ledger.publish(a_draft(content="a"), early, at(1))
    assert "run run-early was overtaken by run run-late" in caught.value.what
    assert caught.value.where == "market/prices[2020-01]"
    assert "was not written" in caught.value.remedy
    assert caught.value.exit_code == EXIT_BUSY
    assert ledger.current("market/prices", "2020-01") is None
    ledger.publish(a_draft(content="b"), late, at(2))
    assert [v.run_id for v in ledger.history("market/prices", "2020-01")] == ["run-late"]


def test_a_refused_writer_cannot_claim_again(ledger: Ledger) -> None:
    a_claim(ledger, "run-early")
    a_claim(ledger, "run-late")
    with pytest.raises(StaleWriterError, match="overtaken by run run-late"):
        a_claim(ledger, "run-early", partitions=["2019-12", "2020-01"])
    # Nothing of the refused claim stays: the other place is free.
    assert a_claim(ledger, "run-early", partitions=["2019-12"]).expected == {"2019-12": None}


def test_a_retried_step_keeps_its_runs_token(ledger: Ledger) -> None:
    first = a_claim(ledger, "run-a")
    ledger.publish(a_draft(content="a"), first, at(1))
    retried = a_claim(ledger, "run-a")
    assert retried.token == first.token
    ledger.publish(a_draft(content="b"), retried, at(2))
    with pytest.raises(StaleWriterError):
        ledger.publish(a_draft(content="c"), first, at(3))


def test_runs_of_different_months_do_not_disturb_each_other(ledger: Ledger) -> None:
    first = a_claim(ledger, "run-a", partitions=["2020-01"])
    second = a_claim(ledger, "run-b", partitions=["2020-02"])
    ledger.publish(a_draft(partition="2020-02"), second, at(1))
    ledger.publish(a_draft(partition="2020-01"), first, at(2))
    assert ledger.partitions("market/prices") == ["2020-01", "2020-02"]


# --- Races ----------------------------------------------------------------------------------------


def race(ledger: Ledger, name: str) -> Counter[str]:
    """Claim and publish all places round after round; counts what happened."""
    seen: Counter[str] = Counter()
    stop = time.monotonic() + RACING_SECONDS
    while time.monotonic() < stop:
        run_id = f"{name}-{next(_turns)}"
        try:
            claim = a_claim(ledger, run_id, partitions=PLACES)
            for place in PLACES:
                time.sleep(MAKING_SECONDS)
                ledger.publish(a_draft(partition=place, content=f"{run_id}-{place}"), claim, at(0))
                seen["published"] += 1
        except StaleWriterError as error:
            assert "overtaken by run" in error.what  # noqa: PT017
            seen["refused"] += 1
    return seen


def assert_one_history(ledger: Ledger, published: int) -> None:
    """Every success is on record, each place's versions follow one another without a gap."""
    with ledger.database.read() as connection:
        assert broken_link(connection) is None
        events = connection.execute(select(t.events).order_by(t.events.c.seq)).all()
    assert len(events) == published
    for place in PLACES:
        moves = [e for e in events if e.partition == place]
        before = [None, *(e.version_after for e in moves[:-1])]
        assert [e.version_before for e in moves] == before
        version = ledger.current("market/prices", place)
        assert version is not None
        assert version.id == moves[-1].version_after


def test_racing_threads_leave_one_history(folder: Path) -> None:
    ledger = Ledger(Database(f"sqlite:///{folder / 'ledger.db'}"))
    seen: list[Counter[str]] = []
    start = threading.Barrier(4)

    def run(name: str) -> None:
        start.wait()
        seen.append(race(ledger, name))

    threads = [threading.Thread(target=run, args=(f"thread-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total = sum(seen, Counter())
    assert len(seen) == 4
    assert total["refused"] > 0
    assert_one_history(ledger, total["published"])


RACER = """
from naxs_tests.lineage.test_fencing import Database, Ledger, race
def work(number, url):
    seen = race(Ledger(Database(url)), f"process-{number}")
    return seen["published"], seen["refused"]
"""


def test_two_processes_racing_on_one_file_leave_one_history(folder: Path) -> None:
    url = f"sqlite:///{folder / 'ledger.db'}"
    counts = [literal_eval(line) for line in run_at_once(RACER, 2, url)]
    assert len(counts) == 2
    assert sum(refused for _, refused in counts) > 0
    assert_one_history(Ledger(Database(url)), sum(published for published, _ in counts))
