"""Exercise 5's given window: what stands out in the transcript."""

import queue
import socket
from typing import Any

import pytest

from tests.own.chat.page import PACKAGE
from tests.own.chat.window import (
    Users,
    gui_module,
    listening_socket,
    parts_module,
    scroll_up,
    users_of,
)

EXERCISE = PACKAGE

gui = pytest.fixture(gui_module)
parts = pytest.fixture(parts_module)
listening = pytest.fixture(listening_socket)
user = pytest.fixture(users_of)


def said(text: str, nick: str = "bob") -> bytes:
    """Return the line of a message."""
    return f"2026-11-21T10:00:00Z #general <{nick}> {text}\n".encode()


YOU = b"* you are alice in #general\n"


def test_marks_own_messages_and_mentions(listening: socket.socket, user: Users) -> None:
    """To the end of the row, and in the history, too."""
    alice = user(listening.getsockname()[1])
    connection, _ = listening.accept()
    with connection:
        connection.sendall(said("long ago", "alice") + YOU + said("mine", "alice"))
        connection.sendall(said("hello ALICE") + said("hello all") + said("end"))
        alice.wait_for("bob  end")
        assert "own" in alice.styles("long ago")
        assert "own" in alice.styles("mine")
        assert "mention" in alice.styles("hello ALICE")
        assert not alice.styles("hello all") & {"own", "mention"}
        end = alice.window.transcript.search("\n", "end - 5 lines")
        assert "own" in alice.window.transcript.tag_names(end)
        assert alice.window.transcript.tag_names()[-1] == "sel"  # is seen on top


@pytest.mark.parametrize(
    ("text", "nick", "expected"),
    [
        ("alice: hi", "alice", True),
        ("hi @Alice!", "aLICE", True),
        ("it is alice's", "alice", True),
        ("malice, alice2 and alice-2", "alice", False),
        ("a_b", "a", False),
        ("\uff41lice", "alice", True),
        ("नमस्ते, hello", "नमस्ते", True),
        ("नमस्ते", "नमस", False),
        ("cafe\u0301 opens", "caf\u00e9", True),
        ("李明 在吗", "李明", True),
        ("nobody", "", False),
    ],
)
def test_finds_a_nick(parts: Any, text: str, nick: str, expected: bool) -> None:
    """As a word of its own, in any script, with the marks that belong to it."""
    assert parts.mentions(text, nick) == expected


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("see https://example.org/a?b=c#d.", ["https://example.org/a?b=c#d"]),
        ("(http://a.b/c), HTTPS://D", ["http://a.b/c", "HTTPS://D"]),
        (
            "https://a.b/Socket_(x) https://a.b/(x",
            ["https://a.b/Socket_(x)", "https://a.b/"],
        ),
        ('<https://a.b/> "http://c"', ["https://a.b/", "http://c"]),
        ("http://localhost:8080/ü", ["http://localhost:8080/ü"]),
        ("javascript:x ftp://a file:///b xhttp://c https:// http://.", []),
    ],
)
def test_finds_links(parts: Any, text: str, links: list[str]) -> None:
    """Of http and https; the end of the sentence is no part of them."""
    pieces = list(parts.linked(text, "said"))
    assert "".join(pieces[::2]) == text
    assert all("said" in styles for styles in pieces[1::2])
    found = zip(pieces[::2], pieces[1::2], strict=True)
    assert [piece for piece, styles in found if "link" in styles] == links


def test_opens_a_link_that_is_clicked(
    gui: Any,
    listening: socket.socket,
    user: Users,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing else, and not one that is only marked, to be copied."""
    opened: queue.Queue[str] = queue.Queue()
    monkeypatch.setattr(gui.webbrowser, "open", opened.put)
    alice = user(listening.getsockname()[1], "")
    connection, _ = listening.accept()
    with connection:
        connection.sendall(said("look: https://example.org/ and http://two.example/"))
        alice.wait_for("two.example")
        alice.click_text("look")
        alice.click_text("example.org")
        assert opened.get(timeout=30) == "https://example.org/"
        alice.drag_text("example.org", 30)
        assert alice.window.transcript.tag_ranges("sel")
        alice.click_text("two.example")
        assert opened.get(timeout=30) == "http://two.example/"
        assert opened.empty()


JOINED, LEFT, RENAMED = "joined", "left", "renamed"


@pytest.mark.parametrize(
    ("moves", "told"),
    [
        ([(JOINED, "bob", "x")], "bob joined"),
        ([(JOINED, "guest1", "x"), (RENAMED, "guest1", "bob")], "bob joined"),
        ([(JOINED, "bob", "x"), (JOINED, "eve", "x")], "bob, eve joined"),
        ([(JOINED, "bob", "x"), (LEFT, "bob", "x")], "bob joined and left"),
        ([(LEFT, "bob", "x"), (JOINED, "bob", "x")], "bob is back"),
        ([(RENAMED, "bob", "b"), (RENAMED, "b", "bo")], "bob is now bo"),
        ([(RENAMED, "bob", "b"), (LEFT, "b", "x")], "bob left"),
        (
            [(LEFT, "a", "x"), (JOINED, "b", "x"), (LEFT, "c", "x")],
            "a, c left · b joined",
        ),
    ],
)
def test_tells_moves_in_one_line(parts: Any, moves: Any, told: str) -> None:
    """What has changed from first to last."""
    folded = parts.Moves()
    for kind, nick, new in moves:
        assert folded.has_room(kind, nick, new)
        folded.note(kind, nick, new)
    assert folded.told() == told


def test_begins_a_new_line_for_more(parts: Any) -> None:
    """With too many nicks, and where a nick goes from one to another."""
    moves = parts.Moves()
    moves.note(LEFT, "bob", "x")
    assert not moves.has_room(RENAMED, "eve", "bob")
    for number in range(1, moves.ROOM):
        assert moves.has_room(JOINED, str(number), "x")
        moves.note(JOINED, str(number), "x")
    assert not moves.has_room(JOINED, "one more", "x")
    assert moves.has_room(RENAMED, "1", "one more")


def test_folds_those_who_come_and_go(listening: socket.socket, user: Users) -> None:
    """In one line, up to the next message; however the notices come."""
    alice = user(listening.getsockname()[1])
    connection, _ = listening.accept()
    with connection:
        connection.sendall(YOU + b"* guest7 joined #general\n")
        alice.wait_for("guest7 joined")
        connection.sendall(b"* guest7 is now bob\n* carol joined #general\n")
        alice.wait_for("bob, carol joined")
        connection.sendall(said("hello") + b"* carol left #general\n* you left too\n")
        alice.wait_for("you left too")
        assert alice.text().split("\n")[:2] == ["you are alice in #general"] + [
            "bob, carol joined"
        ]
        assert alice.text().endswith("hello\ncarol left\nyou left too\n\n")
        assert alice.window.people == {"bob"}


def test_begins_each_transcript_at_its_end(
    listening: socket.socket, user: Users
) -> None:
    """Without those who came in another channel, and wherever that one was read."""
    alice = user(listening.getsockname()[1])
    connection, _ = listening.accept()
    with connection:
        connection.sendall(YOU + b"* bob joined #general\n")
        alice.wait_for("bob joined")
        scroll_up(alice)
        alice.wait(lambda: not alice.window.at_end)
        connection.sendall(said("hello").replace(b"#general", b"#far") * 100)
        connection.sendall(b"* you are alice in #far\n")
        alice.wait_for("you are alice in #far")
        alice.root.update_idletasks()
        assert alice.window.transcript.yview()[1] == 1.0
        connection.sendall(b"* you are alice in #tea\n* eve joined #tea\n")
        alice.wait_for("eve joined")
        assert alice.text() == "you are alice in #tea\neve joined\n\n"


def test_goes_to_the_end_to_speak(listening: socket.socket, user: Users) -> None:
    """Anyone who says something sees what becomes of it, wherever they have read."""
    alice = user(listening.getsockname()[1])
    connection, _ = listening.accept()
    with connection:
        connection.sendall(YOU)
        alice.wait_for("you are alice")
        scroll_up(alice)
        alice.wait(lambda: not alice.window.at_end)
        alice.say("hello")
        connection.sendall(said("hello", "alice"))
        alice.wait_for("alice  hello")
        assert alice.window.transcript.yview()[1] == 1.0
