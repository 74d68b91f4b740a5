"""What the tests that abuse exercise 5's solution share.

They print figures at the end of the run: ``pytest tests/own/chat -k abuse``, and with
``--long`` at full length. Latencies are printed and never asserted: how fast a machine
is says nothing about a promise.
"""

import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.harness import system
from tests.harness.lab import Lab, Server
from tests.harness.patience import START, slices, wait_until
from tests.harness.process import SHELL
from tests.own.chat.clients import MIB, SILENCE

if sys.platform != "win32":
    import resource

SEED = 5
MOST_MEMORY = 32 * MIB  # that the server may need more than before, whatever comes
Record = Callable[[str, object], None]

only_linux = pytest.mark.skipif(not system.LINUX, reason="/proc is special to Linux")


def history_file(lab: Lab) -> Path:
    """Return where the server keeps its history."""
    return lab.folder / "chat.db"


def launch(
    lab: Lab, history: Path, prepare: str = "", shell: Sequence[str] = SHELL
) -> Server:
    """Start the server; a shell prepares something before."""
    port = system.free_port(lab.host)
    command = lab.submission.command(lab.exercise, "server", lab.host, port)
    options = "--history", str(history), "--max-clients", "2000"
    command = command.with_arguments(*options)
    if prepare:
        command = command.after(prepare, shell)
    server = Server("server", command, lab.submission.folder, lab.history)
    server.host, server.port, server.peers = lab.host, port, lab.peers
    lab.programs.append(server)
    return server


def start(lab: Lab, history: Path, prepare: str = "") -> Server:
    """Start the server, and wait until it listens."""
    server = launch(lab, history, prepare)
    server.expect_printed("Listening on", START)
    return server


def stop(server: Server) -> float:
    """Press Ctrl+C; return the seconds until the server has ended as it should."""
    began = time.monotonic()
    server.interrupt()
    server.expect_exit(0)
    return time.monotonic() - began


def need_open_files(count: int) -> None:
    """Raise this process's own limit, or skip the test."""
    if sys.platform == "win32":
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        pytest.skip(f"only {hard} files may be open here")
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


class Watch:
    """Looks at a server's memory, threads and open files.

    Where the system cannot say (only Linux can), nothing ever seems to change.
    """

    def __init__(self, server: Server) -> None:
        """Note how things are now."""
        self.pid = server.pid
        self.memory = system.memory(self.pid) or 0
        self.resources = system.resources(self.pid)

    def growth(self) -> int:
        """Return the bytes held in memory now, beyond those at the start."""
        return (system.memory(self.pid) or 0) - self.memory

    def peak(self) -> int:
        """Return the most bytes held at any moment, beyond those at the start."""
        return (system.peak_memory(self.pid) or 0) - self.memory

    def assert_as_before(self) -> None:
        """Wait until there are as many threads and open files as at the start."""
        same = wait_until(self._is_as_before, slices(SILENCE))
        assert same, (self.resources, system.resources(self.pid))

    def _is_as_before(self) -> bool:
        return system.resources(self.pid) == self.resources


def mib(size: int) -> str:
    """Return a size for a reader."""
    return f"{size / MIB:.1f} MiB"


def percentile(seconds: Sequence[float], part: float) -> str:
    """Return the time that this part of all took at most."""
    ordered = sorted(seconds)
    return f"{1000 * ordered[min(int(len(ordered) * part), len(ordered) - 1)]:.1f} ms"


def kept(history: Path, channel: str = "general") -> list[bytes]:
    """Return a channel's history as the lines that clients see, from a file in use."""
    sql = "SELECT sent_at, channel, nick, text FROM messages WHERE channel = ?"
    connection = sqlite3.connect(history)
    rows = connection.execute(sql + " ORDER BY id", (channel,)).fetchall()
    connection.close()
    return [f"{at} #{where} <{nick}> {text}".encode() for at, where, nick, text in rows]
