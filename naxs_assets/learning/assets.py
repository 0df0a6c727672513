"""The learning assets of one strategy: dataset, model, predictions and their evaluation."""

from collections.abc import Iterator, Sequence
from datetime import date

import polars as pl

from naxs_assets.catalog.models import Strategy, Universe
from naxs_assets.factors.assets import months_for
from naxs_assets.learning.contracts import EVALUATION, PREDICTIONS, dataset_contract
from naxs_assets.learning.dataset import build_dataset, member_days
from naxs_assets.learning.evaluation import evaluate
from naxs_assets.learning.information_coefficient import DECAY_LAGS
from naxs_assets.learning.models import ModelDocument, predict, train, warm_up
from naxs_assets.learning.windows import (
    is_retraining_month,
    last_training_date,
    training_months,
)
from naxs_assets.lineage.assets import LineageAsset
from naxs_assets.lineage.monthly import Made
from naxs_assets.lineage.reader import Handle, Reader
from naxs_assets.lineage.recipe import Months, Recipe, Whole
from naxs_assets.pages.sparkline import sparkline_markdown
from naxs_assets.partitions import add_months, last_day, months_between
from naxs_assets.settings import Settings

OWNER = "team:research"


def learning_assets(
    settings: Settings,
    strategy: Strategy,
    universe: Universe,
    feature_names: Sequence[str],
    label_reach: int,
    first_month: str,
) -> list[LineageAsset]:
    """Dataset, model, predictions and evaluation of ``strategy``; the market begins in
    ``first_month``."""
    return [
        _dataset(strategy, universe, feature_names),
        _model(settings, strategy, feature_names, label_reach, first_month),
        _predictions(settings, strategy),
        _evaluation(strategy),
    ]


def _dataset(strategy: Strategy, universe: Universe, feature_names: Sequence[str]) -> LineageAsset:
    def make(
        pending: Iterator[str], features: Reader, labels: Reader, members: Reader
    ) -> Iterator[Made]:
        for month in pending:
            known_members = members.whole().until(last_day(month))
            columns, label = features[month], labels[month]
            rows, listed = columns.frame(), known_members.frame()
            table = build_dataset(rows, label.frame(), universe, listed)
            yield Made(
                month,
                table,
                made_from=(columns, label, known_members),
                metadata={
                    "member_days": member_days(universe, listed, rows),
                    "labelled": table.get_column("label").count(),
                },
            )

    recipe = Recipe(
        asset=f"{strategy.name}/dataset",
        code=("naxs_assets.learning.dataset",),
        contract=dataset_contract(feature_names),
        config={"universe": universe.model_dump(), "features": list(feature_names)},
        upstream={
            "features": Months(f"features/{strategy.features}"),
            "labels": Months(f"labels/{strategy.label}"),
            "members": Whole("market/index_members"),
        },
    )
    return LineageAsset(
        recipe=recipe,
        generator=make,
        description=(
            "数据集：股票池成员逐日的特征与标签\n\n"
            "Features and label of the universe's members, day by day"
        ),
        group=strategy.name,
        kinds=frozenset({"polars", "pandera"}),
        owner=OWNER,
    )


def _model(
    settings: Settings,
    strategy: Strategy,
    feature_names: Sequence[str],
    label_reach: int,
    first_month: str,
) -> LineageAsset:

    def make(
        pending: Iterator[str], dataset: Reader, calendar: Reader, previous: Reader
    ) -> Iterator[Made]:
        for month in pending:
            if month < strategy.start:
                document = warm_up(feature_names, f"before the strategy's start {strategy.start}")
                yield Made(month, document.to_text(), metadata=model_facts(document))
                continue
            consulted: tuple[Handle, ...] = ()
            if not is_retraining_month(month, strategy.training):
                before = previous[add_months(month, -1)]
                goes_on = bool(before) or month > first_month
                carried = ModelDocument.from_text(before.text()) if goes_on else None
                consulted = (before,)
                if carried is not None and carried.is_trained:
                    yield Made(month, carried.to_text(), consulted, model_facts(carried))
                    continue
            days = calendar.whole().until(last_day(month))
            last = last_training_date(month, label_reach, days.frame())
            window = [
                _known_by(dataset[earlier], last)
                for earlier in training_months(month, strategy.training, first_month)
            ]
            document = _first_or_new_model(strategy, feature_names, month, window, settings.threads)
            yield Made(
                month, document.to_text(), (*consulted, days, *window), model_facts(document)
            )

    recipe = Recipe(
        asset=f"{strategy.name}/model",
        code=("naxs_assets.learning.models", "naxs_assets.learning.windows"),
        suffix=".json",
        config={
            "start": strategy.start,
            "first_month": first_month,
            "model": strategy.model.model_dump(),
            "training": strategy.training.model_dump(),
            "features": list(feature_names),
            "label_reach": label_reach,
        },
        upstream={
            "dataset": Months(f"{strategy.name}/dataset", back=strategy.training.months, ahead=-1),
            "calendar": Whole("market/calendar"),
            "previous": Months(f"{strategy.name}/model", back=1, ahead=-1),
        },
    )
    return LineageAsset(
        recipe=recipe,
        generator=make,
        description=(
            "模型：用之前的月份训练，按标签跨度清洗；两次训练之间沿用\n\n"
            "Trained on the months before, purged by the label's reach; carried on between "
            "retrainings"
        ),
        group=strategy.name,
        kinds=frozenset({strategy.model.kind, "json"}),
        owner=OWNER,
    )


def _known_by(handle: Handle, last: date | None) -> Handle:
    """The handle, cut at ``last`` if its month goes on after it."""
    if last is None or last >= last_day(handle.partition):
        return handle
    return handle.until(last)


def _first_or_new_model(
    strategy: Strategy,
    feature_names: Sequence[str],
    month: str,
    window: Sequence[Handle],
    threads: int,
) -> ModelDocument:
    frames = [frame for frame in (handle.frame() for handle in window) if frame.height]
    if len(frames) < strategy.training.minimum_months:
        return warm_up(
            feature_names,
            f"{len(frames)} months of history, {strategy.training.minimum_months} are needed",
        )
    return train(pl.concat(frames), feature_names, strategy.model, month, threads)


def model_facts(document: ModelDocument) -> dict[str, str | int]:
    """What a person wants to know of a model at a glance."""
    trained_on = document.trained_on
    if trained_on is None:
        return {"status": document.status, "reason": document.reason}
    return {
        "status": document.status,
        "trained_for": trained_on.month,
        "first_date": trained_on.first_date,
        "last_date": trained_on.last_date,
        "train_rows": trained_on.rows,
    }


def _predictions(settings: Settings, strategy: Strategy) -> LineageAsset:
    def make(pending: Iterator[str], dataset: Reader, model: Reader) -> Iterator[Made]:
        for month in pending:
            rows, document = dataset[month], model[month]
            scores = predict(
                ModelDocument.from_text(document.text()), rows.frame(), settings.threads
            )
            yield Made(month, scores, made_from=(rows, document))

    recipe = Recipe(
        asset=f"{strategy.name}/predictions",
        code=("naxs_assets.learning.models",),
        contract=PREDICTIONS,
        upstream={
            "dataset": Months(f"{strategy.name}/dataset"),
            "model": Months(f"{strategy.name}/model"),
        },
    )
    return LineageAsset(
        recipe=recipe,
        generator=make,
        description="预测：每个成员逐日的得分\n\nThe model's score of every member, day by day",
        group=strategy.name,
        kinds=frozenset({strategy.model.kind, "polars"}),
        owner=OWNER,
    )


def _evaluation(strategy: Strategy) -> LineageAsset:
    back = months_for(max(DECAY_LAGS))

    def make(pending: Iterator[str], predictions: Reader, labels: Reader) -> Iterator[Made]:
        for month in pending:
            window = [predictions[one] for one in months_between(add_months(month, -back), month)]
            outcome = labels[month]
            scores = pl.concat(handle.frame() for handle in window if handle)
            table = evaluate(scores, outcome.frame())
            today = table.filter(pl.col("lag") == 0)
            yield Made(
                month,
                table,
                made_from=(*window, outcome),
                metadata={
                    "rank_ic": today["rank_ic"].mean(),
                    "plot": sparkline_markdown(today["rank_ic"].to_list()),
                },
            )

    recipe = Recipe(
        asset=f"{strategy.name}/evaluation",
        code=("naxs_assets.learning.evaluation",),
        contract=EVALUATION,
        upstream={
            "predictions": Months(f"{strategy.name}/predictions", back=back),
            "labels": Months(f"labels/{strategy.label}"),
        },
    )
    return LineageAsset(
        recipe=recipe,
        generator=make,
        description=(
            "评估：逐日 IC、RankIC 与分层收益，含滞后\n\n"
            "Daily IC, RankIC and quantile returns, on the day and with a delay"
        ),
        group=strategy.name,
        kinds=frozenset({"polars"}),
        owner=OWNER,
    )
