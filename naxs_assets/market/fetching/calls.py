"""One call of a vendor's function, its answer, and who can make it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Protocol

import polars as pl

from naxs_assets.lineage.content_hash import json_hash


class Family(StrEnum):
    """Hosts that are polite or angry together: one budget and one circuit breaker each."""

    EASTMONEY = "akshare.eastmoney"
    EASTMONEY_DATACENTER = "akshare.eastmoney_datacenter"
    SINA = "akshare.sina"
    TENCENT = "akshare.tencent"
    CSINDEX = "akshare.csindex"
    EXCHANGES = "akshare.exchanges"
    SHENWAN = "akshare.shenwan"
    BAOSTOCK = "baostock"

    @property
    def package(self) -> str:
        """The Python package whose function is called: ``akshare`` or ``baostock``."""
        return self.value.partition(".")[0]


@dataclass(frozen=True)
class Call:
    """A function of a vendor's package with its arguments.

    ``columns`` are those the answer must have, in this order; any other answer is a
    ``SchemaChangedError``. An empty answer is an ``EmptyAnswerError`` unless ``may_be_empty``.
    """

    family: Family
    function: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    may_be_empty: bool = False

    @cached_property
    def request_hash(self) -> str:
        """sha256 of family, function and arguments: what a replay looks the answer up by."""
        return json_hash([self.family.value, self.function, dict(self.arguments)])

    def __str__(self) -> str:
        arguments = ", ".join(f"{name}={value}" for name, value in self.arguments.items())
        return f"{self.function}({arguments})"


@dataclass(frozen=True)
class Answer:
    """What a call returned, in the vendor's own columns and units.

    ``source_version`` is package and version, for example ``akshare 1.19.5``; ``fetched_at`` is
    UTC; ``responses`` are the sha256 of every response body that the call read, in order, and
    ``raw_sha256`` is the digest over them.
    """

    call: Call
    frame: pl.DataFrame
    source_version: str
    fetched_at: datetime
    responses: tuple[str, ...]

    @property
    def source(self) -> str:
        """The family that answered."""
        return self.call.family.value

    @cached_property
    def raw_sha256(self) -> str:
        """One digest of all the response bodies."""
        return json_hash(list(self.responses))


class Fetcher(Protocol):
    """Makes calls: over the network, or from the raw store alone."""

    def fetch(self, call: Call) -> Answer:
        """The answer of ``call``. Raises a :class:`FetchError` saying what went wrong."""
        ...
