"""A recipe: what an asset promises (its contract), what makes it (its code and configuration),
and which months of which assets it reads. The facts that decide whether a result is up to date."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from naxs_assets.lineage.code_hash import code_hash
from naxs_assets.lineage.content_hash import json_hash
from naxs_assets.lineage.contract import Contract

Externals = Callable[[str], Mapping[str, str]]


@dataclass(frozen=True)
class Months:
    """The months of another asset that a month reads: from ``back`` before to ``ahead`` after."""

    asset: str
    back: int = 0
    ahead: int = 0


@dataclass(frozen=True)
class Whole:
    """An unpartitioned asset that is read."""

    asset: str


@dataclass(frozen=True)
class AllMonths:
    """Every month of a monthly asset, read by an unpartitioned one."""

    asset: str


Upstream = Months | Whole | AllMonths


@dataclass(frozen=True)
class Recipe:
    """How one asset is made.

    ``code`` names the modules whose source (with what they import) makes the asset; ``config``
    is the part of the catalogue and settings that shapes it. ``externals`` gives, for a
    partition, the digests of what is read outside the ledger, by name. ``suffix`` is the file
    suffix of a text result, None for a table.
    """

    asset: str
    code: tuple[str, ...]
    monthly: bool = True
    contract: Contract | None = None
    suffix: str | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    upstream: Mapping[str, Upstream] = field(default_factory=dict)
    externals: Externals | None = None

    def __post_init__(self) -> None:
        if (self.contract is None) == (self.suffix is None):
            raise ValueError(f"{self.asset}: a recipe has either a contract or a text suffix")

    @cached_property
    def code_hash(self) -> str:
        return code_hash(self.code)

    @cached_property
    def config_hash(self) -> str:
        contract = [self.contract.name, self.contract.version] if self.contract else []
        return json_hash({"config": dict(self.config), "contract": contract})
