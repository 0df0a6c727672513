"""Loading the catalogue: the YAML files of this package, then those of the home."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from naxs_assets.catalog.models import FeatureSet, Label, Strategy, Universe
from naxs_assets.errors import ConfigurationError

_BUILT_IN = Path(__file__).parent
_Entry = TypeVar("_Entry", Universe, FeatureSet, Label, Strategy)


@dataclass(frozen=True)
class Catalogue:
    """Every entry by name."""

    universes: dict[str, Universe]
    feature_sets: dict[str, FeatureSet]
    labels: dict[str, Label]
    strategies: dict[str, Strategy]


def load_catalogue(home: Path) -> Catalogue:
    """The built-in catalogue with the entries of ``home/catalog`` added.

    Raises :class:`ConfigurationError` for a file that does not parse, an unknown key, a name that
    is taken or a strategy that refers to an entry that does not exist, naming file and key.
    """
    folders = [_BUILT_IN, home / "catalog"]
    catalogue = Catalogue(
        universes=_load(folders, "universes", Universe),
        feature_sets=_load(folders, "features", FeatureSet),
        labels=_load(folders, "labels", Label),
        strategies=_load(folders, "strategies", Strategy),
    )
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
        return model.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise ConfigurationError(
            f"not valid YAML: {error}", where=str(file), remedy="mend the file"
        ) from error
    except ValidationError as error:
        raise ConfigurationError(
            "; ".join(_problems(error, model)),
            where=str(file),
            remedy=f"the keys of this file are {', '.join(model.model_fields)}",
        ) from error


def _problems(error: ValidationError, model: type[BaseModel]) -> list[str]:
    return [
        f"{model.__name__.lower()}.{'.'.join(str(part) for part in problem['loc'])}: "
        + ("no such key" if problem["type"] == "extra_forbidden" else str(problem["msg"]))
        for problem in error.errors()
    ]


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
