"""The sentiment of texts by a lexicon of good and bad words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

from naxs_assets.catalog.models import Lexicon

Scorer: TypeAlias = Callable[[Sequence[str]], Sequence[float]]
"""The sentiment of each text, from -1 to 1."""


def lexicon_scorer(lexicon: Lexicon) -> Scorer:
    """A scorer that counts words: (good - bad) / (good + bad), and 0 for a text with neither.

    A text is read from left to right, and of words that begin at one place the longest counts, so
    that a longer word may say the opposite of one that it begins with.
    """
    good = frozenset(lexicon.positive)
    words = sorted(good.union(lexicon.negative), key=lambda word: (-len(word), word))
    pattern = re.compile("|".join(re.escape(word) for word in words))

    def score(texts: Sequence[str]) -> list[float]:
        return [_balance([word in good for word in pattern.findall(text)]) for text in texts]

    return score


def _balance(found: Sequence[bool]) -> float:
    return (2 * sum(found) - len(found)) / len(found) if found else 0.0
