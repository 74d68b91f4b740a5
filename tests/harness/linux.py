"""What only Linux says of processes and connections, by proc(5).

``system`` calls this there, and nothing else does.
"""

import contextlib
import os
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

LOOKS = 6  # at each thread's state, to tell one that works from one that wakes briefly
CLOSE_WAIT = "08"  # in /proc/net/tcp: the other end has closed, ours has not


# -- processes -------------------------------------------------------------------------


def environments() -> Iterator[tuple[int, bytes]]:
    """Yield what processes have in their environment; a NUL follows each variable."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            yield int(folder.name), (folder / "environ").read_bytes()


def within(folder: Path) -> list[Path]:
    """Return what is in a folder of /proc; nothing if its process has ended."""
    try:
        return [folder / name for name in os.listdir(folder)]
    except OSError:
        return []


def stat_of(folder: Path) -> list[str]:
    """Return the fields of a process or thread, from its state on; [] if it has ended.

    The name of the command, before them, may hold anything, brackets too.
    """
    try:
        return (folder / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def members(group: int) -> list[Path]:
    """Return the folders of a group's processes.

    With those of its sandbox that have left the group: what a program has started there
    has the same process table, pid_namespaces(7).
    """
    found = []
    table = _process_table(str(group))
    has_own = table not in ("", _process_table("self"))
    for name in os.listdir("/proc"):
        with contextlib.suppress(ValueError, OSError):  # no process, or it has ended
            is_in_group = os.getpgid(int(name)) == group  # type: ignore[attr-defined,unused-ignore]
            if is_in_group or (has_own and _process_table(name) == table):
                found.append(Path("/proc", name))
    return found


def _process_table(pid: str) -> str:
    """Return which process table a process has; '' if it has ended, or is another's."""
    try:
        return os.readlink(f"/proc/{pid}/ns/pid")
    except OSError:
        return ""


def states(group: int) -> list[str]:
    """Return the states of all threads of a group's processes, such as R and S."""
    tasks = [task for folder in members(group) for task in within(folder / "task")]
    return [stat[0] for task in tasks if (stat := stat_of(task))]


def processes(group: int) -> list[tuple[str, float]]:
    """Return the state of each process of a group, and its seconds of a processor.

    With those of its children that have ended.
    """
    tick: int = os.sysconf("SC_CLK_TCK")  # type: ignore[attr-defined,unused-ignore]
    stats = [stat for folder in members(group) if (stat := stat_of(folder))]
    return [(stat[0], sum(map(int, stat[11:15])) / tick) for stat in stats]


def resources(group: int) -> tuple[int, int]:
    """Return how many threads and open files a process group has."""
    threads = files = 0
    for folder in members(group):
        with contextlib.suppress(OSError):
            if (stat := stat_of(folder)) and stat[0] != "Z":
                threads += int(stat[17])
                files += len(os.listdir(folder / "fd"))
    return threads, files


def memory(pid: int, field: str) -> int | None:
    """Return a field of a process's memory, in bytes, if it has it."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    return None


def busy_threads(pid: int) -> list[bool]:
    """Return for each thread, the newest first, whether it works."""
    working: Counter[int] = Counter()
    for _ in range(LOOKS):
        for task in within(Path(f"/proc/{pid}/task")):
            if stat := stat_of(task):
                working[int(task.name)] += stat[0] in "RD"
        time.sleep(0.01)
    return [working[thread] > 1 for thread in sorted(working, reverse=True)]


def first_child(pid: int) -> int | None:
    """Return the id of a process's first child, if it has one."""
    with contextlib.suppress(OSError):  # it has ended
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return int(children[0]) if children else None
    return None


# -- connections -----------------------------------------------------------------------


def others_have_closed(pid: int) -> bool:
    """Return whether the other end of one of its connections has closed."""
    sockets = set()
    for link in within(Path(f"/proc/{pid}/fd")):
        with contextlib.suppress(OSError):
            sockets.add(os.readlink(link))
    rows = (row.split() for row in Path("/proc/net/tcp").read_text().splitlines())
    return any(r[3] == CLOSE_WAIT and f"socket:[{r[9]}]" in sockets for r in rows)


def unread_bytes(receiver: tuple[str, int], sender: tuple[str, int]) -> int:
    """Return how many bytes wait in a connection for ``receiver`` to read.

    The rx_queue of /proc/net/tcp.
    """
    wanted = [_as_in_proc(*receiver), _as_in_proc(*sender)]
    for line in Path("/proc/net/tcp").read_text().splitlines():
        fields = line.split()
        if fields[1:3] == wanted:
            return int(fields[4].split(":")[1], 16)
    return 0


def _as_in_proc(host: str, port: int) -> str:
    return f"{int.from_bytes(socket.inet_aton(host), sys.byteorder):08X}:{port:04X}"
