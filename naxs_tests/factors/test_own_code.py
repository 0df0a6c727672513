"""A person's own Python file: read once, run as it was read, and told of where it fails."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest

from naxs_assets.errors import ConfigurationError
from naxs_assets.factors.own_code import OwnCode, own_code


def code_of(folder: Path, source: bytes) -> OwnCode:
    file = folder / "mine.py"
    file.write_bytes(source)
    return own_code(file, "the operators", "mend it")


def test_what_runs_is_what_the_digest_is_of(tmp_path: Path) -> None:
    code = code_of(tmp_path, b"value = 1\n")
    code.file.write_bytes(b"value = 2\n")
    assert code.run().value == 1
    assert code.digest == hashlib.sha256(b"value = 1\n").hexdigest()


def test_the_module_knows_its_file_and_nobody_else_knows_the_module(tmp_path: Path) -> None:
    module = code_of(tmp_path, b"import dataclasses\nhere = __file__\n").run()
    assert module.here == str(tmp_path / "mine.py")
    assert module.__name__ not in sys.modules


def test_each_run_is_fresh(tmp_path: Path) -> None:
    code = code_of(tmp_path, b"values = []\n")
    code.run().values.append(1)
    assert code.run().values == []


def test_nothing_of_this_program_changes_what_a_file_means(tmp_path: Path) -> None:
    module = code_of(tmp_path, b"def score(titles: list): ...\n").run()
    assert module.score.__annotations__ == {"titles": list}


def test_a_declared_encoding_counts(tmp_path: Path) -> None:
    source = "# -*- coding: gbk -*-\nname = '动量'\n".encode("gbk")
    assert code_of(tmp_path, source).run().name == "动量"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (b"import nowhere_at_all", "ModuleNotFoundError"),
        (b"x = (", "SyntaxError"),
        (b"\xff", "SyntaxError"),
        (b"x = 1\0", "SyntaxError|ValueError"),
        (b"1 / 0", "ZeroDivisionError"),
    ],
)
def test_a_file_that_cannot_be_run_is_named(tmp_path: Path, source: bytes, said: str) -> None:
    with pytest.raises(ConfigurationError, match=f"the operators cannot be loaded: ({said})") as at:
        code_of(tmp_path, source).run()
    assert at.value.where == str(tmp_path / "mine.py")
    assert at.value.remedy == "mend it"
