"""YAML files of a person: what cannot be read is named with the file, the line and the remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from naxs_assets.errors import ConfigurationError
from naxs_assets.yaml_file import parse_yaml, read_yaml


def refusal(file: Path, content: bytes) -> ConfigurationError:
    file.write_bytes(content)
    with pytest.raises(ConfigurationError) as told:
        read_yaml(file)
    assert told.value.where == str(file)
    assert told.value.remedy
    assert len(str(told.value).splitlines()) == 3
    return told.value


def test_values_and_an_empty_file_are_read(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("\ufeffname: 我的\nmodel: &m {seed: 1}\nother: {<<: *m, rounds: 2}\n", "utf-8")
    assert read_yaml(file) == {
        "name": "我的",
        "model": {"seed": 1},
        "other": {"seed": 1, "rounds": 2},
    }
    assert parse_yaml("", file) is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"name: a\n\tlabel: b\n", "at line 2, column 1"),
        (b"name: [a\n", "line 2, column 1"),
        (b"a: b: c\n", "line 1, column 5"),
        ("name: 我的".encode("gbk"), "byte 6 is not UTF-8"),
        (b"name: \x00\n", "not valid YAML"),
        (b"- a\n- b: 1\n  c: 2\n  b: 3\n", "line 4, column 3: the key 'b' stands there twice"),
        (b"when: !!python/object:os.system {}\n", "line 1, column 7"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, content: bytes, said: str) -> None:
    assert said in refusal(tmp_path / "a.yaml", content).what


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    for file in (tmp_path, tmp_path / "none.yaml"):
        with pytest.raises(ConfigurationError, match="cannot be read") as told:
            read_yaml(file)
        assert told.value.where == str(file)
