"""What only Linux says of a program that hangs, by proc(5)."""

import contextlib
import os
import time
from collections import Counter
from pathlib import Path

from tests.harness.system import LINUX

LOOKS = 6  # at each thread's state, to tell one that works from one that wakes briefly
CLOSE_WAIT = "08"  # in /proc/net/tcp: the other end has closed, ours has not


def busy_threads(pid: int) -> list[bool]:
    """Return for each thread, the newest first, whether it works; [] elsewhere."""
    working: Counter[int] = Counter()
    for _ in range(LOOKS if LINUX else 0):
        for file in Path(f"/proc/{pid}/task").glob("*/stat"):
            with contextlib.suppress(OSError):
                state = file.read_text().rpartition(")")[2].split()[0]
                working[int(file.parent.name)] += state in "RD"
        time.sleep(0.01)
    return [working[thread] > 1 for thread in sorted(working, reverse=True)]


def others_have_closed(pid: int) -> bool:
    """Return whether the other end of one of its connections has closed.

    Elsewhere True: that is the most common reason for what is asked here.
    """
    if not LINUX:
        return True
    sockets = set()
    for link in Path(f"/proc/{pid}/fd").glob("*"):
        with contextlib.suppress(OSError):
            sockets.add(os.readlink(link))
    rows = (row.split() for row in Path("/proc/net/tcp").read_text().splitlines())
    return any(r[3] == CLOSE_WAIT and f"socket:[{r[9]}]" in sockets for r in rows)
