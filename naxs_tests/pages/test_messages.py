"""The catalogue: every text in both languages, and every text in use."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import naxs_assets.pages
from naxs_assets.pages.messages import Message, catalogue, message, message_or_name

CHINESE = re.compile(r"[\u3400-\u9fff]")
PACKAGE = Path(naxs_assets.pages.__file__).parent.parent


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", sorted(catalogue()))
def test_every_text_has_both_languages(key: str) -> None:
    entry = catalogue()[key]
    assert entry.zh.strip()
    assert entry.en.strip()
    assert not CHINESE.search(entry.en)
    assert entry.zh != entry.en


@pytest.mark.parametrize("key", sorted(catalogue()))
def test_chinese_uses_its_own_punctuation(key: str) -> None:
    assert not re.search(r"[\u3400-\u9fff][,;:?!]", catalogue()[key].zh)


def test_languages_fill_in_the_same_fields() -> None:
    optional = {"tear_sheet.period_value"}  # dates need no translation, so they stand once
    for key, entry in catalogue().items():
        if key in optional:
            assert fields(entry.en) <= fields(entry.zh)
        else:
            assert fields(entry.en) == fields(entry.zh), key


def test_every_text_is_used() -> None:
    sources = "".join(
        path.read_text(encoding="utf-8")
        for path in PACKAGE.rglob("*")
        if path.suffix in {".py", ".html"}
    )
    families = tuple(re.findall(r'f"(\w+\.)\{', sources))
    unused = [
        key for key in catalogue() if f'"{key}"' not in sources and not key.startswith(families)
    ]
    assert unused == []


def test_reads_chinese_first() -> None:
    assert str(Message("净值", "NAV")) == "净值 NAV"


def test_fills_in_both_languages() -> None:
    found = message("tear_sheet.lineage_rows", versions=12)
    assert found == Message("直接输入：12 个版本", "direct inputs as a table: 12 versions")


def test_an_unknown_key_is_an_error_unless_a_name_stands_in() -> None:
    with pytest.raises(KeyError):
        message("no.such_text")
    assert message_or_name("cause.no_such_cause", "no_such_cause") == "no_such_cause"
    assert message_or_name("cause.cash", "cash") == catalogue()["cause.cash"]
