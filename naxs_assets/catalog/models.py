"""What a researcher writes: universes, feature sets, labels and strategies, as typed models.

Expressions are kept as text here; the factor engine parses them when it loads them.
"""

from __future__ import annotations

from datetime import time
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
NonEmpty = Annotated[str, StringConstraints(min_length=1)]
FeatureName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
Month = Annotated[str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    description: str


class Universe(_Entry):
    """Which symbols are looked at on a day: the members of an index on that day, or all."""

    kind: Literal["index", "all"]
    index: str | None = None


Mode = Literal["qlib", "strict"]
"""What a missing value means to expressions: as Qlib has it, or missing wherever it is touched."""


class Feature(BaseModel):
    """One feature: its expression and what it means."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    expression: str
    description: str = ""


class Lexicon(_Entry):
    """Words that speak well or badly of a company."""

    positive: tuple[NonEmpty, ...]
    negative: tuple[NonEmpty, ...]

    @model_validator(mode="after")
    def _says_one_thing_of_a_word(self) -> Lexicon:
        if not self.positive + self.negative:
            raise ValueError("a lexicon has at least one word")
        both = sorted(set(self.positive) & set(self.negative))
        if both:
            raise ValueError(f"{', '.join(both)}: both positive and negative")
        return self


class Turnover(BaseModel):
    """``px_turnover``: the day's volume over the float shares of that day."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Literal["px_turnover"]


def _as_written(given: Any) -> Any:
    """YAML reads a bare 14:30 as the number 870, of which nobody can say what was meant."""
    if isinstance(given, int):
        raise ValueError("write the time in quotes, such as '14:30'")
    return given


class NewsSentiment(BaseModel):
    """``senti_news``: the mean sentiment of the news available before a day's cut-off.

    ``half_life`` is in days of 24 hours, ``cut_off`` a time in Shanghai; ``lexicon`` names the
    words, or ``scorer`` a Python file in their place.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Literal["senti_news"]
    half_life: float = Field(default=5.0, gt=0, le=366)
    cut_off: Annotated[time, BeforeValidator(_as_written)] = time(15)
    lexicon: Name = "chinese"
    scorer: Name | None = None

    @model_validator(mode="after")
    def _is_scored_one_way(self) -> NewsSentiment:
        if self.scorer is not None and "lexicon" in self.model_fields_set:
            raise ValueError("give either lexicon or scorer")
        if self.cut_off.tzinfo is not None:
            raise ValueError("cut_off is a time of Shanghai, without a zone")
        return self


NAMED_FEATURES = ("px_turnover", "senti_news")


def _by_name(given: Any) -> Any:
    """A named feature given by its name alone is one with its defaults."""
    written = {"name": given} if isinstance(given, str) else given
    if not isinstance(written, dict) or written.get("name") not in NAMED_FEATURES:
        told = written.get("name") if isinstance(written, dict) else written
        raise ValueError(f"there is no named feature {told!r}; known: {', '.join(NAMED_FEATURES)}")
    return written


NamedFeature = Annotated[
    Annotated[Turnover | NewsSentiment, Field(discriminator="name")], BeforeValidator(_by_name)
]


class FeatureSet(_Entry):
    """A named set of features, computed together.

    ``universe`` names the universe that operators across the symbols of a day look at;
    ``include`` are named features, which no expression of prices says.
    """

    universe: Name | None = None
    mode: Mode = "qlib"
    include: list[NamedFeature] = []
    features: dict[FeatureName, Feature] = {}

    @model_validator(mode="after")
    def _has_each_feature_once(self) -> FeatureSet:
        if not self.names:
            raise ValueError("a feature set has at least one feature, in features or include")
        twice = sorted({name for name in self.names if self.names.count(name) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)}: the same name twice")
        return self

    @property
    def names(self) -> list[str]:
        """Every feature: those of expressions, then those included by name."""
        return [*self.features, *(one.name for one in self.include)]

    @property
    def expressions(self) -> dict[str, str]:
        return {name: feature.expression for name, feature in self.features.items()}


class Label(_Entry):
    """What a model learns to predict: an expression that looks ahead."""

    mode: Mode = "qlib"
    expression: str


class Training(BaseModel):
    """How a model walks forward, in months of history.

    ``months`` is the length of the training window, ``minimum_months`` the history a first model
    needs, ``retrain_every`` the cadence, counted from January.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    months: int = Field(ge=1)
    minimum_months: int = Field(ge=1)
    retrain_every: int = Field(ge=1, le=120)


class _Model(BaseModel):
    """What every kind of model has.

    ``seed`` fixes every random choice. ``shuffle_labels`` is the null control: labels are permuted
    within each day, by the seed, before training; predictions are then judged against the true
    labels, and must be noise.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = 0
    shuffle_labels: bool = False


class LightGBMModel(_Model):
    """Boosted trees: ``rounds`` of them, with LightGBM's own ``parameters``."""

    kind: Literal["lightgbm"]
    rounds: int = Field(default=100, ge=1)
    parameters: dict[str, Any] = Field(default_factory=dict)


class RidgeModel(_Model):
    """A linear model of standardised features.

    It minimises the mean over the rows of the squared error, plus ``penalty`` times the sum of
    the squared coefficients: the penalty is per row, so that it means the same for a window of
    any length. ``clip`` is in standard deviations: a feature further from its mean counts as just
    so far.
    """

    kind: Literal["ridge"]
    penalty: float = Field(default=0.01, ge=0, allow_inf_nan=False)
    clip: float = Field(default=3.0, gt=0, allow_inf_nan=False)


Model = Annotated[LightGBMModel | RidgeModel, Field(discriminator="kind")]


class Portfolio(BaseModel):
    """Hold the ``top`` names by score, replacing at most ``drop`` of them a day.

    ``capital`` is in CNY; ``cash_reserve`` is the share of cash that is never spent;
    ``deal_price`` is where orders of the next day are dealt.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    top: int = Field(ge=1)
    drop: int = Field(ge=1)
    deal_price: Literal["open", "close"]
    capital: float = Field(gt=0)
    cash_reserve: float = Field(default=0.05, ge=0, lt=1)


class TradingCosts(BaseModel):
    """What a broker and the market charge besides the dated duties and fees.

    Rates are ratios of the traded value; ``commission_minimum`` is CNY per order.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    commission_rate: float = Field(ge=0, lt=0.1)
    commission_minimum: float = Field(ge=0)
    slippage: float = Field(ge=0, lt=0.1)


class Strategy(_Entry):
    """An idea from universe to portfolio. Months before ``start`` are warm-up."""

    universe: Name
    features: Name
    label: Name
    benchmark: str
    start: Month
    model: Model
    training: Training
    portfolio: Portfolio
    costs: TradingCosts
