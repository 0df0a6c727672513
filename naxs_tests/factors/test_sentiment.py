"""The decayed mean sentiment of news, by hand and point in time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from math import sqrt

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naxs_assets.catalog.models import Lexicon
from naxs_assets.factors.lexicon import lexicon_scorer
from naxs_assets.factors.sentiment import HALF_LIVES, decayed_sentiment, months_of_news
from naxs_assets.market.contracts import NEWS
from naxs_assets.partitions import add_months, first_day, month_of
from naxs_assets.settings import SHANGHAI

CLOSE = time(15)
DAYS = [date(2023, 1, day) for day in (17, 18, 19, 20, 30, 31)]
SCORES = {"good": 1.0, "fair": 0.5, "bad": -1.0}


def at(day: date, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=SHANGHAI)


def news(*items: tuple[str, datetime, str]) -> pl.DataFrame:
    """Symbol, instant from which it is available, title."""
    rows = [
        {"id": str(number), "symbol": symbol, "published_at": when, "available_at": when,
         "title": title, "source": ""}
        for number, (symbol, when, title) in enumerate(items)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema={column.name: column.dtype for column in NEWS.columns})


def rows(*symbols: str, days: Sequence[date] = DAYS) -> pl.DataFrame:
    return pl.DataFrame(
        [(day, symbol) for day in days for symbol in symbols],
        schema={"date": pl.Date, "symbol": pl.String},
        orient="row",
    )


def of(table: pl.DataFrame, told: pl.DataFrame, half_life: float = 2.0) -> list[float | None]:
    values = decayed_sentiment(
        table, told, lambda titles: [SCORES[t] for t in titles], half_life=half_life, cut_off=CLOSE
    )
    assert values.dtype == pl.Float32
    return values.to_list()


def test_a_mean_by_hand() -> None:
    told = news(("A", at(DAYS[0], 14, 59, 59), "good"), ("A", at(DAYS[1], 15), "bad"))
    # Of two days' half-life a day leaves 1/sqrt(2). On the 19th the good news is two days and a
    # second old, the bad one a day.
    good, bad = 2 ** -(1 + 0.5 / 86_400), 2**-0.5
    mixed = pytest.approx((good - bad) / (good + bad), rel=1e-6)
    assert of(rows("A"), told) == [1, 1, mixed, mixed, mixed, mixed]
    assert of(rows("A"), told)[2] == pytest.approx(
        (0.5 - 1 / sqrt(2)) / (0.5 + 1 / sqrt(2)), rel=1e-4
    )


def test_two_at_one_time_weigh_alike() -> None:
    told = news(("A", at(DAYS[0], 9), "good"), ("A", at(DAYS[0], 9), "fair"))
    assert of(rows("A"), told)[0] == 0.75


def test_news_at_the_cut_off_counts_from_the_next_trading_day() -> None:
    told = news(("A", at(DAYS[1], 15), "good"), ("B", at(DAYS[3], 23), "bad"))
    assert of(rows("A", days=DAYS[:4]), told) == [None, None, 1, 1]
    # A holiday lies between the 20th and the 30th.
    assert of(rows("B"), told) == [None, None, None, None, -1, -1]


def test_a_symbol_has_its_own_news_alone() -> None:
    told = news(("A", at(DAYS[0], 9), "good"), ("C", at(DAYS[0], 9), "bad"))
    assert of(rows("A", "B", days=DAYS[:1]), told) == [1, None]


def test_no_news_is_unknown() -> None:
    assert of(rows("A", days=DAYS[:2]), news()) == [None, None]


def test_news_beyond_the_look_back_does_not_count() -> None:
    told = news(("A", at(DAYS[0], 14, 59), "good"))
    # Ten half-lives of half a day are five days: until the 22nd.
    assert of(rows("A"), told, half_life=0.5) == [1, 1, 1, 1, None, None]


@pytest.mark.parametrize("half_life", [0.1, 1, 2.79, 2.8, 2.81, 5, 20, 366])
def test_the_months_read_hold_the_look_back_of_every_day(half_life: float) -> None:
    back = months_of_news(half_life)
    for month in (f"{year}-{number:02d}" for year in (2023, 2024) for number in range(1, 13)):
        oldest = first_day(month) - timedelta(days=HALF_LIVES * half_life)
        assert first_day(add_months(month_of(first_day(month)), -back)) <= oldest


_ITEMS = st.lists(
    st.tuples(
        st.sampled_from("AB"),
        st.integers(0, 15 * 24 * 60).map(
            lambda minutes: at(DAYS[0], 0) + timedelta(minutes=minutes)
        ),
        st.sampled_from(sorted(SCORES)),
    ),
    max_size=12,
)


@given(_ITEMS, st.sampled_from([0.3, 1.0, 5.0]))
def test_it_is_the_mean_of_the_definition(
    items: list[tuple[str, datetime, str]], half_life: float
) -> None:
    expected: list[float | None] = []
    for day, symbol in rows("A", "B").rows():
        ages = [
            ((at(day, 15) - when) / timedelta(days=1), SCORES[title])
            for name, when, title in items
            if name == symbol and when < at(day, 15)
        ]
        weighted = [(2 ** (-age / half_life), s) for age, s in ages if age <= 10 * half_life]
        total = sum(weight for weight, _ in weighted)
        expected.append(sum(w * s for w, s in weighted) / total if weighted else None)
    found = of(rows("A", "B"), news(*items), half_life)
    assert [value is None for value in found] == [value is None for value in expected]
    known = [(a, b) for a, b in zip(found, expected, strict=True) if a is not None]
    np.testing.assert_allclose([a for a, _ in known], [b for _, b in known], rtol=1e-6, atol=1e-6)


@given(_ITEMS, _ITEMS)
def test_what_comes_after_the_cut_off_or_before_the_look_back_changes_no_bit(
    items: list[tuple[str, datetime, str]], others: list[tuple[str, datetime, str]]
) -> None:
    day = DAYS[3]
    later = [(symbol, at(day, 15) + timedelta(days=1), title) for symbol, _, title in others]
    older = [(symbol, when - timedelta(days=40), title) for symbol, when, title in others]
    alone = of(rows("A", "B", days=[day]), news(*items))
    assert of(rows("A", "B", days=[day]), news(*items, *later)) == alone
    assert of(rows("A", "B", days=[day]), news(*older, *items)) == alone
    # Nor does it matter which other days and symbols are computed beside it.
    among = rows("A", "B", "C").with_columns(value=pl.Series(of(rows("A", "B", "C"), news(*items))))
    assert among.filter(pl.col("date") == day)["value"].to_list()[:2] == alone


def lexicon(positive: Sequence[str], negative: Sequence[str]) -> Lexicon:
    return Lexicon(name="mine", description="-", positive=tuple(positive), negative=tuple(negative))


def test_a_lexicon_counts_good_and_bad_words() -> None:
    score = lexicon_scorer(lexicon(["预增", "回购"], ["减持"]))
    assert score(["业绩预增，拟回购", "股东减持", "预增，回购，减持", "召开会议", ""]) == [
        1, -1, pytest.approx(1 / 3), 0, 0,
    ]  # fmt: skip


def test_the_longest_word_counts() -> None:
    score = lexicon_scorer(lexicon(["扭亏"], ["扭亏无望", "亏"]))
    assert score(["扭亏", "扭亏无望", "亏"]) == [1, -1, -1]
