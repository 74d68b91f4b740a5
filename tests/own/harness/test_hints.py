"""The table of symptoms: a real program provokes each row, and which hint counts."""

from pathlib import Path

import pytest

from tests.harness.failure import CheckFailedError, Failure, Seen, Symptom, setting_up
from tests.harness.hints import TRACEBACKS, Row, row_for
from tests.harness.lab import Lab
from tests.harness.submission import Submission
from tests.own.harness.running import start

START = "import select, socket, threading\nclosed = socket.socket()\nclosed.close()\n"
NOT_LISTENING = "free = socket.socket()\nfree.bind(('127.0.0.1', 0))\n"
LISTEN = "listening = socket.create_server(('127.0.0.1', 0))\n"
CONNECT = LISTEN + "client = socket.create_connection(listening.getsockname())\n"
IN_FUNCTION = "def work(client):\n    {}\nwork(socket.socket())\n"

# What a student writes, and the first words of the hint that follows from it.
PROVOKED = {
    "x = 'caf\xe9'\n": "The file is not saved as UTF-8",
    "x = '\0'\n": "The file is saved as UTF-16",
    "def main():\n    x = 1\n\ty = 2\n": "Look at how that line",
    "def main(:\n": "Look at that line",
    "import flask_socket\n": "Python finds no such module",
    "from socket import Socket\n": "The module has nothing of that name",
    "closed.bind('127.0.0.1', 80)\n": "bind() and connect() take one argument",
    "closed.connect('127.0.0.1', 80)\n": "bind() and connect() take one argument",
    "closed.bind('127.0.0.1:80')\n": "The address is a pair",
    "closed.bind(('127.0.0.1', '80'))\n": "The port must be a number",
    "closed.setsockopt(socket.SO_REUSEADDR, 1)\n": "setsockopt() takes a level",
    "t = threading.Thread(target=print, args=(closed))\nt.run()\n": "A thread's args",
    "threading.Thread(print, closed)\n": "Name what Thread() is given",
    IN_FUNCTION.format("work()"): "The call does not fit",
    CONNECT + "client.sendall('hello')\n": "Sockets carry bytes",
    "b'a' + 'b'\n": "Sockets carry bytes",
    "b'GET'.startswith('GET')\n": "Sockets carry bytes",
    "b''.join(['a'])\n": "Sockets carry bytes",
    "'a' + b'b'\n": "This is bytes where text",
    "''.join([b'a'])\n": "This is bytes where text",
    "b'a' in 'abc'\n": "This is bytes where text",
    "'abc'.decode()\n": "decode() makes text",
    "b'abc'.encode()\n": "decode() makes text",
    "line = b''\nfor byte in b'abc':\n    line += byte\n": "A loop over bytes",
    "(closed, 1).recv(100)\n": "accept() returns a pair",
    "with (closed, 1) as client:\n    pass\n": "accept() returns a pair",
    "print(1).recv(100)\n": "Something is None",
    "host, port = None\n": "Something is None",
    IN_FUNCTION.format("print(rest); rest = b''"): "On this way through the function",
    IN_FUNCTION.format("print(clients)"): "Nothing has that name here",
    "socket.scoket()\n": "It has nothing of that name",
    "closed.receive()\n": "It has nothing of that name",
    "closed.recv(100)\n": "You use a socket that is already closed",
    "select.select([closed], [], [])\n": "You use a socket that is already closed",
    LISTEN + "listening.recv(100)\n": "This socket leads to nobody",
    NOT_LISTENING + "free.accept()\n": "A socket accepts only after listen()",
    LISTEN + "closed.__init__()\nclosed.bind(listening.getsockname())\n": "The port is",
    "raise ConnectionResetError(104, 'Connection reset by peer')\n": "The other side",
    LISTEN + "listening.settimeout(0.01)\nlistening.accept()\n": "A socket has a time",
    LISTEN
    + "listening.setblocking(False)\nlistening.accept()\n": "The socket does not",
    "socket.create_connection(('127.0.0.1', 1))\n": "A host may be unknown",
    "raise OSError(24, 'Too many open files')\n": "Sockets that nobody closes",
    "b'\\xff'.decode()\n": "What came is not UTF-8",
    "b''.split()[1]\n": "There are fewer parts",
    "method, path = b'GET'.split()\n": "There are fewer parts",
    "name, value = b'a: b: c'.split(b':')\n": "There are more parts",
    "int(b'x')\n": "What came is not a number",
    "[].remove(closed)\n": "It is not in there",
    "clients = {1}\nfor n in clients:\n    clients.add(2)\n": "A loop goes through",
    "t = threading.Thread()\nt.start()\nt.start()\n": "Each thread is a Thread of its",
    "threading.Lock().release()\n": "A lock is freed by the one who took it",
    IN_FUNCTION.format("work(client)"): "A function calls itself",
    "raise KeyboardInterrupt\n": "Ctrl+C raises KeyboardInterrupt",
}


@pytest.mark.parametrize(("code", "words"), PROVOKED.items(), ids=PROVOKED.values())
def test_a_traceback_has_the_hint_of_its_row(
    code: str, words: str, tmp_path: Path
) -> None:
    program = start(START + code, tmp_path, encoding="latin-1")
    assert program.wait_for_exit(30)
    symptom = program.traceback()
    assert symptom, program.errors()
    assert symptom.hint.startswith(words), symptom.text
    program.stop()


def test_no_row_is_without_a_program_that_provokes_it() -> None:
    hints = tuple(PROVOKED.values())
    missing = [row for row in TRACEBACKS if not row.hint.startswith(hints)]
    assert not missing


# -- which hint counts -----------------------------------------------------------------

MISUSE = Symptom(Seen.TRACEBACK, hint="two brackets", wins=True)
EVENT = Symptom(Seen.TRACEBACK, hint="the other side has gone")


@pytest.mark.parametrize(
    ("failure", "hint"),
    [
        (Failure(), ""),
        (Failure(setting_up="only begun"), "only begun"),
        (Failure(hint="what came", setting_up="only begun"), "what came"),
        (Failure(hint="what came", symptoms=[EVENT]), "what came"),
        (Failure(setting_up="only begun", symptoms=[EVENT]), "the other side has gone"),
        (Failure(hint="what came", symptoms=[EVENT, MISUSE]), "two brackets"),
    ],
)
def test_what_was_seen_decides(failure: Failure, hint: str) -> None:
    assert failure.advice == hint


def test_the_line_decides_where_an_exception_means_two_things() -> None:
    exception = "OSError: [Errno 107] Transport endpoint is not connected"
    listening = row_for(exception, "    data = listening.recv(100)")
    gone = row_for(exception, "    client.shutdown(socket.SHUT_RDWR)")
    assert isinstance(listening, Row)
    assert isinstance(gone, Row)
    assert listening.wins
    assert not gone.wins
    assert row_for("QuitError: bye", "") is None


def test_setting_up_has_a_hint_of_its_own() -> None:
    @setting_up("4.2 tries that alone")
    def connect_all() -> None:
        with setting_up():
            pass
        raise CheckFailedError("nobody listens")

    with pytest.raises(CheckFailedError) as caught, setting_up():
        connect_all()
    assert caught.value.failure.advice == "4.2 tries that alone"


def test_a_check_can_refuse_every_traceback(tmp_path: Path) -> None:
    lab = Lab(Submission(tmp_path), "exercise4_multiclient", tmp_path, seed=1)
    lab.programs.append(start("print('fine')\n", tmp_path))
    lab.expect_no_traceback()
    lab.programs.append(start(START + "closed.recv(100)\n", tmp_path))
    lab.programs[-1].wait_for_exit(30)
    with pytest.raises(CheckFailedError) as caught:
        lab.expect_no_traceback()
    lab.clean_up()
    assert caught.value.failure.advice.startswith("You use a socket")
    (line,) = caught.value.failure.lines()
    assert line.startswith("server printed a traceback: exercise4.py line 4 · OSError")
