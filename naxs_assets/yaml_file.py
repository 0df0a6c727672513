"""YAML that a person writes, read with errors that name the file, the line and the remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from naxs_assets.errors import ConfigurationError


def read_yaml(file: Path) -> Any:
    """What a YAML file holds; None when it is empty.

    Raises :class:`ConfigurationError` when it cannot be read, is not UTF-8, is not YAML or has a
    key twice, of which YAML's own readers would silently keep the last.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"the file cannot be read: {error.strerror}",
            where=str(file),
            remedy="put the file there, readable for you",
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"not valid YAML: byte {error.start} is not UTF-8",
            where=str(file),
            remedy="save the file in UTF-8",
        ) from error
    return parse_yaml(text, file)


def parse_yaml(text: str, file: Path) -> Any:
    """What the text of ``file`` holds; raises as :func:`read_yaml` does."""
    try:
        return _Loader(text).get_single_data()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise ConfigurationError(
            f"not valid YAML{line}: {error.problem}",
            where=str(file),
            remedy="mend the line or the one before it; YAML is indented with spaces, not tabs",
        ) from error
    except yaml.YAMLError as error:
        raise ConfigurationError(
            f"not valid YAML: {str(error).splitlines()[0]}",
            where=str(file),
            remedy="save the file as plain text in UTF-8",
        ) from error


class _Loader(yaml.CSafeLoader):
    """Plain values only, and every key once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        known: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in known:
                raise yaml.constructor.ConstructorError(
                    problem=f"the key {key.value!r} stands there twice", problem_mark=key.start_mark
                )
            if isinstance(key, yaml.ScalarNode):
                known.add(key.value)
        return super().construct_mapping(node, deep)
