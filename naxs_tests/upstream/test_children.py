"""A child process needs nothing but the environment, curl's client included."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from naxs_tests.upstream import LoopbackUpstream

CODE = """
import akshare
print(len(akshare.stock_zh_a_hist("600001", start_date="20230103", end_date="20230105")))
print(len(akshare.stock_news_em("600001")))
print(akshare.stock_zh_a_daily("sh600001").columns[-1])
"""


@pytest.mark.slow
def test_akshare_in_a_child(upstream: LoopbackUpstream) -> None:
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CODE],
        env={"PATH": os.environ["PATH"], **upstream.environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert run.stdout.split() == ["3", "10", "turnover"]
