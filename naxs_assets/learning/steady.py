"""Sums and means of groups that have the same bits on any number of threads.

In ``group_by`` polars adds a group up in as many parts as there are threads, and the order of
additions decides the last bit. A list is added up in its own order by one thread.
"""

from __future__ import annotations

import polars as pl


def steady_sum(values: pl.Expr) -> pl.Expr:
    """The sum of a group's values, 0 for none, in an aggregation; the group's order counts."""
    return values.implode().list.sum()


def steady_mean(values: pl.Expr) -> pl.Expr:
    """The mean of a group's values, null for none, in an aggregation; the group's order counts."""
    return values.implode().list.mean()
