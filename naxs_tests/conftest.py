"""What every test shares: where the real data lie, and how properties are searched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# No timed assertions: the first example of a property may compile a kernel.
settings.register_profile("everywhere", deadline=None)
settings.register_profile("ci", parent=settings.get_profile("everywhere"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "everywhere")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real market data, named by NAXS_REAL_DATA; without it the test is skipped."""
    folder = os.environ.get("NAXS_REAL_DATA")
    if not folder:
        pytest.skip("NAXS_REAL_DATA is not set, so there are no real prices to test on")
    return Path(folder)
