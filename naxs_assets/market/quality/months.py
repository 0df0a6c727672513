"""Rules over a month of prices: against the month before it and the reference tables."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from naxs_assets.market.quality.engine import Answer, Question, ask
from naxs_assets.market.quality.registry import ALWAYS_ALLOWED, RULES
from naxs_assets.market.sources.base import DeclaredGaps

_NEEDED = (
    "date", "symbol", "day", "open", "high", "low", "close", "pre_close", "volume", "amount",
    "adj_factor", "is_suspended", "quarantined_by",
)  # fmt: skip
_SOURCE = "source"
_FEW_ROWS = 5
_LOOSE_UNIT = 2.0
"""A board with fewer traded rows than ``_FEW_ROWS`` may close this far from its mean price."""

_SAME_PRICE = "abs(b.pre_close - p.close) <= 0.005 + 1e-9"
# A price has two decimals, so the jump of a small dividend is known to half a tick.
_SAME_FACTOR = "abs(b.adj_factor / p.adj_factor - 1) <= 0.001 + 0.005 / p.close"
_NO_JUMP = "abs(b.adj_factor / p.adj_factor - 1) <= 1e-6"
_TRADED = "NOT b.is_suspended AND b.volume > 0"
_FOLLOWS = "NOT b.is_suspended AND p.close > 0 AND b.pre_close > 0 AND p.adj_factor > 0"

# One scan asks each row all its questions; what is wrong with it is kept in words, mostly null.
_BARS = f"""
CREATE TEMP TABLE bars AS
SELECT
    b.date, b.symbol, b.source, coalesce(i.board, '?') AS board,
    {_TRADED} AND b.amount > 0 AS paid,
    b.amount / (b.volume * b.close) AS unit,
    {_FOLLOWS} AS follows,
    {_TRADED} AND p.volume > 0 AS compared,
    i.list_date_known OR i.delist_date IS NOT NULL AS lives,
    CASE WHEN {_TRADED} AND b.amount > 0 AND NOT b.amount / b.volume
        BETWEEN b.low * (1 - 0.001 - 100 / b.volume) AND b.high * (1 + 0.001 + 100 / b.volume)
        THEN printf('vwap %.4f, low %.2f, high %.2f', b.amount / b.volume, b.low, b.high)
    END AS vwap,
    CASE WHEN {_FOLLOWS}
        AND ((NOT {_SAME_PRICE} AND {_NO_JUMP}) OR ({_SAME_PRICE} AND NOT {_SAME_FACTOR}))
        THEN printf('pre_close %.2f after a close of %.2f, factor x %.6f',
            b.pre_close, p.close, b.adj_factor / p.adj_factor)
    END AS preclose,
    CASE WHEN {_TRADED} AND b.close = p.close AND b.volume = p.volume AND b.open = p.open
        AND b.high = p.high AND b.low = p.low
        AND (b.amount = p.amount OR b.amount IS NULL OR p.amount IS NULL)
        THEN printf('close %.2f and %d shares, as the day before', b.close, b.volume)
    END AS stale,
    CASE WHEN b.date > i.delist_date THEN printf('delisted on %s', i.delist_date)
        WHEN i.list_date_known AND b.date < i.list_date THEN printf('listed on %s', i.list_date)
    END AS life
FROM prices b
LEFT JOIN (
    SELECT symbol, day, open, high, low, close, volume, amount, adj_factor
    FROM (
        SELECT * FROM previous WHERE day = (SELECT max(day) FROM previous)
        UNION ALL SELECT * FROM prices
    )
    WHERE quarantined_by IS NULL
) p ON p.symbol = b.symbol AND p.day = b.day - 1
LEFT JOIN instruments i ON i.symbol = b.symbol
WHERE b.quarantined_by IS NULL
"""

PREPARED = (_BARS,)


def _of_rows(rule: str, judged: str, *reads: str) -> Question:
    """A rule of single rows: its column of ``bars`` says what is wrong."""
    return Question(
        rule=rule,
        reads=("prices", *reads),
        judged=f"SELECT count(*) FROM bars WHERE {judged}",
        broken=f"SELECT date, symbol, NULL AS observed, {rule} AS detail "
        f"FROM bars WHERE {rule} IS NOT NULL",
    )


VWAP = _of_rows("vwap", "paid")
PRECLOSE = _of_rows("preclose", "follows")
LIFE = _of_rows("life", "lives", "instruments")

UNIT = Question(
    rule="unit",
    reads=("prices", "instruments"),
    judged="SELECT count(*) FROM bars WHERE paid",
    broken=f"""
    SELECT date, NULL AS symbol, greatest(middle, 1 / middle) AS observed,
        printf('%s board: amount / (volume x close) is %.4g', board, middle) AS detail
    FROM (
        SELECT date, source, board, count(*) AS rows,
            median(unit) AS middle
        FROM bars WHERE paid GROUP BY ALL
    )
    WHERE greatest(middle, 1 / middle)
        > CASE WHEN rows >= {_FEW_ROWS} THEN {RULES["unit"].critical} ELSE {_LOOSE_UNIT} END
    """,
)

MISSING = Question(
    rule="missing",
    reads=("prices", "instruments"),
    judged="SELECT count(*) FROM prices",
    broken=f"""
    WITH days AS (SELECT date, day, count(*) AS present FROM prices GROUP BY date, day),
    seen AS (
        SELECT symbol, min(since) AS since, sum(rows) AS rows
        FROM (
            SELECT DISTINCT symbol, 0 AS since, 0 AS rows FROM previous
            UNION ALL SELECT symbol, min(day), count(*) FROM prices GROUP BY symbol
        )
        GROUP BY symbol
    ),
    short AS (
        SELECT s.symbol, s.since, i.delist_date
        FROM seen s LEFT JOIN instruments i ON i.symbol = s.symbol
        WHERE s.rows < (SELECT count(*) FROM days)
    ),
    absent AS (
        SELECT d.date, d.present, s.symbol, count(*) OVER (PARTITION BY d.date) AS absent
        FROM days d
        JOIN short s ON d.day >= s.since
        ANTI JOIN prices p ON p.symbol = s.symbol AND p.day = d.day
        WHERE s.delist_date IS NULL OR d.date <= s.delist_date
    )
    SELECT date, symbol,
        CASE WHEN absent <= {ALWAYS_ALLOWED}
            THEN least(absent / (absent + present), {RULES["missing"].critical})
            ELSE absent / (absent + present) END AS observed,
        printf('no row; %d of %d symbols of this day have none', absent, absent + present)
            AS detail
    FROM absent
    """,
)

ROWCOUNT = Question(
    rule="rowcount",
    reads=("prices",),
    judged="SELECT count(DISTINCT date) FROM prices",
    broken=f"""
    WITH counted AS (
        SELECT date, day, count(*) AS rows
        FROM (SELECT date, day FROM previous UNION ALL SELECT date, day FROM prices)
        GROUP BY date, day
    ),
    compared AS (
        SELECT date, rows, median(rows) OVER recent AS usual, count(*) OVER recent AS known
        FROM counted
        WINDOW recent AS (ORDER BY day ROWS BETWEEN 20 PRECEDING AND 1 PRECEDING)
    )
    SELECT date, NULL AS symbol,
        rows / usual AS observed,
        printf('%d rows, the usual number is %.0f', rows, usual) AS detail
    FROM compared
    WHERE known >= {_FEW_ROWS} AND rows / usual < {RULES["rowcount"].warning}
        AND usual - rows > {ALWAYS_ALLOWED}
        AND date >= (SELECT min(date) FROM prices)
    """,
)

STALE = Question(
    rule="stale",
    reads=("prices",),
    judged="SELECT count(*) FROM bars WHERE compared",
    broken=f"""
    SELECT b.date, b.symbol,
        CASE WHEN d.rows <= {ALWAYS_ALLOWED} THEN least(d.share, {RULES["stale"].critical})
            ELSE d.share END AS observed,
        b.stale AS detail
    FROM bars b JOIN (
        SELECT date, count(stale) AS rows, count(stale) / count(*) AS share
        FROM bars WHERE compared GROUP BY date
    ) d ON d.date = b.date
    WHERE b.stale IS NOT NULL
    """,
)

MONTH_QUESTIONS: tuple[Question, ...] = (
    VWAP, UNIT, PRECLOSE, MISSING, ROWCOUNT, STALE, LIFE,
)  # fmt: skip


def judge_month(
    prices: pl.DataFrame,
    *,
    month: str,
    instruments: pl.DataFrame,
    previous: pl.DataFrame | None,
    gaps: DeclaredGaps,
    questions: Sequence[Question] = MONTH_QUESTIONS,
) -> Answer:
    """Ask the rules of a month of ``market/prices``; the month before gives what came before it.

    ``prices`` and ``previous`` meet the contract ``PRICES``, ``instruments`` ``INSTRUMENTS``.
    """
    tables = {
        "prices": _columns(prices),
        "previous": _columns(prices.clear() if previous is None else previous),
        "instruments": instruments,
    }
    return ask(questions, tables, month=month, prepared=PREPARED, gaps=gaps)


def _columns(prices: pl.DataFrame) -> pl.DataFrame:
    source = pl.col(_SOURCE) if _SOURCE in prices.columns else pl.lit("").alias(_SOURCE)
    return prices.select(*_NEEDED, source)
