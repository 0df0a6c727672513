"""The documents: what they point at is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from naxs_assets.market.quality.registry import RULES

PROJECT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")])
_LINK = re.compile(r"\]\(([^)\s]+)\)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: str(d.relative_to(PROJECT)))
def test_links_and_pictures_resolve(document: Path) -> None:
    targets = _LINK.findall(document.read_text(encoding="utf-8"))
    files = [target.partition("#")[0] for target in targets if "://" not in target]
    assert [file for file in files if not (document.parent / file).exists()] == []


def test_every_picture_is_shown_and_small() -> None:
    shown = "".join(document.read_text(encoding="utf-8") for document in DOCUMENTS)
    for picture in (PROJECT / "docs" / "images").iterdir():
        assert picture.name in shown
        assert picture.stat().st_size <= 300_000


def test_the_guide_to_the_ui_names_every_check() -> None:
    guide = (PROJECT / "docs" / "ui.md").read_text(encoding="utf-8")
    for rule in RULES.values():
        assert f"| `{rule.check}` | `{rule.id}` |" in guide
