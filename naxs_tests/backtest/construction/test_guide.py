"""The guide's example runs and prints what the guide says; its rule is a rule."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

from naxs_assets.backtest.construction import rule_code, rule_of
from naxs_tests.backtest.construction.sample import candidates

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "portfolio-construction.md"
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
PYTHON = [text for language, text in BLOCKS if language == "python"]


def test_the_example_prints_what_the_guide_says() -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(PYTHON[0], {})  # noqa: S102 - our own guide
    assert printed.getvalue() == next(text for language, text in BLOCKS if language == "text")


def test_the_rule_of_ones_own_is_a_rule(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(PYTHON[1], encoding="utf-8")
    assert rule_of(rule_code(file))(candidates([0.2, -0.1])).tolist() == [0.5, 0.0]
