"""The null control: labels that can teach nothing, because they belong to other names.

A model trained on them is an arbitrary mixture of its features. Over many seeds its RankIC is zero;
how widely it scatters is what a model of true labels has to stand out from.
"""

from __future__ import annotations

import hashlib
from itertools import pairwise
from typing import Any

import numpy as np

_Labels = np.ndarray[Any, np.dtype[np.float32]]
_Days = np.ndarray[Any, np.dtype[np.int32]]


def shuffled(labels: _Labels, days: _Days, seed: int) -> _Labels:
    """``labels`` permuted within each day; ``days`` are absolute indices in ascending order.

    A day's permutation comes from the seed, the day and its number of labels alone, so that it is
    the same whichever other days are there.
    """
    starts = np.flatnonzero(np.diff(days, prepend=-1))
    moved = labels.copy()
    for first, end in pairwise([*starts.tolist(), len(days)]):
        moved[first:end] = _chance(seed, int(days[first])).permutation(labels[first:end])
    return moved


def _chance(seed: int, day: int) -> np.random.Generator:
    digest = hashlib.sha256(f"{seed}:shuffle_labels:{day}".encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))
