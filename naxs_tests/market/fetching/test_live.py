"""A live fetch: real AKShare functions, led to a loopback upstream by proxy and CA settings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from naxs_assets.market.fetching.live import LiveFetcher
from naxs_tests.market.fetching.conftest import START, Clock, quick
from naxs_tests.market.fetching.loopback import Upstream
from naxs_tests.market.fetching.vendor import KLINE_COLUMNS, good_kline, kline

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def fetcher(upstream: Upstream, folder: Path) -> Iterator[LiveFetcher]:
    with LiveFetcher(folder, Clock(), quick()) as fetcher:
        yield fetcher


def test_answer_holds_the_vendors_own_columns(upstream: Upstream, fetcher: LiveFetcher) -> None:
    upstream.script = lambda asked: good_kline()
    answer = fetcher.fetch(kline())
    assert tuple(answer.frame.columns) == KLINE_COLUMNS
    assert answer.frame["日期"].to_list() == [date(2024, 1, 2), date(2024, 1, 3)]
    assert answer.frame["成交量"].dtype == pl.Int64
    assert answer.source_version.startswith("akshare 1.")
    assert answer.fetched_at == START
    assert len(answer.responses) == 1
