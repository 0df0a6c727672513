"""News of the listed companies: their sentiment is a planted signal, their times are those of life.

Most news comes after the close, some during the session and some on the weekend. What is published
by the close of a day moves the next one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np
import polars as pl

from naxs_assets.market.sources.base import RAW_NEWS
from naxs_assets.market.synthetic.parameters import NEWS_MEMORY
from naxs_assets.market.synthetic.state import Instrument, State
from naxs_assets.settings import SHANGHAI

_DAILY_CHANCE = 1 / 12
_CLOSE = time(15, 0)
_IN_SESSION = 0.40  # the share of news that comes from 9:00 to the close
_STRONG = 0.5
# From mildest to strongest; a title tells the sentiment, so that a lexicon can read it.
_GOOD = (("签订合同", "获得补助"), ("业绩预增", "大额中标"))
_BAD = (("收到问询", "高管减持"), ("业绩预亏", "立案处罚"))


@dataclass(frozen=True)
class News:
    """One item: ``sentiment`` from -1 to 1."""

    instrument: int
    published: datetime
    sentiment: float
    title: str


def publish_news(state: State, rng: np.random.Generator, today: date, next_day: date) -> list[News]:
    """Draw the news from 9:00 of ``today`` until ``next_day`` begins, and age the sentiment.

    Afterwards ``state.sentiment`` knows what was published by today's close, weekends included.
    """
    chance, minutes, strength, wording = rng.random((4, state.places))
    chosen = np.flatnonzero(state.listed & (chance < _DAILY_CHANCE))
    items = []
    in_session = np.zeros(state.places)
    later = np.zeros(state.places)
    for place in chosen:
        sentiment = float(2 * strength[place] - 1)
        share = float(minutes[place])
        published = _published(share, today, next_day)
        before_close = published <= datetime.combine(today, _CLOSE, SHANGHAI)
        (in_session if before_close else later)[place] += sentiment
        instrument = int(state.instrument[place])
        title = _title(state.instruments[instrument], sentiment, float(wording[place]))
        items.append(News(instrument, published, sentiment, title))
    state.sentiment = NEWS_MEMORY * state.sentiment + state.unread + in_session
    state.unread = later
    return items


def _published(share: float, today: date, next_day: date) -> datetime:
    """A time of today's session, or of the evening, or of a free day that follows."""
    if share < _IN_SESSION:
        start, seconds = time(9, 0), 6 * 3600 * share / _IN_SESSION
        day = today
    else:
        within = (share - _IN_SESSION) / (1 - _IN_SESSION)
        free_days = (next_day - today).days - 1
        day = today + timedelta(days=int(within * (1 + free_days))) if free_days else today
        start, seconds = time(15, 30), 8 * 3600 * ((within * 97) % 1)
    begin = datetime.combine(day, start, SHANGHAI)
    return begin + timedelta(seconds=int(seconds))


def _title(company: Instrument, sentiment: float, wording: float) -> str:
    words = (_GOOD if sentiment > 0 else _BAD)[int(abs(sentiment) >= _STRONG)]
    return f"{company.name}：{words[int(wording * len(words))]}"


def news_table(items: list[News], instruments: list[Instrument]) -> pl.DataFrame:
    """The items in the columns of ``RAW_NEWS``, by time; available as soon as published."""
    rows = [
        {
            "id": f"synthetic-{number:08d}",
            "symbol": instruments[item.instrument].symbol,
            "published_at": item.published,
            "available_at": item.published,
            "title": item.title,
            "source": "synthetic",
        }
        for number, item in enumerate(items)
    ]
    return pl.DataFrame(rows, schema=RAW_NEWS).sort("published_at", "id")
