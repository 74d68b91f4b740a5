"""Exercise 5's given window: what is typed, pasted, refused and brought back."""

import socket
from typing import Any

import pytest

from tests.own.chat.page import PACKAGE
from tests.own.chat.window import (
    Peers,
    Server,
    User,
    Users,
    gui_module,
    listening_socket,
    parts_module,
    peers_of,
    running_server,
    users_of,
)

EXERCISE = PACKAGE

gui = pytest.fixture(gui_module)
parts = pytest.fixture(parts_module)
server = pytest.fixture(running_server)
peer = pytest.fixture(peers_of)
user = pytest.fixture(users_of)
listening = pytest.fixture(listening_socket)


def connected(user: Users, listening: socket.socket) -> tuple[User, socket.socket]:
    """Return a window, and its connection to a server that the test is."""
    alice = user(listening.getsockname()[1], "")
    connection, _ = listening.accept()
    connection.sendall(b"* you are alice in #general\n")
    alice.wait_for("you are alice in #general")
    return alice, connection


def test_brings_back_a_line_with_a_tab(
    server: Server, peer: Peers, user: Users
) -> None:
    """A tab stays a tab. So the server refuses the line, which is not lost."""
    bob, alice = peer("bob"), user(server.port)
    alice.wait_for("you are alice")
    alice.paste("if x:\ty()")
    assert alice.window.entry.typed() == "if x:\ty()"
    alice.say("")
    alice.wait(lambda: alice.window.transcript.tag_ranges("refused"))
    alice.press(alice.window.entry, "<Up>")
    assert alice.window.entry.typed() == "if x:\ty()"
    alice.window.entry.put("if x: y()")
    alice.say("")
    assert "if x: y()" in bob.expect("<alice>")


def test_sends_pasted_lines_one_by_one(
    server: Server, peer: Peers, user: Users
) -> None:
    """The draft shows the rows that it has; the refused one comes back first."""
    bob, alice = peer("bob"), user(server.port)
    alice.wait_for("you are alice")
    assert alice.window.entry["height"] == 1
    alice.paste("one\ntwo\ttab\r\n\n/who\nthree")
    alice.wait(lambda: alice.window.entry["height"] == 5)
    alice.say("")
    assert bob.expect("<alice>").endswith("<alice> one\n")
    assert bob.expect("<alice>").endswith("<alice> three\n")
    alice.wait_for("people in #general: alice bob", "alice  three")
    alice.wait(lambda: alice.window.entry["height"] == 1)
    for line in ("two\ttab", "three", "/who", "one", "one"):
        alice.press(alice.window.entry, "<Up>")
        assert alice.window.entry.typed() == line


def test_knows_which_line_was_refused(listening: socket.socket, user: Users) -> None:
    """Answers come in the order of the lines; a message that comes back is one."""
    alice, connection = connected(user, listening)
    with connection:
        for line in ("/nick bob", "//one", "two", "/help", "three", "four"):
            alice.say(line)
        connection.sendall(
            b"* you are bob in #general\n"
            b"2026-11-21T10:00:00Z #general <bob> /one\n"
            b"! two is refused\n"
            b"* no help\n"
            b"2026-11-21T10:00:00Z #general <bob> three\n"
        )
        alice.wait_for("bob  three")
        assert alice.window.entry.unanswered == ["four"]
        assert alice.window.entry.sent[-1] == "two"
        connection.sendall(b"! four, too\n! nothing was sent\n")
        alice.wait_for("nothing was sent")
        assert alice.window.entry.sent[-1] == "four"
        assert len(alice.window.entry.sent) == 6


def test_is_not_misled_about_what_was_refused(
    listening: socket.socket, user: Users
) -> None:
    """By the history, by what is shown in another way, by another connection."""
    alice, connection = connected(user, listening)
    with connection:
        for line in ("/join tea", "\u202eone", "two"):
            alice.say(line)
        said = "2026-11-21T10:00:00Z #tea <alice> "
        connection.sendall(f"{said}two\n* you are alice in #tea\n".encode())
        connection.sendall(f"{said}\u202eone\n".encode())
        alice.wait_for("\\u202eone")
        assert alice.window.entry.unanswered == ["two"]
    alice.wait_for("Not connected")
    alice.window.again.invoke()
    connection, _ = listening.accept()
    with connection:
        connection.sendall(b"* you are alice in #tea\n")
        alice.wait_for("you are alice in #tea")
        assert alice.window.entry.unanswered == []


def test_goes_back_and_forth_in_what_was_sent(
    listening: socket.socket, user: Users
) -> None:
    """What was being typed is at the end of it."""
    alice, connection = connected(user, listening)
    entry = alice.window.entry
    with connection:
        for line in ("one", "two", "one"):
            alice.say(line)
        entry.insert("end", "new")
        seen = []
        for keys in ("<Up>", "<Up>", "<Up>", "<Down>", "<Down>", "<Down>"):
            alice.press(entry, keys)
            seen.append(entry.typed())
        assert seen == ["one", "two", "two", "one", "new", "new"]
        alice.press(entry, "<Up>")
        alice.press(entry, "<Up>")
        alice.say("")
        alice.press(entry, "<Up>")
        assert entry.typed() == "two"


def test_remembers_a_bounded_number_of_lines(
    parts: Any, listening: socket.socket, user: Users
) -> None:
    """Neither what was sent nor what waits for an answer grows for ever."""
    alice, connection = connected(user, listening)
    with connection:
        alice.window.entry.put("\n".join(map(str, range(200))))
        alice.say("")
    last = [str(number) for number in range(200 - parts.REMEMBERED, 200)]
    assert alice.window.entry.sent == last
    assert alice.window.entry.unanswered == last


def test_moves_in_a_draft_of_several_rows(
    listening: socket.socket, user: Users
) -> None:
    """The arrows leave it at its first and last row only."""
    alice, connection = connected(user, listening)
    entry = alice.window.entry
    with connection:
        alice.say("before")
        entry.insert("end", "one\ntwo")
        alice.press(entry, "<Up>")
        assert (entry.typed(), entry.index("insert")[:2]) == ("one\ntwo", "1.")
        alice.press(entry, "<Down>")
        assert (entry.typed(), entry.index("insert")[:2]) == ("one\ntwo", "2.")
        alice.press(entry, "<Up>")
        alice.press(entry, "<Up>")
        assert entry.typed() == "before"


def test_keeps_a_part_of_far_too_much(
    parts: Any, listening: socket.socket, user: Users
) -> None:
    """A file that is pasted by mistake does not freeze the window."""
    alice, connection = connected(user, listening)
    with connection:
        alice.paste("word " * 100_000)
        alice.wait(lambda: len(alice.window.entry.typed()) == parts.TYPED_CHARACTERS)
        alice.wait(lambda: alice.window.entry["height"] == parts.TYPED_ROWS)


def test_sends_half_characters_as_question_marks(
    server: Server, peer: Peers, user: Users
) -> None:
    """Some systems let half a surrogate pair be typed. UTF-8 has none."""
    bob, alice = peer("bob"), user(server.port)
    alice.wait_for("you are alice")
    alice.window.entry.typed = lambda: "half \ud83d"
    alice.window.on_return(None)
    bob.expect("<alice> half ?")
