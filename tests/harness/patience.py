"""Time limits that an overloaded machine does not shorten.

A limit in seconds of the wall clock is a lie when four runs share one processor: the
program under test had a quarter of the time. Here a limit is counted in short waits. A
wait that took long, because this process did not get its turn, counts as a short one.

Nor need a wrong answer cost the whole limit: a program whose threads all wait, and that
has used no processor time meanwhile, was given its turn and has nothing to say.
"""

import time
from collections.abc import Callable, Iterable, Iterator

SLICE = 0.05  # seconds

START = 10.0  # seconds for a program to start to listen
ANSWER = 6.0  # seconds for anything that a right program does at once
SOON = 9.0  # seconds for what a right program does within a second or two
STILL = 2.5  # seconds; a right program's own timers, of two at most, are over by then


def slices(seconds: float) -> Iterator[float]:
    """Yield waits, in seconds, until they add up to ``seconds``.

    The first ones are very short, so that nothing quick is made slow by waiting.
    """
    wait = 0.001
    while seconds > 0:
        yield wait
        seconds -= wait
        wait = min(wait * 2, SLICE)


def slices_until_still(
    seconds: float, at_rest: Callable[[], object]
) -> Iterator[float]:
    """Yield such waits, but only until a program has been still for STILL seconds.

    It is when ``at_rest``, asked now and then, tells the same again, and not None.
    """
    still = unseen = 0.0
    before = None
    for wait in slices(seconds):
        yield wait
        unseen += wait
        if unseen < 5 * SLICE:
            continue
        now = at_rest()
        still = still + unseen if now is not None and now == before else 0.0
        before, unseen = now, 0.0
        if still >= STILL:
            return


def wait_until(condition: Callable[[], object], waits: Iterable[float]) -> bool:
    """Wait for a condition that can only be asked for; return whether it came."""
    for wait in waits:
        if condition():
            return True
        time.sleep(wait)
    return bool(condition())
