"""Models as documents: reproducible bits, text that loads without running code, warm-up."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from naxs_assets.catalog.models import Model
from naxs_assets.errors import DataError
from naxs_assets.learning.models import (
    ModelDocument,
    feature_matrix,
    predict,
    train,
    warm_up,
)

FEATURES = ("A", "B")
MODEL = Model(
    kind="lightgbm",
    seed=3,
    rounds=12,
    parameters={
        "num_leaves": 7,
        "min_data_in_leaf": 20,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "feature_fraction": 0.5,
    },
)


def _dataset(days: int = 40, names: int = 50) -> pl.DataFrame:
    random = np.random.default_rng(11)
    size = days * names
    a, b = random.normal(size=(2, size)).astype(np.float32)
    label = (0.3 * a - 0.2 * b + random.normal(size=size)).astype(np.float32)
    return pl.DataFrame(
        {
            "date": [
                date(2024, 1, 1) + timedelta(days=n) for n in range(days) for _ in range(names)
            ],
            "symbol": [f"{600000 + n}.SH" for n in range(names)] * days,
            "day": np.repeat(np.arange(days, dtype=np.int32), names),
            "A": a,
            "B": b,
            "label": label,
        }
    )


@pytest.fixture(scope="module")
def trained() -> ModelDocument:
    return train(_dataset(), FEATURES, MODEL, "2024-03", threads=1)


def test_the_same_rows_give_the_same_bits_in_any_order_and_with_any_threads(
    trained: ModelDocument,
) -> None:
    shuffled = _dataset().sample(fraction=1.0, shuffle=True, seed=5)
    again = train(shuffled, FEATURES, MODEL, "2024-03", threads=2)
    assert again.to_text() == trained.to_text()
    for threads in (1, 2):
        scores = predict(trained, _dataset(), threads)
        assert scores.equals(predict(trained, _dataset(), 1))


def test_a_new_process_gives_the_same_bits(trained: ModelDocument) -> None:
    code = (
        "from naxs_tests.learning.test_models import FEATURES, MODEL, _dataset, train\n"
        "print(hash_of(train(_dataset(), FEATURES, MODEL, '2024-03', threads=2)))"
    )
    prelude = (
        "import hashlib\n"
        "def hash_of(document): return hashlib.sha256(document.to_text().encode()).hexdigest()\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", prelude + code],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    local: dict[str, object] = {}
    exec(prelude, local)  # noqa: S102 - the same few lines as in the other process
    assert result.stdout.strip() == local["hash_of"](trained)  # type: ignore[operator]


def test_a_document_survives_its_text(trained: ModelDocument) -> None:
    again = ModelDocument.from_text(trained.to_text())
    assert again == trained
    assert predict(again, _dataset(), 1).equals(predict(trained, _dataset(), 1))
    assert trained.trained_on is not None
    assert trained.trained_on.rows == 2000
    assert (trained.trained_on.first_date, trained.trained_on.last_date) == (
        "2024-01-01",
        "2024-02-09",
    )


def test_another_seed_gives_another_model(trained: ModelDocument) -> None:
    other = train(_dataset(), FEATURES, MODEL.model_copy(update={"seed": 4}), "2024-03", 1)
    assert other.booster != trained.booster


def test_it_learns_what_is_there(trained: ModelDocument) -> None:
    data = _dataset()
    scores = predict(trained, data, 1)["score"].to_numpy()
    assert np.corrcoef(scores, 0.3 * data["A"].to_numpy() - 0.2 * data["B"].to_numpy())[0, 1] > 0.7


def test_rows_without_a_label_are_not_trained_on_but_are_predicted(trained: ModelDocument) -> None:
    unknown = _dataset().with_columns(
        label=pl.when(pl.col("day") < 30).then("label"), A=pl.when(pl.col("day") > 0).then("A")
    )
    model = train(unknown, FEATURES, MODEL, "2024-03", 1)
    assert model.trained_on is not None
    assert model.trained_on.rows == 1500
    assert predict(model, unknown, 1).height == 2000


def test_a_row_without_any_feature_has_no_score(trained: ModelDocument) -> None:
    dark = _dataset().with_columns(pl.when(pl.col("day") != 7).then(pl.col("A", "B")).name.keep())
    scores = predict(trained, dark, 1)
    assert set(range(40)) - set(scores["day"].to_list()) == {7}


def test_a_document_that_warms_up_scores_nothing() -> None:
    document = warm_up(FEATURES, "too little history")
    assert predict(document, _dataset(), 1).is_empty()
    assert predict(document, _dataset(), 1).schema["score"] == pl.Float64
    assert ModelDocument.from_text(document.to_text()) == document


def test_no_label_at_all_is_refused() -> None:
    with pytest.raises(DataError, match="no row with a known label"):
        train(
            _dataset().with_columns(label=pl.lit(None, pl.Float32)), FEATURES, MODEL, "2024-03", 1
        )


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", json.dumps({"status": "trained"}), "\x80\x04pickle"]
)
def test_what_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="not a model document"):
        ModelDocument.from_text(text)


def test_null_is_nan_in_the_matrix() -> None:
    matrix = feature_matrix(pl.DataFrame({"A": [1.0, None], "B": [None, 2.0]}), FEATURES)
    assert matrix.dtype == np.float32
    assert matrix.flags.c_contiguous
    assert np.array_equal(matrix, [[1.0, np.nan], [np.nan, 2.0]], equal_nan=True)
