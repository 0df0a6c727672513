"""What real AKShare makes of each misbehaviour: much looks alike, more passes in silence.

These are facts about AKShare 1.19.5, not wishes; they prove the imitation, and say what a caller
must catch.
"""

from __future__ import annotations

import contextlib
import json

import akshare
import pandas as pd
import pytest
import requests
import urllib3

from naxs_tests.upstream import LoopbackUpstream, Misbehaviour
from naxs_tests.upstream.eventful import FIRST, LAST

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
HOST = "push2his.eastmoney.com"
SPAN = {"start_date": f"{FIRST:%Y%m%d}", "end_date": f"{LAST:%Y%m%d}"}


def history(**named: float) -> pd.DataFrame:
    return akshare.stock_zh_a_hist("600001", **SPAN, **named)


@pytest.fixture(scope="module")
def healthy(upstream: LoopbackUpstream) -> pd.DataFrame:
    return history()


@pytest.mark.parametrize(
    "kind",
    [
        Misbehaviour.STATUS_403,
        Misbehaviour.STATUS_418,
        Misbehaviour.STATUS_429,
        Misbehaviour.STATUS_456,
        Misbehaviour.STATUS_500,
        Misbehaviour.STATUS_503,
        Misbehaviour.HTML,
        Misbehaviour.EMPTY_BODY,
        Misbehaviour.TRUNCATED,
        Misbehaviour.LOGIN_REDIRECT,
    ],
)
def test_refusals_and_broken_bodies_are_one_and_the_same(
    upstream: LoopbackUpstream, kind: Misbehaviour
) -> None:
    upstream.misbehave(HOST, kind)
    with pytest.raises(requests.exceptions.JSONDecodeError):
        history()


def test_the_status_is_really_sent(upstream: LoopbackUpstream) -> None:
    upstream.misbehave(HOST, Misbehaviour.STATUS_456)
    assert requests.get(f"https://{HOST}/api/qt/stock/kline/get", timeout=5).status_code == 456
    upstream.misbehave(HOST, Misbehaviour.LOGIN_REDIRECT)
    response = requests.get(f"https://{HOST}/any", timeout=5, allow_redirects=False)
    assert response.status_code == 302
    assert response.headers["Location"] == "https://passport.example/login"


def causes(error: BaseException | None) -> list[type]:
    """The types of an error and of all that it came from, arguments included."""
    found: list[type] = []
    while error is not None:
        found.append(type(error))
        inner = next((one for one in error.args if isinstance(one, BaseException)), None)
        error = inner or error.__cause__
    return found


def test_content_length_not_met(upstream: LoopbackUpstream) -> None:
    upstream.misbehave(HOST, Misbehaviour.LENGTH_NOT_MET)
    with pytest.raises(requests.exceptions.ChunkedEncodingError) as caught:
        history()
    assert urllib3.exceptions.IncompleteRead in causes(caught.value)


def test_closed_without_bytes(upstream: LoopbackUpstream) -> None:
    upstream.misbehave(HOST, Misbehaviour.CLOSED)
    with pytest.raises(requests.exceptions.ConnectionError, match="RemoteDisconnected"):
        history()


def test_reset(upstream: LoopbackUpstream) -> None:
    upstream.misbehave(HOST, Misbehaviour.RESET)
    with pytest.raises(requests.exceptions.ConnectionError, match="ConnectionResetError"):
        history()


def test_a_slow_header_is_waited_for_as_long_as_one_says(upstream: LoopbackUpstream) -> None:
    upstream.misbehave(HOST, Misbehaviour.SLOW_HEADER)
    with pytest.raises(requests.exceptions.ReadTimeout):
        history(timeout=0.3)


def test_a_dripping_body_outlasts_its_timeout(
    upstream: LoopbackUpstream, healthy: pd.DataFrame
) -> None:
    """It takes some 2.7 seconds: the timeout is only for each piece."""
    upstream.misbehave(HOST, Misbehaviour.DRIPPING)
    pd.testing.assert_frame_equal(history(timeout=0.6), healthy)


def test_a_huge_body_goes_on_for_as_long_as_one_reads(upstream: LoopbackUpstream) -> None:
    upstream.misbehave(HOST, Misbehaviour.HUGE_BODY)
    query = {"klt": "101", "secid": "1.600001", "fields2": "f51", "beg": "0", "end": "9"}
    url = f"https://{HOST}/api/qt/stock/kline/get"
    with requests.get(url, query, timeout=5, stream=True) as response:
        assert int(response.headers["Content-Length"]) == 1 << 30
        assert sum(len(piece) for piece in first_pieces(response, 64)) == 64 * 65536


def first_pieces(response: requests.Response, pieces: int) -> list[bytes]:
    reading = response.iter_content(65536)
    return [next(reading) for _ in range(pieces)]


@pytest.mark.parametrize(
    ("kind", "error"),
    [(Misbehaviour.KEY_MISSING, KeyError), (Misbehaviour.JSON_LIST, TypeError)],
)
def test_another_document(
    upstream: LoopbackUpstream, kind: Misbehaviour, error: type[Exception]
) -> None:
    upstream.misbehave(HOST, kind)
    with pytest.raises(error):
        history()


@pytest.mark.parametrize("kind", [Misbehaviour.DATA_NULL, Misbehaviour.DATA_EMPTY])
def test_no_data_is_an_empty_frame(upstream: LoopbackUpstream, kind: Misbehaviour) -> None:
    upstream.misbehave(HOST, kind)
    assert history().empty


@pytest.mark.parametrize("kind", [Misbehaviour.COLUMN_ADDED, Misbehaviour.COLUMN_DROPPED])
def test_another_number_of_columns(upstream: LoopbackUpstream, kind: Misbehaviour) -> None:
    upstream.misbehave(HOST, kind)
    with pytest.raises(ValueError, match="Length mismatch"):
        history()


def changed(upstream: LoopbackUpstream, kind: Misbehaviour, healthy: pd.DataFrame) -> pd.DataFrame:
    """A frame that came without an error and has the usual columns."""
    upstream.misbehave(HOST, kind)
    frame = history()
    assert list(frame.columns) == list(healthy.columns)
    return frame


def test_a_column_dropped_in_later_rows_shifts_the_rest(
    upstream: LoopbackUpstream, healthy: pd.DataFrame
) -> None:
    frame = changed(upstream, Misbehaviour.COLUMN_DROPPED_IN_SOME, healthy)
    middle = len(healthy) // 2
    pd.testing.assert_frame_equal(frame[:middle], healthy[:middle], check_dtype=False)
    assert list(frame["成交量"][middle:]) == list(healthy["成交额"][middle:])
    assert frame["换手率"][middle:].isna().all()


def test_columns_swapped(upstream: LoopbackUpstream, healthy: pd.DataFrame) -> None:
    frame = changed(upstream, Misbehaviour.COLUMNS_SWAPPED, healthy)
    assert list(frame["最高"]) == list(healthy["最低"])
    assert list(frame["最低"]) == list(healthy["最高"])


def test_lots_become_shares(upstream: LoopbackUpstream, healthy: pd.DataFrame) -> None:
    frame = changed(upstream, Misbehaviour.LOTS_TO_SHARES, healthy)
    middle = len(healthy) // 2
    assert list(frame["成交量"][:middle]) == list(healthy["成交量"][:middle])
    assert list(frame["成交量"][middle:]) == list(healthy["成交量"][middle:] * 100)


def test_a_dash_and_a_bad_date_become_nothing(
    upstream: LoopbackUpstream, healthy: pd.DataFrame
) -> None:
    middle = len(healthy) // 2
    frame = changed(upstream, Misbehaviour.DASH, healthy)
    assert list(frame.index[frame["收盘"].isna()]) == [middle]
    frame = changed(upstream, Misbehaviour.BAD_DATE, healthy)
    assert list(frame.index[frame["日期"].isna()]) == [middle]


def test_duplicate_unsorted_and_half(upstream: LoopbackUpstream, healthy: pd.DataFrame) -> None:
    frame = changed(upstream, Misbehaviour.DUPLICATE, healthy)
    assert len(frame) == len(healthy) + 1
    assert frame["日期"].duplicated().sum() == 1
    frame = changed(upstream, Misbehaviour.UNSORTED, healthy)
    assert sorted(frame["日期"]) == list(healthy["日期"]) != list(frame["日期"])
    frame = changed(upstream, Misbehaviour.HALF, healthy)
    assert list(frame["日期"]) == list(healthy["日期"][::2])


def test_code_in_a_factor_script_is_run(upstream: LoopbackUpstream) -> None:
    """AKShare evaluates the body as Python: a caller must look at it first."""
    assert not upstream.payload_marker.exists()
    upstream.misbehave("akshare.sina", Misbehaviour.PLANTED_CODE)
    frame = akshare.stock_zh_a_daily("sh600001", adjust="hfq-factor")
    assert upstream.payload_marker.exists()
    assert list(frame.columns) == ["date", "hfq_factor"]


@pytest.mark.parametrize("kind", [Misbehaviour.STATUS_403, Misbehaviour.HTML])
@pytest.mark.parametrize(
    ("family", "call", "arguments", "error"),
    [
        ("akshare.sina", "tool_trade_date_hist_sina", [], "IndexError"),
        ("akshare.sina", "stock_zh_a_daily", ["sh600001"], "IndexError"),
        ("akshare.tencent", "stock_zh_a_hist_tx", ["sh600001"], "JSONDecodeError"),
        ("akshare.csindex", "index_stock_cons_weight_csindex", ["000300"], "ValueError"),
        ("akshare.exchanges", "stock_info_sz_delist", [], "ValueError"),
        ("akshare.shenwan", "stock_industry_clf_hist_sw", [], "ValueError"),
        ("akshare.eastmoney_datacenter", "stock_news_em", ["600001"], "JSONDecodeError"),
        ("akshare.eastmoney_datacenter", "stock_tfp_em", ["20230628"], "JSONDecodeError"),
    ],
)
def test_every_family_refuses_in_its_own_way(
    upstream: LoopbackUpstream,
    family: str,
    call: str,
    arguments: list[str],
    error: str,
    kind: Misbehaviour,
) -> None:
    upstream.misbehave(family, kind)
    with pytest.raises(Exception) as caught:  # noqa: PT011
        getattr(akshare, call)(*arguments)
    assert error in {one.__name__ for one in type(caught.value).__mro__}


def test_rows_change_in_every_format_that_has_such_a_column(upstream: LoopbackUpstream) -> None:
    """Packed bars and records too; the shares of Sina turn to a hundred times as many."""
    whole = akshare.stock_zh_a_daily("sh600001")
    listed = len(akshare.stock_zh_a_spot_tx())
    upstream.misbehave("akshare.sina", Misbehaviour.LOTS_TO_SHARES)
    middle = len(whole) // 2
    frame = akshare.stock_zh_a_daily("sh600001")
    assert list(frame["volume"][middle:]) == list(whole["volume"][middle:] * 100)
    upstream.misbehave("akshare.tencent", Misbehaviour.HALF)
    assert len(akshare.stock_zh_a_spot_tx()) == -(-listed // 2)


SLOW = {Misbehaviour.SLOW_HEADER, Misbehaviour.HUGE_BODY, Misbehaviour.DRIPPING}


@pytest.mark.parametrize("kind", [kind for kind in Misbehaviour if kind not in SLOW])
def test_every_kind_can_be_ordered_of_everyone(
    upstream: LoopbackUpstream, kind: Misbehaviour
) -> None:
    """None makes a handler fail; what a format cannot hold leaves it as it is."""
    calls = {
        "akshare.sina": [("stock_zh_a_daily", "sh600001"), ("tool_trade_date_hist_sina",)],
        "akshare.tencent": [("stock_zh_a_spot_tx",)],
        "akshare.csindex": [("index_stock_cons_csindex", "000300")],
        "akshare.exchanges": [("stock_info_sh_delist",), ("stock_info_sz_delist",)],
        "akshare.eastmoney_datacenter": [
            ("stock_yjbb_em", "20230331"),
            ("stock_news_em", "600001"),
        ],
    }
    for family, functions in calls.items():
        upstream.misbehave(family, kind)
        for name, *arguments in functions:
            with contextlib.suppress(Exception):
                getattr(akshare, name)(*arguments)
    assert not upstream.failures


def test_it_ends_after_so_many_requests_and_the_newest_order_counts(
    upstream: LoopbackUpstream, healthy: pd.DataFrame
) -> None:
    upstream.misbehave("akshare.eastmoney", Misbehaviour.HTML)
    upstream.misbehave("/api/qt/stock/kline/get", Misbehaviour.DATA_NULL, times=1)
    assert history().empty
    with pytest.raises(json.JSONDecodeError):
        history()
    upstream.behave()
    pd.testing.assert_frame_equal(history(), healthy)


def test_the_log_tells_host_path_family_and_order(upstream: LoopbackUpstream) -> None:
    upstream.requests.clear()
    akshare.stock_zh_a_daily("sh600001")
    hosts = [(one.host, one.family) for one in upstream.requests]
    assert hosts == [
        ("finance.sina.com.cn", "akshare.sina"),
        ("stock.finance.sina.com.cn", "akshare.sina"),
    ]
    assert upstream.requests[0].path == "/realstock/company/sh600001/hisdata_klc2/klc_kl.js"
    assert upstream.requests[0].at <= upstream.requests[1].at
