"""The coverage-guided trial of the parser by atheris.

``python -m naxs_tests.factors.parser_fuzz FOLDER [options of libFuzzer]`` writes the sample
expressions into the folder as seeds and tries changes of them until the options end it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["naxs_assets.factors"]):
    from naxs_assets.factors.language import LANGUAGES
    from naxs_tests.factors.sample import ALL_OPERATORS
    from naxs_tests.factors.test_parser_fuzz import survives


def _survives_in_each(data: bytes) -> None:
    for language in LANGUAGES.values():
        survives(data.decode("utf-8", "replace"), language)


def main(corpus: Path, *options: str) -> None:
    """Try until the options end it; a broken promise ends the process with another code than 0."""
    corpus.mkdir(exist_ok=True)
    for name, text in ALL_OPERATORS.items():
        (corpus / name).write_text(text, encoding="utf-8")
    atheris.Setup([sys.argv[0], *options, str(corpus)], _survives_in_each)
    atheris.Fuzz()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
