"""The chat server as a program: its options, its signals, and its own mistakes."""

import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import system
from tests.harness.exercises import ROOT

EXERCISE = "exercise5_chat_channels"
NAMES = " ".join(f"channel{n}" for n in range(101))
pytestmark = pytest.mark.timeout(60)


def command(*arguments: str, program: str = "") -> list[str]:
    """Return the command that starts the solution's server, or a changed one."""
    start = ["-c", program] if program else ["-m", f"solutions.{EXERCISE}.server"]
    return [sys.executable, *start, *arguments]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--max-clients 0", "'0' is not a number of clients"),
        ("--max-clients -5", "'-5' is not a number of clients"),
        ("--max-clients x", "'x' is not a number of clients"),
        ("--channels", "--channels"),
        ("--channels a.b", "'a.b' is not a channel name"),
        (f"--channels {NAMES}", "at most 100 channels"),
        ("127.0.0.1 70000", "'70000' is not a port number"),
        ("no.such.host.invalid 0", "cannot listen on no.such.host.invalid:0"),
    ],
)
def test_a_wrong_option_gets_an_error(options: str, words: str, tmp_path: Path) -> None:
    """One line, or argparse's own words; and no history is made of channels' names."""
    history = str(tmp_path / "chat.db")
    words_of_command = command(*options.split(), "--history", history)
    ended = subprocess.run(words_of_command, cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode in (1, 2)
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stderr.startswith("error: ") or "usage: " in ended.stderr
    assert ended.stdout == ""


Server = subprocess.Popen[str]


@pytest.fixture
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """Start the server at the host, and with the change, that a test asks for."""
    host, program = getattr(request, "param", ("127.0.0.1", ""))
    options = host, "0", "--history", str(tmp_path / "chat.db")
    with subprocess.Popen(
        command(*options, program=program),
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        yield running
        running.kill()


def address_of(server: Server) -> tuple[str, int]:
    """Return where a server listens that has just started."""
    assert server.stdout
    host, _, port = server.stdout.readline().split()[-1].rpartition(":")
    return host, int(port)


def chat(address: tuple[str, int], *lines: str) -> str:
    """Connect, say these lines, and return all that comes until the end."""
    with socket.create_connection(address, timeout=30) as connection:
        connection.sendall("".join(f"{line}\n" for line in lines).encode())
        connection.shutdown(socket.SHUT_WR)
        return connection.makefile(encoding="utf-8").read()


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="there is no IPv6 here")
@pytest.mark.parametrize("server", [("::1", "")], indirect=True)
def test_listens_on_ipv6(server: Server) -> None:
    address = address_of(server)
    assert "* you are guest1 in #general\n" in chat(address, "/quit")


WITH_A_TERMINAL = f"""
import signal
if hasattr(signal, "SIGHUP"):  # which is ignored if these tests run with nohup
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
from solutions.{EXERCISE}.server import main
main()
"""


@pytest.mark.skipif(system.WINDOWS, reason="Windows has no such signal")
@pytest.mark.parametrize("server", [("127.0.0.1", WITH_A_TERMINAL)], indirect=True)
def test_a_closed_terminal_ends_it_cleanly(server: Server) -> None:
    """A shell sends SIGHUP when its window is closed."""
    address = address_of(server)
    assert "* bye\n" in chat(address, "/quit")
    server.send_signal(signal.SIGHUP)
    _, said = server.communicate()
    assert (server.returncode, said) == (0, "")


SLOW_TO_START = f"""
import os, signal, sys
import exercise5_chat_channels.history as given
opened = given.History.__enter__
def interrupted(self):
    os.kill(os.getpid(), signal.SIGINT)
    return opened(self)
given.History.__enter__ = interrupted
from solutions.{EXERCISE}.server import main
main()
"""


@pytest.mark.skipif(system.WINDOWS, reason="Windows cannot send it to one process")
@pytest.mark.parametrize("server", [("127.0.0.1", SLOW_TO_START)], indirect=True)
def test_ctrl_c_before_it_listens(server: Server) -> None:
    """It ends as at any other moment."""
    _, said = server.communicate()
    assert (server.returncode, said) == (0, "")


MISTAKEN = f"""
import solutions.{EXERCISE}.server as theirs
theirs.COMMANDS["/who"] = lambda *_: {{}}["nobody"]
theirs.main()
"""


@pytest.mark.parametrize("server", [("127.0.0.1", MISTAKEN)], indirect=True)
def test_a_mistake_ends_one_connection(server: Server) -> None:
    """The client sees the end, its nick is free, and the traceback is on stderr."""
    address = address_of(server)
    for _ in range(2):
        said = chat(address, "/nick zoe", "/who", "/nick bob")
        assert said.endswith("* you are zoe in #general\n")
        assert server.stderr
        assert any("KeyError: 'nobody'" in line for line in server.stderr)
    server.terminate()
    assert server.stderr
    assert "KeyError: 'nobody'" not in server.stderr.read()  # once each time


def test_a_damaged_history_lets_nobody_in(server: Server, tmp_path: Path) -> None:
    """Anyone who cannot be shown the history is told so, and is in no channel."""
    address = address_of(server)
    assert "* bye\n" in chat(address, "/quit")
    with sqlite3.connect(tmp_path / "chat.db") as other:
        other.execute("DROP TABLE messages")
    said = chat(address)  # and says nothing: that might meet a closed connection
    assert said == "! the history cannot be used now\n"
    server.kill()
    assert server.stderr
    assert re.search(r"error: .*chat\.db", server.stderr.read())
