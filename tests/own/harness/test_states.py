"""Where programs hang, and what their text says: a real program provokes each row."""

import re
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.harness import system
from tests.harness.failure import CheckFailedError, Failure
from tests.harness.peer import Peer
from tests.harness.process import Command
from tests.harness.program import Program
from tests.harness.states import SOURCES, STACKS
from tests.harness.steps import History
from tests.harness.symptoms import may_give_up
from tests.own.harness.running import start

pytestmark = pytest.mark.skipif(not system.LINUX, reason="only Linux tells all of it")

SERVER = """
import multiprocessing, os, socket, struct, sys, threading
listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
lock = threading.Lock()

def receive(client):
    return client.recv(100)

def relay(client):
    with lock:
        return client.recv(100)

def serve(client):
"""
ONE_CLIENT = "serve(listening.accept()[0])\n"
IN_THREAD = """
while True:
    client = listening.accept()[0]
    threading.Thread(target=serve, args=[client]).start()
"""


@contextmanager
def talk(code: str, folder: Path, clients: int = 1) -> Iterator[list[Peer]]:
    """Start a server of this code, and connect clients."""
    program = start(SERVER + code, folder)
    assert program.stdout.wait_for(lambda data: b"\n" in data, program.slices(30))
    address = "127.0.0.1", int(program.stdout.data.split()[0])
    sockets = [socket.create_connection(address) for _ in range(clients)]
    yield [Peer(f"peer{n}", s, program, program.history) for n, s in enumerate(sockets)]
    for connection in sockets:
        connection.close()
    program.stop()


def failure_of(peer: Peer, seconds: float = 0.5) -> Failure:
    """Wait for an answer that does not come; return the failure."""
    with pytest.raises(CheckFailedError) as caught:
        peer.read_to_end("an answer", seconds)
    return caught.value.failure


HANGING = {
    "The main thread itself waits there: target=": (
        "    receive(client)\n"
        "client = listening.accept()[0]\n"
        "threading.Thread(target=serve(client)).start()\n"
    ),
    "The main thread itself waits there: run()": (
        "    receive(client)\n"
        "client = listening.accept()[0]\n"
        "threading.Thread(target=serve, args=[client]).run()\n"
    ),
    "join() waits until that thread has ended": (
        "    receive(client)\n"
        "thread = threading.Thread(target=serve, args=[listening.accept()[0]])\n"
        "thread.start()\n"
        "thread.join()\n"
    ),
    "A thread waits for lock, and holds it already: line 16": (
        "    with lock:\n        relay(client)\n" + ONE_CLIENT
    ),
    "A thread waits for lock. Who holds it": (
        "    lock.acquire()\n    lock.acquire()\n" + ONE_CLIENT
    ),
}


@pytest.mark.parametrize(("words", "code"), HANGING.items(), ids=HANGING)
def test_a_program_that_waits_has_the_hint_of_its_state(
    words: str, code: str, tmp_path: Path
) -> None:
    with talk(code, tmp_path) as (peer,):
        assert failure_of(peer).advice.startswith(words)


def test_a_lock_that_another_thread_holds(tmp_path: Path) -> None:
    with talk("    relay(client)\n" + IN_THREAD, tmp_path, clients=2) as (first, _):
        first.program.wait_until_idle()
        failure = failure_of(first)
    assert failure.advice.startswith("A thread waits for lock, which another thread")
    assert "while it waits itself, in line 12." in failure.advice
    assert "A thread waits in relay(), exercise4.py line 11:  with lock:" in (
        failure.lines()
    )
    assert any(line.startswith("The main thread waits in") for line in failure.lines())


def test_counts_threads_that_wait_in_the_same_line(tmp_path: Path) -> None:
    with talk("    receive(client)\n" + IN_THREAD, tmp_path, clients=3) as peers:
        peers[0].program.wait_until_idle()
        failure = failure_of(peers[0])
    (line,) = [line for line in failure.lines() if "threads" in line]
    assert line.startswith("3 threads wait in receive(), exercise4.py line 8:  return")
    assert failure.advice == ""


OWN_RUN = """
    receive(client)

class Server:
    def run(self):
        target = serve(listening.accept()[0])

Server().run()
"""


def test_a_method_that_is_called_run_is_no_thread(tmp_path: Path) -> None:
    with talk(OWN_RUN, tmp_path) as (peer,):
        peer.program.wait_until_idle()
        assert failure_of(peer).advice == ""


BUSY_HOLDER = """
    client.recv(100)
    with lock:
        while True:
            pass
"""


def test_a_lock_may_be_free_in_a_moment_while_its_holder_works(tmp_path: Path) -> None:
    with talk(BUSY_HOLDER + IN_THREAD, tmp_path, clients=2) as peers:
        for peer in peers:
            peer.send("hello")
            peer.wait_until_read()
        failure = failure_of(peers[0])
    assert failure.advice == ""
    assert any("waits in serve()" in line for line in failure.lines())


AT_THE_END = "    while True:\n        receive(client)\n"


@pytest.mark.parametrize("run", [ONE_CLIENT, IN_THREAD], ids=["main", "thread"])
def test_recv_at_the_end_of_the_stream(run: str, tmp_path: Path) -> None:
    with talk(AT_THE_END + run, tmp_path) as (peer,):
        peer.send("hello")
        peer.wait_until_read()
        peer.half_close()
        failure = failure_of(peer)
    assert failure.advice.startswith("recv() returns b'' again and again")
    # The stack may be taken between two calls.
    place = re.compile(r"runs on and on in (receive|serve|main)\(\), exercise4.py")
    assert any(place.search(line) for line in failure.lines())


def test_a_busy_loop_is_not_taken_for_the_end_of_the_stream(tmp_path: Path) -> None:
    code = "    client.recv(100)\n    while True:\n        pass\n" + ONE_CLIENT
    with talk(code, tmp_path) as (peer,):
        peer.send("hello")
        failure = failure_of(peer)
    assert failure.advice == ""
    assert "runs on and on in serve()" in failure.lines()[-1]


def test_a_hang_is_reported_in_the_students_own_file(tmp_path: Path) -> None:
    folder = tmp_path / "exercise5_chat_channels"
    folder.mkdir()
    (folder / "terminal.py").write_text("def read_key():\n    input()\n")
    code = "from exercise5_chat_channels.terminal import read_key\n\nread_key()\n"
    program = start(code, tmp_path)
    with pytest.raises(CheckFailedError) as caught:
        program.expect_printed("done", seconds=0.1)
    program.stop()
    assert caught.value.failure.lines()[-1] == (
        "It waits in <module>(), exercise4.py line 3:  read_key()"
    )


# -- what the program's text says ------------------------------------------------------

LINGER = """\
    client.recv(100)
    no_time = struct.pack("ii", 1, 0)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_time)
    client.close()
"""
NEVER_ENTERED = """\
    input()
    piece = b""
    while piece:
        piece = client.recv(100)
    client.close()
"""
KEEPS_FILE = """\
    global file
    file = client.makefile("rb")
    client.close()
    threading.Event().wait()
"""
FORKS = """\
    multiprocessing.Process(target=client.close).start()
    threading.Event().wait()
"""
IN_SOURCE = {
    "The connection was reset. SO_LINGER": LINGER,
    "The connection was reset, as it is when a program closes": NEVER_ENTERED,
    "A file from makefile() keeps the connection open": KEEPS_FILE,
    "The connection ends when every process has closed": FORKS,
}


@pytest.mark.parametrize(("words", "code"), IN_SOURCE.items(), ids=IN_SOURCE)
def test_the_programs_text_says_more(words: str, code: str, tmp_path: Path) -> None:
    with talk(code + ONE_CLIENT + "threading.Event().wait()\n", tmp_path) as (peer,):
        peer.send("hello")
        peer.program.type("\n")  # one waits for it: its input must have come by then
        with pytest.raises(CheckFailedError) as caught:
            peer.expect_end(0.5)
    assert caught.value.failure.advice.startswith(words)


def test_unread_input_is_the_usual_reason_for_a_reset(tmp_path: Path) -> None:
    code = "    client.close()\n" + ONE_CLIENT + "threading.Event().wait()\n"
    with talk("    input()\n" + code, tmp_path) as (peer,):
        peer.send("hello")
        peer.program.type("\n")
        with pytest.raises(CheckFailedError) as caught:
            peer.expect_end(5)
    assert caught.value.failure.advice.startswith(
        "The connection was reset before anything"
    )


def test_what_was_printed_and_not_flushed(tmp_path: Path) -> None:
    program = start("print('Listening')\nimport time\ntime.sleep(60)\n", tmp_path)
    with pytest.raises(CheckFailedError) as caught:
        program.expect_printed("Listening", seconds=0.2)
    program.stop()
    assert caught.value.failure.advice.startswith("Into a pipe, Python writes")


def test_no_row_is_without_a_program_that_provokes_it() -> None:
    provoked = *HANGING, *IN_SOURCE, "recv() returns b'' again", "Into a pipe"
    hints = [row.hint for row in (*STACKS, *SOURCES)]
    assert not [hint for hint in hints if not hint.startswith(provoked)]


# -- what stderr says ------------------------------------------------------------------


GIVES_UP = """
    client.settimeout(1)
    try:
        client.recv(100)
    except OSError as error:
        print(f"Disconnected: {error}", file=sys.stderr)
    client.close()
"""


@pytest.mark.parametrize(
    ("limit", "hint"), [(0.8, "stderr says 'timed out'"), (60, "")]
)
def test_a_time_limit_that_was_left_on(
    limit: float, hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others may have been given up, and rightly: the peer itself must be silent."""
    monkeypatch.setattr("tests.harness.symptoms.SHORTEST_LIMIT", limit)
    code = GIVES_UP + ONE_CLIENT + "threading.Event().wait()\n"
    with talk(code, tmp_path) as (peer,):
        with pytest.raises(CheckFailedError) as caught:
            peer.expect("hello\n")
    assert caught.value.failure.advice[: len("stderr says 'timed out'")] == hint


@pytest.mark.parametrize(
    ("module", "may"),
    [("exercise2_accept_loop.server", True), ("exercise4_multiclient.server", False)],
)
def test_some_exercises_ask_for_a_time_limit(
    module: str, may: bool, tmp_path: Path
) -> None:
    command = Command([sys.executable, "-m", module], is_python=True)
    program = Program("server", command, tmp_path, History())
    program.stop()
    assert may_give_up(program) == may
