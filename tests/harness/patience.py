"""Time limits that an overloaded machine does not shorten.

A limit in seconds of the wall clock is a lie when four runs share one processor: the
program under test had a quarter of the time. Here a limit is counted in short waits. A
wait that took long, because this process did not get its turn, counts as a short one.
While the program under test works, or would like to, a limit counts the processor time
that it is given: a right program that works slowly gets as much on any machine.

Nor need a wrong answer cost the whole limit: a program whose threads all wait, and that
has used no processor time meanwhile, was given its turn and has nothing to say.
"""

import time
from collections.abc import Callable, Iterable, Iterator

from tests.harness.system import LINUX, Activity

SLICE = 0.05  # seconds
LOOK = 5 * SLICE  # seconds between two looks at what a program does

# Seconds for a program to start to listen. On Windows nobody knows whether it works or
# waits for its turn, and macOS looks at a new program before it lets it run.
START = 10.0 if LINUX else 30.0
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
        wait = min(wait * 1.2, SLICE)


def slices_of(
    seconds: float, look: Callable[[], Activity | None], still: float = STILL
) -> Iterator[float]:
    """Yield such waits for a program; ``look`` returns what it does, if anybody knows.

    While it works, only its processor time is spent, up to ten times ``seconds`` in
    all. Once it has done nothing for ``still`` seconds, there are no more waits.
    """
    spent = rested = unseen = 0.0
    before = None
    for wait in slices(10 * seconds):
        yield wait
        unseen += wait
        if unseen < min(LOOK, seconds - spent):
            continue
        now = look()
        spent += given(before, now, unseen)
        rests = now and before and now.waits and now.worked == before.worked
        rested = rested + unseen if rests else 0.0
        before, unseen = now, 0.0
        if spent >= seconds or rested >= still:
            return


def given(before: Activity | None, now: Activity | None, passed: float) -> float:
    """Return how many of ``passed`` seconds a program was given between two looks.

    All, if it waits or nobody knows; otherwise those in which it had a processor.
    """
    if not now or not before or now.waits:
        return passed
    return min(now.worked - before.worked, passed)


def wait_until(condition: Callable[[], object], waits: Iterable[float]) -> bool:
    """Wait for a condition that can only be asked for; return whether it came."""
    for wait in waits:
        if condition():
            return True
        time.sleep(wait)
    return bool(condition())
