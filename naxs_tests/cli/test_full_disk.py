"""A disk that is full: one message, exit 1, nothing lost, and a run with space goes on from there.

Everybody can forbid a process to let a file grow, which the system refuses as it refuses to write
to a full disk, file by file; so each part of a home is met alone. Who may mount a small disk fills
a real one.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from naxs_assets.errors import EXIT_FAILED
from naxs_tests.cli.conftest import Naxs
from naxs_tests.cli.process import ended, start
from naxs_tests.graph.small import TINY, copy_home, write_entry

pytestmark = pytest.mark.slow

OTHER = TINY | {"portfolio": TINY["portfolio"] | {"top": 9}}


@pytest.fixture(scope="module")
def other_hashes(finished: Naxs, memory: Path) -> dict[tuple[str, str], str]:
    """What the changed strategy gives where no disk is full."""
    naxs = Naxs(copy_home(finished.home, memory / "undisturbed-by-disks"))
    write_entry(naxs.home, "strategies", OTHER)
    naxs("run", "tiny")
    return naxs.hashes()


def fails(naxs: Naxs, largest_file: int | None = None) -> str:
    """What a run says that finds no space; what was stored before is still there."""
    before = naxs.hashes()
    code, said = ended(start(naxs.home, "run", "tiny", largest_file=largest_file))
    assert code == EXIT_FAILED, said
    assert "Traceback" not in said
    assert "free space" in " ".join(said.split())
    assert len(said.splitlines()) <= 12, said
    assert naxs.hashes().keys() == before.keys()
    return " ".join(said.split())


def goes_on(naxs: Naxs, expected: dict[tuple[str, str], str]) -> None:
    """With space again all is sound, and a run ends as if it had never lacked."""
    naxs("lineage", "verify")
    naxs("run", "tiny")
    naxs("lineage", "verify")
    assert naxs.hashes() == expected
    assert list((naxs.home / "store/staging").iterdir()) == []
    assert [file.name for file in (naxs.home / "reports").iterdir()] == ["tiny.html"]


def test_the_ledger_finds_no_space(copied: Naxs, other_hashes: dict[tuple[str, str], str]) -> None:
    write_entry(copied.home, "strategies", OTHER)
    said = fails(copied, largest_file=4_096)
    assert "error the ledger cannot be used" in said
    assert "ledger.db" in said
    goes_on(copied, other_hashes)


def test_dagsters_records_find_no_space(
    copied: Naxs, other_hashes: dict[tuple[str, str], str]
) -> None:
    write_entry(copied.home, "strategies", OTHER)
    said = fails(copied, largest_file=64 * 1024)
    assert "error Dagster's records of runs cannot be used" in said
    assert str(copied.home / "dagster") in said
    goes_on(copied, other_hashes)


def test_the_store_finds_no_space(copied: Naxs, other_hashes: dict[tuple[str, str], str]) -> None:
    write_entry(copied.home, "strategies", OTHER)
    page = (copied.home / "reports/tiny.html").stat().st_size
    said = fails(copied, largest_file=page // 2)
    assert "error could not write a result" in said
    assert str(copied.home / "store/objects") in said
    goes_on(copied, other_hashes)


def test_the_published_report_finds_no_space(copied: Naxs) -> None:
    file = copied.home / "reports/tiny.html"
    before = file.read_bytes()
    said = fails(copied, largest_file=len(before) // 2)
    assert "error the report is made, but cannot be put into its place" in said
    assert str(file) in said
    assert file.read_bytes() == before
    goes_on(copied, copied.hashes())


@pytest.fixture
def small_disk(folder: Path) -> Iterator[Path]:
    """A disk of 30 MB."""
    place = folder / "disk"
    place.mkdir()
    mounting = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=30m", "none", str(place)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounting.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounting.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.parametrize("left", [0, 100_000, 400_000, 1_000_000])
def test_a_disk_is_full(
    finished: Naxs, small_disk: Path, other_hashes: dict[tuple[str, str], str], left: int
) -> None:
    naxs = Naxs(copy_home(finished.home, small_disk / "home"))
    write_entry(naxs.home, "strategies", OTHER)
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * (shutil.disk_usage(small_disk).free - left))
    code, said = ended(start(naxs.home, "run", "tiny"))
    assert code == EXIT_FAILED, said
    assert "Traceback" not in said
    assert "free space" in " ".join(said.split())
    assert len(said.splitlines()) <= 12, said
    filler.unlink()
    goes_on(naxs, other_hashes)


def test_a_disk_that_may_only_be_read_holds_no_home(finished: Naxs, small_disk: Path) -> None:
    naxs = Naxs(copy_home(finished.home, small_disk / "home"))
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    for command in (("run", "tiny"), ("init",), ("lineage", "verify")):
        said = naxs.refusal(*command)
        assert "the home cannot be written: Read-only file system" in said
        assert "a folder that you may write" in said
