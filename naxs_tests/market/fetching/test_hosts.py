"""Every host belongs to one family or to none."""

from __future__ import annotations

from datetime import timedelta

import pytest

from naxs_assets.market.fetching.calls import Family
from naxs_assets.market.fetching.hosts import Budget, Limits, family_of

HOSTS = {
    "push2his.eastmoney.com": Family.EASTMONEY,
    "82.push2.eastmoney.com": Family.EASTMONEY,
    "datacenter-web.eastmoney.com": Family.EASTMONEY_DATACENTER,
    "data.eastmoney.com": Family.EASTMONEY_DATACENTER,
    "search-api-web.eastmoney.com": Family.EASTMONEY_DATACENTER,
    "finance.sina.com.cn": Family.SINA,
    "vip.stock.finance.sina.com.cn": Family.SINA,
    "quotes.sina.cn": Family.SINA,
    "proxy.finance.qq.com": Family.TENCENT,
    "web.ifzq.gtimg.cn": Family.TENCENT,
    "oss-ch.csindex.com.cn": Family.CSINDEX,
    "query.sse.com.cn": Family.EXCHANGES,
    "www.szse.cn": Family.EXCHANGES,
    "www.bse.cn": Family.EXCHANGES,
    "www.swsresearch.com": Family.SHENWAN,
    "public-api.baostock.com": Family.BAOSTOCK,
    "passport.eastmoney.com": None,
    "push2his.eastmoney.com.example.org": None,
    "notsse.com.cn": None,
    "": None,
}


@pytest.mark.parametrize(("host", "family"), HOSTS.items())
def test_family_of_a_host(host: str, family: Family | None) -> None:
    assert family_of(host) is family


def test_every_family_has_a_budget() -> None:
    assert all(Limits().budget(family).seconds > 0 for family in Family)


def test_hosts_that_ban_quickly_are_asked_least() -> None:
    budget = Limits().budget(Family.EASTMONEY)
    assert (budget.seconds, budget.per_run, budget.pause) == (5, 60, timedelta(hours=24))


def test_a_callers_budget_stands_over_the_default() -> None:
    limits = Limits(budgets={Family.SINA: Budget(seconds=9)})
    assert limits.budget(Family.SINA).seconds == 9
    assert limits.budget(Family.TENCENT).seconds == 0.5
