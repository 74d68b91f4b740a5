"""The end of a program: it is over when all is over that it has started."""

import random
import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.harness import confinement, linux, system
from tests.harness.failure import CheckFailedError
from tests.harness.process import Command
from tests.harness.program import Program
from tests.harness.steps import History

# A server with a child that has the listening socket too, and ends after its parent.
# The child is slow to end, since the system takes its memory back before it closes its
# sockets; and it has closed stdout and stderr, so that these do not show its end.
SERVER = """
import os, socket, sys
listening = socket.create_server((sys.argv[1], int(sys.argv[2])))
hears_the_end, parents = os.pipe()
if os.fork() == 0:
    os.close(parents)
    memory = b"x" * (400 << 20)
    os.write(1, b"ready")
    os.closerange(1, 3)
    os.read(hears_the_end, 1)
    os._exit(0)
os.closerange(1, 3)
sys.stdin.read()
"""

STAYS = """
import os, threading
if os.fork() == 0:
    threading.Event().wait()
os._exit(0)
"""

pytestmark = pytest.mark.skipif(system.WINDOWS, reason="Windows has no fork()")


def start(folder: Path, in_sandbox: bool, *words: str) -> Program:
    """Start a Python program."""
    command = Command([sys.executable, "-c", *words])
    if in_sandbox:
        if reason := confinement.why_no_sandbox():
            pytest.skip(reason)
        command = replace(command, sandbox=confinement.around_program(folder))
    return Program("server", command, folder, History())


def ends(program: Program) -> None:
    """Let a program end by itself."""
    program.end_typing()
    program.expect_exit()


@pytest.mark.parametrize("in_sandbox", [False, True], ids=["plain", "sandbox"])
@pytest.mark.parametrize("end", [Program.kill, ends])
def test_nothing_listens_any_more(
    end: Callable[[Program], None], in_sandbox: bool, tmp_path: Path
) -> None:
    host = system.loopback_address(random.Random())
    port = system.free_port(host)
    program = start(tmp_path, in_sandbox, SERVER, host, str(port))
    program.expect_printed("ready")
    end(program)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, port))


def test_says_that_a_child_stays(tmp_path: Path) -> None:
    program = start(tmp_path, False, STAYS)
    program.process.wait()
    with pytest.raises(CheckFailedError, match="has started is still running after"):
        program.expect_exit(seconds=0.1)
    program.stop()
    assert program.wait_for_exit(60)


@pytest.mark.skipif(not system.LINUX, reason="elsewhere there is no /proc")
def test_process_that_ends_while_it_is_looked_at_has_no_threads(tmp_path: Path) -> None:
    """Once that ended the thread which waits for a program's end."""
    program = start(tmp_path, False, "pass")
    assert program.wait_for_exit(60)
    assert linux.within(Path("/proc", str(program.pid), "task")) == []
