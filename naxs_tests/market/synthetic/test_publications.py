"""What the companies of the synthetic market publish, and what their news is worth."""

from __future__ import annotations

from datetime import date, time
from functools import cache

import numpy as np
import polars as pl

from naxs_assets.market.contracts import CORPORATE_ACTIONS, FUNDAMENTALS, INDUSTRY, NEWS
from naxs_assets.market.fundamentals import with_revisions
from naxs_assets.market.news import news_table
from naxs_assets.market.reference import corporate_actions_table, industry_table
from naxs_assets.market.synthetic import NEWS_SIGNAL, Panel, SyntheticMarket, generate

FIRST, LAST = date(2021, 1, 4), date(2022, 12, 30)


@cache
def market(last: date = LAST) -> Panel:
    return generate(SyntheticMarket(seed=3, names=300, first=FIRST, last=last))


def test_every_table_meets_its_contract() -> None:
    panel = market()
    assert NEWS.validate(news_table(panel.news), "news").height > 5_000
    assert FUNDAMENTALS.validate(with_revisions(panel.fundamentals), "figures").height > 5_000
    assert INDUSTRY.validate(industry_table(panel.industry), "industry")["name"].n_unique() == 28
    actions = CORPORATE_ACTIONS.validate(
        corporate_actions_table(panel.corporate_actions), "actions"
    )
    for name in ("cash", "bonus", "rights"):
        assert (actions[name] > 0).any()


def test_a_longer_market_publishes_the_same_until_the_shorter_one_ends() -> None:
    longer, shorter, end = market(), market(date(2021, 12, 31)), date(2021, 12, 30)
    for name in ("news", "fundamentals"):
        day = pl.col("available_at").dt.convert_time_zone("Asia/Shanghai").dt.date()
        both = [getattr(panel, name).filter(day <= end) for panel in (longer, shorter)]
        assert both[0].equals(both[1])
        assert both[0].height > 100


def test_news_comes_in_sessions_evenings_and_on_free_days() -> None:
    at = market().news["published_at"].dt.convert_time_zone("Asia/Shanghai")
    in_session = (at.dt.time() >= time(9)) & (at.dt.time() <= time(15))
    assert 0.3 < in_session.mean() < 0.5
    assert (at.dt.time() > time(15, 30)).any()
    assert (at.dt.weekday() > 5).any()


def test_figures_are_disclosed_after_their_period_and_some_are_restated() -> None:
    figures = with_revisions(market().fundamentals)
    lag = (figures["announced_at"] - figures["report_period"]).dt.total_days()
    assert lag.min() >= 10  # type: ignore[operator]
    restated = figures.filter(pl.col("revision") == 2)
    assert set(restated["item"]) == {"net_profit"}
    assert restated.height > 10


def test_an_ex_date_explains_the_fall_of_the_previous_close() -> None:
    panel = market()
    bars = panel.bars(FIRST, LAST).sort("symbol", "date")
    before = bars.with_columns(last=pl.col("close").shift(1).over("symbol"))
    events = panel.corporate_actions.join(
        before, left_on=["symbol", "ex_date"], right_on=["symbol", "date"]
    )
    paid = events["rights"] * events["rights_price"].fill_null(0.0)
    fair = (events["last"] - events["cash"] + paid) / (1 + events["bonus"] + events["rights"])
    assert events.height > 200
    assert ((fair - events["pre_close"]).abs() <= 0.00501).all()
    fallen = before.filter((pl.col("last") - pl.col("pre_close")).abs() > 0.001)
    assert fallen.height == events.height


def test_news_moves_the_next_day_by_the_planted_amount() -> None:
    """Names with good news in the air do better the day after, as much as is documented."""
    panel = market()
    good = pl.col("title").str.contains("签订合同|获得补助|业绩预增|大额中标")
    told = (
        panel.news.with_columns(
            date=pl.col("published_at").dt.convert_time_zone("Asia/Shanghai"),
            tone=pl.when(good).then(1.0).otherwise(-1.0),
        )
        .filter(pl.col("date").dt.time() <= time(15))
        .group_by(pl.col("date").dt.date(), "symbol")
        .agg(pl.col("tone").sum())
    )
    bars = panel.bars(FIRST, LAST).sort("symbol", "date")
    rows = (
        bars.with_columns(next=pl.col("change").shift(-1).over("symbol"))
        .join(told, on=["date", "symbol"])
        .with_columns(
            excess=pl.col("next") - pl.col("next").mean().over("date"),
        )
        .drop_nulls("excess")
    )
    spread = rows.group_by(pl.col("tone").sign()).agg(pl.col("excess").mean(), pl.len())
    means = dict(spread.select("tone", "excess").iter_rows())
    noise = float(rows["excess"].std() or 0.0) * np.sqrt(2 / (rows.height / 2))  # type: ignore[arg-type]
    assert means[1.0] - means[-1.0] > 0
    assert abs(means[1.0] - means[-1.0] - 2 * NEWS_SIGNAL * 0.02) < 4 * noise
