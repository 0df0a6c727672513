"""Loading the catalogue: the YAML files of this package, then those of the home."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from naxs_assets.catalog.models import FeatureSet, Label, Lexicon, Strategy, Universe
from naxs_assets.errors import ConfigurationError
from naxs_assets.yaml_file import read_yaml

_BUILT_IN = Path(__file__).parent
_Entry = TypeVar("_Entry", Universe, FeatureSet, Label, Lexicon, Strategy)


@dataclass(frozen=True)
class Catalogue:
    """Every entry by name, and the Python files that define operators of expressions, and those
    that score news, by name."""

    universes: dict[str, Universe]
    feature_sets: dict[str, FeatureSet]
    labels: dict[str, Label]
    strategies: dict[str, Strategy]
    operators: tuple[Path, ...]
    lexicons: dict[str, Lexicon]
    scorers: dict[str, Path]


def load_catalogue(home: Path) -> Catalogue:
    """The built-in catalogue with the entries of ``home/catalog`` added.

    Raises :class:`ConfigurationError` for a file that does not parse, an unknown key, a name that
    is taken or an entry that refers to one that does not exist, naming file and key.
    """
    folders = [_BUILT_IN, home / "catalog"]
    catalogue = Catalogue(
        universes=_load(folders, "universes", Universe),
        feature_sets=_load(folders, "features", FeatureSet),
        labels=_load(folders, "labels", Label),
        strategies=_load(folders, "strategies", Strategy),
        operators=tuple(sorted((home / "catalog" / "operators").glob("*.py"))),
        lexicons=_load(folders, "lexicons", Lexicon),
        scorers={file.stem: file for file in sorted((home / "catalog/scorers").glob("*.py"))},
    )
    for feature_set in catalogue.feature_sets.values():
        _check_universe(feature_set, catalogue)
    for strategy in catalogue.strategies.values():
        _check_references(strategy, catalogue)
    return catalogue


def _load(folders: Sequence[Path], kind: str, model: type[_Entry]) -> dict[str, _Entry]:
    entries: dict[str, _Entry] = {}
    for folder in folders:
        for file in sorted((folder / kind).glob("*.yaml")):
            entry = _parse(file, model)
            if entry.name in entries:
                raise ConfigurationError(
                    f"the name {entry.name!r} is taken already among the {kind}",
                    where=str(file),
                    remedy="give it a name of its own",
                )
            entries[entry.name] = entry
    return entries


def _parse(file: Path, model: type[_Entry]) -> _Entry:
    try:
        return model.model_validate(read_yaml(file))
    except ValidationError as error:
        raise ConfigurationError(
            "; ".join(_problem(each, model) for each in error.errors()),
            where=str(file),
            remedy=f"the keys of this file are {', '.join(model.model_fields)}",
        ) from error


def _problem(problem: ErrorDetails, model: type[BaseModel]) -> str:
    """A mistake as ``strategy.model.kind: what is wrong and what is allowed``."""
    holder, path = _place(problem["loc"], model)
    match problem["type"]:
        case "extra_forbidden" if holder is model:  # the remedy names its keys
            return f"{path}: no such key"
        case "extra_forbidden":
            return f"{path}: no such key (known here: {', '.join(holder.model_fields)})"
        case "union_tag_invalid":
            context = problem["ctx"]
            return f"{path}.kind: {context['tag']!r} is none of {context['expected_tags']}"
        case "union_tag_not_found":
            variants = get_args(holder.model_fields[str(problem["loc"][-1])].annotation)
            kinds = ", ".join(repr(_kind(variant)) for variant in variants)
            return f"{path}.kind: Field required, one of {kinds}"
    return f"{path}: {problem['msg']}"


def _place(location: Sequence[int | str], model: type[BaseModel]) -> tuple[type[BaseModel], str]:
    """The model that holds the key at pydantic's ``location``, and the key's path in the file.

    Within a union pydantic names the kind that it chose, which is no part of the path.
    """
    holder, path = model, [model.__name__.lower()]
    inside: Any = model
    for part in location:
        kinds = {_kind(variant): variant for variant in get_args(inside)}
        if part in kinds:
            inside = kinds[str(part)]
        else:
            path.append(str(part))
            if inside is holder:
                field = holder.model_fields.get(str(part))
                inside = field.annotation if field else None
            else:
                inside = next(reversed(get_args(inside)), None)  # the values of a mapping
        if isinstance(inside, type) and issubclass(inside, BaseModel):
            holder = inside
    return holder, ".".join(path)


def _kind(variant: Any) -> str | None:
    """The ``kind`` that stands for one model of a union; None for other types."""
    if not (isinstance(variant, type) and issubclass(variant, BaseModel)):
        return None
    field = variant.model_fields.get("kind")
    return str(get_args(field.annotation)[0]) if field else None


def _check_universe(feature_set: FeatureSet, catalogue: Catalogue) -> None:
    if feature_set.universe is not None and feature_set.universe not in catalogue.universes:
        raise ConfigurationError(
            f"feature set {feature_set.name} refers to universe {feature_set.universe!r}, which "
            "does not exist",
            where=f"features/{feature_set.name}.yaml",
            remedy=f"known: {', '.join(sorted(catalogue.universes))}",
        )


def _check_references(strategy: Strategy, catalogue: Catalogue) -> None:
    references = {
        "universe": (strategy.universe, catalogue.universes.keys()),
        "features": (strategy.features, catalogue.feature_sets.keys()),
        "label": (strategy.label, catalogue.labels.keys()),
    }
    for key, (name, known) in references.items():
        if name not in known:
            raise ConfigurationError(
                f"strategy {strategy.name} refers to {key} {name!r}, which does not exist",
                where=f"strategies/{strategy.name}.yaml",
                remedy=f"known: {', '.join(sorted(known))}",
            )
