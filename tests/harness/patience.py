"""Time limits that an overloaded machine does not shorten.

A limit in seconds of the wall clock is a lie when four runs share one processor: the
program under test had a quarter of the time. Here a limit is counted in short waits. A
wait that took long, because this process did not get its turn, counts as a short one.
"""

import time
from collections.abc import Callable, Iterator

SLICE = 0.05  # seconds

START = 10.0  # seconds for a program to start to listen
ANSWER = 4.0  # seconds for anything that a right program does at once
SOON = 8.0  # seconds for what a right program does within a second or two


def slices(seconds: float) -> Iterator[float]:
    """Yield waits, in seconds, until they add up to ``seconds``.

    The first ones are very short, so that nothing quick is made slow by waiting.
    """
    wait = 0.001
    while seconds > 0:
        yield wait
        seconds -= wait
        wait = min(wait * 2, SLICE)


def wait_until(condition: Callable[[], object], seconds: float) -> bool:
    """Wait for a condition that can only be asked for; return whether it came."""
    for wait in slices(seconds):
        if condition():
            return True
        time.sleep(wait)
    return bool(condition())
