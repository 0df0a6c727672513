"""Trading days of Shanghai and Shenzhen, counted from the exchange's first day, 1990-12-19."""

from __future__ import annotations

from datetime import date
from functools import cache

import polars as pl

from naxs_assets.errors import DataError

CALENDAR_START = date(1990, 12, 19)
"""Day 0 of every trading-day index."""

_SHOWN = 5


@cache
def library_days() -> pl.Series:
    """Return every Shanghai session known to ``exchange_calendars``, from 1990-12-19 on.

    The start and the end are explicit: the library's default range rolls with today.
    Loading the library takes about two seconds, once for a process.
    """
    import exchange_calendars

    # The bound belongs to the calendar's class; a short-lived instance gives it.
    bound = exchange_calendars.get_calendar(
        "XSHG", start=CALENDAR_START, end=date(2000, 1, 1)
    ).bound_max()
    calendar = exchange_calendars.get_calendar("XSHG", start=CALENDAR_START, end=bound)
    return pl.Series("date", calendar.sessions.to_numpy()).cast(pl.Date)


def trading_days(source_days: pl.Series | None, until: date) -> pl.DataFrame:
    """Return the trading days from 1990-12-19 to ``until``: date, day (Int32), provisional.

    ``day`` is 0 on 1990-12-19. Days come from the calendar library; beyond its last one, from
    ``source_days`` (the source's own open days, any order) where these reach; where neither
    reaches, every weekday is taken and marked ``provisional``. Days already given never
    change with ``until``.

    Raises ``DataError`` naming the first differing days when the source contradicts the library
    within the range that both cover, and when ``until`` lies before the first day.
    """
    if until < CALENDAR_START:
        raise DataError(
            f"a calendar until {until} is empty",
            where="trading calendar",
            remedy=f"ask for a day from {CALENDAR_START} on",
        )
    known = library_days()
    own = pl.Series("date", [], dtype=pl.Date)
    if source_days is not None:
        own = source_days.cast(pl.Date).drop_nulls().unique().sort().alias("date")
    library_end = known[-1]
    _refuse_contradiction(known, own)
    parts = [_frame(known, provisional=False)]
    beyond = own.filter(own > library_end)
    guessed = pl.date_range(library_end, until, "1d", closed="right", eager=True).alias("date")
    guessed = guessed.filter(guessed.dt.weekday() <= 5)
    if len(beyond) > 0:
        # A source that starts after the library's end leaves a stretch which nobody knows.
        start = library_end if own[0] <= library_end else beyond[0]
        guessed = guessed.filter((guessed > beyond[-1]) | (guessed < start))
        parts.append(_frame(beyond, provisional=False))
    parts.append(_frame(guessed, provisional=True))
    return (
        pl.concat(parts)
        .sort("date")
        .filter(pl.col("date") <= until)
        .with_row_index("day")
        .select("date", pl.col("day").cast(pl.Int32), "provisional")
    )


def _frame(days: pl.Series, *, provisional: bool) -> pl.DataFrame:
    return days.to_frame().with_columns(provisional=pl.lit(provisional))


def _refuse_contradiction(known: pl.Series, own: pl.Series) -> None:
    """Raise ``DataError`` when the two differ within the range that both cover."""
    if len(own) == 0:
        return
    first, last = max(known[0], own[0]), min(known[-1], own[-1])
    expected = set(known.filter(known.is_between(first, last)))
    given = set(own.filter(own.is_between(first, last)))
    if expected == given:
        return
    missing = sorted(expected - given)
    extra = sorted(given - expected)
    faults = []
    if missing:
        faults.append(f"{len(missing)} open day(s) missing, first: {_listed(missing)}")
    if extra:
        faults.append(f"{len(extra)} day(s) that are no trading days, first: {_listed(extra)}")
    raise DataError(
        "the source's open days contradict the exchange calendar: " + "; ".join(faults),
        where=f"trading calendar, {first} to {last}",
        remedy="correct the source's calendar file, or drop the wrong days in its mapping",
    )


def _listed(days: list[date]) -> str:
    return ", ".join(str(day) for day in days[:_SHOWN])
