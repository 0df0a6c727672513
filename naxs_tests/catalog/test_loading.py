"""The catalogue: what is built in, what a home adds, and how mistakes are named."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from naxs_assets.catalog.loading import load_catalogue
from naxs_assets.catalog.models import RidgeModel
from naxs_assets.errors import ConfigurationError
from naxs_assets.factors.features import compile_features
from naxs_assets.factors.labels import compile_label

BUILT_IN = Path(load_catalogue.__code__.co_filename).parent


def _strategy(**changes: object) -> dict[str, object]:
    text = (BUILT_IN / "strategies" / "csi300_topk.yaml").read_text(encoding="utf-8")
    return {**yaml.safe_load(text), "name": "mine", **changes}


def _add(home: Path, kind: str, name: str, content: object) -> None:
    folder = home / "catalog" / kind
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")


def test_the_built_in_entries_load_and_compile(tmp_path: Path) -> None:
    catalogue = load_catalogue(tmp_path)
    assert {"csi300", "all"} <= catalogue.universes.keys()
    assert "csi300_topk" in catalogue.strategies
    for feature_set in catalogue.feature_sets.values():
        assert compile_features(feature_set.expressions).look_back > 0
        assert all(feature.description for feature in feature_set.features.values())
    assert {
        name: len(catalogue.feature_sets[name].features) for name in ("alpha158", "alpha360")
    } == {
        "alpha158": 158,
        "alpha360": 360,
    }
    label = compile_label(catalogue.labels["next_day"].expression)
    assert (label.entry_offset, label.exit_offset, label.reach) == (1, 2, 2)


def test_a_home_adds_entries(tmp_path: Path) -> None:
    _add(
        tmp_path,
        "labels",
        "week",
        {"name": "week", "description": "", "expression": "Ref($close,-5)/$close-1"},
    )
    _add(tmp_path, "strategies", "mine", _strategy(label="week"))
    assert load_catalogue(tmp_path).strategies["mine"].label == "week"


def test_a_taken_name_is_refused(tmp_path: Path) -> None:
    _add(tmp_path, "strategies", "mine", _strategy(name="csi300_topk"))
    with pytest.raises(ConfigurationError, match="'csi300_topk' is taken") as error:
        load_catalogue(tmp_path)
    assert "mine.yaml" in error.value.where


@pytest.mark.parametrize("key", ["universe", "features", "label"])
def test_a_reference_to_nothing_is_named(tmp_path: Path, key: str) -> None:
    _add(tmp_path, "strategies", "mine", _strategy(**{key: "nowhere"}))
    with pytest.raises(ConfigurationError, match=f"{key} 'nowhere', which does not exist"):
        load_catalogue(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"leverage": 2}, r"strategy.leverage: no such key"),
        ({"start": "2017"}, r"strategy.start: .*pattern"),
        (
            {"portfolio": {"top": 0, "drop": 1, "deal_price": "close", "capital": 1}},
            r"portfolio.top",
        ),
        (
            {"training": {"months": 12, "minimum_months": 6}},
            r"training.retrain_every: Field required",
        ),
        (
            {"model": {"kind": "oracle"}},
            r"strategy.model.kind: 'oracle' is none of 'lightgbm', 'ridge'",
        ),
        (
            {"model": {"seed": 1}},
            r"strategy.model.kind: Field required, one of 'lightgbm', 'ridge'",
        ),
        ({"model": "ridge"}, r"strategy.model: .*dictionary"),
        (
            {"model": {"kind": "ridge", "rounds": 10}},
            r"strategy.model.rounds: no such key "
            r"\(known here: seed, shuffle_labels, kind, penalty, clip\)",
        ),
        (
            {"model": {"kind": "ridge", "penalty": -1, "clip": 0}},
            r"strategy.model.penalty: .*equal to 0; strategy.model.clip: .*greater than 0",
        ),
        (
            {"model": {"kind": "ridge", "penalty": float("inf")}},
            r"strategy.model.penalty: .*finite",
        ),
    ],
)
def test_a_wrong_key_is_named_with_its_path(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    _add(tmp_path, "strategies", "mine", _strategy(**changes))
    with pytest.raises(ConfigurationError, match=message) as error:
        load_catalogue(tmp_path)
    assert "mine.yaml" in error.value.where


def test_a_wrong_key_of_a_feature_is_named_with_its_path(tmp_path: Path) -> None:
    feature = {"expression": "$close", "colour": "red"}
    entry = {"name": "mine", "description": "", "features": {"CLOSE": feature}}
    _add(tmp_path, "features", "mine", entry)
    with pytest.raises(ConfigurationError, match=r"featureset.features.CLOSE.colour: no such key"):
        load_catalogue(tmp_path)


def test_the_built_in_strategies_differ_in_their_model_alone(tmp_path: Path) -> None:
    strategies = load_catalogue(tmp_path).strategies
    trees, linear = strategies["csi300_topk"], strategies["csi300_linear"]
    assert linear.model == RidgeModel(kind="ridge", penalty=0.01, clip=3.0)
    own = {"name", "description", "model"}
    assert linear.model_dump(exclude=own) == trees.model_dump(exclude=own)
    assert not trees.model.shuffle_labels


def test_a_feature_set_names_a_universe_that_exists(tmp_path: Path) -> None:
    features = {"RANK": {"expression": "CSRank($close)"}}
    entry = {"name": "mine", "description": "", "universe": "csi300", "features": features}
    _add(tmp_path, "features", "mine", entry)
    assert load_catalogue(tmp_path).feature_sets["mine"].universe == "csi300"
    _add(tmp_path, "features", "mine", {**entry, "universe": "nowhere"})
    with pytest.raises(ConfigurationError, match="universe 'nowhere', which does not exist"):
        load_catalogue(tmp_path)


def test_broken_yaml_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "catalog" / "labels"
    folder.mkdir(parents=True)
    (folder / "bad.yaml").write_text("name: [", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="not valid YAML") as error:
        load_catalogue(tmp_path)
    assert "bad.yaml" in error.value.where
