"""Writing a Qlib bundle, and bringing one up to date by as little as has changed.

A new bundle is written beside its place and renamed into it. Afterwards the months whose digest is
another than the manifest's are compared with what the files hold: days behind the end of a file are
appended in place, which Qlib does not see before the calendar names them, and a file whose past is
another is replaced by rename. The manifest names the months in work before anything is touched, so
that an export that was killed is completed by the next one.
"""

from __future__ import annotations

import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from naxs_assets.errors import EXIT_BUSY, ConfigurationError, NaxsError
from naxs_assets.lineage.staging import write_whole
from naxs_assets.market.qlib_bundle import (
    CALENDAR_FILE,
    FIELDS,
    VALUE,
    Places,
    Series,
    Values,
    field_file,
    series_by_symbol,
)
from naxs_assets.market.qlib_bundle_input import BundleInput, Part
from naxs_assets.market.qlib_bundle_manifest import (
    Manifest,
    Span,
    calendar_digest,
    damaged_series,
    read_manifest,
)

_LOCK_SECONDS = 60


class BundleBusyError(NaxsError):
    """Another program writes the bundle."""

    exit_code = EXIT_BUSY


@dataclass
class Exported:
    """What an export did: ``days`` and ``symbols`` of the bundle, symbols that grew by new days,
    symbols whose past was rewritten (all of a new bundle), and bytes written."""

    folder: Path
    days: int
    symbols: int
    grown: int = 0
    rewritten: int = 0
    written: int = 0

    def facts(self) -> dict[str, int]:
        """The figures by name, for people."""
        return {
            "days": self.days,
            "symbols": self.symbols,
            "grown": self.grown,
            "rewritten": self.rewritten,
            "bytes_written": self.written,
        }


def export_bundle(market: BundleInput, folder: Path) -> Exported:
    """Make ``folder`` the Qlib bundle of ``market``; writes nothing where it is that already.

    Raises :class:`ConfigurationError` for a folder that holds something else,
    :class:`BundleBusyError` while another program writes it and :class:`DataError` where the
    manifest cannot be read.
    """
    folder = folder.expanduser().absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        manifest = read_manifest(folder)
        if manifest is None and folder.exists() and any(folder.iterdir()):
            raise ConfigurationError(
                "the folder holds something, and no bundle that was exported here",
                where=str(folder),
                remedy="name a folder that is empty or not there yet",
            )
        if manifest is None or not _grows_into(manifest, market):
            return _write_anew(market, folder)
        return _Update(market, folder, manifest).run()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    lock = FileLock(folder.with_name(f".{folder.name}.lock"), timeout=_LOCK_SECONDS)
    try:
        with lock:
            yield
    except Timeout as error:
        raise BundleBusyError(
            "the bundle is being written by another program",
            where=str(folder),
            remedy="wait until it is done, then export again",
        ) from error


def _grows_into(manifest: Manifest, market: BundleInput) -> bool:
    """Whether every place in the calendar, and every month, is still what it was."""
    return (
        manifest.is_of_this_program()
        and set(manifest.parts) <= set(market.parts)
        and manifest.days <= len(market.calendar)
        and calendar_digest(_days(market)[: manifest.days]) == manifest.calendar
    )


def _write_anew(market: BundleInput, folder: Path) -> Exported:
    staged = folder.with_name(f".{folder.name}.new")
    replaced = folder.with_name(f".{folder.name}.old")
    for leftover in (staged, replaced):
        shutil.rmtree(leftover, ignore_errors=True)
    series, indices = _series(market)
    done = Exported(folder, len(market.calendar), len(series), rewritten=len(series))
    spans = {name: _write_symbol(staged, name, one, done) for name, one in series.items()}
    manifest = _manifest(market, spans, indices)
    for name, text in _texts(market, manifest).items():
        (staged / name).parent.mkdir(parents=True, exist_ok=True)
        done.written += (staged / name).write_bytes(text)
    done.written += manifest.write(staged)
    if folder.exists():
        folder.rename(replaced)
    staged.rename(folder)
    shutil.rmtree(replaced, ignore_errors=True)
    return done


def _write_symbol(folder: Path, symbol: str, series: Series, done: Exported) -> Span:
    """Write every field of a symbol, each by rename where it was there before."""
    first, end = series.first, series.end
    crc = []
    for number, field in enumerate(FIELDS):
        content = _content(first, series.dense(number, first, end))
        file = field_file(folder, symbol, field)
        if number == 0:
            file.parent.mkdir(parents=True, exist_ok=True)
        if file.exists():
            write_whole(file, content)
        else:
            file.write_bytes(content)
        done.written += len(content)
        crc.append(zlib.crc32(content))
    return Span(first=first, days=end - first, crc=tuple(crc))


class _Update:
    """One update of a bundle whose calendar grew or stayed."""

    def __init__(self, market: BundleInput, folder: Path, manifest: Manifest) -> None:
        self._market, self._folder, self._before = market, folder, manifest
        self._spans = dict(manifest.symbols)
        self._done = Exported(folder, len(market.calendar), len(manifest.symbols))

    def run(self) -> Exported:
        parts, before = self._market.parts, self._before
        changed = {
            name: part for name, part in parts.items() if before.parts.get(name) != part.digest
        }
        broken = {name for name in before.symbols if self._is_broken(name)}
        indices = set(before.indices)
        if changed or broken:
            in_work = before.model_copy(update={"unfinished": True})
            self._done.written += in_work.write(self._folder)
            for kind in (False, True):
                mine = [part for part in changed.values() if part.is_index is kind]
                indices |= self._take_in(mine, kind, broken)
            self._rewrite(broken)
        manifest = _manifest(self._market, self._spans, indices)
        for name, text in _texts(self._market, manifest).items():
            file = self._folder / name
            if not file.exists() or file.read_bytes() != text:
                file.parent.mkdir(parents=True, exist_ok=True)
                write_whole(file, text)
                self._done.written += len(text)
        if changed or broken or manifest != before:
            self._done.written += manifest.write(self._folder)
        self._done.symbols = len(self._spans)
        return self._done

    def _is_broken(self, symbol: str) -> bool:
        """Whether a file of the symbol has another length than it must, or, after an export that
        was killed, other bytes."""
        if self._before.unfinished:
            return bool(damaged_series(self._folder, self._before, symbol))
        size = self._before.symbols[symbol].file_size
        files = (field_file(self._folder, symbol, field) for field in FIELDS)
        return any(not file.exists() or file.stat().st_size != size for file in files)

    def _take_in(self, parts: list[Part], of_indices: bool, broken: set[str]) -> set[str]:
        """Take in changed months of stocks or of indices, and return the indices among them.

        A symbol that these months cannot tell of alone is added to ``broken``.
        """
        if not parts:
            return set()
        calendar = self._market.calendar
        bounds = calendar.search_sorted
        spans = [
            np.arange(bounds(part.first, "left"), bounds(part.last, "right")) for part in parts
        ]
        places = np.sort(np.concatenate(spans))
        series = series_by_symbol(pl.concat(part.rows() for part in parts), calendar)
        known = {
            name for name in self._before.symbols if (name in self._before.indices) is of_indices
        }
        for symbol in sorted((known | series.keys()) - broken):
            one, span = series.get(symbol), self._before.symbols.get(symbol)
            if span is None and one is not None:
                self._spans[symbol] = _write_symbol(self._folder, symbol, one, self._done)
                self._done.rewritten += 1
            elif span is not None and _ends_elsewhere(span, one, places):
                broken.add(symbol)
            elif span is not None:
                self._compare(symbol, span, one, places)
        return set(series) if of_indices else set()

    def _compare(self, symbol: str, span: Span, series: Series | None, places: Places) -> None:
        """Bring a symbol's files to the rows of the changed months, which do not shorten them."""
        end = max(span.end, series.end) if series else span.end
        inside = places[(places >= span.first) & (places < span.end)]
        tail = int(inside[0]) if len(inside) else span.end
        crc, rewritten = list(span.crc), False
        for number, field in enumerate(FIELDS):
            file = field_file(self._folder, symbol, field)
            if series is None:
                new: Values = np.full(end - tail, np.nan, VALUE)
            else:
                new = series.dense(number, tail, end)
            with file.open("r+b") as stream:
                stream.seek((1 + tail - span.first) * VALUE.itemsize)
                old = np.frombuffer(stream.read(), VALUE)
                known, expected = old[inside - tail], new[inside - tail]
                if known.tobytes() == expected.tobytes():
                    added = new[span.end - tail :].tobytes()
                    if added:
                        stream.seek(0, 2)
                        stream.write(added)
                        crc[number] = zlib.crc32(added, crc[number])
                        self._done.written += len(added)
                    continue
                stream.seek(0)
                past = np.frombuffer(stream.read(), VALUE)[1:]
            values = np.concatenate([past, new[span.end - tail :]])
            values[inside - span.first] = expected
            content = _content(span.first, values)
            write_whole(file, content)
            crc[number], rewritten = zlib.crc32(content), True
            self._done.written += len(content)
        self._spans[symbol] = Span(first=span.first, days=end - span.first, crc=tuple(crc))
        self._done.rewritten += rewritten
        self._done.grown += end > span.end and not rewritten

    def _rewrite(self, symbols: set[str]) -> None:
        """Write symbols anew from every month there is; one that has no row any more is removed."""
        if not symbols:
            return
        series, _ = _series(self._market, symbols)
        for symbol in sorted(symbols):
            if symbol in series:
                one = series[symbol]
                self._spans[symbol] = _write_symbol(self._folder, symbol, one, self._done)
            else:
                del self._spans[symbol]
                shutil.rmtree(field_file(self._folder, symbol, "close").parent)
            self._done.rewritten += 1


def _ends_elsewhere(span: Span, series: Series | None, places: Places) -> bool:
    """Whether a symbol's first row, or the last that it had, is not where it was.

    Where its new ends lie only all the months together tell.
    """
    if series is None:
        return bool(np.isin((span.first, span.end - 1), places).any())
    starts_later = span.first in places and series.first > span.first
    ends_sooner = span.end - 1 in places and series.end < span.end
    return series.first < span.first or starts_later or ends_sooner


def _series(
    market: BundleInput, only: set[str] | None = None
) -> tuple[dict[str, Series], set[str]]:
    """The series of every symbol, or of ``only`` some, over all months; and which are indices."""
    rows, indices = [], set[str]()
    for part in market.parts.values():
        of_part = part.rows()
        if only is not None:
            of_part = of_part.filter(pl.col("symbol").is_in(only))
        if part.is_index:
            indices |= set(of_part["symbol"])
        rows.append(of_part)
    return series_by_symbol(pl.concat(rows), market.calendar), indices


def _content(first: int, values: Values) -> bytes:
    return np.concatenate([np.array([first], VALUE), values]).astype(VALUE).tobytes()


def _days(market: BundleInput) -> list[str]:
    return market.calendar.dt.to_string().to_list()


def _texts(market: BundleInput, manifest: Manifest) -> dict[str, bytes]:
    """The calendar and the instruments, by their place in the bundle."""
    days = _days(market)
    spans = sorted(
        (symbol, span)
        for symbol, span in manifest.symbols.items()
        if symbol not in manifest.indices
    )
    everyone = [f"{symbol}\t{days[span.first]}\t{days[span.end - 1]}\n" for symbol, span in spans]
    lines = {
        CALENDAR_FILE: [f"{day}\n" for day in days],
        "instruments/all.txt": everyone,
        **{f"instruments/{name}.txt": of for name, of in market.member_lines().items()},
    }
    return {name: "".join(of_file).encode() for name, of_file in lines.items()}


def _manifest(market: BundleInput, spans: dict[str, Span], indices: set[str]) -> Manifest:
    return Manifest(
        days=len(market.calendar),
        calendar=calendar_digest(_days(market)),
        parts={name: part.digest for name, part in market.parts.items()},
        indices=tuple(sorted(indices & spans.keys())),
        symbols=dict(sorted(spans.items())),
    )
