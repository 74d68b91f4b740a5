"""Exercise 5's console client and all that may end, or stop, it."""

import socket
import subprocess
import sys
import time

import pytest

from tests.harness import pseudo_terminal, system
from tests.harness.lab import Lab
from tests.harness.patience import START
from tests.harness.peer import Peer
from tests.harness.process import Command
from tests.harness.program import Program
from tests.own.chat.desk import (
    GREETING,
    TERMINAL,
    Desk,
    desk_of,
)
from tests.own.peers import program

EXERCISE = "exercise5_chat_channels"
CTRL_C, CTRL_D, CTRL_Z = "\x03", "\x04", "\x1a"
LAST_WORDS = 2  # seconds of silence for which the client waits before it leaves
pytestmark = pytest.mark.skipif(system.WINDOWS, reason="Windows has no pty")

desk = pytest.fixture(desk_of)


# -- the server's last words -------------------------------------------------------


def test_waits_after_its_input_as_long_as_lines_come(lab: Lab) -> None:
    listener = lab.listen()
    client = lab.start_client(listener.host, listener.port)
    server = lab.accept(listener, client)
    client.end_typing()
    server.expect("/quit\n")
    number, end = 0, time.monotonic() + LAST_WORDS + 1
    while time.monotonic() < end:
        number += 1
        server.send(f"* line {number}\n")
        client.expect_printed(f"* line {number}\n")
    server.close()
    client.expect_exit()


@pytest.mark.long
def test_shows_all_of_200_000_piped_lines(lab: Lab) -> None:
    printed = lab.folder / "printed.txt"
    with socket.create_server((lab.host, 0)) as listening:
        command = f"yes | head -n 200000 | {{client}} > '{printed}'"
        with start_shell(lab, command, listening.getsockname()[1]) as client:
            send_back(listening.accept()[0])
            assert client.communicate() == ("", "")
    assert client.returncode == 0
    assert printed.read_text() == "y\n" * 200_000 + "* bye\n"


def send_back(connection: socket.socket) -> None:
    """Be a server for one, who is shown all that they say, however slow they read."""
    with connection, connection.makefile("rb") as lines:
        for line in iter(lines.readline, b"/quit\n"):
            connection.sendall(line)
        connection.sendall(b"* bye\n")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "<&- >&-"])
def test_needs_neither_stdin_nor_stdout(lab: Lab, closed: str) -> None:
    server = lab.start_server("--history", str(lab.folder / "chat.db"))
    bob = server.connect("bob")
    bob.read_line("the greeting")
    with start_shell(lab, f"{{client}} {closed}", server.port) as client:
        bob.expect("* guest2 joined #general\n* guest2 left #general\n")
        assert client.communicate()[1] == ""
    assert client.returncode == 0


def start_shell(lab: Lab, line: str, port: int) -> "subprocess.Popen[str]":
    """Let a shell run a line that holds the client."""
    client = f"{sys.executable} -m {EXERCISE}.client {lab.host} {port}"
    return subprocess.Popen(
        ["/bin/sh", "-c", line.format(client=client)],
        cwd=lab.submission.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


# -- Ctrl+C and Ctrl+Z -------------------------------------------------------------


def test_a_second_ctrl_c_does_not_wait_for_a_silent_server(desk: Desk) -> None:
    desk.client.type(CTRL_C)
    desk.server.expect("/quit\n")
    desk.client.type(CTRL_C)
    desk.expect_left()


def test_ctrl_c_does_not_wait_for_a_silent_server_for_ever(desk: Desk) -> None:
    desk.client.type(CTRL_C)
    desk.server.expect("/quit\n")
    desk.expect_left()


def test_ctrl_z_bg_and_fg(lab: Lab) -> None:
    """In the background it shows what comes, and leaves the terminal to the shell."""
    shell, server = start_in_shell(lab)
    for commands in ["fg", "bg; fg", "bg; echo; fg"] * 4:
        type_and_see(shell, "half a ", b"half a ")
        type_and_see(shell, CTRL_Z, b"Stopped")
        type_and_see(shell, f"{commands}\n", b"half a ")
        shell.type("line\n")
        server.expect("half a line\n")
    shell.type(CTRL_D)
    server.expect("/quit\n")
    server.close()
    expect_end(shell)


def test_kill_ends_it_while_it_is_stopped(lab: Lab) -> None:
    """The terminal is the shell's then, and stays as the shell has it."""
    shell, server = start_in_shell(lab)
    type_and_see(shell, "a draft", b"a draft")
    type_and_see(shell, CTRL_Z, b"Stopped")
    shell.type("kill %1\n")
    server.expect("/quit\n")
    server.close()
    # The shell waits for no job that it takes for a stopped one, so ask until it ends.
    shell.type("while kill -0 %1; do :; done 2>/dev/null; wait %1\n")
    expect_end(shell)


def start_in_shell(lab: Lab) -> tuple[Program, Peer]:
    """Start a shell, and in it the client as somebody would who types there."""
    words = pseudo_terminal.in_control([program("bash"), "--norc", "--noprofile", "-i"])
    environment = TERMINAL | {"PS1": "$ ", "HISTFILE": "", "INPUTRC": "/dev/null"}
    command, folder = Command(words).after("exec 2>&1"), lab.submission.folder
    shell = Program("bash", command, folder, lab.history, environment, in_terminal=True)
    lab.programs.append(shell)
    listener = lab.listen()
    client = f"{sys.executable} -m {EXERCISE}.client {listener.host} {listener.port}"
    shell.type(f"{client}\n")
    server = lab.accept(listener, shell)
    server.send(f"{GREETING}\n")
    shell.expect_printed(GREETING)
    return shell, server


def type_and_see(shell: Program, typed: str, answer: bytes) -> None:
    """Type, and wait for what is printed then."""
    seen, waits = shell.stdout.length, shell.slices(START)
    shell.type(typed)
    assert shell.stdout.wait_for(lambda printed: answer in printed[seen:], waits), (
        bytes(shell.stdout.data)
    )


def expect_end(shell: Program) -> None:
    """Expect that the client ends well, and end the shell."""
    shell.type("echo status $?; exit\n")
    shell.expect_printed("status 0")
    shell.expect_exit()
    assert b"Traceback" not in shell.stdout.data
