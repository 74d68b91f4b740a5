"""What only Linux says of programs and connections, by proc(5)."""

import contextlib
import os
import socket
import sys
import time
from collections import Counter
from pathlib import Path

from tests.harness.system import LINUX, stat_of, within

LOOKS = 6  # at each thread's state, to tell one that works from one that wakes briefly
CLOSE_WAIT = "08"  # in /proc/net/tcp: the other end has closed, ours has not


def busy_threads(pid: int) -> list[bool]:
    """Return for each thread, the newest first, whether it works; [] elsewhere."""
    working: Counter[int] = Counter()
    for _ in range(LOOKS if LINUX else 0):
        for task in within(Path(f"/proc/{pid}/task")):
            if stat := stat_of(task):
                working[int(task.name)] += stat[0] in "RD"
        time.sleep(0.01)
    return [working[thread] > 1 for thread in sorted(working, reverse=True)]


def others_have_closed(pid: int) -> bool:
    """Return whether the other end of one of its connections has closed.

    Elsewhere True: that is the most common reason for what is asked here.
    """
    if not LINUX:
        return True
    sockets = set()
    for link in within(Path(f"/proc/{pid}/fd")):
        with contextlib.suppress(OSError):
            sockets.add(os.readlink(link))
    rows = (row.split() for row in Path("/proc/net/tcp").read_text().splitlines())
    return any(r[3] == CLOSE_WAIT and f"socket:[{r[9]}]" in sockets for r in rows)


def first_child(pid: int) -> int | None:
    """Return the id of a process's first child, if it has one."""
    with contextlib.suppress(OSError):  # it has ended
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return int(children[0]) if children else None
    return None


def unread_bytes(receiver: tuple[str, int], sender: tuple[str, int]) -> int | None:
    """Return how many bytes wait in a connection for ``receiver`` to read, or None.

    The rx_queue of /proc/net/tcp (proc(5)), so only on Linux.
    """
    if not LINUX:
        return None
    wanted = [_as_in_proc(*receiver), _as_in_proc(*sender)]
    for line in Path("/proc/net/tcp").read_text().splitlines():
        fields = line.split()
        if fields[1:3] == wanted:
            return int(fields[4].split(":")[1], 16)
    return 0


def _as_in_proc(host: str, port: int) -> str:
    return f"{int.from_bytes(socket.inet_aton(host), sys.byteorder):08X}:{port:04X}"
