"""What only macOS needs: ``system`` calls this there, and nothing else does.

Programs of Apple's say of others what Linux has in /proc: ps(1), netstat(1), lsof(8).
"""

import contextlib
import socket
import subprocess
from collections.abc import Iterator

PS, NETSTAT, LSOF = "/bin/ps", "/usr/sbin/netstat", "/usr/sbin/lsof"
CLOSE_WAIT = "TCP:CLOSE_WAIT"  # the other end has closed, ours has not


def output_of(*command: str) -> list[str]:
    """Return the lines that a command prints."""
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return run.stdout.decode(errors="surrogateescape").splitlines()


def other_address() -> str:
    """Return the address that other machines see, or '' where there is none.

    There is only one loopback address. connect(2) of a UDP socket chooses this one, and
    sends nothing; 192.0.2.1 is nobody's (RFC 5737).
    """
    with contextlib.suppress(OSError), socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])
    return ""


def environments() -> Iterator[tuple[int, bytes]]:
    """Yield each process, and its command with its environment.

    A NUL follows each word, as in Linux's /proc.
    """
    for row in output_of(PS, "-A", "-E", "-ww", "-o", "pid=", "-o", "command="):
        pid, _, words = row.strip().partition(" ")
        text = words.replace(" ", "\0") + "\0"
        yield int(pid), text.encode(errors="surrogateescape")


def processes(group: int) -> list[tuple[str, float]]:
    """Return the state of each process of a group, and its seconds of a processor.

    The state is R if any of its threads works, or would if it were its turn. The time
    is printed as 1:02.34, that of all its threads.
    """
    found = []
    for row in output_of(PS, "-g", str(group), "-o", "state=", "-o", "time="):
        state, time = row.split()
        minutes, _, seconds = time.partition(":")
        found.append((state[0], int(minutes) * 60 + float(seconds)))
    return found


def busy_threads(pid: int) -> list[bool]:
    """Return for each thread, the newest first, whether it works.

    -M lists threads below its own headings; the state comes last.
    """
    _headings, *rows = output_of(PS, "-M", "-p", str(pid), "-o", "state=") or [""]
    return [row.split()[-1][0] in ("R", "U") for row in reversed(rows)]


def memory(pid: int) -> int | None:
    """Return the bytes that a process holds in memory, if it runs."""
    rows = output_of(PS, "-p", str(pid), "-o", "rss=")  # KiB
    return int(rows[0]) * 1024 if rows else None


def others_have_closed(pid: int) -> bool:
    """Return whether the other end of one of its connections has closed."""
    return bool(output_of(LSOF, "-nP", "-a", "-p", str(pid), "-i", "-s", CLOSE_WAIT))


def unread_bytes(receiver: tuple[str, int], sender: tuple[str, int]) -> int:
    """Return how many bytes wait in a connection for ``receiver`` to read.

    A row has the protocol, Recv-Q, Send-Q, and both addresses, as 127.0.0.1.8080.
    """
    wanted = ["{}.{}".format(*address) for address in (receiver, sender)]
    rows = (row.split() for row in output_of(NETSTAT, "-an", "-p", "tcp"))
    return sum(int(row[1]) for row in rows if row[3:5] == wanted)
