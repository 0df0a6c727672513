"""The code hash: which source text made an asset.

It covers the modules an asset names and, through their import statements, every module of this
package that they use, but not how results are kept (lineage) nor settings.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_PACKAGE = "naxs_assets"
_ROOT = Path(__file__).resolve().parent.parent
_NOT_MAKERS = ("lineage", "settings", "errors", "partitions")


def code_hash(modules: Iterable[str]) -> str:
    """sha256 over the names and sources of ``modules`` and all package modules they import.

    Raises ``ModuleNotFoundError`` when a named module does not exist.
    """
    digest = hashlib.sha256()
    for module in sorted(_closure(frozenset(modules))):
        digest.update(f"{module}\n".encode())
        digest.update(_source(module).read_bytes())
    return digest.hexdigest()


@cache
def _closure(modules: frozenset[str]) -> frozenset[str]:
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module in found:
            continue
        found.add(module)
        waiting.extend(_imports(module))
    return frozenset(found)


@cache
def _imports(module: str) -> tuple[str, ...]:
    tree = ast.parse(_source(module).read_text(encoding="utf-8"))
    named: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            named.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = _origin(module, node)
            named.add(origin)
            named.update(f"{origin}.{alias.name}" for alias in node.names)
    return tuple(sorted(name for name in named if _is_maker(name)))


def _origin(module: str, node: ast.ImportFrom) -> str:
    """The absolute name that ``from ... import`` in ``module`` imports from."""
    if node.level == 0:
        return node.module or ""
    is_package = _source(module).name == "__init__.py"
    parts = module.split(".")
    parts = parts[: len(parts) + is_package - node.level]
    return ".".join([*parts, node.module] if node.module else parts)


def _is_maker(name: str) -> bool:
    parts = name.split(".")
    if parts[0] != _PACKAGE or len(parts) < 2 or parts[1] in _NOT_MAKERS:
        return False
    return _path(name) is not None  # else a name imported from a module, not a module


def _source(module: str) -> Path:
    path = _path(module)
    if path is None:
        raise ModuleNotFoundError(f"no module named {module!r} to hash")
    return path


@cache
def _path(module: str) -> Path | None:
    # Looked up on disk: asking the import system would import heavy modules.
    place = _ROOT.joinpath(*module.split(".")[1:])
    if (place / "__init__.py").is_file():
        return place / "__init__.py"
    file = place.with_suffix(".py")
    return file if file.is_file() else None
