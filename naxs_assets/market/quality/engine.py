"""One engine for every rule that looks across rows or tables: DuckDB over Arrow tables.

A rule is declared by :class:`Question`: SQL that gives the keys that break it, and what it judged.
All questions of a span are asked in one statement, over views of the tables at hand.
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
"""On a month of some ten thousand rows planning costs more than asking; joins stand in order."""


@dataclass(frozen=True)
class Question:
    """What one rule asks of tables, in DuckDB's SQL.

    ``reads`` names the tables it needs: without one of them the rule is not applicable.
    ``judged`` is an expression for how many rows it judges; ``broken`` a query of ``date``,
    ``symbol``, ``observed`` and ``detail``, one row for each broken key.
    """

    rule: str
    reads: tuple[str, ...]
    judged: str
    broken: str


@dataclass(frozen=True)
class Answer:
    """``findings`` in the columns of ``FINDINGS``, one row per rule, and ``failures``."""

    findings: pl.DataFrame
    failures: pl.DataFrame


def ask(
    questions: Sequence[Question],
    tables: Mapping[str, pl.DataFrame],
    *,
    month: str,
    prepared: Sequence[str] = (),
    gaps: DeclaredGaps | None = None,
) -> Answer:
    """Ask the questions of the tables; ``month`` names the span in findings and failures.

    ``prepared`` are statements that make further tables first. Rules whose columns or tables are
    missing, or that find nothing to judge, are not applicable.
    """
    gaps = gaps or DeclaredGaps()
    unable = {question.rule: _unable(question, tables, gaps) for question in questions}
    able = [question for question in questions if not unable[question.rule]]
    judged: dict[str, int] = {}
    failures = pl.DataFrame(schema=FAILURES)
    if able:
        judged, failures = _asked(able, tables, month, prepared)
    by_rule = failures.partition_by("rule", as_dict=True)
    rows = []
    for question in questions:
        rule = RULES[question.rule]
        if unable[rule.id]:
            rows.append(_finding(rule, Verdict.NOT_APPLICABLE, 0, None, note=unable[rule.id]))
        else:
            broken = by_rule.get((rule.id,), failures.clear())
            rows.append(_judged(rule, broken, judged[rule.id], partly=bool(rule.missing(gaps))))
    return Answer(pl.DataFrame(rows, schema=FINDINGS), failures)


def _unable(question: Question, tables: Mapping[str, pl.DataFrame], gaps: DeclaredGaps) -> str:
    absent = [name for name in question.reads if name not in tables]
    if absent:
        return f"no table to ask: {', '.join(absent)}"
    prices = tables.get("prices")
    unknown = [
        name
        for need in RULES[question.rule].missing(gaps)
        for name in sorted(need)
        if prices is None or name not in prices.columns or not prices.get_column(name).count()
    ]
    return f"declared gap: {', '.join(unknown)}" if unknown else ""


def _asked(
    questions: Sequence[Question],
    tables: Mapping[str, pl.DataFrame],
    month: str,
    prepared: Sequence[str],
) -> tuple[dict[str, int], pl.DataFrame]:
    with _connection().cursor() as connection:
        for name, table in tables.items():
            connection.register(name, table.to_arrow())
        for statement in prepared:
            connection.execute(statement)
        counts = ", ".join(f"({question.judged})" for question in questions)
        counted = connection.execute(f"SELECT {counts}").fetchall()[0]
        keys = " UNION ALL ".join(
            f"SELECT '{question.rule}' AS rule, date, symbol, observed, detail "
            f"FROM ({question.broken})"
            for question in questions
        )
        broken = pl.DataFrame(connection.sql(keys).to_arrow_table())
    judged = {q.rule: int(n or 0) for q, n in zip(questions, counted, strict=True)}
    failures = broken.select(
        "rule",
        pl.lit(month).alias("month"),
        pl.col("date").cast(pl.Date),
        pl.col("symbol").cast(pl.String),
        pl.col("observed").cast(pl.Float64),
        pl.col("detail").cast(pl.String),
    ).sort("rule", "date", "symbol", "detail", nulls_last=True)
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
        finding["sample"] = sample_of(broken)
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
