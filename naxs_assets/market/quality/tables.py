"""Rules over whole tables, over what a pull brought, and over the clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from naxs_assets.lineage.contract import Contract
from naxs_assets.market.quality.engine import Answer, Question, ask
from naxs_assets.market.quality.registry import RULES

FINAL_AT = time(18, 30)
"""When the bars of a day must be complete, in Shanghai."""

BAR_IS_FINAL = timedelta(hours=7, minutes=30)
"""15:30 in Shanghai, after midnight UTC: the fixed-price trading after the close is over."""

_SHANGHAI = ZoneInfo("Asia/Shanghai")
_CSI300 = "000300.SH"
_MEMBERS = 300

SURVIVOR = Question(
    rule="survivor",
    reads=("span", "spans", "instruments", "index_members"),
    judged="""
    SELECT count(*) FROM (
        SELECT symbol FROM index_members, span
            WHERE effective_from <= last AND coalesce(effective_to, last) >= first
        UNION SELECT symbol FROM instruments, span WHERE delist_date BETWEEN first AND last
    )
    """,
    broken="""
    SELECT until AS date, symbol, hole AS observed,
        CASE hole WHEN 2 THEN 'delisted' ELSE 'member of an index' END
            || ', and without any row' AS detail
    FROM (
        SELECT symbol, min(coalesce(delist_date, effective_to)) AS until,
            CASE WHEN count(delist_date) > 0 THEN 2 ELSE 1 END AS hole
        FROM (
            SELECT symbol, NULL AS delist_date, effective_to FROM index_members, span
            WHERE effective_from <= last AND coalesce(effective_to, last) >= first
            UNION ALL
            SELECT symbol, delist_date, NULL FROM instruments, span
            WHERE delist_date BETWEEN first AND last
        )
        GROUP BY symbol
    )
    ANTI JOIN spans USING (symbol)
    """,
)

# A market of fewer than 375 listed names cannot have 300 members: it is held to its usual number.
INDEX_SIZE = Question(
    rule="index_size",
    reads=("span", "calendar", "instruments", "index_members"),
    judged=f"SELECT count(*) FROM index_members WHERE index = '{_CSI300}'",
    broken=f"""
    WITH members AS (
        SELECT effective_from, coalesce(effective_to, DATE '9999-12-31') AS until
        FROM index_members WHERE index = '{_CSI300}'
    ),
    turns AS (
        SELECT greatest(effective_from, first) AS date FROM members, span WHERE until >= first
        UNION SELECT until + 1 FROM members, span WHERE until < last AND until >= first
    ),
    changes AS (SELECT DISTINCT c.date FROM turns t ASOF JOIN calendar c ON t.date <= c.date),
    sizes AS (
        SELECT c.date, count(*) FILTER (WHERE m.until >= c.date) AS members
        FROM changes c JOIN span s ON c.date <= s.last
        LEFT JOIN members m ON m.effective_from <= c.date
        GROUP BY c.date
    ),
    expected AS (
        SELECT CASE WHEN (SELECT count(*) FROM instruments) * 4 < {_MEMBERS} * 5
            THEN median(members) ELSE {_MEMBERS} END AS usual
        FROM sizes
    )
    SELECT date, '{_CSI300}' AS symbol, abs(members - usual) AS observed,
        printf('%d members of %.0f', members, usual) AS detail
    FROM sizes, expected WHERE members <> usual
    """,
)

POINT_IN_TIME = Question(
    rule="point_in_time",
    reads=("index_members",),
    judged="SELECT count(announced_at) FROM index_members",
    broken="""
    SELECT effective_from AS date, symbol, NULL AS observed,
        printf('%s counts it from %s, announced on %s', index, effective_from, announced_at)
            AS detail
    FROM index_members WHERE announced_at > effective_from
    """,
)

_DATED = {
    "fundamentals": ("report_period", "CAST(announced_at AS TIMESTAMPTZ)"),
    "news": ("CAST(published_at AS DATE)", "published_at"),
}
"""By table: the date of a row, and the instant before which nobody can have known of it."""

RAW_ONLY = Question(
    rule="raw_only",
    reads=("columns",),
    judged="SELECT count(*) FROM columns",
    broken="""
    SELECT NULL AS date, table_name || '.' || column_name AS symbol, NULL AS observed,
        'an adjusted price by its name' AS detail
    FROM columns
    WHERE regexp_matches(
        column_name, '(qfq|hfq|(^|_)adj(usted)?)_?(pre_close|open|high|low|close|price|vwap)|'
            '(pre_close|open|high|low|close|price|vwap)_?(qfq|hfq|adj(usted)?)'
    )
    """,
)

TIME = Question(
    rule="time",
    reads=("columns",),
    judged="SELECT count(*) FROM columns",
    broken="""
    SELECT NULL AS date, table_name || '.' || column_name AS symbol, NULL AS observed,
        'is of type ' || type AS detail
    FROM columns
    WHERE (type LIKE 'Datetime%' AND type NOT LIKE '%UTC%')
        OR (regexp_matches(column_name, '(^|_)date$') AND type <> 'Date')
        OR (regexp_matches(column_name, '_at$') AND type <> 'Date' AND type NOT LIKE 'Datetime%')
    """,
)

RECON = Question(
    rule="recon",
    reads=("sample", "second_sample"),
    judged="SELECT count(*) FROM sample JOIN second_sample USING (date, symbol)",
    broken="""
    SELECT date, symbol, NULL AS observed,
        printf('close %.2f and %.2f, volume %d and %d', a.close, b.close, a.volume, b.volume)
            AS detail
    FROM sample a JOIN second_sample b USING (date, symbol)
    WHERE abs(a.close - b.close) > 0.01 + 1e-9
        OR abs(a.volume - b.volume) > 0.005 * greatest(a.volume, b.volume)
        OR abs(a.amount - b.amount) > 0.005 * greatest(a.amount, b.amount)
    """,
)

RESTATED = Question(
    rule="restated",
    reads=("restatements",),
    judged="SELECT count(*) FROM restatements",
    broken="""
    SELECT date, symbol, NULL AS observed,
        printf('%s.%s: %s became %s', r."table", r."column", r.old, r.new) AS detail
    FROM restatements r
    """,
)

PARTIAL_BAR = Question(
    rule="partial_bar",
    reads=("fetched",),
    judged="SELECT count(*) FROM fetched",
    broken="""
    SELECT date, symbol, NULL AS observed,
        'fetched at ' || strftime(fetched_at, '%H:%M') || ' UTC, final from 07:30' AS detail
    FROM fetched WHERE fetched_at < final_at
    """,
)

FRESH = Question(
    rule="fresh",
    reads=("clock", "spans"),
    judged="SELECT count(*) FROM clock WHERE due IS NOT NULL",
    broken="""
    SELECT due AS date, NULL AS symbol, late AS observed,
        printf('the bars end on %s', coalesce(CAST((SELECT max(last) FROM spans) AS VARCHAR), '-'))
            AS detail
    FROM clock
    WHERE due IS NOT NULL AND coalesce((SELECT max(last) FROM spans) < due, true)
    """,
)

HORIZON = Question(
    rule="horizon",
    reads=("clock", "calendar"),
    judged="SELECT count(*) FROM calendar",
    broken=f"""
    SELECT until AS date, NULL AS symbol, until - today AS observed,
        'the last known trading day' AS detail
    FROM clock, (SELECT max(date) AS until FROM calendar WHERE NOT provisional)
    WHERE until - today < {RULES["horizon"].warning}
    """,
)

TABLE_QUESTIONS: tuple[Question, ...] = (
    SURVIVOR, INDEX_SIZE, POINT_IN_TIME, RAW_ONLY, TIME, RECON, RESTATED, PARTIAL_BAR, FRESH,
    HORIZON,
)  # fmt: skip


def judge_tables(tables: Mapping[str, pl.DataFrame], *, month: str) -> Answer:
    """Ask the rules of tables, pulls and clocks of the tables at hand.

    Known tables: ``span`` (:func:`span_table`), ``spans`` (symbol, first, last: the days on which a
    symbol has rows), ``instruments``, ``index_members``, ``fundamentals``, ``news``, ``columns``
    (:func:`column_table`), ``sample`` and ``second_sample`` (date, symbol, close, volume and amount
    of the same bars in two sources), ``restatements`` (table, symbol, date, column, old, new),
    ``fetched`` (:func:`fetched_table`), ``calendar`` and ``clock`` (:func:`clock_table`).
    """
    return ask(_questions(tables), tables, months=(month,))[0]


def _questions(tables: Mapping[str, pl.DataFrame]) -> list[Question]:
    """Every question; that of what was known when is asked of each dated table there is."""
    judged, broken = [POINT_IN_TIME.judged], [POINT_IN_TIME.broken]
    for name, (day, known) in _DATED.items():
        if name in tables:
            judged.append(f"SELECT count(*) FROM {name}")
            broken.append(
                f"SELECT {day} AS date, symbol, NULL AS observed, "
                f"'{name}: available before it was announced' AS detail "
                f"FROM {name} WHERE available_at < {known}"
            )
    widened = Question(
        POINT_IN_TIME.rule,
        POINT_IN_TIME.reads,
        "SELECT " + " + ".join(f"({query})" for query in judged),
        " UNION ALL ".join(broken),
    )
    return [widened if one is POINT_IN_TIME else one for one in TABLE_QUESTIONS]


def span_table(first: date, last: date) -> pl.DataFrame:
    """The days that are judged, both inclusive."""
    return pl.DataFrame({"first": [first], "last": [last]})


def column_table(contracts: Mapping[str, Contract]) -> pl.DataFrame:
    """table_name, column_name and type of every column that is stored."""
    rows = [
        (name, column.name, str(column.dtype))
        for name, contract in contracts.items()
        for column in contract.columns
    ]
    names = ("table_name", "column_name", "type")
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")


def fetched_table(rows: pl.DataFrame) -> pl.DataFrame:
    """``rows`` (date, symbol, fetched_at in UTC) with the instant at which their bars are final."""
    midnight = pl.col("date").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    return rows.with_columns(final_at=midnight + BAR_IS_FINAL)


def clock_table(now: datetime, calendar: pl.DataFrame) -> pl.DataFrame:
    """One row: ``today`` in Shanghai, the last day whose bars are ``due``, and minutes ``late``.

    ``late`` says how long ago they were due, whether or not they have come.
    """
    here = now.astimezone(_SHANGHAI)
    due_by = here.date() if here.time() >= FINAL_AT else here.date() - timedelta(days=1)
    days = calendar.filter(pl.col("date") <= due_by).get_column("date")
    due = days.max()
    late = None
    if isinstance(due, date):
        late = (here - datetime.combine(due, FINAL_AT, _SHANGHAI)).total_seconds() / 60
    return pl.DataFrame(
        {"today": [here.date()], "due": [due], "late": [late]},
        schema={"today": pl.Date, "due": pl.Date, "late": pl.Float64},
    )
