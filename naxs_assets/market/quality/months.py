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

_BARS = """
CREATE TEMP TABLE bars AS
SELECT
    b.date, b.symbol, b.open, b.high, b.low, b.close, b.pre_close, b.volume, b.amount,
    b.is_suspended, b.source,
    coalesce(i.board, '?') AS board,
    CASE WHEN i.list_date_known THEN i.list_date END AS list_date, i.delist_date,
    NOT b.is_suspended AND b.volume > 0 AS traded,
    NOT b.is_suspended AND b.volume > 0 AND b.amount > 0 AS paid,
    p.open AS last_open, p.high AS last_high, p.low AS last_low, p.close AS last_close,
    p.volume AS last_volume, p.amount AS last_amount,
    b.adj_factor / p.adj_factor AS jump
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

_SAME_PRICE = "abs(pre_close - last_close) <= 0.005 + 1e-9"
# A price has two decimals, so the jump of a small dividend is known to half a tick.
_SAME_FACTOR = "abs(jump - 1) <= 0.001 + 0.005 / last_close"
_FOLLOWS = "NOT is_suspended AND last_close IS NOT NULL AND pre_close IS NOT NULL AND jump > 0"

VWAP = Question(
    rule="vwap",
    reads=("prices",),
    judged="SELECT count(*) FROM bars WHERE paid",
    broken="""
    SELECT date, symbol, amount / volume AS observed,
        printf('vwap %.4f, low %.2f, high %.2f', amount / volume, low, high) AS detail
    FROM bars
    WHERE paid AND NOT amount / volume
        BETWEEN low * (1 - 0.001 - 100 / volume) AND high * (1 + 0.001 + 100 / volume)
    """,
)

UNIT = Question(
    rule="unit",
    reads=("prices", "instruments"),
    judged="SELECT count(*) FROM bars WHERE paid",
    broken=f"""
    SELECT date, NULL AS symbol, greatest(middle, 1 / middle) AS observed,
        printf('%s board: amount / (volume x close) is %.4g', board, middle) AS detail
    FROM (
        SELECT date, source, board, count(*) AS rows,
            median(amount / (volume * close)) AS middle
        FROM bars WHERE paid GROUP BY ALL
    )
    WHERE greatest(middle, 1 / middle)
        > CASE WHEN rows >= {_FEW_ROWS} THEN {RULES["unit"].critical} ELSE {_LOOSE_UNIT} END
    """,
)

PRECLOSE = Question(
    rule="preclose",
    reads=("prices",),
    judged=f"SELECT count(*) FROM bars WHERE {_FOLLOWS}",
    broken=f"""
    SELECT date, symbol, pre_close / last_close AS observed,
        printf('pre_close %.2f after a close of %.2f, factor x %.6f', pre_close, last_close, jump)
            AS detail
    FROM bars
    WHERE {_FOLLOWS} AND (
        (NOT {_SAME_PRICE} AND abs(jump - 1) <= 1e-6) OR ({_SAME_PRICE} AND NOT {_SAME_FACTOR})
    )
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
        CASE WHEN usual - rows <= {ALWAYS_ALLOWED}
            THEN greatest(rows / usual, {RULES["rowcount"].critical})
            ELSE rows / usual END AS observed,
        printf('%d rows, the usual number is %.0f', rows, usual) AS detail
    FROM compared
    WHERE known >= {_FEW_ROWS} AND rows / usual < {RULES["rowcount"].warning}
        AND date >= (SELECT min(date) FROM prices)
    """,
)

STALE = Question(
    rule="stale",
    reads=("prices",),
    judged="SELECT count(*) FROM bars WHERE traded AND last_volume > 0",
    broken=f"""
    WITH same AS (
        SELECT date, symbol, volume, close, count(*) OVER (PARTITION BY date) AS rows
        FROM bars
        WHERE traded AND open = last_open AND high = last_high AND low = last_low
            AND close = last_close AND volume = last_volume
            AND (amount = last_amount OR amount IS NULL OR last_amount IS NULL)
    ),
    days AS (
        SELECT date, count(*) AS traded FROM bars
        WHERE traded AND date IN (SELECT date FROM same) GROUP BY date
    )
    SELECT date, symbol,
        CASE WHEN rows <= {ALWAYS_ALLOWED} THEN least(rows / traded, {RULES["stale"].critical})
            ELSE rows / traded END AS observed,
        printf('close %.2f and %d shares, as the day before', close, volume) AS detail
    FROM same JOIN days USING (date)
    """,
)

LIFE = Question(
    rule="life",
    reads=("prices", "instruments"),
    judged="SELECT count(*) FROM bars WHERE list_date IS NOT NULL OR delist_date IS NOT NULL",
    broken="""
    SELECT date, symbol, NULL AS observed,
        CASE WHEN date > delist_date THEN printf('delisted on %s', delist_date)
            ELSE printf('listed on %s', list_date) END AS detail
    FROM bars
    WHERE date < list_date OR date > delist_date
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
