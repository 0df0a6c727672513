"""BLAS on one thread, so that its sums have the same bits on any machine's number of threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_limit = threading.Lock()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS to one thread: its sums round by the number of threads.

    The limit holds for the whole process, so one computation at a time may set it and take it
    back.
    """
    from threadpoolctl import threadpool_limits

    with _limit, threadpool_limits(limits=1, user_api="blas"):
        yield
