"""Named features: what a feature set includes by name, because no expression of prices says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from naxs_assets.catalog.models import FeatureSet, Lexicon, NewsSentiment
from naxs_assets.errors import ConfigurationError
from naxs_assets.factors.lexicon import Scorer, lexicon_scorer
from naxs_assets.factors.scorer_file import scorer_code, scorer_of
from naxs_assets.factors.sentiment import decayed_sentiment, months_of_news

_T = TypeVar("_T")
_USABLE = ~pl.col("is_suspended").fill_null(value=False) & pl.col("quarantined_by").is_null()


@dataclass(frozen=True)
class NamedFeatures:
    """The named features of one set.

    ``sentiment`` and its ``scorer`` are None where the set does not include ``senti_news``;
    ``config`` is all that shapes the values: parameters, words, the text of a scorer.
    """

    names: tuple[str, ...] = ()
    sentiment: NewsSentiment | None = None
    scorer: Scorer | None = None
    config: tuple[Mapping[str, Any], ...] = ()

    @property
    def months_of_news(self) -> int:
        """How many months of market/news a month reads before its own, if it reads them at all."""
        return months_of_news(self.sentiment.half_life) if self.sentiment else 0

    @property
    def code(self) -> tuple[str, ...]:
        """The modules that make them."""
        return ("naxs_assets.factors.named",) if self.names else ()

    def add(
        self, table: pl.DataFrame, prices: pl.DataFrame, news: pl.DataFrame | None
    ) -> pl.DataFrame:
        """``table`` (date, symbol, day and features) with a Float32 column for each of ``names``.

        ``prices`` hold its rows; ``news`` is market/news with the months looked back on. What is
        unknown is null; so are both features of a quarantined row, and the turnover of a suspended
        one.
        """
        if not self.names:
            return table
        rows = table.select("date", "symbol").join(
            prices.select("date", "symbol", "turnover", "is_suspended", "quarantined_by"),
            on=("date", "symbol"),
            how="left",
            maintain_order="left",
        )
        columns = {"px_turnover": pl.when(_USABLE).then(pl.col("turnover").cast(pl.Float32))}
        if self.sentiment is not None and self.scorer is not None and news is not None:
            sentiment = decayed_sentiment(
                rows,
                news,
                self.scorer,
                half_life=self.sentiment.half_life,
                cut_off=self.sentiment.cut_off,
            )
            columns["senti_news"] = pl.when(pl.col("quarantined_by").is_null()).then(sentiment)
        return table.hstack(rows.select(columns[name].alias(name) for name in self.names))


def named_features(
    feature_set: FeatureSet, lexicons: Mapping[str, Lexicon], scorers: Mapping[str, Path]
) -> NamedFeatures:
    """What ``feature_set`` includes by name.

    Raises :class:`ConfigurationError` for a lexicon or a scorer that does not exist.
    """
    names = tuple(one.name for one in feature_set.include)
    config: list[dict[str, Any]] = []
    sentiment: NewsSentiment | None = None
    scorer: Scorer | None = None
    for one in feature_set.include:
        config.append(one.model_dump(mode="json"))
        if isinstance(one, NewsSentiment):
            sentiment = one
            where = f"features/{feature_set.name}.yaml"
            if one.scorer is not None:
                file = _known(one.scorer, scorers, "scorer", where)
                code = scorer_code(file)
                scorer = scorer_of(code)
                config[-1]["code"] = code.digest
            else:
                lexicon = _known(one.lexicon, lexicons, "lexicon", where)
                scorer = lexicon_scorer(lexicon)
                config[-1]["words"] = lexicon.model_dump(include={"positive", "negative"})
    return NamedFeatures(names, sentiment, scorer, tuple(config))


def _known(name: str, known: Mapping[str, _T], kind: str, where: str) -> _T:
    if name not in known:
        raise ConfigurationError(
            f"senti_news names the {kind} {name!r}, which does not exist",
            where=where,
            remedy=f"known: {', '.join(sorted(known)) or 'none'}; yours lie in catalog/{kind}s",
        )
    return known[name]
