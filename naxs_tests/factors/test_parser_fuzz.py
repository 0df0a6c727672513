"""The parser against hostile text: only ExpressionError, within the text, in bounded time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naxs_assets.factors.expression import ExpressionError
from naxs_assets.factors.language import LANGUAGES, Language
from naxs_assets.factors.parser import MAX_DEPTH, MAX_LENGTH, parse
from naxs_tests.factors.sample import ALL_OPERATORS

VALID = sorted(ALL_OPERATORS.values())
LANGUAGE = st.sampled_from(sorted(LANGUAGES.values(), key=lambda each: each.name))
INSERTED = st.text(max_size=4) | st.sampled_from(
    [
        "**",
        "&",
        "|",
        "!",
        "-",
        "(",
        ")",
        ",",
        "$",
        "0",
        "1e999",
        "9" * 400,
        ".",
        "e",
        "$$x",
        "'",
        "'W'",
        "P($$roe_q)",
    ]
)


def survives(text: str, language: Language) -> None:
    """Assert that ``text`` reads back as the same tree, or is refused at a place within it."""
    try:
        expression = parse(text, language=language)
    except ExpressionError as error:
        refused = error
    else:
        again = parse(expression.canonical, language=language)
        assert again.root == expression.root
        assert again.canonical == expression.canonical
        assert again.code == expression.code
        return
    assert 0 <= refused.position <= len(text)
    assert len(str(refused)) < 2_000


@settings(deadline=None)
@given(st.text(max_size=200), LANGUAGE)
def test_random_text(text: str, language: Language) -> None:
    survives(text, language)


@settings(deadline=None, max_examples=400)
@given(st.sampled_from(VALID), st.data(), LANGUAGE)
def test_valid_text_with_a_piece_replaced(
    text: str, data: st.DataObject, language: Language
) -> None:
    first = data.draw(st.integers(0, len(text)))
    last = data.draw(st.integers(first, min(len(text), first + 6)))
    survives(text[:first] + data.draw(INSERTED) + text[last:], language)


@settings(deadline=None)
@given(st.sampled_from(VALID), st.sampled_from(VALID), st.sampled_from("+-*/&|,()<"), LANGUAGE)
def test_two_valid_texts_joined(left: str, right: str, sign: str, language: Language) -> None:
    survives(f"{left}{sign}{right}", language)


@pytest.mark.parametrize(
    "opened", ["(", "-", "!", "Abs(", "2**", "Mean(", "If(", "$close*(", "1-("]
)
@pytest.mark.parametrize("times", [MAX_DEPTH - 3, MAX_DEPTH + 1, 3_000, MAX_LENGTH])
def test_deep_nesting(opened: str, times: int) -> None:
    for closed in ("", ")" * times):
        survives(opened * times + "$close" + closed, LANGUAGES["qlib"])


@pytest.mark.parametrize(
    "number", ["9" * 5_000, "1e" + "9" * 4_000, "1e-" + "9" * 4_000, "0." + "0" * 5_000 + "1"]
)
def test_huge_numbers(number: str) -> None:
    for text in (number, f"$close*{number}", f"Ref($close,-{number})", f"Mean($close,{number})"):
        survives(text, LANGUAGES["qlib"])


@pytest.mark.slow
def test_what_coverage_guides_to(tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="atheris is built for Linux on x86_64 alone")
    limits = ("-max_total_time=20", "-timeout=5", "-max_len=300", f"-artifact_prefix={tmp_path}/")
    command = (sys.executable, "-m", "naxs_tests.factors.parser_fuzz", str(tmp_path / "corpus"))
    done = subprocess.run(
        (*command, *limits), check=False, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    assert "Done " in done.stderr
