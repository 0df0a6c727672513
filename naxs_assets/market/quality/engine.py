"""One engine for every rule that looks across rows or tables: DuckDB over Arrow tables.

A rule is declared by :class:`Question`: SQL that gives the keys that break it, and what it judged.
All questions are counted in one statement, over views of the tables at hand, and one more fetches
the keys of those that something may break.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import duckdb
import polars as pl

from naxs_assets.market.quality.registry import RULES, Rule, Verdict
from naxs_assets.market.rules import FINDINGS, sample_of
from naxs_assets.market.sources.base import DeclaredGaps

FAILURES: dict[str, type[pl.DataType]] = {
    "rule": pl.String,
    "month": pl.String,
    "date": pl.Date,
    "symbol": pl.String,
    "observed": pl.Float64,
    "detail": pl.String,
}
"""One row for every broken key: ``observed`` in the rule's unit or a figure of the row, ``detail``
in words. A key of a market-wide rule has ``symbol`` null, one of a table ``date`` too."""

_COUNTED = ("rows", "columns")

_NOT_WORTH_PLANNING = (
    "join_order,statistics_propagation,compressed_materialization,cte_inlining,common_subplan,"
    "join_filter_pushdown,late_materialization"
)
"""On some hundred thousand rows planning costs more than asking; joins stand in order."""

_WITHOUT_COPY = pl.CompatLevel.newest()


@dataclass(frozen=True)
class Question:
    """What one rule asks of tables, in DuckDB's SQL.

    ``reads`` names the tables it needs: without one of them the rule is not applicable.
    ``judged`` is an expression for how many rows it judges; ``broken`` a query of ``date``,
    ``symbol``, ``observed`` and ``detail``, one row for each broken key.
    A question asked ``by_month`` tells months apart by their place: ``judged`` is then a query of
    ``month``, ``judged`` and ``suspects``, and ``broken`` gives ``month`` too. Where there are no
    ``suspects`` ``broken`` is not asked; null says that they were not counted.
    ``prepared`` makes what ``broken`` reads; rules that share it share the table.
    """

    rule: str
    reads: tuple[str, ...]
    judged: str
    broken: str
    by_month: bool = False
    prepared: str = ""

    @property
    def counting(self) -> str:
        """A query of ``rule``, ``month``, ``judged`` and ``suspects``."""
        if self.by_month:
            return f"SELECT '{self.rule}', month, judged, suspects FROM ({self.judged})"
        return f"SELECT '{self.rule}', 0, ({self.judged}), NULL"

    @property
    def keys(self) -> str:
        """A query of ``rule``, ``month``, ``date``, ``symbol``, ``observed`` and ``detail``."""
        month = "month" if self.by_month else "0 AS month"
        return (
            f"SELECT '{self.rule}' AS rule, {month}, date, symbol, observed, detail "
            f"FROM ({self.broken})"
        )


@dataclass(frozen=True)
class Answer:
    """``findings`` in the columns of ``FINDINGS``, one row per rule, and ``failures``."""

    findings: pl.DataFrame
    failures: pl.DataFrame


def ask(
    questions: Sequence[Question],
    tables: Mapping[str, pl.DataFrame],
    *,
    months: Sequence[str],
    prepared: Sequence[str] = (),
    gaps: DeclaredGaps | None = None,
) -> tuple[Answer, ...]:
    """Ask the questions of the tables; one answer for each of ``months``, which name the spans.

    ``prepared`` are statements that make further tables first. Rules whose columns or tables are
    missing, or that find nothing to judge, are not applicable. Where ``gaps`` are declared a table
    ``prices`` has its month's place in ``month``.
    """
    gaps = gaps or DeclaredGaps()
    unable = _unable(questions, tables, len(months), gaps)
    able = [
        question for question in questions if any(not reasons[question.rule] for reasons in unable)
    ]
    judged: dict[tuple[str, int], int] = {}
    failures = pl.DataFrame(schema={**FAILURES, "month": pl.Int64})
    if able:
        judged, failures = _asked(able, tables, prepared)
    broken = failures.partition_by("month", "rule", as_dict=True)
    answers = []
    for place, month in enumerate(months):
        rows, found = [], [pl.DataFrame(schema=FAILURES)]
        for question in questions:
            rule, reason = RULES[question.rule], unable[place][question.rule]
            if reason:
                rows.append(_finding(rule, Verdict.NOT_APPLICABLE, 0, None, note=reason))
                continue
            keys = broken.get((place, rule.id), failures.clear())
            number = judged.get((rule.id, place), 0)
            rows.append(_judged(rule, keys, number, partly=bool(rule.missing(gaps))))
            if keys.height:
                found.append(keys.with_columns(month=pl.lit(month)))
        in_order = pl.concat(found).sort("rule", maintain_order=True)
        answers.append(Answer(pl.DataFrame(rows, schema=FINDINGS), in_order))
    return tuple(answers)


def _unable(
    questions: Sequence[Question],
    tables: Mapping[str, pl.DataFrame],
    months: int,
    gaps: DeclaredGaps,
) -> list[dict[str, str]]:
    """For each month, why a rule cannot be asked, by rule; empty where it can."""
    needed = {
        question.rule: sorted(frozenset().union(*RULES[question.rule].missing(gaps)))
        for question in questions
    }
    known = _known(tables.get("prices"), set().union(*needed.values()))
    unable = []
    for month in range(months):
        reasons = {}
        for question in questions:
            absent = [name for name in question.reads if name not in tables]
            unknown = [name for name in needed[question.rule] if (month, name) not in known]
            if absent:
                reasons[question.rule] = f"no table to ask: {', '.join(absent)}"
            else:
                gap = f"declared gap: {', '.join(unknown)}"
                reasons[question.rule] = gap if unknown else ""
        unable.append(reasons)
    return unable


def _known(prices: pl.DataFrame | None, names: set[str]) -> set[tuple[int, str]]:
    """Month and name of the columns of ``names`` that have a value in the month after all."""
    if prices is None or not names:
        return set()
    there = [name for name in prices.columns if name in names]
    counted = prices.group_by("month").agg(pl.col(there).count()).to_dicts()
    return {(row["month"], name) for row in counted for name in there if row[name]}


def _asked(
    questions: Sequence[Question],
    tables: Mapping[str, pl.DataFrame],
    prepared: Sequence[str],
) -> tuple[dict[tuple[str, int], int], pl.DataFrame]:
    """Rows judged, by rule and month, and the broken keys in order, with their month's place."""
    with _connection().cursor() as connection:
        for name, table in tables.items():
            connection.register(name, table.to_arrow(compat_level=_WITHOUT_COPY))
        for statement in prepared:
            connection.execute(statement)
        counts = " UNION ALL ".join(question.counting for question in questions)
        counted = connection.execute(counts).fetchall()
        suspected = {rule for rule, _, _, suspects in counted if suspects is None or suspects}
        broken = [question for question in questions if question.rule in suspected]
        for statement in dict.fromkeys(q.prepared for q in broken if q.prepared):
            connection.execute(statement)
        keys = " UNION ALL ".join(question.keys for question in broken)
        found = [pl.DataFrame(connection.sql(keys).to_arrow_table())] if broken else []
    judged = {(rule, month): int(number or 0) for rule, month, number, _ in counted}
    typed: dict[str, type[pl.DataType]] = {**FAILURES, "month": pl.Int64}
    failures = pl.concat(
        [
            pl.DataFrame(schema=typed),
            *(one.select(pl.col(name).cast(kind) for name, kind in typed.items()) for one in found),
        ]
    ).sort("rule", "date", "symbol", "detail", "observed", nulls_last=True)
    return judged, failures


@lru_cache(maxsize=1)
def _connection() -> duckdb.DuckDBPyConnection:
    """One in-memory database of the process; opening one costs more than a month's questions.

    One thread: sums and medians do not depend on how work is split.
    """
    return duckdb.connect(
        ":memory:",
        config={
            "threads": 1,
            "memory_limit": "1GB",
            "autoinstall_known_extensions": "false",
            "disabled_optimizers": _NOT_WORTH_PLANNING,
        },
    )


def _judged(rule: Rule, broken: pl.DataFrame, judged: int, *, partly: bool) -> dict[str, object]:
    rows = broken.height
    if not (rows or judged):
        return _finding(rule, Verdict.NOT_APPLICABLE, 0, None, note="nothing to judge")
    if rule.unit == "share":
        observed = rows / judged if judged else None
    elif rule.unit in _COUNTED:
        observed = float(rows)
    elif rows:
        column = broken.get_column("observed")
        observed = float(column.min() if rule.below else column.max())  # type: ignore[arg-type]
    else:
        observed = None
    verdict = rule.judge(observed, rows)
    if partly and verdict is Verdict.PASS:
        verdict = Verdict.PARTLY
    finding = _finding(rule, verdict, rows, observed, judged=judged)
    if rows:
        finding["sample"] = sample_of(broken, unknown="")
        finding["note"] = str(broken.get_column("detail")[0] or "")
    return finding


def _finding(
    rule: Rule,
    verdict: Verdict,
    rows: int,
    observed: float | None,
    *,
    judged: int = 0,
    note: str = "",
) -> dict[str, object]:
    return {
        "rule": rule.id,
        "severity": rule.severity.value,
        "verdict": verdict.value,
        "rows": rows,
        "judged": judged,
        "share": rows / judged if judged else 0.0,
        "observed": observed,
        "threshold": rule.threshold(verdict),
        "sample": "",
        "note": note,
    }
