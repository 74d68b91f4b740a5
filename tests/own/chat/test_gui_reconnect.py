"""Exercise 5's given window, when the server goes and comes back."""

import socket
import threading
from typing import Any

import pytest

from tests.own.chat.page import PACKAGE
from tests.own.chat.window import (
    PATIENCE,
    Peers,
    Server,
    User,
    Users,
    gui_module,
    listening_socket,
    peers_of,
    running_server,
    users_of,
)

EXERCISE = PACKAGE

gui = pytest.fixture(gui_module)
server = pytest.fixture(running_server)
peer = pytest.fixture(peers_of)
user = pytest.fixture(users_of)
listening = pytest.fixture(listening_socket)


class Clock:
    """A clock that goes on only when it is told to."""

    def __init__(self) -> None:
        """Begin anywhere."""
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time, in seconds."""
        return self.now


@pytest.fixture
def clock(gui: Any, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Give the window such a clock."""
    stopped = Clock()
    monkeypatch.setattr(gui, "monotonic", stopped)
    return stopped


def wait_for_state(user: User, text: str) -> None:
    """Wait until the window says this of its connection."""
    user.wait(lambda: text in user.window.state["text"])


def test_connects_again_by_itself(
    server: Server, peer: Peers, user: Users, clock: Clock
) -> None:
    """The nick, the channel and the draft are taken along."""
    alice = user(server.port)
    alice.wait_for_channels("#general", "#sport", marked="#general")
    alice.click_channel("#sport")
    alice.wait_for_channels("#general", "#sport", marked="#sport")
    alice.say("before")
    alice.wait_for("alice  before")
    assert not alice.window.again.winfo_ismapped()
    alice.window.entry.insert("end", "a draft")
    size = alice.root.geometry()
    server.kill()
    alice.wait_for("Not connected: the server has closed the connection")
    alice.wait(alice.window.again.winfo_ismapped)
    wait_for_state(alice, "has closed the connection. Connecting again in 1 s")
    assert alice.root.geometry() == size
    for name in ("create", "new_name", "rename", "new_nick"):
        assert getattr(alice.window, name).instate(["disabled"])
    alice.wait_for_people()
    alice.press_return(alice.window.entry)
    assert alice.window.entry.typed() == "a draft"

    server.start()
    bob = peer("bob")
    bob.say("/join sport")
    clock.now += 1
    alice.wait_for_people("alice", "bob")
    bob.expect("alice joined #sport")
    alice.wait_for("before", "you are alice in #sport")
    alice.wait(lambda: not alice.window.again.winfo_ismapped())
    assert not alice.window.create.instate(["disabled"])
    assert alice.window.entry.typed() == "a draft"
    assert alice.text().count("before") == 1
    alice.say(" sent later")
    bob.expect("<alice> a draft sent later")


def test_waits_longer_each_time(
    gui: Any, server: Server, user: Users, clock: Clock
) -> None:
    """Up to a limit, and after a greeting from the beginning; the reason stays once."""
    server.kill()
    alice = user(server.port)
    for pause in (*gui.PAUSES, gui.PAUSES[-1]):
        wait_for_state(alice, f"Connection refused. Connecting again in {pause} s")
        clock.now += pause - 1
        wait_for_state(alice, "Connecting again in 1 s")
        clock.now += 1
    wait_for_state(alice, f"Connecting again in {gui.PAUSES[-1]} s")
    assert alice.text().count("Connection refused") == 1
    server.start()
    alice.window.again.invoke()
    alice.wait_for("you are alice in #general")
    server.kill()
    wait_for_state(alice, "Connecting again in 1 s")


def test_stays_away_after_quit(server: Server, user: Users, clock: Clock) -> None:
    """Anyone who has left wants to be away; the button brings them back."""
    alice = user(server.port)
    alice.wait_for("you are alice")
    alice.say("/quit")
    alice.wait_for("bye", "Not connected")
    assert alice.window.again_at is None
    assert "again" not in alice.window.state["text"]
    alice.window.again.invoke()
    alice.wait(lambda: "bye" not in alice.text() and "you are alice" in alice.text())


def test_forgets_that_somebody_left(
    listening: socket.socket, user: Users, clock: Clock
) -> None:
    """Anyone who has come back by the button wants to stay."""
    alice = user(listening.getsockname()[1], "")
    connection, _ = listening.accept()
    with connection:
        connection.sendall(b"* you are alice in #general\n")
        alice.wait_for("you are alice")
        alice.say("/quit")
    wait_for_state(alice, "Not connected")
    alice.window.again.invoke()
    connection, _ = listening.accept()
    connection.close()
    wait_for_state(alice, "Connecting again in 1 s")


def test_gives_up_an_attempt_for_the_next_one(
    gui: Any, listening: socket.socket, user: Users
) -> None:
    """Nobody is in the chat twice."""
    connection_class = gui.choose_connection(solution=True)
    goes_on = threading.Event()
    attempts: list[int] = []

    def connect(host: str, port: int) -> Any:
        attempts.append(port)
        if len(attempts) == 1:
            goes_on.wait()
        return connection_class(host, port)

    alice = user(listening.getsockname()[1], "", connect)
    alice.wait(lambda: attempts)
    alice.window.again.invoke()
    second, _ = listening.accept()
    goes_on.set()
    first, _ = listening.accept()
    first.settimeout(PATIENCE)
    with first, second:
        assert first.recv(1) == b""
        second.sendall(b"* you are alice in #general\n")
        alice.wait_for("you are alice in #general")


def test_says_goodbye_in_words(server: Server, user: Users) -> None:
    """A server that is stopped in an orderly way says so."""
    alice = user(server.port)
    alice.wait_for("you are alice")
    server.process.terminate()
    alice.wait_for("server closing", "Not connected")
