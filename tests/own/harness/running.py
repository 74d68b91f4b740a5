"""Programs to try the harness on, and a peer connected to the test itself."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.answers import apples_commands
from tests.harness import macos, system
from tests.harness.peer import Peer
from tests.harness.process import Command
from tests.harness.program import Program
from tests.harness.steps import History
from tests.harness.submission import Submission

EXERCISE = "exercise1_http_hello"  # of those that submit() makes
CODE = "def wait():\n    int(input())\n\nprint(flush=True)\nwait()\n"


def start(code: str, folder: Path, encoding: str = "utf-8") -> Program:
    """Start a program of this code, as suites start a student's."""
    (folder / "exercise4.py").write_text(code, encoding)
    words = [sys.executable, "-X", "faulthandler", "-m", "exercise4"]
    return Program("server", Command(words, is_python=True), folder, History())


def submit(folder: Path, code: str) -> Submission:
    """Return a submission whose exercise 1 is this program."""
    (folder / EXERCISE).mkdir()
    (folder / EXERCISE / "server.py").write_text(code)
    return Submission(folder)


@contextmanager
def waiting_program(folder: Path) -> Iterator[Program]:
    """Run a program that waits for its keyboard, with a traceback if it gets any."""
    program = start(CODE, folder)
    program.stdout.wait_for(bool, program.slices(30))
    yield program
    program.stop()


@contextmanager
def connected_peer(program: Program) -> Iterator[tuple[Peer, socket.socket]]:
    """Give a peer, and the other end of its connection in place of the program's."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ours = socket.create_connection(listening.getsockname())
        its, _ = listening.accept()
    with ours, its:
        yield Peer("bob", ours, program, History()), its


def play_macos(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the harness know of programs what it knows on macOS."""
    monkeypatch.setattr(system, "LINUX", False)
    monkeypatch.setattr(system, "MACOS", True)
    monkeypatch.setattr(macos, "output_of", apples_commands.output_of)
