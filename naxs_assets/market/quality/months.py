"""Rules over months of prices: each against the month before it and the reference tables.

In the SQL a month is its place among those that are judged, and the month before all of them is
-1. Symbols are compared by ``code``, a number of this asking alone: texts take twice as long.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from naxs_assets.market.quality.engine import Answer, Question, ask
from naxs_assets.market.quality.registry import ALWAYS_ALLOWED, FEWER_TRADED, HALF_TRADED, RULES
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

# One scan asks each row all its questions; what is wrong with it is said in words, mostly null.
_BARS = f"""
CREATE TEMP VIEW bars AS
SELECT
    b.month, b.date, b.symbol, b.source, coalesce(i.board, '?') AS board,
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
    SELECT code, day, open, high, low, close, volume, amount, adj_factor
    FROM (
        SELECT * FROM previous WHERE day = (SELECT max(day) FROM previous)
        UNION ALL SELECT * FROM prices
    )
    WHERE quarantined_by IS NULL
) p ON p.code = b.code AND p.day = b.day - 1
LEFT JOIN instruments i ON i.code = b.code
WHERE b.quarantined_by IS NULL
"""

# Most months are clean: counts of everything come first, and keys only where a count is not zero.
_SUMS = """
CREATE TEMP TABLE sums AS
SELECT
    month, date, source, board,
    count(*) FILTER (paid) AS paid, count(*) FILTER (follows) AS follows,
    count(*) FILTER (compared) AS compared, count(*) FILTER (lives) AS lives,
    count(vwap) AS vwap, count(preclose) AS preclose, count(stale) AS stale, count(life) AS life,
    median(unit) FILTER (paid) AS middle
FROM bars GROUP BY month, date, source, board
"""

_SUSPECTS = """
CREATE TEMP TABLE suspects AS
SELECT month, date, symbol, vwap, preclose, stale, life FROM bars
WHERE coalesce(vwap, preclose, stale, life) IS NOT NULL
"""

_ROWS = """
CREATE TEMP VIEW every AS
SELECT month, date, day, symbol, code, is_suspended FROM previous
UNION ALL SELECT month, date, day, symbol, code, is_suspended FROM prices
"""

_DAYS = """
CREATE TEMP TABLE days AS
SELECT month, date, day, count(*) AS rows, count(*) FILTER (NOT is_suspended) AS traded,
    row_number() OVER (PARTITION BY month ORDER BY day) AS nth
FROM every GROUP BY month, date, day
"""

# Every symbol of a month or the month before, and the day since which it should have rows.
_SEEN = """
CREATE TEMP TABLE seen AS
WITH held AS (
    SELECT month, code, min(day) AS first, count(*) AS rows FROM every GROUP BY month, code
)
SELECT month, code, min(since) AS since, sum(rows) AS rows
FROM (
    SELECT month + 1 AS month, code, 0 AS since, 0 AS rows FROM held
    UNION ALL SELECT month, code, first, rows FROM held WHERE month >= 0
)
GROUP BY month, code
"""

_PREPARED = (_BARS, _SUMS, _ROWS, _DAYS, _SEEN)


def _of_rows(rule: str, judged: str, *reads: str) -> Question:
    """A rule of single rows: its column of ``bars`` says what is wrong."""
    return Question(
        rule=rule,
        reads=("prices", *reads),
        judged=f"SELECT month, sum({judged}) AS judged, sum({rule}) AS suspects "
        "FROM sums GROUP BY month",
        broken=f"SELECT month, date, symbol, NULL AS observed, {rule} AS detail "
        f"FROM suspects WHERE {rule} IS NOT NULL",
        by_month=True,
        prepared=_SUSPECTS,
    )


VWAP = _of_rows("vwap", "paid")
PRECLOSE = _of_rows("preclose", "follows")
LIFE = _of_rows("life", "lives", "instruments")

_OTHER_UNIT = f"""greatest(middle, 1 / middle)
    > CASE WHEN paid >= {_FEW_ROWS} THEN {RULES["unit"].critical} ELSE {_LOOSE_UNIT} END"""

UNIT = Question(
    rule="unit",
    reads=("prices", "instruments"),
    judged=f"""
    SELECT month, sum(paid) AS judged, count(*) FILTER ({_OTHER_UNIT}) AS suspects
    FROM sums GROUP BY month
    """,
    broken=f"""
    SELECT month, date, NULL AS symbol, greatest(middle, 1 / middle) AS observed,
        printf('%s board: amount / (volume x close) is %.4g', board, middle) AS detail
    FROM sums WHERE {_OTHER_UNIT}
    """,
    by_month=True,
)

_OF_MONTHS = "(SELECT month, count(*) AS days, sum(rows) AS rows FROM days GROUP BY month)"

MISSING = Question(
    rule="missing",
    reads=("prices", "instruments"),
    judged=f"""
    SELECT s.month, any_value(m.rows) AS judged,
        count(*) FILTER (s.rows < m.days + 1 - coalesce(d.nth, 1)) AS suspects
    FROM seen s
    JOIN {_OF_MONTHS} m ON m.month = s.month
    LEFT JOIN days d ON d.month = s.month AND d.day = s.since
    GROUP BY s.month
    """,
    broken=f"""
    WITH short AS (
        SELECT s.month, s.code, s.since, i.delist_date
        FROM seen s
        JOIN {_OF_MONTHS} m ON m.month = s.month AND s.rows < m.days
        LEFT JOIN instruments i ON i.code = s.code
    ),
    absent AS (
        SELECT d.month, d.date, d.rows AS present, s.code,
            count(*) OVER (PARTITION BY d.date) AS absent
        FROM days d
        JOIN short s ON s.month = d.month AND d.day >= s.since
        ANTI JOIN prices p ON p.code = s.code AND p.day = d.day
        WHERE s.delist_date IS NULL OR d.date <= s.delist_date
    )
    SELECT month, date, symbol,
        CASE WHEN absent <= {ALWAYS_ALLOWED}
            THEN least(absent / (absent + present), {RULES["missing"].critical})
            ELSE absent / (absent + present) END AS observed,
        printf('no row; %d of %d symbols of this day have none', absent, absent + present)
            AS detail
    FROM absent JOIN (SELECT DISTINCT code, symbol FROM every) USING (code)
    """,
    by_month=True,
)

_FEWER_ROWS = f"(rows / usual < {RULES['rowcount'].warning} AND usual - rows > {ALWAYS_ALLOWED})"

ROWCOUNT = Question(
    rule="rowcount",
    reads=("prices",),
    judged="""
    SELECT month, count(*) AS judged, NULL AS suspects FROM days WHERE month >= 0 GROUP BY month
    """,
    broken=f"""
    WITH counted AS (
        SELECT month AS judged, * FROM days UNION ALL SELECT month + 1, * FROM days
    ),
    compared AS (
        SELECT judged, month, date, rows, median(rows) OVER recent AS usual,
            traded, median(traded) OVER recent AS usually_traded, count(*) OVER recent AS known
        FROM counted
        WINDOW recent AS (
            PARTITION BY judged ORDER BY day ROWS BETWEEN 20 PRECEDING AND 1 PRECEDING
        )
    )
    SELECT month, date, NULL AS symbol,
        CASE WHEN {_FEWER_ROWS} THEN rows / usual
            WHEN traded / usually_traded < {HALF_TRADED} THEN traded / usually_traded
            ELSE greatest(traded / usually_traded, {RULES["rowcount"].critical}) END AS observed,
        CASE WHEN {_FEWER_ROWS} THEN printf('%d rows, the usual number is %.0f', rows, usual)
            ELSE printf('%d of %d rows were traded, the usual number is %.0f',
                traded, rows, usually_traded) END AS detail
    FROM compared
    WHERE known >= {_FEW_ROWS} AND month = judged AND month >= 0
        AND ({_FEWER_ROWS} OR (traded / usually_traded < {FEWER_TRADED}
            AND usually_traded - traded > {ALWAYS_ALLOWED}))
    """,
    by_month=True,
)

STALE = Question(
    rule="stale",
    reads=("prices",),
    judged="SELECT month, sum(compared) AS judged, sum(stale) AS suspects FROM sums GROUP BY month",
    broken=f"""
    SELECT s.month, s.date, s.symbol,
        CASE WHEN d.rows <= {ALWAYS_ALLOWED} THEN least(d.share, {RULES["stale"].critical})
            ELSE d.share END AS observed,
        s.stale AS detail
    FROM suspects s JOIN (
        SELECT date, sum(stale) AS rows, sum(stale) / sum(compared) AS share
        FROM sums GROUP BY date
    ) d ON d.date = s.date
    WHERE s.stale IS NOT NULL
    """,
    by_month=True,
    prepared=_SUSPECTS,
)

MONTH_QUESTIONS: tuple[Question, ...] = (
    VWAP, UNIT, PRECLOSE, MISSING, ROWCOUNT, STALE, LIFE,
)  # fmt: skip


def judge_months(
    months: Sequence[tuple[str, pl.DataFrame]],
    *,
    instruments: pl.DataFrame,
    previous: pl.DataFrame | None,
    gaps: DeclaredGaps,
) -> tuple[Answer, ...]:
    """Ask the rules of months of ``market/prices``, in order: one answer for each.

    ``months`` gives each month's name and prices, one right after the other; ``previous`` is what
    came before the first. Prices meet the contract ``PRICES``, ``instruments`` ``INSTRUMENTS``.
    """
    frames = [prices for _, prices in months]
    before = frames[0].clear() if previous is None else previous
    held = [_columns(frame, place) for place, frame in enumerate([before, *frames], start=-1)]
    tables = {"previous": held[0], "prices": pl.concat(held[1:]), "instruments": instruments}
    return ask(
        MONTH_QUESTIONS,
        _coded(tables),
        months=[name for name, _ in months],
        prepared=_PREPARED,
        gaps=gaps,
    )


def judge_month(
    prices: pl.DataFrame,
    *,
    month: str,
    instruments: pl.DataFrame,
    previous: pl.DataFrame | None,
    gaps: DeclaredGaps,
) -> Answer:
    """Ask the rules of a month of ``market/prices``: :func:`judge_months` of one."""
    answers = judge_months([(month, prices)], instruments=instruments, previous=previous, gaps=gaps)
    return answers[0]


def _columns(prices: pl.DataFrame, place: int) -> pl.DataFrame:
    source = pl.col(_SOURCE) if _SOURCE in prices.columns else pl.lit("").alias(_SOURCE)
    return prices.select(*_NEEDED, source, month=pl.lit(place, dtype=pl.Int32))


def _coded(tables: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The tables with ``code``, the same number for the same symbol in all of them."""
    symbols = pl.concat([table.get_column("symbol") for table in tables.values()])
    codes = symbols.cast(pl.Categorical).to_physical().alias("code")
    coded, start = {}, 0
    for name, table in tables.items():
        coded[name] = table.with_columns(codes.slice(start, table.height))
        start += table.height
    return coded
