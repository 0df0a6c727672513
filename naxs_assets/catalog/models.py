"""What a researcher writes: universes, feature sets, labels and strategies, as typed models.

Expressions are kept as text here; the factor engine parses them when it loads them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
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


class FeatureSet(_Entry):
    """A named set of features, computed together.

    ``universe`` names the universe that operators across the symbols of a day look at.
    """

    universe: Name | None = None
    mode: Mode = "qlib"
    features: dict[FeatureName, Feature] = Field(min_length=1)

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
