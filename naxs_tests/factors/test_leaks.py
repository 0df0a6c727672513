"""Leaks: a feature that knows tomorrow, or never forgets, differs when computed from fewer days."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

import numpy as np
import polars as pl
import pytest

from naxs_assets.catalog.models import NewsSentiment
from naxs_assets.errors import DataError
from naxs_assets.factors.features import CompiledFeatures, compile_features, compute_features
from naxs_assets.factors.leaks import (
    Making,
    looking_ahead,
    sampled_days,
    start_shifted,
    truncated,
)
from naxs_assets.factors.named import NamedFeatures
from naxs_assets.factors.operator import Array, Operator, Role
from naxs_assets.factors.tile import Tile
from naxs_assets.factors.tree import Call, Field
from naxs_assets.market.contracts import NEWS
from naxs_assets.settings import SHANGHAI
from naxs_tests.factors.sample import ALL_OPERATORS, sample_prices

FIRST, LAST = date(2019, 11, 1), date(2019, 11, 20)


def _tomorrow(_tile: Tile, values: Array) -> Array:
    later = np.full_like(values, np.nan)
    later[:-1] = values[1:]
    return later


def _ever(_tile: Tile, values: Array) -> Array:
    return np.nancumsum(values, axis=0)


def _lying(how: Any) -> CompiledFeatures:
    """A feature of an operator that says it reads its own day alone, beside an honest one."""
    honest = compile_features({"LIE": "$close", "HONEST": "Mean($close,3)"})
    lie = Call(Operator("Lie", (Role.SERIES,), how), (Field("close"),))
    expression = replace(honest.expressions["LIE"], root=lie)
    return replace(honest, expressions={**honest.expressions, "LIE": expression})


def _stored(compiled: CompiledFeatures) -> pl.DataFrame:
    return compute_features(compiled, sample_prices(), FIRST, LAST)


def test_honest_features_are_the_same_from_fewer_days() -> None:
    compiled = compile_features(ALL_OPERATORS)
    stored, prices = _stored(compiled), sample_prices()
    days = sampled_days(stored)
    assert days == (date(2019, 11, 11), date(2019, 11, 19))
    assert looking_ahead(compiled) == ()
    cut = truncated(Making(compiled, prices), stored, days)
    assert (cut.days, cut.leaks) == (days, ())
    rows = sum(stored.filter(pl.col("date") <= day).height for day in days)
    assert cut.cells == rows * len(ALL_OPERATORS)
    shifted = start_shifted(Making(compiled, prices), stored)
    assert (shifted.cells, shifted.leaks) == (stored.height * len(ALL_OPERATORS), ())


def test_truncation_names_the_feature_that_knows_tomorrow() -> None:
    compiled = _lying(_tomorrow)
    stored = _stored(compiled)
    (leak,) = truncated(Making(compiled, sample_prices()), stored, [date(2019, 11, 11)]).leaks
    assert (leak.feature, leak.date, leak.recomputed) == ("LIE", date(2019, 11, 11), None)
    row = stored.filter(date=leak.date, symbol=leak.symbol)
    assert leak.stored == row["LIE"].item()
    assert str(leak) == (
        f"LIE of {leak.symbol} on 2019-11-11 is stored as {leak.stored}, and is None when "
        "computed again"
    )
    # What it says of itself is no help.
    assert looking_ahead(compiled) == ()


def test_another_start_names_the_feature_that_never_forgets() -> None:
    compiled = _lying(_ever)
    stored = _stored(compiled)
    assert truncated(Making(compiled, sample_prices()), stored, [date(2019, 11, 11)]).leaks == ()
    (leak,) = start_shifted(Making(compiled, sample_prices()), stored).leaks
    assert (leak.feature, leak.date) == ("LIE", FIRST)


def test_other_rows_are_no_leak_but_a_table_to_be_made_again() -> None:
    compiled = compile_features({"MA": "Mean($close,3)"})
    with pytest.raises(DataError, match="other rows"):
        start_shifted(Making(compiled, sample_prices()), _stored(compiled)[1:])


def _sentiment(cut_off: time) -> NamedFeatures:
    sentiment = NewsSentiment(name="senti_news", half_life=3, cut_off=cut_off)
    return NamedFeatures(
        ("px_turnover", "senti_news"), sentiment, lambda titles: [len(one) for one in titles]
    )


def test_what_a_set_includes_by_name_is_judged_too() -> None:
    prices = sample_prices().with_columns(turnover=pl.col("volume") / 1e9)
    rows = prices.filter(pl.col("date").is_between(FIRST, LAST))
    told = [
        {"id": f"{hour}", "symbol": symbol, "title": "x" * hour, "source": "",
         "published_at": datetime.combine(day, time(hour), SHANGHAI),
         "available_at": datetime.combine(day, time(hour), SHANGHAI)}
        for day, symbol in rows.select("date", "symbol").iter_rows() for hour in (10, 18)
    ]  # fmt: skip
    news = pl.DataFrame(told, schema={column.name: column.dtype for column in NEWS.columns})
    compiled = compile_features({"MA": "Mean($close,3)"})
    making = Making(compiled, prices, _sentiment(time(15)), news)
    stored, day = making.features(FIRST, LAST), date(2019, 11, 11)
    assert truncated(making, stored, [day]).leaks == ()
    assert start_shifted(making, stored).leaks == ()

    # Stored as it was known in the evening: the news of 18 o'clock is in it.
    evening = replace(making, named=_sentiment(time(20))).features(FIRST, LAST)
    (leak,) = truncated(making, evening, [day]).leaks
    assert (leak.feature, leak.date) == ("senti_news", FIRST)
    (leak,) = truncated(making, stored.with_columns(pl.col("px_turnover") * 2), [day]).leaks
    assert (leak.feature, leak.date) == ("px_turnover", FIRST)
