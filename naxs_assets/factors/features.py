"""Feature sets: named expressions compiled together and computed over months of prices."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from naxs_assets.errors import ConfigurationError
from naxs_assets.factors.evaluate import evaluate_tiles
from naxs_assets.factors.expression import Expression
from naxs_assets.factors.language import QLIB, Language
from naxs_assets.factors.operator import Array
from naxs_assets.factors.panel import missing_in_prices, panel_from_prices
from naxs_assets.factors.parser import parse
from naxs_assets.factors.rows import Rows, nullable
from naxs_assets.factors.tree import (
    Call,
    first_look_ahead,
    first_of_all_history,
    first_refused_in_sets,
)

KEY_COLUMNS = ("date", "symbol", "day")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class CompiledFeatures:
    """Features ready to be computed.

    ``look_back`` is how many trading days before a row must be loaded; ``fields`` are the fields
    read; ``code`` is a sha256 over the names and the codes of the expressions in their order.
    """

    expressions: Mapping[str, Expression]
    look_back: int
    fields: tuple[str, ...]
    code: str

    @property
    def sources(self) -> dict[str, str]:
        """Researchers' operators by name, with the digests of the files that define them."""
        return {
            name: digest
            for each in self.expressions.values()
            for name, digest in each.sources.items()
        }

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.expressions)


def compile_features(
    expressions: Mapping[str, str], language: Language = QLIB, *, whole_panel: bool = False
) -> CompiledFeatures:
    """Parse and check a feature set of name -> expression; the order of the names is kept.

    An operator that remembers all history is refused unless the set is for a ``whole_panel``, whose
    first row is the first of all: a month could not be computed from a bounded look-back.

    Raises :class:`ExpressionError` naming the feature when an expression cannot be parsed, looks
    ahead of its row or remembers too much, and :class:`ConfigurationError` for an unusable name.
    """
    parsed = {}
    for name, text in expressions.items():
        if not _NAME.fullmatch(name) or name in KEY_COLUMNS:
            raise ConfigurationError(
                f"{name!r} cannot name a feature",
                remedy="use letters, digits and _, beginning with a letter or _, "
                f"other than {', '.join(KEY_COLUMNS)}",
            )
        found = parse(text, f"feature {name}", language)
        found = _without_look_ahead(_without_refused(found))
        parsed[name] = found if whole_panel else within_months(found)
    lines = "".join(f"{name}={each.code}\n" for name, each in parsed.items())
    return CompiledFeatures(
        expressions=parsed,
        look_back=max((each.look_back for each in parsed.values()), default=0),
        fields=tuple(sorted({field for each in parsed.values() for field in each.fields})),
        code=hashlib.sha256(lines.encode()).hexdigest(),
    )


def _without_refused(expression: Expression) -> Expression:
    refused = first_refused_in_sets(expression.root)
    if refused is None:
        return expression
    name = refused.text
    reason, remedy = "no table of fundamentals is wired into sets", "leave the figure out"
    if isinstance(refused, Call) and refused.operator.refusal:
        name = refused.operator.name
        reason, remedy = refused.operator.refusal
    raise expression.error(f"{name} is refused: {reason}", position=refused.position, remedy=remedy)


def _without_look_ahead(expression: Expression) -> Expression:
    ahead = first_look_ahead(expression.root)
    if ahead is None:
        return expression
    raise expression.error(
        f"{expression.owner} looks {expression.look_ahead} trading days ahead of its row (offset "
        f"+{expression.look_ahead}), which only a label may do",
        position=ahead.position,
        remedy="use Ref(x, N) with N of 1 or more, which looks back",
    )


def within_months(expression: Expression) -> Expression:
    """The expression itself; raises :class:`ExpressionError` where it remembers all history or
    what sets refuse."""
    unbounded = first_of_all_history(_without_refused(expression).root)
    if unbounded is None:
        return expression
    raise expression.error(
        f"{unbounded.text} remembers all history, so a month could not be computed from a bounded "
        "look-back",
        position=unbounded.position,
        remedy="use a window of whole days, such as Mean(x, 250), whose memory is its window",
    )


def compute_features(
    compiled: CompiledFeatures, prices: pl.DataFrame, first: date, last: date
) -> pl.DataFrame:
    """Features of every row of ``prices`` dated in [``first``, ``last``].

    ``prices`` must also hold the ``compiled.look_back`` trading days before ``first`` as far as
    they exist; more history changes no bit of the result. Returns date, symbol, day and one
    Float32 column for each feature, sorted by date and symbol; what is not finite is null, and so
    is every feature of a quarantined row, whatever the days before it would give.
    """
    panel = panel_from_prices(prices, compiled.fields)
    rows = Rows(panel, prices, first, last)
    columns = rows.empty(len(compiled.names))

    def keep(root: int, left: int, width: int, matrix: Array, divisor: Array | None) -> None:
        rows.places.write(matrix, divisor, left, width, columns[root])

    evaluate_tiles([each.root for each in compiled.expressions.values()], panel, keep)
    columns[:, ~rows.trusted] = np.nan
    return rows.keys.drop("quarantined_by").hstack(nullable(compiled.names, columns))


def missing_fields(compiled: CompiledFeatures, prices: pl.DataFrame) -> tuple[str, ...]:
    """The fields the features read of which ``prices`` know nothing; what they touch is null."""
    return missing_in_prices(prices, compiled.fields)
