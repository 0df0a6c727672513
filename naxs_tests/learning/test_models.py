"""Models: the same bits for any number of threads, kept as text, loaded without running code."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from naxs_assets.catalog.models import LightGBMModel, Model, RidgeModel
from naxs_assets.errors import ConfigurationError, DataError
from naxs_assets.learning.contracts import PREDICTIONS
from naxs_assets.learning.models import (
    ModelDocument,
    TrainedOn,
    feature_matrix,
    predict,
    train,
    warm_up,
)

FEATURES = ("fast", "slow", "noise")
BOOSTED = LightGBMModel(
    kind="lightgbm",
    seed=7,
    rounds=12,
    parameters={
        "num_leaves": 7,
        "min_data_in_leaf": 10,
        "feature_fraction": 0.7,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
    },
)
LINEAR = RidgeModel(kind="ridge")
KINDS: dict[str, Model] = {model.kind: model for model in (BOOSTED, LINEAR)}


def a_dataset(days: int = 60, names: int = 40, seed: int = 1) -> pl.DataFrame:
    """Rows whose label follows ``fast``; some features and labels are unknown."""
    random = np.random.default_rng(seed)
    rows = days * names
    frame = pl.DataFrame(
        {
            "date": [date(2021, 1, 4) + timedelta(days=n // names) for n in range(rows)],
            "symbol": [f"{600000 + n}.SH" for n in range(names)] * days,
            "day": np.repeat(np.arange(days), names),
            **{name: random.normal(size=rows) for name in FEATURES},
        }
    ).with_columns(pl.col("day").cast(pl.Int32), *(pl.col(n).cast(pl.Float32) for n in FEATURES))
    noise = pl.Series(random.normal(size=rows))
    unknown = pl.Series(random.random(rows) < 0.1)
    return frame.with_columns(
        label=pl.when(~unknown).then(pl.col("fast") * 0.5 + noise).cast(pl.Float32),
        slow=pl.when(pl.Series(random.random(rows) < 0.1)).then(None).otherwise("slow"),
    )


@pytest.fixture(scope="module")
def dataset() -> pl.DataFrame:
    return a_dataset()


@pytest.fixture(scope="module", params=KINDS)
def model(request: pytest.FixtureRequest) -> Model:
    return KINDS[request.param]


@pytest.fixture(scope="module")
def document(dataset: pl.DataFrame, model: Model) -> ModelDocument:
    return train(dataset, FEATURES, model, "2021-04", threads=1)


def test_a_model_says_what_it_has_seen(dataset: pl.DataFrame, document: ModelDocument) -> None:
    assert document.is_trained
    assert document.features == FEATURES
    assert document.trained_on == TrainedOn(
        month="2021-04",
        first_date="2021-01-04",
        last_date="2021-03-04",
        rows=dataset["label"].count(),
    )


def test_one_and_two_threads_train_the_same_bits(model: Model) -> None:
    many = a_dataset(days=400, names=250)  # enough rows for the threads to share them
    one, two = (train(many, FEATURES, model, "2022-03", threads) for threads in (1, 2))
    assert one.to_text() == two.to_text()


def test_one_and_two_threads_predict_the_same_bits(
    dataset: pl.DataFrame, document: ModelDocument
) -> None:
    assert predict(document, dataset, 1).equals(predict(document, dataset, 2))


def test_a_new_process_trains_the_same_bits(model: Model, document: ModelDocument) -> None:
    program = (
        "import sys\n"
        "from naxs_tests.learning.test_models import FEATURES, KINDS, a_dataset, train\n"
        f"model = KINDS[{model.kind!r}]\n"
        "sys.stdout.write(train(a_dataset(), FEATURES, model, '2021-04', threads=2).to_text())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout == document.to_text()


def test_the_order_of_rows_does_not_matter(
    dataset: pl.DataFrame, model: Model, document: ModelDocument
) -> None:
    shuffled = dataset.sample(fraction=1, shuffle=True, seed=3)
    assert train(shuffled, FEATURES, model, "2021-04", threads=1) == document


def test_rows_without_a_label_do_not_matter(
    dataset: pl.DataFrame, model: Model, document: ModelDocument
) -> None:
    known = dataset.filter(pl.col("label").is_not_null())
    assert train(known, FEATURES, model, "2021-04", threads=1) == document


def test_another_seed_gives_another_model(dataset: pl.DataFrame) -> None:
    one, other = (
        train(dataset, FEATURES, BOOSTED.model_copy(update={"seed": seed}), "2021-04", threads=1)
        for seed in (7, 8)
    )
    assert one.fitted != other.fitted


def test_it_learns_what_is_there(dataset: pl.DataFrame, document: ModelDocument) -> None:
    later = a_dataset(seed=2)
    scored = later.join(predict(document, later, 1), on=["date", "symbol"])
    assert scored.select(pl.corr("score", "fast")).item() > 0.8


def test_nothing_to_learn_from_is_refused(dataset: pl.DataFrame, model: Model) -> None:
    unlabelled = dataset.with_columns(label=pl.lit(None, pl.Float32))
    with pytest.raises(DataError, match="no row with a known label") as raised:
        train(unlabelled, FEATURES, model, "2021-04", threads=1)
    assert "2021-04" in raised.value.where


# --- Predicting ---------------------------------------------------------------------------------


def test_scores_meet_their_contract(dataset: pl.DataFrame, document: ModelDocument) -> None:
    scores = predict(document, dataset, 1)
    assert PREDICTIONS.validate(scores, "predictions").height == dataset.height


def test_rows_without_any_feature_have_no_score(document: ModelDocument) -> None:
    rows = a_dataset(days=1, names=3).with_columns(
        pl.when(pl.col("symbol") == "600001.SH").then(None).otherwise(pl.col(name)).alias(name)
        for name in FEATURES
    )
    assert predict(document, rows, 1)["symbol"].to_list() == ["600000.SH", "600002.SH"]


def test_no_rows_give_no_scores(dataset: pl.DataFrame, document: ModelDocument) -> None:
    assert PREDICTIONS.validate(predict(document, dataset.clear(), 1), "predictions").is_empty()


def test_a_model_that_warms_up_gives_no_scores(dataset: pl.DataFrame) -> None:
    waiting = warm_up(FEATURES, "2 months of history, 12 are needed")
    assert not waiting.is_trained
    assert PREDICTIONS.validate(predict(waiting, dataset, 1), "predictions").is_empty()


def test_the_matrix_has_nan_for_null_and_no_copy_of_the_order(dataset: pl.DataFrame) -> None:
    matrix = feature_matrix(dataset, ("slow", "fast"))
    assert matrix.dtype == np.float32
    assert matrix.flags.c_contiguous
    assert np.isnan(matrix[:, 0]).sum() == dataset["slow"].null_count() > 0
    assert (matrix[:, 1] == dataset["fast"].to_numpy()).all()


# --- Documents ----------------------------------------------------------------------------------


def test_documents_come_back_as_they_were(document: ModelDocument) -> None:
    for kept in (document, warm_up(FEATURES, "too early")):
        assert ModelDocument.from_text(kept.to_text()) == kept


def test_a_document_is_canonical_json(model: Model, document: ModelDocument) -> None:
    fields: dict[str, Any] = json.loads(document.to_text())
    assert list(fields) == sorted(fields)
    assert fields["kind"] == model.kind
    assert "num_threads" not in document.to_text()


@pytest.mark.parametrize(
    ("wrong", "what", "remedy"),
    [
        ({"num_leafs": 7}, "no parameter 'num_leafs'", "did you mean num_leaves?"),
        ({"colour": 7}, "no parameter 'colour'", "list of parameters"),
        ({"num_leaves": -3}, "refuses the model: Check failed: (num_leaves) > (1)", "correct"),
    ],
)
def test_parameters_that_lightgbm_does_not_take_are_refused(
    dataset: pl.DataFrame, wrong: dict[str, Any], what: str, remedy: str
) -> None:
    model = BOOSTED.model_copy(update={"parameters": BOOSTED.parameters | wrong})
    with pytest.raises(ConfigurationError) as told:
        train(dataset, FEATURES, model, "2021-06", 1)
    assert what in told.value.what
    assert remedy in told.value.remedy
    assert "/" not in told.value.what


def test_lightgbms_aliases_are_parameters(dataset: pl.DataFrame) -> None:
    named = {"max_leaves": 7, "min_data": 10, "sub_feature": 0.7, "linear_tree": False}
    model = BOOSTED.model_copy(update={"parameters": named})
    assert train(dataset, FEATURES, model, "2021-06", 1).is_trained


def test_boosted_trees_are_kept_in_lightgbms_own_text(dataset: pl.DataFrame) -> None:
    fitted = train(dataset, FEATURES, BOOSTED, "2021-04", threads=1).fitted
    assert isinstance(fitted, str)
    assert fitted.startswith("tree\nversion=v4\n")


def test_a_loaded_document_predicts_the_same_bits(
    dataset: pl.DataFrame, document: ModelDocument
) -> None:
    loaded = ModelDocument.from_text(document.to_text())
    assert predict(loaded, dataset, 1).equals(predict(document, dataset, 1))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tree\nversion=v4",
        "[]",
        "{}",
        '{"status": "trained"}',
        '{"status": "trained", "features": [], "trained_on": {"when": 1}}',
        '{"status": "trained", "features": [], "trained_on": null, "colour": "red"}',
        "\x80\x04pickle",
        # What a pickle of an object that runs a command looks like: it is text like any other.
        "cos\nsystem\n(S'touch /tmp/executed'\ntR.",
    ],
)
def test_what_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="not a model document"):
        ModelDocument.from_text(text)


@pytest.mark.parametrize(
    ("kind", "fitted"), [("oracle", "it will rise"), ("ridge", "tree\nversion=v4"), ("", "")]
)
def test_a_kind_that_is_not_known_predicts_nothing(
    dataset: pl.DataFrame, kind: str, fitted: str
) -> None:
    strange = ModelDocument("trained", FEATURES, kind=kind, fitted=fitted)
    with pytest.raises(DataError, match=f"of kind '{kind}' cannot be read"):
        predict(strange, dataset, 1)
