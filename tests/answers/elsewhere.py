"""Plays another system on Linux, as far as that can be played, for a run of pytest.

``python -m tests.answers.elsewhere macos pytest …``: of other programs the harness
knows what Apple's ps, netstat and lsof say, there is one loopback address, and TMPDIR
is behind a link. ``windows``: nothing is known of programs, there is no SIGABRT, and
their sockets' shutdown() wakes nobody.
"""

import ctypes  # noqa: F401  before sys.platform changes
import os
import socket
import sys
import tempfile
from pathlib import Path

import pytest

from tests.answers import apples_commands

DEAF = Path(__file__).with_name("deaf")
PLATFORMS = {"macos": "darwin", "windows": "cygwin"}  # neither Linux nor really Windows


def become(name: str) -> None:
    """Let the harness believe that it runs there, before it is imported."""
    real, sys.platform = sys.platform, PLATFORMS[name]
    from tests.harness import macos, process, system

    sys.platform = real
    macos.output_of = apples_commands.output_of
    if name == "windows":
        clean = process.clean_environment

        def environment(in_sandbox: bool = False) -> dict[str, str]:
            return clean(in_sandbox) | {"PYTHONPATH": str(DEAF)}

        process.clean_environment = environment
        system.abort = lambda pid: False
    shrink = system.shrink_buffers

    def shrink_buffers(connection: socket.socket, receive_buffer: int) -> None:
        """Linux's own send buffers are the largest: that cannot be played."""
        shrink(connection, receive_buffer)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)

    system.shrink_buffers = shrink_buffers


def main() -> int:
    """Run pytest, with the arguments that follow the name of the system."""
    name, *command = sys.argv[1:]
    become(name)
    with tempfile.TemporaryDirectory() as folder:
        behind = Path(folder, "private")
        behind.mkdir()
        link = Path(folder, "tmp")
        link.symlink_to(behind)
        os.environ["TMPDIR"] = tempfile.tempdir = str(link)
        return int(pytest.main(command[command.index("pytest") + 1 :]))


if __name__ == "__main__":
    sys.exit(main())
