"""Lists, members, events, figures and news: real AKShare gives back what the market holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import akshare
import pandas as pd
import polars as pl
import pytest

from naxs_tests.upstream import LoopbackUpstream, UpstreamMarket
from naxs_tests.upstream.datacenter import reported_with
from naxs_tests.upstream.eventful import (
    BEIJING,
    DELISTED,
    DELISTED_ON,
    LAST,
    SUSPENDED,
    SUSPENDED_SINCE,
)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
ANNUAL, QUARTER = date(2022, 12, 31), date(2023, 3, 31)


@pytest.fixture(autouse=True)
def fresh_lists() -> Iterator[None]:
    """AKShare keeps the exchanges' lists for the life of the process."""
    lists = (
        akshare.stock_info_sh_name_code,
        akshare.stock_info_sz_name_code,
        akshare.stock_info_bj_name_code,
    )
    yield
    for one in lists:
        one.cache_clear()


def listed(market: UpstreamMarket, *prefixes: str) -> dict[str, date]:
    """Codes and listing days of what is listed on the last day."""
    table = market.instruments.filter(
        pl.col("delist_date").is_null() | (pl.col("delist_date") >= LAST)
    )
    pairs = table.select(pl.col("symbol").str.head(6), "list_date").iter_rows()
    return {code: day for code, day in pairs if code.startswith(prefixes)}


def days(column: pd.Series) -> list[date]:
    return [pd.Timestamp(one).date() for one in column]


@pytest.mark.parametrize(("board", "prefix"), [("主板A股", "60"), ("科创板", "68")])
def test_shanghai_list(
    upstream: LoopbackUpstream, market: UpstreamMarket, board: str, prefix: str
) -> None:
    frame = akshare.stock_info_sh_name_code(board)
    assert dict(zip(frame["证券代码"], frame["上市日期"], strict=True)) == listed(market, prefix)


def test_shenzhen_list(upstream: LoopbackUpstream, market: UpstreamMarket) -> None:
    frame = akshare.stock_info_sz_name_code("A股列表")
    found = dict(zip(frame["A股代码"], days(frame["A股上市日期"]), strict=True))
    assert found == listed(market, "0", "3")
    assert set(frame["板块"]) == {"主板", "创业板"}


def test_beijing_list(upstream: LoopbackUpstream, market: UpstreamMarket) -> None:
    frame = akshare.stock_info_bj_name_code()
    found = dict(zip(frame["证券代码"], frame["上市日期"], strict=True))
    assert found == listed(market, "4", "8", "9")
    assert BEIJING[:6] in found


def test_lists_are_remembered_by_akshare_until_its_cache_is_cleared(
    upstream: LoopbackUpstream,
) -> None:
    akshare.stock_info_sh_name_code("主板A股")
    asked = len(upstream.requests)
    akshare.stock_info_sh_name_code("主板A股")
    assert len(upstream.requests) == asked
    akshare.stock_info_sh_name_code.cache_clear()
    akshare.stock_info_sh_name_code("主板A股")
    assert len(upstream.requests) == asked + 1


def test_delisted(upstream: LoopbackUpstream, market: UpstreamMarket) -> None:
    shanghai, shenzhen = DELISTED
    frame = akshare.stock_info_sh_delist("全部").set_index("公司代码")
    assert frame.loc[shanghai[:6], "暂停上市日期"] == DELISTED_ON
    frame = akshare.stock_info_sz_delist("终止上市公司").set_index("证券代码")
    assert frame.loc[shenzhen[:6], "终止上市日期"] == DELISTED_ON


def test_a_delisting_that_lies_ahead_is_not_known(upstream: LoopbackUpstream) -> None:
    upstream.as_of = date(2023, 5, 30)
    try:
        assert DELISTED[0][:6] in set(akshare.stock_info_sh_name_code("主板A股")["证券代码"])
    finally:
        upstream.as_of = LAST


def test_members(upstream: LoopbackUpstream, market: UpstreamMarket) -> None:
    frame = akshare.index_stock_cons_csindex("000300")
    current = market.members.filter(
        pl.col("effective_from") <= LAST,
        pl.col("effective_to").is_null() | (pl.col("effective_to") >= LAST),
    )
    assert sorted(frame["成分券代码"]) == sorted(current["symbol"].str.head(6))
    assert set(frame["日期"]) == {LAST}


def test_weights_are_of_the_last_month_end(
    upstream: LoopbackUpstream, market: UpstreamMarket
) -> None:
    frame = akshare.index_stock_cons_weight_csindex("000300").sort_values("成分券代码")
    served = market.weights.filter(pl.col("date") == date(2023, 5, 31)).sort("symbol")
    assert list(frame["成分券代码"]) == served["symbol"].str.head(6).to_list()
    assert set(frame["日期"]) == {date(2023, 5, 31)}
    assert abs(frame["权重"].to_numpy() / 100 - served["weight"].to_numpy()).max() < 6e-6
    assert frame["权重"].sum() == pytest.approx(100, abs=0.05)
    with pytest.raises(ValueError, match="Excel file format"):
        akshare.index_stock_cons_weight_csindex("000905")


def test_suspensions(upstream: LoopbackUpstream, market: UpstreamMarket) -> None:
    frame = akshare.stock_tfp_em("20230628").set_index("代码")
    halted = market.bars.filter(pl.col("date") == date(2023, 6, 28), pl.col("is_suspended"))
    assert sorted(frame.index) == sorted(halted["symbol"].str.head(6))
    assert frame.loc[SUSPENDED[:6], "停牌时间"] == SUSPENDED_SINCE
    with pytest.raises(TypeError):
        akshare.stock_tfp_em("20230703")


def test_industries(upstream: LoopbackUpstream, market: UpstreamMarket) -> None:
    frame = akshare.stock_industry_clf_hist_sw()
    served = market.industry.filter(pl.col("start_date") <= LAST).sort("symbol", "start_date")
    assert list(frame["symbol"]) == served["symbol"].str.head(6).to_list()
    assert list(frame["start_date"]) == served["start_date"].to_list()
    assert list(frame["industry_code"]) == served["code"].to_list()


def test_dividends_are_per_ten_shares(upstream: LoopbackUpstream, market: UpstreamMarket) -> None:
    frame = akshare.stock_fhps_em("20221231")
    done = frame[frame["方案进度"] == "实施分配"].sort_values("代码")
    of_the_year = pl.col("ex_date").map_elements(reported_with, return_dtype=pl.Date) == ANNUAL
    actions = market.corporate_actions.filter(of_the_year)
    served = actions.filter(pl.col("announced_at") <= LAST).sort("symbol")
    assert served.height > 3
    assert list(done["代码"]) == served["symbol"].str.head(6).to_list()
    for chinese, name in {"现金分红-现金分红比例": "cash", "送转股份-送转总比例": "bonus"}.items():
        each = done[chinese].fillna(0).to_numpy() / 10
        assert abs(each - served[name].to_numpy()).max() < 1e-9
    assert days(done["除权除息日"]) == served["ex_date"].to_list()
    assert days(done["最新公告日期"]) == served["announced_at"].to_list()
    assert (done["股权登记日"] < done["除权除息日"]).all()
    with pytest.raises(TypeError):
        akshare.stock_fhps_em("20300630")


def test_a_plan_has_no_ex_date_yet(upstream: LoopbackUpstream, market: UpstreamMarket) -> None:
    action = market.corporate_actions.sort("ex_date").row(-1, named=True)
    upstream.as_of = action["announced_at"] - timedelta(days=1)
    try:
        frame = akshare.stock_fhps_em(f"{reported_with(action['ex_date']):%Y%m%d}")
    finally:
        upstream.as_of = LAST
    plan = frame[frame["代码"] == action["symbol"][:6]].iloc[0]
    assert plan["方案进度"] == "董事会决议通过"
    assert pd.isna(plan["除权除息日"])


def test_financials_are_those_published_so_far(
    upstream: LoopbackUpstream, market: UpstreamMarket
) -> None:
    frame = akshare.stock_yjbb_em("20230331").set_index("股票代码").sort_index()
    out = market.fundamentals.filter(
        pl.col("report_period") == QUARTER, pl.col("announced_at") <= LAST
    )
    wide = out.pivot("item", index=["symbol", "announced_at"], values="value").sort("symbol")
    assert list(frame.index) == wide["symbol"].str.head(6).to_list()
    assert list(frame["最新公告日期"]) == wide["announced_at"].to_list()
    figures = {
        "每股收益": "eps",
        "营业总收入-营业总收入": "revenue",
        "净利润-净利润": "net_profit",
        "每股净资产": "bps",
    }
    percents = {
        "净资产收益率": "roe",
        "营业总收入-同比增长": "revenue_growth",
        "净利润-同比增长": "net_profit_growth",
        "销售毛利率": "gross_margin",
    }
    for chinese, item in figures.items():
        assert abs(frame[chinese].to_numpy() - wide[item].to_numpy()).max() < 1e-9
    for chinese, item in percents.items():
        assert abs(frame[chinese].to_numpy() / 100 - wide[item].to_numpy()).max() < 1e-7
    with pytest.raises(TypeError):
        akshare.stock_yjbb_em("20230930")


def test_disclosure_times(upstream: LoopbackUpstream, market: UpstreamMarket) -> None:
    out = market.fundamentals.filter(pl.col("report_period") == QUARTER)
    served = dict(out.select(pl.col("symbol"), "announced_at").unique().iter_rows())
    frame = akshare.stock_yysj_em("沪深A股", "20230331")
    found = dict(zip(frame["股票代码"], frame["实际披露时间"], strict=True))
    assert found == {symbol[:6]: day for symbol, day in served.items() if symbol[7:] != "BJ"}
    beijing = akshare.stock_yysj_em("京市A股", "20230331")
    assert sorted(beijing["股票代码"]) == sorted(one[:6] for one in served if one[7:] == "BJ")


def test_news_comes_through_curl(upstream: LoopbackUpstream, market: UpstreamMarket) -> None:
    frame = akshare.stock_news_em("600001")
    out = market.news.filter(pl.col("symbol") == "600001.SH").sort("published_at", descending=True)
    served = out.filter(pl.col("published_at") <= datetime(2023, 6, 30, 8, tzinfo=UTC)).head(10)
    assert len(frame) == 10
    assert list(frame["新闻标题"]) == served["title"].to_list()
    published = served["published_at"].dt.convert_time_zone("Asia/Shanghai")
    assert list(frame["发布时间"]) == published.dt.strftime("%Y-%m-%d %H:%M:%S").to_list()
    assert list(frame["文章来源"]) == served["source"].to_list()
    assert frame["新闻链接"].iloc[0].endswith(f"/{served.item(0, 'id')}.html")
