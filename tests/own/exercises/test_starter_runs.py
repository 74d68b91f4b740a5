"""The starters, run: each does what the exercise before has ended with, and no more."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.harness.checks import number_of
from tests.harness.exercises import ROOT
from tests.own.exercises.starters import STARTERS, open_steps, todos

HELLO = "exercise1_http_hello/server.py"
LOOP = "exercise2_accept_loop/server.py"
CLIENT = "exercise3_tcp_client/client.py"
RELAY = "exercise4_multiclient/server.py"
CHAT_SERVER = "exercise5_chat_channels/server.py"
CHAT_CLIENT = "exercise5_chat_channels/client.py"
NOT_COPIED = shutil.ignore_patterns("__pycache__", "test_*", "chat.db*")

Process = subprocess.Popen[str]
Start = Callable[..., Process]

pytestmark = pytest.mark.timeout(60)  # seconds, should a program not answer or end


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start programs in a fresh copy of their exercise; kill what runs on."""
    processes: list[Process] = []

    def start_copy(starter: str, *arguments: object) -> Process:
        folder, _, file = starter.partition("/")
        if not (tmp_path / folder).exists():
            shutil.copytree(ROOT / folder, tmp_path / folder, ignore=NOT_COPIED)
        module = f"{folder}.{file.removesuffix('.py')}"
        process = subprocess.Popen(
            [sys.executable, "-m", module, *map(str, arguments)],
            cwd=tmp_path,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        processes.append(process)
        return process

    yield start_copy
    for process in processes:
        process.kill()
        process.communicate()


def connect(server: Process, clients: int) -> list[socket.socket]:
    """Wait until the server listens, and connect."""
    assert server.stdout
    line = server.stdout.readline()
    announced = re.fullmatch(r"Listening on (\S+):(\d+)\n", line)
    assert announced, f"{line!r} instead of Listening on HOST:PORT"
    address = announced[1], int(announced[2])
    return [socket.create_connection(address, timeout=30) for _ in range(clients)]


def end(process: Process) -> tuple[int, str, str]:
    """Wait for a program's end: its status, what it printed, and what on stderr."""
    stdout, stderr = process.communicate(timeout=30)
    return process.returncode, stdout, stderr


def test_exercises_1_and_3_come_to_a_clean_end(start: Start) -> None:
    """They do nothing yet, but they do it without an error."""
    for starter in HELLO, CLIENT:
        assert end(start(starter, "127.0.0.1", 0)) == (
            0,
            "",
            open_steps(ROOT / starter),
        )


@pytest.mark.parametrize("starter", STARTERS)
def test_says_which_step_is_next_and_where_the_finished_program_is(
    starter: str, start: Start, tmp_path: Path
) -> None:
    (tmp_path / "solutions").mkdir()
    program = start(starter, "127.0.0.1", 0)
    assert program.stderr
    steps = open_steps(ROOT / starter)
    finished = "solutions." + starter.removesuffix(".py").replace("/", ".")
    said = f"{steps}The finished program: python -m {finished}\n"
    assert "".join(program.stderr.readline() for _ in said.splitlines()) == said


def test_the_steps_are_those_that_are_open_now(start: Start, tmp_path: Path) -> None:
    """They come from the file's own TODOs, so they are always up to date."""
    end(start(HELLO, "127.0.0.1", 0))  # makes the copy
    copy = tmp_path / HELLO
    seen = []
    for left in range(len(todos(copy)) - 1, -1, -1):
        stdout_and_stderr = end(start(HELLO, "127.0.0.1", 0))[1:]
        assert stdout_and_stderr == ("", open_steps(copy))
        seen.append(remove_next_step(copy, stdout_and_stderr[1]))
        assert len(todos(copy)) == left
    assert end(start(HELLO, "127.0.0.1", 0))[1:] == ("", "")
    assert seen == sorted(seen, key=number_of)


def remove_next_step(starter: Path, said: str) -> str:
    """Do the step that a starter has named by line, and return its first check."""
    named = re.match(r"Next: TODO ([\d.]+).* \(line (\d+)\)", said)
    assert named
    lines = starter.read_text(encoding="utf-8").splitlines(keepends=True)
    lines[int(named[2]) - 1] = "\n"
    starter.write_text("".join(lines), encoding="utf-8")
    return named[1]


def test_exercise_2_serves_one_client_and_ends(start: Start) -> None:
    """It goes on from exercise 1's solution."""
    server = start(LOOP, "127.0.0.1", 0)
    (client,) = connect(server, 1)
    with client, client.makefile("rb") as answer:
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert answer.read().startswith(b"HTTP/1.1 200 OK\r\n")
    assert end(server) == (0, "", open_steps(ROOT / LOOP))


def test_exercise_4_accepts_one_client_after_another(start: Start) -> None:
    """It goes on from exercise 2's accept loop, and does not relay yet."""
    server = start(RELAY, "127.0.0.1", 0)
    for client in connect(server, 2):
        with client:
            client.sendall(b"hello\n")
            client.shutdown(socket.SHUT_WR)
            assert client.recv(100) == b""
    server.kill()
    assert end(server)[1:] == ("", open_steps(ROOT / RELAY))


def test_exercise_5_relays_lines_to_all_others(start: Start, tmp_path: Path) -> None:
    """It goes on from exercise 4's solution."""
    server = start(CHAT_SERVER, "127.0.0.1", 0)
    alice, bob, carol = clients = connect(server, 3)
    let_meet(alice, bob)
    carol.sendall(b"from carol\n")
    with alice.makefile("rb") as for_alice, bob.makefile("rb") as for_bob:
        heard = (line for line in for_alice if line != b"knock\n")
        assert next(heard) == for_bob.readline() == b"from carol\n"
        alice.sendall("from älice, in t".encode())
        alice.sendall(b"wo pieces\nand again\n")
        bob.sendall(b"from bob\n")  # nothing of alice's own may come before it
        assert for_bob.readline() == "from älice, in two pieces\n".encode()
        assert for_bob.readline() == b"and again\n"
        assert next(heard) == b"from bob\n"
    server.kill()
    assert end(server)[1:] == ("", open_steps(ROOT / CHAT_SERVER))
    for client in clients:
        client.close()


def let_meet(first: socket.socket, second: socket.socket) -> None:
    """Let the second client knock until the first hears it: both are served."""
    first.settimeout(0.1)
    heard = b""
    while not heard.endswith(b"\n"):
        second.sendall(b"knock\n")
        try:
            heard += first.recv(100)
        except TimeoutError:
            continue
    first.settimeout(30)


@pytest.mark.skipif(os.name != "posix", reason="another process's Ctrl+C needs a kill")
def test_exercise_5_ends_on_ctrl_c(start: Start) -> None:
    """With clients connected: each sees the end."""
    server = start(CHAT_SERVER, "127.0.0.1", 0)
    alice, bob = connect(server, 2)
    with alice, bob:
        let_meet(alice, bob)
        server.send_signal(signal.SIGINT)
        assert bob.recv(100) == b""
        assert end(server) == (0, "", open_steps(ROOT / CHAT_SERVER))


def test_exercise_5_client_ends_with_its_input(start: Start) -> None:
    """It connects, and reads the keyboard; it neither sends nor shows anything yet."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        client = start(CHAT_CLIENT, *listening.getsockname())
        server, _ = listening.accept()
        with server:
            assert client.stdin
            client.stdin.write("hello\n")
            server.sendall(b"* you are guest1 in #general\n")
            assert end(client) == (0, "", open_steps(ROOT / CHAT_CLIENT))
