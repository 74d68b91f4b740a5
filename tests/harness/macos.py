"""What only macOS needs: ``system`` calls this there, and nothing else does."""

import contextlib
import socket
import subprocess
from collections.abc import Iterator


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
    """Yield each process, and its command with its environment, as ps(1) shows them.

    A NUL follows each word, as in Linux's /proc.
    """
    command = ["ps", "-A", "-E", "-ww", "-o", "pid=,command="]
    for row in subprocess.run(command, stdout=subprocess.PIPE).stdout.splitlines():
        pid, _, words = row.strip().partition(b" ")
        yield int(pid), words.replace(b" ", b"\0") + b"\0"
