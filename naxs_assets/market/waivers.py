"""Waivers: findings that a person has looked at and accepts until a day.

``waivers.yaml`` in the home is a list; a waived finding stays in the report, named with its waiver,
counts for no verdict and blocks nothing. It never brings a row back that a rule took out, nor a
month that was refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from naxs_assets.errors import ConfigurationError
from naxs_assets.yaml_file import read_yaml

WAIVERS_FILE = "waivers.yaml"


class Waiver(BaseModel):
    """One accepted kind of finding.

    ``rule`` is a rule's id; ``symbols`` and the days ``first`` to ``last`` narrow it, left out they
    mean all. ``until`` is the last day on which it holds, ``reason`` and ``by`` say why and who.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: str
    symbols: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None
    reason: str = Field(min_length=1)
    by: str = Field(min_length=1)
    until: date

    @model_validator(mode="after")
    def _days_in_order(self) -> Waiver:
        if self.first and self.last and self.first > self.last:
            raise ValueError("first is after last")
        return self

    def holds(self, today: date) -> bool:
        """Whether it has not expired."""
        return today <= self.until

    def covers(self, rule: str, symbol: str | None, day: date | None) -> bool:
        """Whether it speaks of this finding; one without a symbol or day is covered by a waiver
        that does not narrow them."""
        return (
            rule == self.rule
            and (not self.symbols or symbol in self.symbols)
            and (self.first is None or (day is not None and day >= self.first))
            and (self.last is None or (day is not None and day <= self.last))
        )


def with_waivers(failures: pl.DataFrame, waivers: Sequence[Waiver]) -> pl.DataFrame:
    """``failures`` (columns rule, symbol and date) with ``waived``.

    That is the place of the first of ``waivers`` which covers the row, else null.
    """
    covered = [
        next(
            (
                place
                for place, waiver in enumerate(waivers)
                if waiver.covers(row["rule"], row["symbol"], row["date"])
            ),
            None,
        )
        for row in failures.select("rule", "symbol", "date").to_dicts()
    ]
    return failures.with_columns(pl.Series("waived", covered, dtype=pl.Int64))


def load_waivers(home: Path, rules: Sequence[str]) -> tuple[Waiver, ...]:
    """The waivers of a home, expired ones included; none without the file.

    ``rules`` are the known ids. Raises :class:`ConfigurationError` naming entry and key.
    """
    file = home / WAIVERS_FILE
    if not file.exists():
        return ()
    entries = read_yaml(file) or []
    if not isinstance(entries, list):
        raise ConfigurationError(
            "waivers must be a list", where=str(file), remedy="begin each waiver with '- rule: ...'"
        )
    return tuple(_waiver(entry, place, file, rules) for place, entry in enumerate(entries, 1))


def _waiver(entry: Any, place: int, file: Path, rules: Sequence[str]) -> Waiver:
    where = f"waiver {place} of {file}"
    try:
        waiver = Waiver.model_validate(entry)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in one['loc']) or 'entry'}: {one['msg']}"
            for one in error.errors()
        )
        raise ConfigurationError(
            f"a waiver cannot be used: {problems}",
            where=where,
            remedy="a waiver has rule, reason, by, until, and perhaps symbols, first, last",
        ) from error
    if waiver.rule not in rules:
        raise ConfigurationError(
            f"there is no rule {waiver.rule!r}", where=where, remedy=f"known: {', '.join(rules)}"
        )
    return waiver
