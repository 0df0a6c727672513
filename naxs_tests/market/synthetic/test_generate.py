"""The synthetic market: same parameters, same bits; prices a real market could have shown."""

import hashlib
import subprocess
import sys
from datetime import date
from time import process_time

import numpy as np
import polars as pl
import pytest

from naxs_assets.errors import ConfigurationError
from naxs_assets.market.boards import Board, board_expression
from naxs_assets.market.calendar import trading_days
from naxs_assets.market.limits import with_limits
from naxs_assets.market.sources.base import RAW_BARS, RAW_INDEX_BARS
from naxs_assets.market.synthetic import Panel, SyntheticMarket, generate

LONG = SyntheticMarket(seed=11, names=420, first=date(2018, 1, 2), last=date(2026, 9, 30))

DIGEST = """
import hashlib
from datetime import date
from naxs_assets.market.synthetic import SyntheticMarket, generate
market = SyntheticMarket(seed=5, names=40, first=date(2024, 1, 2), last=date(2024, 12, 31))
bars = generate(market).bars(market.first, market.last)
print(hashlib.sha256(bars.write_csv(float_precision=17).encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def panel() -> Panel:
    return generate(LONG)


@pytest.fixture(scope="module")
def bars(panel: Panel) -> pl.DataFrame:
    return panel.bars(LONG.first, LONG.last)


@pytest.fixture(scope="module")
def limited(panel: Panel, bars: pl.DataFrame) -> pl.DataFrame:
    """The bars with listing day, limits and all prices in cents."""
    calendar = trading_days(None, LONG.last).select("date", "day")
    listed = panel.instruments.select("symbol", date="list_date").join(calendar, on="date")
    cents = [
        (pl.col(name) * 100).round().cast(pl.Int64).alias(f"{name}_cents")
        for name in ("open", "high", "low", "close", "pre_close")
    ]
    return with_limits(
        bars.join(calendar, on="date")
        .join(listed.select("symbol", listed="day"), on="symbol")
        .with_columns(cents)
        .with_columns(board_expression(), listing_day=pl.col("day") - pl.col("listed"))
    )


def traded(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(~pl.col("is_suspended"))


def test_two_processes_make_the_same_bytes() -> None:
    digests = {
        subprocess.run(
            [sys.executable, "-c", DIGEST], capture_output=True, check=True, text=True
        ).stdout
        for _ in range(2)
    }
    assert len(digests) == 1
    market = SyntheticMarket(seed=5, names=40, first=date(2024, 1, 2), last=date(2024, 12, 31))
    text = generate(market).bars(market.first, market.last).write_csv(float_precision=17)
    assert digests == {hashlib.sha256(text.encode()).hexdigest() + "\n"}


def test_another_seed_makes_another_market() -> None:
    first, last = date(2024, 1, 2), date(2024, 1, 31)
    one, other = (
        generate(SyntheticMarket(seed=seed, names=30, first=first, last=last)).bars(first, last)
        for seed in (1, 2)
    )
    assert not one.equals(other)


def test_a_later_end_restates_nothing() -> None:
    first, middle = date(2025, 3, 3), date(2026, 6, 5)
    shorter = generate(SyntheticMarket(seed=3, names=120, first=first, last=middle))
    longer = generate(SyntheticMarket(seed=3, names=120, first=first, last=date(2027, 1, 15)))
    assert shorter.bars(first, middle).equals(longer.bars(first, middle))
    assert shorter.index_bars(first, middle).equals(longer.index_bars(first, middle))
    known = longer.instruments.filter(pl.col("list_date") <= middle)
    assert shorter.instruments["symbol"].equals(known["symbol"])
    announced = pl.col("announced_at").is_null() | (pl.col("announced_at") <= middle)
    stays = longer.index_members.filter(announced)
    assert shorter.index_members.drop("effective_to").equals(stays.drop("effective_to"))


def test_a_demo_of_300_names_and_30_months_takes_a_moment() -> None:
    market = SyntheticMarket(seed=7, names=300, first=date(2024, 1, 2), last=date(2026, 6, 30))
    start = process_time()
    bars = generate(market).bars(market.first, market.last)
    assert process_time() - start < 2
    assert bars.height > 160_000


@pytest.mark.parametrize(
    "change",
    [
        {"seed": -1},
        {"names": 0},
        {"names": 100_000},
        {"first": date(1990, 12, 19)},
        {"last": date(2023, 1, 1)},
    ],
)
def test_impossible_parameters_are_refused(change: dict[str, object]) -> None:
    parameters = {"seed": 1, "names": 10, "first": date(2024, 1, 2), "last": date(2024, 2, 1)}
    with pytest.raises(ConfigurationError):
        SyntheticMarket(**(parameters | change))


def test_a_range_without_a_trading_day_is_refused() -> None:
    holiday = SyntheticMarket(seed=1, names=10, first=date(2024, 2, 12), last=date(2024, 2, 14))
    with pytest.raises(ConfigurationError, match="2024-02-12"):
        generate(holiday)


@pytest.mark.parametrize("names", [1, 2, 7])
def test_the_smallest_markets_hold(names: int) -> None:
    market = SyntheticMarket(
        seed=names, names=names, first=date(2023, 1, 3), last=date(2025, 12, 31)
    )
    panel = generate(market)
    assert panel.bars(market.first, market.last).height > 0
    assert panel.index_bars(market.first, market.last)["close"].min() > 0


def test_bars_have_the_source_s_columns_and_order(panel: Panel, bars: pl.DataFrame) -> None:
    assert dict(bars.schema) == RAW_BARS
    assert bars.select("date", "symbol").is_unique().all()
    assert bars.equals(bars.sort("date", "symbol"))
    assert bars["bad_cells"].null_count() == bars.height
    assert bars.drop("bad_cells").null_count().sum_horizontal().item() == 0
    assert not bars.select(pl.any_horizontal("supplemented", "supplement_disagrees").any()).item()
    month = panel.bars(date(2020, 2, 1), date(2020, 2, 29))
    assert month.equals(bars.filter(pl.col("date").dt.strftime("%Y-%m") == "2020-02"))
    empty = panel.bars(date(2030, 1, 1), date(2030, 2, 1))
    assert empty.height == 0
    assert dict(empty.schema) == RAW_BARS


def test_bars_are_sound(limited: pl.DataFrame) -> None:
    rows = traded(limited)
    assert rows.filter(
        (pl.col("low_cents") > pl.min_horizontal("open_cents", "close_cents"))
        | (pl.col("high_cents") < pl.max_horizontal("open_cents", "close_cents"))
        | (pl.col("low_cents") < 1)
        | (pl.col("volume") <= 0)
    ).is_empty()
    average = pl.col("amount") / pl.col("volume")
    assert rows.filter(
        (average < pl.col("low") - 0.0001) | (average > pl.col("high") + 0.0001)
    ).is_empty()
    error = (pl.col("change") - (pl.col("close") / pl.col("pre_close") - 1)).abs()
    assert rows.select(error.max()).item() < 1e-12


def test_no_price_leaves_the_dated_limits(limited: pl.DataFrame) -> None:
    assert limited.filter(
        (pl.col("high_cents") > pl.col("limit_up")) | (pl.col("low_cents") < pl.col("limit_down"))
    ).is_empty()
    at_limit = (pl.col("close_cents") == pl.col("limit_up")) | (
        pl.col("close_cents") == pl.col("limit_down")
    )
    share = traded(limited).select(at_limit.fill_null(value=False).mean()).item()
    assert 0.002 < share < 0.02
    assert traded(limited).filter(at_limit & (pl.col("high") == pl.col("low"))).height > 100


def test_every_regime_of_limits_occurs(limited: pl.DataFrame) -> None:
    rows = traded(limited).with_columns(
        band=(pl.col("limit_up") / pl.col("pre_close_cents") - 1).round(2)
    )
    pairs = rows.filter(pl.col("pre_close_cents") > 500).select("board", "is_st", "band")
    found = set(pairs.unique().rows())
    assert {
        ("main", False, 0.10),
        ("main", False, 0.44),
        ("main", True, 0.05),
        ("main", True, 0.10),
        ("chinext", False, 0.10),
        ("chinext", False, 0.20),
        ("chinext", True, 0.20),
        ("star", False, 0.20),
        ("bse", False, 0.30),
        ("main", False, None),
        ("star", False, None),
    } <= found


def test_suspended_rows_repeat_the_last_close(limited: pl.DataFrame) -> None:
    rows = limited.sort("symbol", "date").with_columns(
        last_close=pl.col("close").shift(1).over("symbol")
    )
    suspended = rows.filter("is_suspended")
    assert suspended.filter(
        (pl.col("volume") != 0)
        | (pl.col("amount") != 0)
        | (pl.col("change") != 0)
        | pl.any_horizontal(
            pl.col(name) != pl.col("last_close")
            for name in ("open", "high", "low", "close", "pre_close")
        )
    ).is_empty()
    spells = rows.select(
        (pl.col("is_suspended").rle_id().over("symbol")).alias("spell"), "symbol", "is_suspended"
    )
    lengths = spells.filter("is_suspended").group_by("symbol", "spell").len()["len"]
    assert lengths.min() == 1
    assert 60 < lengths.max() <= 130


def test_the_factor_jumps_exactly_where_the_close_goes_ex_right(limited: pl.DataFrame) -> None:
    rows = (
        limited.sort("symbol", "date")
        .with_columns(
            last_cents=pl.col("close_cents").shift(1).over("symbol"),
            last_factor=pl.col("adj_factor").shift(1).over("symbol"),
        )
        .drop_nulls("last_cents")
    )
    error = (
        pl.col("adj_factor") / pl.col("last_factor")
        - pl.col("last_cents") / pl.col("pre_close_cents")
    ).abs()
    assert rows.select(error.max()).item() < 1e-12
    jumps = rows.filter(pl.col("adj_factor") != pl.col("last_factor"))
    assert jumps["is_suspended"].sum() == 0
    ratio = jumps["last_cents"] / jumps["pre_close_cents"]
    assert (ratio > 1).all()
    assert (ratio > 1.5).any(), "bonus shares"
    assert (ratio < 1.02).any(), "cash dividends"


def test_instruments_live_within_their_listing(panel: Panel, bars: pl.DataFrame) -> None:
    instruments = panel.instruments
    assert instruments["symbol"].is_unique().all()
    boards = instruments.select(board_expression())["board"]
    assert set(boards) == {board.value for board in Board}
    span = bars.group_by("symbol").agg(first=pl.col("date").min(), last=pl.col("date").max())
    lives = instruments.join(span, on="symbol", how="left")
    assert lives["first"].null_count() == 0
    new = lives.filter(pl.col("list_date") >= LONG.first)
    assert new.height > 50
    assert new["list_date"].equals(new["first"], check_names=False)
    gone = lives.drop_nulls("delist_date")
    assert gone.height > 20
    assert gone["delist_date"].equals(gone["last"], check_names=False)
    assert (lives.filter(pl.col("delist_date").is_null())["last"] == bars["date"].max()).all()
    place = pl.DataFrame({"date": panel.days, "place": range(len(panel.days))})
    gaps = (
        bars.join(place, on="date")
        .group_by("symbol")
        .agg(gap=pl.col("place").max() - pl.col("place").min() + 1 - pl.len())
    )
    assert (gaps["gap"] == 0).all()


def test_boards_open_on_their_day(panel: Panel) -> None:
    first = panel.instruments.group_by(board_expression()).agg(pl.col("list_date").min())
    dates = dict(first.iter_rows())
    assert dates["star"] >= date(2019, 7, 22)
    assert dates["bse"] >= date(2021, 11, 15)


def test_st_comes_and_goes(bars: pl.DataFrame) -> None:
    changes = bars.sort("symbol", "date").select(
        change=pl.col("is_st").cast(pl.Int8).diff().over("symbol")
    )["change"]
    assert (changes == 1).sum() > 20
    assert (changes == -1).sum() > 20
    assert 0.01 < bars["is_st"].mean() < 0.08


def test_returns_look_like_the_market_s(limited: pl.DataFrame) -> None:
    """Reference market data, section 8: a trial had daily volatility 2.3 %, kurtosis 4.6."""
    seasoned = traded(limited).filter(pl.col("listing_day") >= 30)["change"]
    assert 0.020 < seasoned.std() < 0.026
    assert 4 < seasoned.kurtosis(fisher=False) < 9


def test_the_index_moves_with_its_members(panel: Panel, bars: pl.DataFrame) -> None:
    index = panel.index_bars(LONG.first, LONG.last)
    assert dict(index.schema) == RAW_INDEX_BARS
    assert index["date"].to_list() == panel.days
    assert index.filter(
        (pl.col("low") > pl.min_horizontal("open", "close"))
        | (pl.col("high") < pl.max_horizontal("open", "close"))
        | (pl.col("volume") <= 0)
    ).is_empty()
    mean = bars.group_by("date").agg(pl.col("change").mean()).sort("date")["change"][1:]
    moves = index["close"].pct_change()[1:]
    assert np.corrcoef(mean.to_numpy(), moves.to_numpy())[0, 1] > 0.9
