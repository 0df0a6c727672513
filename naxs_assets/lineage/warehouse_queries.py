"""Questions to the warehouse on a locked-down connection: one query at a time, nothing written,
no file read but the store's, within limits of memory and time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Timer
from typing import TYPE_CHECKING, Any, Self

from naxs_assets.errors import EXIT_USAGE, NaxsError
from naxs_assets.lineage.warehouse_tables import text

if TYPE_CHECKING:
    import duckdb
    import polars as pl

    from naxs_assets.lineage.store import Store

_LOOK = "naxs sql --tables lists the tables, naxs sql --describe TABLE the columns of one"
_LINE = re.compile(r"^LINE (\d+): (.*)\n( *)(\^+)", re.MULTILINE)
_LINE_HEAD = "LINE : "
_LONGEST_SHOWN = 60


class QueryRefusedError(NaxsError):
    """A query that is wrong, or that asks for what this connection does not do."""

    exit_code = EXIT_USAGE


class QueryLimitError(NaxsError):
    """A query that took more memory or time than it may."""


@dataclass(frozen=True)
class Limits:
    """What one query may take: memory as DuckDB writes it, seconds and threads."""

    memory: str = "1GB"
    seconds: float = 60
    threads: int = 2


@dataclass(frozen=True)
class Answer:
    """Rows of a query with the columns' names and DuckDB types.

    ``truncated``: there are more rows than were asked for.
    """

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    truncated: bool = False


class Warehouse:
    """A read-only connection to a home's tables; close it, or use it in a ``with``.

    ``degraded`` says why Parquet files are read directly, without comments and units; None when
    ``warehouse.duckdb`` is read, which was published at ``published_at`` (ISO 8601, UTC).
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        store: Store,
        limits: Limits,
        degraded: str | None,
        published_at: str | None,
    ) -> None:
        self._connection = connection
        self._limits = limits
        self.degraded = degraded
        self.published_at = published_at
        for statement in _lockdown(store, limits):
            connection.execute(statement)

    def query(
        self, sql: str, parameters: list[Any] | None = None, limit: int | None = None
    ) -> Answer:
        """The rows of one query, at most ``limit`` of them.

        Raises :class:`QueryRefusedError` for what is not one query or cannot be answered, and
        :class:`QueryLimitError` for one that takes too long or too much memory.
        """
        with self._guarded(sql):
            cursor = self._connection.execute(sql, parameters)
            described = cursor.description or []
            rows = cursor.fetchall() if limit is None else cursor.fetchmany(limit + 1)
        return Answer(
            tuple(str(column[0]) for column in described),
            tuple(str(column[1]) for column in described),
            rows[:limit],
            truncated=limit is not None and len(rows) > limit,
        )

    def frame(self, sql: str, parameters: list[Any] | None = None) -> pl.DataFrame:
        """The result of one query as a polars frame. Raises as :meth:`query`."""
        import polars as pl

        with self._guarded(sql):
            return pl.DataFrame(self._connection.sql(sql, params=parameters).to_arrow_table())

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _guarded(self, sql: str) -> Iterator[None]:
        import duckdb

        timer = Timer(self._limits.seconds, self._connection.interrupt)
        timer.daemon = True
        timer.start()
        try:
            self._refuse_all_but_a_query(sql)
            yield
        except duckdb.InterruptException as error:
            raise QueryLimitError(
                f"the query took longer than {self._limits.seconds:g} seconds",
                where=_shown(sql),
                remedy="ask for fewer months (WHERE month >= ...) or columns, "
                "or allow more with --seconds",
            ) from error
        except duckdb.OutOfMemoryException as error:
            raise QueryLimitError(
                f"the query needs more than {self._limits.memory} of memory",
                where=_shown(sql),
                remedy="ask for fewer months (WHERE month >= ...) or columns",
            ) from error
        except duckdb.Error as error:
            raise _readable(error, sql) from error
        finally:
            timer.cancel()

    def _refuse_all_but_a_query(self, sql: str) -> None:
        import duckdb

        statements = self._connection.extract_statements(sql)
        # EXPLAIN ANALYZE would run what it explains.
        if len(statements) == 1 and statements[0].type is duckdb.StatementType.SELECT:
            return
        kinds = ", ".join(statement.type.name for statement in statements) or "nothing"
        raise QueryRefusedError(
            f"only one query (SELECT) can be asked here, not {kinds}",
            where=_shown(sql),
            remedy="the tables are read-only; make results with naxs run",
        )


def _lockdown(store: Store, limits: Limits) -> Iterator[str]:
    """Settings after which nothing but the store's files can be read, and no setting changed."""
    yield f"SET memory_limit = {text(limits.memory)}"
    yield f"SET threads = {limits.threads:d}"
    yield "SET TimeZone = 'UTC'"
    yield "SET temp_directory = ''"
    yield "SET autoinstall_known_extensions = false"
    yield "SET autoload_known_extensions = false"
    yield "SET allow_community_extensions = false"
    yield "SET python_enable_replacements = false"
    yield f"SET allowed_directories = [{text(store.address() + '/')}]"
    yield "SET enable_external_access = false"
    yield "SET lock_configuration = true"


def _readable(error: duckdb.Error, sql: str) -> QueryRefusedError:
    """What, where and how to mend it, of DuckDB's own message."""
    import duckdb

    said = str(error).strip()
    where = _shown(sql)
    if found := _LINE.search(said):
        number, line, spaces, marks = found.groups()
        start = max(0, len(spaces) - len(_LINE_HEAD) - len(number))
        near = line[start : start + max(len(marks), 1)]
        where = f"line {number}, at {near!r}" + ("" if near == line else f" in: {line}")
        said = said[: found.start()].strip()
    what = " ".join(said.split())
    remedy = _LOOK
    if isinstance(error, duckdb.PermissionException):
        remedy = "only this home's tables can be read here; " + _LOOK
    elif isinstance(error, duckdb.IOException) or "Parquet file" in what:
        remedy = "naxs lineage verify names a table's files that are missing or damaged"
    elif isinstance(error, duckdb.ParserException):
        remedy = "mend the SQL there; it is DuckDB's dialect (duckdb.org/docs/sql)"
    return QueryRefusedError(what, where=where, remedy=remedy)


def _shown(sql: str) -> str:
    one_line = " ".join(sql.split())
    return one_line if len(one_line) <= _LONGEST_SHOWN else one_line[:_LONGEST_SHOWN] + " ..."
