"""What a researcher sets for weights by optimisation."""

from __future__ import annotations

from dataclasses import dataclass

from naxs_assets.errors import ConfigurationError


def require(holds: bool, name: str, value: object, wanted: str) -> None:
    """Raise :class:`ConfigurationError` naming the setting unless ``holds``."""
    if not holds:
        raise ConfigurationError(
            f"{name} = {value!r} is not {wanted}",
            where="portfolio settings",
            remedy="correct the strategy's portfolio section",
        )


@dataclass(frozen=True)
class _Common:
    """What both optimisations have.

    ``invested``: what the weights sum to; the rest is cash. ``industry_deviation``: how far the
    weight of an industry may be from that of the benchmark, which counts ``invested`` times.
    ``size_deviation``: the same for the exposure to size, in standard deviations of the logarithm
    of size over the candidates. ``turnover_cap``: the highest (sum |w - held| - |sum w - sum
    held|) / 2. ``minimum_days``: with fewer known returns a name is not bought. None is no limit.
    """

    invested: float = 1.0
    industry_deviation: float | None = None
    size_deviation: float | None = None
    turnover_cap: float | None = None
    minimum_days: int = 60

    def __post_init__(self) -> None:
        require(0 < self.invested <= 1, "invested", self.invested, "a ratio above 0 and up to 1")
        require(self.minimum_days >= 2, "minimum_days", self.minimum_days, "at least 2")
        for name in ("industry_deviation", "size_deviation", "turnover_cap"):
            self._require_at_least_0(name)

    def _require_at_least_0(self, name: str) -> None:
        value = getattr(self, name)
        require(value is None or 0 <= value < float("inf"), name, value, "a number from 0 on")


@dataclass(frozen=True)
class MeanVariance(_Common):
    """Scores against variance.

    ``risk_aversion``: what one unit of daily variance costs, in units of the score. ``name_cap``:
    the highest weight of a name. ``industry_cap``: the highest weight of an industry. For the
    others see :class:`_Common`. Raises :class:`ConfigurationError` on values out of range.
    """

    risk_aversion: float = 1.0
    name_cap: float = 1.0
    industry_cap: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("risk_aversion", "industry_cap"):
            self._require_at_least_0(name)
        require(0 < self.name_cap <= 1, "name_cap", self.name_cap, "a ratio above 0 and up to 1")


@dataclass(frozen=True)
class IndexEnhancement(_Common):
    """More score than the benchmark at a bounded distance from it.

    ``tracking_error``: the highest ex-ante tracking error a year, a ratio. ``name_deviation``: how
    far the weight of a name may be from that of the benchmark, which counts ``invested`` times. For
    the others see :class:`_Common`. Raises :class:`ConfigurationError` on values out of range.
    """

    tracking_error: float = 0.05
    name_deviation: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require_at_least_0("name_deviation")
        require(
            0 < self.tracking_error < float("inf"),
            "tracking_error",
            self.tracking_error,
            "a ratio above 0",
        )
