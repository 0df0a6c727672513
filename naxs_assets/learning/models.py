"""Models as documents: trained with a fixed seed, stored as text, loaded without running code.

A document is canonical JSON: its status (``trained`` or ``warm_up``), its kind, what it was
trained on, and what was fitted, in the form of its kind.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl

from naxs_assets.catalog.models import Model, RidgeModel
from naxs_assets.errors import DataError
from naxs_assets.learning import lightgbm_model, ridge_model
from naxs_assets.learning.control import shuffled
from naxs_assets.lineage.content_hash import canonical_json

_Matrix = np.ndarray[Any, np.dtype[np.float32]]
_Scores = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class TrainedOn:
    """What a model has seen: its month, the first and last day of its rows, and their number."""

    month: str
    first_date: str
    last_date: str
    rows: int


@dataclass(frozen=True)
class ModelDocument:
    """A stored model: its ``kind``, and what was ``fitted``: text for LightGBM, numbers for ridge.

    Both are empty while warming up, with the ``reason`` beside them.
    """

    status: str
    features: tuple[str, ...]
    reason: str = ""
    trained_on: TrainedOn | None = None
    kind: str = ""
    fitted: str | dict[str, Any] = ""

    @property
    def is_trained(self) -> bool:
        return self.status == "trained"

    def to_text(self) -> str:
        """The document as canonical JSON."""
        return canonical_json(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> ModelDocument:
        """The document in ``text``. Raises :class:`DataError` if it is not one."""
        try:
            fields = json.loads(text)
            trained_on = fields.pop("trained_on")
            return cls(
                features=tuple(fields.pop("features")),
                trained_on=TrainedOn(**trained_on) if trained_on else None,
                **fields,
            )
        except (ValueError, TypeError, KeyError) as error:
            raise DataError(
                f"not a model document: {error}", remedy="re-make the model with naxs run"
            ) from error


def warm_up(features: Sequence[str], reason: str) -> ModelDocument:
    """The document of a month that has no model yet."""
    return ModelDocument(status="warm_up", features=tuple(features), reason=reason)


def train(
    dataset: pl.DataFrame, features: Sequence[str], model: Model, month: str, threads: int
) -> ModelDocument:
    """Train on the rows of ``dataset`` that have a label, sorted by date and symbol.

    The same rows, model and package versions give the same bits, whatever the number of threads.
    Raises :class:`DataError` if no row has a label.
    """
    rows = dataset.filter(pl.col("label").is_not_null()).sort("date", "symbol")
    if rows.is_empty():
        raise DataError(
            "no row with a known label to train on",
            where=f"model of {month}",
            remedy="check the quarantined rows and the universe of the training months",
        )
    matrix, labels = feature_matrix(rows, features), rows.get_column("label").to_numpy()
    if model.shuffle_labels:
        labels = shuffled(labels, rows.get_column("day").to_numpy(), model.seed)
    dates = rows.get_column("date")
    return ModelDocument(
        status="trained",
        features=tuple(features),
        trained_on=TrainedOn(month, str(dates.min()), str(dates.max()), rows.height),
        kind=model.kind,
        fitted=ridge_model.fit(matrix, labels, model)
        if isinstance(model, RidgeModel)
        else lightgbm_model.fit(matrix, labels, features, model, threads),
    )


def predict(document: ModelDocument, dataset: pl.DataFrame, threads: int) -> pl.DataFrame:
    """Scores (date, symbol, day, score Float64) of every row that has at least one feature.

    A document that is still warming up gives no rows.
    """
    shape = dataset.select("date", "symbol", "day")
    if not document.is_trained:
        return shape.clear().with_columns(pl.lit(None, pl.Float64).alias("score"))
    known = pl.any_horizontal(pl.col(list(document.features)).is_not_null())
    rows = dataset.filter(known)
    scores = _scores(document, feature_matrix(rows, document.features), threads)
    return rows.select("date", "symbol", "day").with_columns(
        pl.Series("score", scores, dtype=pl.Float64)
    )


def feature_matrix(rows: pl.DataFrame, features: Sequence[str]) -> _Matrix:
    """Features as float32, rows x features, null as NaN; the one path into the model."""
    return np.ascontiguousarray(
        rows.select(pl.col(list(features)).cast(pl.Float32).fill_null(float("nan"))).to_numpy()
    )


def _scores(document: ModelDocument, matrix: _Matrix, threads: int) -> _Scores:
    if not len(matrix):
        return np.empty(0)
    match document.kind, document.fitted:
        case "lightgbm", str(booster):
            return lightgbm_model.score(booster, matrix, threads)
        case "ridge", dict(numbers):
            return ridge_model.score(numbers, matrix)
    raise DataError(
        f"a model of kind {document.kind!r} cannot be read here",
        remedy="re-make the model with naxs run",
    )
