"""Work that goes on in threads while other tests run."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager


@contextmanager
def in_background(threads: int) -> Iterator[ThreadPoolExecutor]:
    """Give a pool for work that is looked at later; stop what nobody has looked at."""
    pool = ThreadPoolExecutor(threads)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
