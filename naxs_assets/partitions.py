"""Months: the one partition unit of every time series, and arithmetic on them.

A month is the string ``YYYY-MM``, which is also Dagster's partition key.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from naxs_assets.errors import ConfigurationError

if TYPE_CHECKING:
    import dagster

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


def parse_month(text: str, where: str = "") -> str:
    """Return ``text`` if it is a month ``YYYY-MM``; raise :class:`ConfigurationError` otherwise.

    ``where`` says in the error where the text was given.
    """
    if not _MONTH.fullmatch(text):
        raise ConfigurationError(
            f"{text!r} is not a month",
            where=where,
            remedy="write it as YYYY-MM, for example 2020-07",
        )
    return text


def month_of(day: date) -> str:
    """The month a day lies in."""
    return f"{day:%Y-%m}"


def add_months(month: str, count: int) -> str:
    """The month ``count`` months after (before, when negative) ``month``."""
    index = _index(month) + count
    return f"{index // 12:04d}-{index % 12 + 1:02d}"


def _index(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:7]) - 1


def months_between(first: str, last: str) -> Iterator[str]:
    """Every month from ``first`` to ``last``, both included; none when ``last`` is earlier."""
    month = first
    while month <= last:
        yield month
        month = add_months(month, 1)


def first_day(month: str) -> date:
    """The first calendar day of a month."""
    return date(int(month[:4]), int(month[5:7]), 1)


def last_day(month: str) -> date:
    """The last calendar day of a month."""
    year, number = int(month[:4]), int(month[5:7])
    return date(year, number, monthrange(year, number)[1])


def months_definition(
    first: str, last: str, *, grows: bool = False
) -> dagster.PartitionsDefinition[str]:
    """The partitions from ``first`` to ``last``, both included: the months that a source has.

    They do not depend on the machine's date, so that a home with a frozen clock is always the same.
    With ``grows`` they go on with the machine's clock instead: the months of a live market, whose
    code location stays loaded over the turn of a month.
    """
    import dagster as dg

    if grows:
        return dg.MonthlyPartitionsDefinition(
            start_date=first, end_offset=1, timezone="Asia/Shanghai", fmt="%Y-%m"
        )
    # Dagster offers a month only once it is over by the machine's clock; the offset reaches on.
    current = month_of(datetime.now(ZoneInfo("Asia/Shanghai")).date())
    return dg.MonthlyPartitionsDefinition(
        start_date=first,
        end_date=add_months(last, 1),
        end_offset=max(1, _index(last) - _index(current) + 1),
        timezone="Asia/Shanghai",
        fmt="%Y-%m",
    )


def month_window(back: int, ahead: int) -> dagster.PartitionMapping:
    """A month reads the months from ``back`` before it to ``ahead`` after it."""
    import dagster as dg

    return dg.TimeWindowPartitionMapping(
        start_offset=-back, end_offset=ahead, allow_nonexistent_upstream_partitions=True
    )
