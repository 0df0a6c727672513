"""A replay finds files of parts that are missing or damaged, and mends what the answers give."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from naxs_assets.lineage.content_hash import file_hash
from naxs_assets.lineage.store import DamagedFileError
from naxs_assets.market.fetching.calls import Answer, Call, Family
from naxs_assets.market.pulling.parts import Part, PulledStore
from naxs_assets.market.pulling.replay import replay
from naxs_assets.market.sources.offers import PULLED, PulledTable, Wanted
from naxs_tests.market.pulling.conftest import FIRST
from naxs_tests.market.pulling.memory import Upstream, offers, puller
from naxs_tests.market.pulling.test_pull import TODAY


def flip_a_bit(file: Path, at: int | None = None) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2 if at is None else at % len(data)] ^= 1
    file.write_bytes(data)


def cut_off(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-7])


DAMAGES = [flip_a_bit, cut_off, Path.unlink]
any_damage = pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)


def file_of(store: PulledStore, part: Part) -> Path:
    return store.folder / part.uri


def a_history(store: PulledStore) -> Part:
    return store.parts(PulledTable.HISTORY)[3]


def files(store: PulledStore) -> dict[str, bytes]:
    objects = store.folder / "objects"
    return {str(f.relative_to(objects)): f.read_bytes() for f in sorted(objects.glob("*/*"))}


def read_otherwise(upstream: Upstream, part: Part, change: pl.Expr) -> None:
    """Let the recorded answer of a part say something else than when it was stored."""
    for number, answer in enumerate(upstream.recorded):
        if answer.call.request_hash in part.request_hashes:
            upstream.recorded[number] = replace(answer, frame=answer.frame.with_columns(change))


@pytest.fixture
def pulled(store: PulledStore, upstream: Upstream) -> PulledStore:
    puller(store, upstream).pull(FIRST, TODAY)
    return store


# --- Reading ------------------------------------------------------------------------------------


@any_damage
def test_a_damaged_part_names_the_replay_that_mends_it(
    damage: Callable[[Path], None], pulled: PulledStore
) -> None:
    part = a_history(pulled)
    damage(file_of(pulled, part))
    with pytest.raises(DamagedFileError) as caught:
        pulled.rows(part)
    assert caught.value.what.startswith(f"history {part.scope} of baostock: a stored file is ")
    assert caught.value.where.endswith(part.uri)
    assert caught.value.remedy.startswith(f"naxs pull --replay --from {part.wanted.first} ")
    count, damaged = pulled.damaged()
    assert (count, [found for found, _ in damaged]) == (len(pulled.parts()), [part])


def test_whole_parts_have_no_damage(pulled: PulledStore) -> None:
    assert pulled.damaged() == (len(pulled.parts()), [])


def test_where_nothing_was_pulled_nothing_is_damaged(store: PulledStore) -> None:
    assert store.damaged() == (0, [])
    assert not store.folder.exists()


# --- Mending ------------------------------------------------------------------------------------


@any_damage
def test_a_damaged_file_is_written_anew(
    damage: Callable[[Path], None], pulled: PulledStore, upstream: Upstream
) -> None:
    before, parts, part = files(pulled), pulled.parts(), a_history(pulled)
    damage(file_of(pulled, part))
    (found,) = replay(pulled, parts, upstream, offers)
    assert (found.part, found.mended) == (part, True)
    assert "a stored file is " in found.what
    assert files(pulled) == before
    assert pulled.parts() == parts
    assert replay(pulled, parts, upstream, offers) == []
    aside = list((pulled.folder / "damaged").glob("*"))
    assert len(aside) == (damage is not Path.unlink)
    assert not list((pulled.folder / "staging").iterdir())


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(min_value=0, max_value=1 << 20))
def test_a_bit_anywhere_is_found_and_mended(
    pulled: PulledStore, upstream: Upstream, at: int
) -> None:
    part = a_history(pulled)
    file = file_of(pulled, part)
    whole = file.read_bytes()
    flip_a_bit(file, at)
    assert [one.mended for one in replay(pulled, [part], upstream, offers)] == [True]
    assert file.read_bytes() == whole


def test_all_files_gone_are_all_written_anew(pulled: PulledStore, upstream: Upstream) -> None:
    before, parts = files(pulled), pulled.parts()
    for name in before:
        (pulled.folder / "objects" / name).unlink()
    found = replay(pulled, parts, upstream, offers)
    assert all(one.mended for one in found)
    assert len(found) == len(before)  # parts of the same content share a file: told once
    assert files(pulled) == before


def test_a_file_is_written_only_while_no_pull_runs(pulled: PulledStore, upstream: Upstream) -> None:
    held = []

    @contextmanager
    def alone() -> Iterator[None]:
        held.append(file.exists())
        yield
        held.append(file.exists())

    part = a_history(pulled)
    file = file_of(pulled, part)
    file.unlink()
    replay(pulled, pulled.parts(), upstream, offers, alone)
    assert held == [False, True]


def test_other_bytes_of_the_same_content_are_recorded_for_every_part_of_it(
    store: PulledStore, upstream: Upstream
) -> None:
    """As when a file was written by another version of the Parquet writer."""
    days = pl.DataFrame({"date": [date(2021, 8, 30), date(2021, 8, 31)]})
    upstream.frames[Family.SINA, PulledTable.OPEN_DAYS] = days
    wanted = Wanted(FIRST, TODAY, TODAY)
    (offer,) = (o for o in offers(PulledTable.OPEN_DAYS) if o.family is Family.SINA)
    for _ in range(2):
        answers = [upstream.fetch(call) for call in offer.calls(wanted)]
        store.add(PulledTable.OPEN_DAYS, "", wanted, answers, days)
    file = file_of(store, store.parts()[0])
    days.write_parquet(file, compression="uncompressed")
    with closing(sqlite3.connect(store.folder / "index.db")) as index, index:
        index.execute("UPDATE parts SET file_sha256 = ?", (file_hash(file.read_bytes()),))
    assert store.damaged() == (2, [])
    flip_a_bit(file)

    found = replay(store, store.parts(), upstream, offers)
    assert [(one.part.id, one.mended) for one in found] == [(1, True)]
    assert store.damaged() == (2, [])
    assert [store.rows(part).equals(days) for part in store.parts()] == [True, True]


def test_other_rows_mend_nothing(pulled: PulledStore) -> None:
    part, before = a_history(pulled), files(pulled)
    with pytest.raises(ValueError, match="not the rows of history"):
        pulled.mend(part, pl.DataFrame(schema=PULLED[PulledTable.HISTORY]))
    assert files(pulled) == before


# --- What the answers do not give ---------------------------------------------------------------


@any_damage
def test_what_reads_otherwise_is_not_written(
    damage: Callable[[Path], None], pulled: PulledStore, upstream: Upstream
) -> None:
    part = a_history(pulled)
    damage(file_of(pulled, part))
    before = files(pulled)
    read_otherwise(upstream, part, pl.col("volume") * 100)
    (found,) = replay(pulled, pulled.parts(), upstream, offers)
    assert (found.part, found.mended) == (part, False)
    assert "not mended: the answers give other values; put " in found.what
    assert found.what.endswith(f"{part.uri} back from a backup")
    assert files(pulled) == before
    assert not (pulled.folder / "damaged").exists()


def test_a_file_whose_answers_are_gone_is_not_written(
    pulled: PulledStore, upstream: Upstream
) -> None:
    part = a_history(pulled)
    file_of(pulled, part).unlink()

    class Gone:
        def fetch_as_of(self, call: Call, as_of: object) -> Answer:
            other = replace(call, arguments={})
            return upstream.fetch_as_of(other, as_of)  # type: ignore[arg-type]

    (found,) = replay(pulled, [part], Gone(), offers)
    assert not found.mended
    assert "is missing; not mended: not_recorded: no answer was recorded; put " in found.what
    assert not file_of(pulled, part).exists()


def test_a_table_that_is_asked_for_otherwise_is_not_written(
    pulled: PulledStore, upstream: Upstream
) -> None:
    part = a_history(pulled)
    file_of(pulled, part).unlink()
    (nobody,) = replay(pulled, [part], upstream, lambda _table: ())
    assert "not mended: baostock does not offer history any more" in nobody.what
    other = replace(part, request_hashes=("0" * 64,))
    (calls,) = replay(pulled, [other], upstream, offers)
    assert "not mended: the table is asked for by other calls now" in calls.what
    assert not file_of(pulled, part).exists()
