"""Readers and handles: each handle is one version, and its edge says exactly what was read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import polars as pl
import pytest

from naxs_assets.lineage.content_hash import table_hash
from naxs_assets.lineage.monthly import Made
from naxs_assets.lineage.publishing import Lineage
from naxs_assets.lineage.reader import FrameCache, cut_frame
from naxs_assets.lineage.records import Read, ReadKind, Schema
from naxs_assets.lineage.store import DamagedFileError
from naxs_tests.lineage.support import a_recipe, moment, numbers, publish, put

MONTH = "2020-01"


def values(frame: pl.DataFrame) -> list[float | None]:
    return frame.get_column("value").to_list()


def test_a_handle_gives_the_table_and_its_edge(lineage: Lineage) -> None:
    put(lineage, "bars", {MONTH: numbers(MONTH, 1, None, 3)})
    handle = lineage.reader("bars")[MONTH]
    version = lineage.ledger.current("bars", MONTH)
    assert version is not None
    assert handle
    assert values(handle.frame()) == [1, None, 3]
    assert handle.read() == Read(
        ReadKind.VERSION, "bars", MONTH, version.id, table_hash(handle.frame(), ("date",))
    )


def test_a_handle_stays_with_its_version_when_the_pointer_moves(lineage: Lineage) -> None:
    put(lineage, "bars", {MONTH: numbers(MONTH, 1)})
    handle = lineage.reader("bars")[MONTH]
    edge = handle.read()
    put(lineage, "bars", {MONTH: numbers(MONTH, 2)})
    assert values(handle.frame()) == [1]
    assert handle.read() == edge
    later = lineage.reader("bars")[MONTH]
    assert values(later.frame()) == [2]
    assert later.read() != edge
    assert values(lineage.library.frame_read(edge)) == [1], "the table as it was read"


def test_an_absent_place_is_an_edge_too_and_cannot_be_opened(lineage: Lineage) -> None:
    handle = lineage.reader("bars")[MONTH]
    assert not handle
    assert handle.read() == Read(ReadKind.ABSENT, "bars", MONTH, None, "")
    assert handle.until(date(2020, 1, 5)).read() == handle.read()
    with pytest.raises(LookupError, match=r"bars\[2020-01\]"):
        handle.frame()
    with pytest.raises(ValueError, match="absent stands for no table"):
        lineage.library.frame_read(handle.read())


def test_an_unpartitioned_asset_is_read_whole(lineage: Lineage) -> None:
    put(lineage, "calendar", {"": numbers(MONTH, 1)}, monthly=False)
    assert values(lineage.reader("calendar").whole().frame()) == [1]


def test_a_text_is_read_as_it_was_written(lineage: Lineage) -> None:
    def make(pending: Iterator[str]) -> Iterator[Made]:
        for partition in pending:
            yield Made(partition, '{"树": 3}\n')

    publish(lineage, a_recipe("model", contract=None, suffix=".json"), make, [MONTH])
    assert lineage.reader("model")[MONTH].text() == '{"树": 3}\n'


def test_a_damaged_file_is_refused_on_reading(lineage: Lineage) -> None:
    put(lineage, "bars", {MONTH: numbers(MONTH, 1)})
    handle = lineage.reader("bars")[MONTH]
    assert handle.version is not None
    path = lineage.store.local_path(handle.version.uri)
    assert path is not None
    os.truncate(path, 50)
    with pytest.raises(DamagedFileError):
        handle.frame()


# --- As of ----------------------------------------------------------------------------------------


def test_a_reader_of_the_past_shows_what_was_current_then(lineage: Lineage) -> None:
    put(lineage, "bars", {MONTH: numbers(MONTH, 1)})
    then = lineage.clock()
    put(lineage, "bars", {MONTH: numbers(MONTH, 2), "2020-02": numbers("2020-02", 3)})
    past = lineage.reader("bars", as_of=then)
    assert list(past) == [MONTH]
    assert values(past[MONTH].frame()) == [1]
    assert not past["2020-02"]
    assert list(lineage.reader("bars")) == [MONTH, "2020-02"]
    assert list(lineage.reader("bars", as_of=moment(0))) == []


# --- Cuts -----------------------------------------------------------------------------------------


def test_a_cut_handle_gives_what_was_known_on_the_day(lineage: Lineage) -> None:
    put(lineage, "bars", {MONTH: numbers(MONTH, 1, 2, 3, until=date(2020, 1, 9))})
    handle = lineage.reader("bars")[MONTH]
    cut = handle.until(date(2020, 1, 2))
    assert lineage.library.frame_read(cut.read()).equals(cut.frame())
    assert values(cut.frame()) == [1, 2]
    # That a row ends on the ninth was not known on the second.
    assert cut.frame().get_column("until").to_list() == [None, None]
    assert handle.until(date(2020, 1, 9)).frame().equals(handle.frame())
    edge = cut.read()
    assert (edge.cut, edge.read_hash) == ("2020-01-02", table_hash(cut.frame(), ("date",)))
    assert edge.version_id == handle.read().version_id


def test_a_cut_edge_stays_the_same_while_later_rows_come(lineage: Lineage) -> None:
    hashes = []
    for table in (numbers(MONTH, 1, 2), numbers(MONTH, 1, 2, 3), numbers(MONTH, 9, 2, 3)):
        put(lineage, "bars", {MONTH: table})
        hashes.append(lineage.reader("bars")[MONTH].until(date(2020, 1, 2)).read().read_hash)
    assert hashes[0] == hashes[1] != hashes[2]


def test_a_table_without_dates_of_knowledge_cannot_be_cut() -> None:
    with pytest.raises(ValueError, match="contract fees cannot be cut"):
        cut_frame(numbers(MONTH, 1), Schema(contract="fees"), date(2020, 1, 1))


# --- The cache ------------------------------------------------------------------------------------


def test_what_a_caller_does_to_a_table_is_not_seen_by_the_next(lineage: Lineage) -> None:
    put(lineage, "bars", {MONTH: numbers(MONTH, 1, 2)})
    handle = lineage.reader("bars")[MONTH]
    for _ in range(2):  # once just loaded, once from the cache
        handle.frame().insert_column(0, pl.Series("mine", [0, 0]))
        assert handle.frame().columns == ["date", "value", "until"]


def test_the_cache_drops_what_was_used_least_recently() -> None:
    size = numbers(MONTH, *range(20)).estimated_size()
    cache = FrameCache(limit=int(size * 2.5))
    loads: list[str] = []

    def get(key: str) -> None:
        def load() -> pl.DataFrame:
            loads.append(key)
            return numbers(MONTH, *range(20))

        cache.get(key, load)

    for key in ("a", "b", "a", "c", "a", "b"):
        get(key)
    assert loads == ["a", "b", "c", "b"]


def test_a_table_larger_than_the_cache_is_still_given() -> None:
    assert FrameCache(limit=1).get("a", lambda: numbers(MONTH, 1)).height == 1


def test_threads_share_the_cache() -> None:
    cache = FrameCache(limit=2_000)

    def read(turn: int) -> float:
        key = turn % 7
        return cache.get(str(key), lambda: numbers(MONTH, *[key] * 20))["value"].sum()

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(read, range(400))) == [turn % 7 * 20 for turn in range(400)]
