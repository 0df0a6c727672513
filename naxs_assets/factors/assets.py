"""The factor assets: feature sets and labels of the catalogue."""

from collections.abc import Iterator, Mapping, Sequence
from math import ceil

import polars as pl

from naxs_assets.catalog.models import FeatureSet, Label, Universe
from naxs_assets.factors.absence import NullReason
from naxs_assets.factors.beside import beside
from naxs_assets.factors.contracts import features_contract, label_contract
from naxs_assets.factors.features import compile_features, compute_features
from naxs_assets.factors.labels import compile_label, compute_label
from naxs_assets.factors.language import LANGUAGES, Language
from naxs_assets.factors.named import NamedFeatures
from naxs_assets.lineage.assets import LineageAsset
from naxs_assets.lineage.monthly import Made
from naxs_assets.lineage.reader import Handle, Reader
from naxs_assets.lineage.recipe import Months, Recipe, Upstream, Whole
from naxs_assets.pages.sparkline import sparkline_markdown
from naxs_assets.partitions import add_months, first_day, last_day, months_between

OWNER = "team:research"
_LOOK_AHEAD = (
    "\n\n行业若数据源只知今日分类，则沿用至过去，含前视"
    "\n\nWhere the source knows only today's industries they are carried back: look-ahead, told by "
    "the column look_ahead of market/industry"
)
# The calendar since 1990: no month has fewer trading days than this (1999-02), and each further
# month beside it adds at least so many.
_FEWEST_IN_A_MONTH = 7
_FEWEST_IN_EACH_FURTHER = 20
# Months computed in one pass: long enough to share the look-back, short enough for little memory.
_MONTHS_PER_PASS = 12


def months_for(days: int) -> int:
    """How many consecutive months are sure to hold ``days`` trading days, whichever they are."""
    if days == 0:
        return 0
    return 1 + ceil(max(0, days - _FEWEST_IN_A_MONTH) / _FEWEST_IN_EACH_FURTHER)


def feature_asset(
    feature_set: FeatureSet,
    universe: Universe | None,
    first_month: str,
    languages: Mapping[str, Language] = LANGUAGES,
    named: NamedFeatures = NamedFeatures(),  # noqa: B008 - it is frozen
) -> LineageAsset:
    """The monthly features of one set, over every row of prices from ``first_month`` on.

    ``universe`` is the one that the set names; a set that looks across the symbols of a day is
    refused without one. ``named`` are the features that it includes by name.
    """
    compiled = compile_features(feature_set.expressions, languages[feature_set.mode])
    aside = beside(feature_set, compiled, universe)
    back, news_back = months_for(compiled.look_back), named.months_of_news

    def make(
        pending: Iterator[str],
        prices: Reader,
        members: Reader | None = None,
        industry: Reader | None = None,
        news: Reader | None = None,
    ) -> Iterator[Made]:
        for run in _passes(list(pending)):
            window = _handles(prices, add_months(run[0], -back), run[-1])
            # A membership or an industry counts from its own day, so that the tables as known on
            # the run's last day tell of each earlier month what they told then.
            tables = [
                reader.whole().until(last_day(run[-1])).frame() if reader else None
                for reader in (members, industry)
            ]
            rows = aside.add(_rows(window, first_month, run[-1]), *tables)
            table = compute_features(compiled, rows, first_day(run[0]), last_day(run[-1]))
            told = _handles(news, add_months(run[0], -news_back), run[-1]) if news else {}
            table = named.add(table, rows, _rows(told, first_month, run[-1]) if told else None)
            for month, part in _by_month(table, run):
                reads = [window[m] for m in months_between(add_months(month, -back), month)]
                whole = [reader.whole() for reader in (members, industry) if reader]
                reads += [handle.until(last_day(month)) for handle in whole]
                if news:
                    reads += [told[m] for m in months_between(add_months(month, -news_back), month)]
                coverage = part.group_by("date", maintain_order=True).len().get_column("len")
                yield Made(
                    month,
                    part,
                    made_from=tuple(reads),
                    metadata={"plot": sparkline_markdown(coverage.to_list())},
                )

    upstream: dict[str, Upstream] = {"prices": Months("market/prices", back=back)}
    if aside.members:
        upstream["members"] = Whole("market/index_members")
    if aside.industry:
        upstream["industry"] = Whole("market/industry")
    if named.sentiment:
        upstream["news"] = Months("market/news", back=news_back)
    recipe = Recipe(
        asset=f"features/{feature_set.name}",
        code=("naxs_assets.factors.features", "naxs_assets.factors.beside", *named.code),
        contract=features_contract(feature_set.name, [*compiled.names, *named.names]),
        config={
            "features": feature_set.expressions,
            "mode": feature_set.mode,
            "operators": compiled.sources,
            "universe": aside.universe.model_dump() if aside.universe else None,
            **({"include": list(named.config)} if named.names else {}),
        },
        upstream=upstream,
    )
    return LineageAsset(
        recipe=recipe,
        generator=make,
        description=feature_set.description + (_LOOK_AHEAD if aside.industry else ""),
        group="features",
        kinds=frozenset({"numba", "polars"}),
        owner=OWNER,
    )


def label_asset(
    label: Label, first_month: str, languages: Mapping[str, Language] = LANGUAGES
) -> LineageAsset:
    """The monthly values of one label from ``first_month`` on; what is not known yet is null."""
    compiled = compile_label(label.expression, languages[label.mode])
    back, ahead = months_for(compiled.look_back), months_for(compiled.reach)

    def make(pending: Iterator[str], prices: Reader) -> Iterator[Made]:
        for run in _passes(list(pending)):
            window = _handles(prices, add_months(run[0], -back), add_months(run[-1], ahead))
            rows = _rows(window, first_month, run[-1])
            table = compute_label(compiled, rows, first_day(run[0]), last_day(run[-1]))
            for month, part in _by_month(table, run):
                first, last = add_months(month, -back), add_months(month, ahead)
                yield Made(
                    month,
                    part,
                    made_from=tuple(window[m] for m in months_between(first, last)),
                    metadata=_label_counts(part),
                )

    recipe = Recipe(
        asset=f"labels/{label.name}",
        code=("naxs_assets.factors.labels",),
        contract=label_contract(label.name),
        config={
            "expression": label.expression,
            "mode": label.mode,
            "operators": compiled.expression.sources,
        },
        upstream={"prices": Months("market/prices", back=back, ahead=ahead)},
    )
    return LineageAsset(
        recipe=recipe,
        generator=make,
        description=label.description,
        group="labels",
        kinds=frozenset({"numba", "polars"}),
        owner=OWNER,
    )


def _label_counts(table: pl.DataFrame) -> dict[str, int | dict[str, int]]:
    """Rows with a label, rows without one by reason, and labels entered under an unknown limit."""
    reasons = table.get_column("null_reason").drop_nulls().value_counts()
    counts = dict(reasons.iter_rows())
    unsure = table.filter(pl.col("label").is_not_null(), ~pl.col("limit_known"))
    return {
        "known": table.get_column("label").count(),
        "null_reasons": {reason.value: counts.get(reason.value, 0) for reason in NullReason},
        "limit_unknown": unsure.height,
    }


def _passes(months: Sequence[str]) -> Iterator[list[str]]:
    """Runs of consecutive months, of bounded length."""
    run: list[str] = []
    for month in months:
        if run and (month != add_months(run[-1], 1) or len(run) == _MONTHS_PER_PASS):
            yield run
            run = []
        run.append(month)
    if run:
        yield run


def _handles(prices: Reader, first: str, last: str) -> dict[str, Handle]:
    return {month: prices[month] for month in months_between(first, last)}


def _rows(window: dict[str, Handle], first: str, last: str) -> pl.DataFrame:
    """The prices of a window; only outside the months ``first`` to ``last`` may some be missing."""
    return pl.concat(
        handle.frame() for month, handle in window.items() if handle or first <= month <= last
    )


def _by_month(table: pl.DataFrame, months: Sequence[str]) -> Iterator[tuple[str, pl.DataFrame]]:
    for month in months:
        inside = pl.col("date").is_between(first_day(month), last_day(month))
        yield month, table.filter(inside)
