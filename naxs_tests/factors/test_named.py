"""Features that a set includes by name: what they read, and what they say."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from naxs_assets.catalog.loading import Catalogue, load_catalogue
from naxs_assets.catalog.models import FeatureSet
from naxs_assets.errors import ConfigurationError, DataError, NaxsError
from naxs_assets.factors.assets import feature_asset
from naxs_assets.factors.lexicon import Scorer
from naxs_assets.factors.named import NamedFeatures, named_features
from naxs_assets.factors.scorer_file import scorer_code, scorer_of
from naxs_assets.lineage.recipe import Months
from naxs_assets.market.contracts import NEWS
from naxs_assets.settings import SHANGHAI

DAY = date(2023, 1, 17)


def catalogue(home: Path, *include: Any, **rest: Any) -> Catalogue:
    """The catalogue of a home with a set ``mine`` that includes these."""
    folder = home / "catalog/features"
    folder.mkdir(parents=True, exist_ok=True)
    entry = {"name": "mine", "description": "-", "include": list(include), **rest}
    (folder / "mine.yaml").write_text(yaml.safe_dump(entry))
    return load_catalogue(home)


def named(home: Path, *include: Any, **rest: Any) -> tuple[FeatureSet, NamedFeatures]:
    found = catalogue(home, *include, **rest)
    mine = found.feature_sets["mine"]
    return mine, named_features(mine, found.lexicons, found.scorers)


def prices(**columns: list[Any]) -> pl.DataFrame:
    count = len(next(iter(columns.values())))
    rows = {
        "date": [DAY] * count,
        "symbol": [f"{number:06d}.SZ" for number in range(1, count + 1)],
        "turnover": [0.01] * count,
        "is_suspended": [False] * count,
        "quarantined_by": [None] * count,
    }
    return pl.DataFrame(rows | columns, schema_overrides={"quarantined_by": pl.String})


def test_turnover_is_that_of_the_day_and_null_where_it_is_not_known(tmp_path: Path) -> None:
    _, both = named(tmp_path, "px_turnover")
    table = prices(
        turnover=[0.025, None, 0.0, None, 0.0],
        is_suspended=[False, False, True, None, False],
        quarantined_by=[None, None, None, "ohlc", None],
    )
    found = both.add(table.select("date", "symbol"), table, None)
    assert found.schema["px_turnover"] == pl.Float32
    assert found["px_turnover"].to_list() == [pytest.approx(0.025), None, None, None, 0.0]


def test_sentiment_comes_after_turnover_in_the_order_of_the_set(tmp_path: Path) -> None:
    _, both = named(tmp_path, "senti_news", "px_turnover")
    table = prices(quarantined_by=[None, "ohlc", None])
    when = datetime(2023, 1, 17, 9, tzinfo=SHANGHAI)
    news = pl.DataFrame(
        [(str(n), f"{n:06d}.SZ", when, when, "业绩预增", "") for n in (1, 2)],
        schema={column.name: column.dtype for column in NEWS.columns},
        orient="row",
    )
    found = both.add(table.select("date", "symbol"), table, news)
    assert found.columns == ["date", "symbol", "senti_news", "px_turnover"]
    assert found["senti_news"].to_list() == [1, None, None]


def test_a_set_that_includes_nothing_stays_as_it_is() -> None:
    table = prices(turnover=[0.1])
    assert NamedFeatures().add(table, table, None) is table


def test_the_asset_reads_the_months_of_news_that_it_looks_back_on(tmp_path: Path) -> None:
    mine, only = named(tmp_path, "px_turnover")
    asset = feature_asset(mine, None, "2020-01", named=only)
    assert dict(asset.recipe.upstream) == {"prices": Months("market/prices")}
    assert asset.recipe.contract is not None
    assert asset.recipe.contract.column_names == ("date", "symbol", "day", "px_turnover")

    mine, sentiment = named(
        tmp_path,
        {"name": "senti_news", "half_life": 7},
        features={"RET5": {"expression": "$close/Ref($close,5)-1"}},
    )
    asset = feature_asset(mine, None, "2020-01", named=sentiment)
    assert dict(asset.recipe.upstream) == {
        "prices": Months("market/prices", back=1),
        "news": Months("market/news", back=3),
    }
    assert asset.recipe.contract is not None
    assert asset.recipe.contract.column_names[3:] == ("RET5", "senti_news")


def test_whatever_shapes_the_values_is_part_of_the_recipe(tmp_path: Path) -> None:
    hashes = []
    scorers = tmp_path / "catalog/scorers"
    scorers.mkdir(parents=True)
    lexicons = tmp_path / "catalog/lexicons"
    lexicons.mkdir(parents=True)
    for words in ("好", "妙"):
        entry = {"name": "mine", "description": "-", "positive": [words], "negative": ["坏"]}
        (lexicons / "mine.yaml").write_text(yaml.safe_dump(entry, allow_unicode=True))
        (scorers / "mine.py").write_text(
            f"def score(titles):\n    return ['{words}' in t for t in titles]\n"
        )
        for include in (
            {"name": "senti_news"},
            {"name": "senti_news", "half_life": 3},
            {"name": "senti_news", "cut_off": "14:30"},
            {"name": "senti_news", "lexicon": "mine"},
            {"name": "senti_news", "scorer": "mine"},
        ):
            mine, made = named(tmp_path, include)
            hashes.append(feature_asset(mine, None, "2020-01", named=made).recipe.config_hash)
    assert len(set(hashes)) == 7, "the first three do not know the words of mine"


@pytest.mark.parametrize(
    ("include", "said"),
    [
        ("px_turnovr", "no named feature 'px_turnovr'; known: px_turnover, senti_news"),
        ({"half_life": 3}, "no named feature None"),
        ({"name": "px_turnover", "half_life": 3}, "half_life: no such key"),
        ({"name": "senti_news", "half_life": 0}, "greater than 0"),
        ({"name": "senti_news", "cut_off": 870}, "in quotes"),
        ({"name": "senti_news", "cut_off": "15:00+08:00"}, "without a zone"),
        (
            {"name": "senti_news", "lexicon": "chinese", "scorer": "mine"},
            "either lexicon or scorer",
        ),
    ],
)
def test_a_mistake_names_file_and_key(include: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        catalogue(tmp_path, include)
    assert said in refused.value.what
    assert "include.0" in refused.value.what
    assert refused.value.where.endswith("mine.yaml")


@pytest.mark.parametrize(
    ("include", "rest", "said"),
    [
        (["px_turnover", "px_turnover"], {}, "px_turnover: the same name twice"),
        (["px_turnover"], {"features": {"px_turnover": {"expression": "$close"}}}, "twice"),
        ([], {}, "at least one feature"),
    ],
)
def test_a_set_has_each_feature_once_and_at_least_one(
    include: list[str], rest: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        catalogue(tmp_path, *include, **rest)


@pytest.mark.parametrize("kind", ["lexicon", "scorer"])
def test_words_and_scorers_that_do_not_exist_are_named(kind: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=f"{kind} 'nowhere'"):
        named(tmp_path, {"name": "senti_news", kind: "nowhere"})


def test_a_word_is_good_or_bad_not_both(tmp_path: Path) -> None:
    folder = tmp_path / "catalog/lexicons"
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text(
        "name: mine\ndescription: '-'\npositive: [up, down]\nnegative: [down]\n"
    )
    with pytest.raises(ConfigurationError, match="down: both positive and negative"):
        load_catalogue(tmp_path)


def scorer(folder: Path, text: str) -> Scorer:
    file = folder / "mine.py"
    file.write_text(text, encoding="utf-8")
    return scorer_of(scorer_code(file))


def test_a_function_of_ones_own_scores_titles(tmp_path: Path) -> None:
    score = scorer(tmp_path, "def score(titles):\n    return [len(t) / 10 for t in titles]\n")
    assert score(["good", ""]) == [0.4, 0.0]


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("score = 1", ConfigurationError, "no function score"),
        ("import nowhere_at_all", ConfigurationError, "ModuleNotFoundError"),
        ("def score(titles:", ConfigurationError, "SyntaxError"),
        ("def score(titles): return [2.0]", DataError, "from -1 to 1"),
        ("def score(titles): return [float('nan')]", DataError, "from -1 to 1"),
        ("def score(titles): return []", DataError, "one number"),
        ("def score(titles): return None", DataError, "one number"),
        ("def score(titles): return 'good'", DataError, "one number"),
    ],
)
def test_a_function_that_is_of_no_use_says_so(
    text: str, error: type[NaxsError], said: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=said) as caught:
        scorer(tmp_path, text)(["good"])
    assert "mine.py" in caught.value.where
