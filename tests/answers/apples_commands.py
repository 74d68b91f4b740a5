"""Answers as macOS's ps(1), netstat(1) and lsof(8) would, from Linux's /proc."""

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.harness import linux, macos


def output_of(*command: str) -> list[str]:
    """Return what one of the commands that ``macos`` runs prints there."""
    match command:
        case macos.PS, "-A", "-E", "-ww", "-o", "pid=", "-o", "command=":
            return list(commands_with_environment())
        case macos.PS, "-g", group, "-o", "state=", "-o", "time=":
            return list(states_and_times(int(group)))
        case macos.PS, "-M", "-p", pid, "-o", "state=":
            return list(states_of_threads(int(pid)))
        case macos.PS, "-p", pid, "-o", "rss=":
            return [f"{(linux.memory(int(pid), 'VmRSS') or 0) // 1024:6}"]
        case macos.NETSTAT, "-an", "-p", "tcp":
            return list(connections())
        case macos.LSOF, "-nP", "-a", "-p", pid, "-i", "-s", macos.CLOSE_WAIT:
            return ["COMMAND", "python"] if linux.others_have_closed(int(pid)) else []
    raise AssertionError(f"nobody has said what macOS prints at {command}")


def commands_with_environment() -> Iterator[str]:
    """Yield each process's id, its command, and its environment after it."""
    for pid, environment in linux.environments():
        words = ["python", *environment.decode(errors="replace").split("\0")]
        yield f"{pid:5} {' '.join(words)}"


def states_and_times(group: int) -> Iterator[str]:
    """Yield a row for each process: its busiest thread's state, and 1:02.34."""
    works = any(state in "RD" for state in linux.states(group))
    for state, seconds in linux.processes(group):
        shown = "R+" if works and state not in "ZX" else f"{state}s"
        yield f"{shown:4} {int(seconds // 60):3}:{seconds % 60:05.2f}"


def states_of_threads(pid: int) -> Iterator[str]:
    """Yield the headings, and a row for each thread, the oldest first."""
    yield "USER     PID   TT   %CPU STAT PRI     STIME     UTIME COMMAND"
    for works in reversed(linux.busy_threads(pid)):
        state = "R" if works else "S"
        yield f"ada    {pid:5}   ??    0.0 {state}    31T   0:00.01   0:00.02 {state}"


def connections() -> Iterator[str]:
    """Yield the headings, and a row for each connection."""
    yield "Active Internet connections (including servers)"
    yield "Proto Recv-Q Send-Q  Local Address          Foreign Address        (state)"
    for row in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, foreign, _, queues, *_ = row.split()
        sends, receives = (int(number, 16) for number in queues.split(":"))
        addresses = f"{dotted(local):22} {dotted(foreign):22}"
        yield f"tcp4  {receives:6} {sends:6}  {addresses} ESTABLISHED"


def dotted(address: str) -> str:
    """Return 127.0.0.1.8080 for Linux's 0100007F:1F90."""
    host, port = (int(number, 16) for number in address.split(":"))
    return f"{socket.inet_ntoa(host.to_bytes(4, sys.byteorder))}.{port}"
