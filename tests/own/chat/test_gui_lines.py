"""Exercise 5's given window and any lines, of servers of any kind."""

import queue
import socket
import threading
import time
from typing import Any

import pytest

from exercise5_chat_channels.terminal import local_time
from tests.own.chat.page import PACKAGE
from tests.own.chat.window import (
    Users,
    gui_module,
    listening_socket,
    parts_module,
    users_of,
)

EXERCISE = PACKAGE

gui = pytest.fixture(gui_module)
parts = pytest.fixture(parts_module)
listening = pytest.fixture(listening_socket)
user = pytest.fixture(users_of)


@pytest.mark.parametrize(
    ("line", "kind", "words"),
    [
        (
            "2026-11-21T10:00:00Z #general <alice> <bob> hi  there ",
            "said",
            ("2026-11-21T10:00:00Z", "general", "alice", "<bob> hi  there "),
        ),
        ("* you are 李明 in #聊天", "you", ("李明", "聊天")),
        ("* you are a in #b, since 2026", "you", ("a", "b,")),
        ("* you are a in #b since 2026", "you", ("a", "b")),
        ("* alice joined #general", "joined", ("alice", "general")),
        ("* alice left #general", "left", ("alice", "general")),
        ("* alice is now bob", "renamed", ("alice", "bob")),
        ("* नमस्ते is now e\u0301", "renamed", ("नमस्ते", "e\u0301")),
        ("* channels: #a #b", "channels", (" #a #b",)),
        ("* people in #a: bob zoe", "people", ("a", " bob zoe")),
        ("! no such channel", "refused", ("no such channel",)),
        ("* alice joined #general late", "notice", ()),
        ("* server closing", "notice", ()),
        ("alice: hi", "notice", ()),
        ("2026-11-21 10:00 #general <alice> hi", "notice", ()),
        ("", "notice", ()),
    ],
)
def test_reads_lines(parts: Any, line: str, kind: str, words: tuple[str, ...]) -> None:
    """Each kind of line in PROTOCOL.md is known; any other is a notice."""
    assert parts.read_line(line) == (kind, words)


def test_replaces_harmful_characters(parts: Any) -> None:
    """Control characters and changes of direction do nothing; other text stays."""
    assert parts.harmless("a\x1b[31m\r\x00\x9b") == r"a\x1b[31m\r\x00\x9b"
    assert parts.harmless("\u2028\u202e\ud83d") == r"\u2028\u202e\ud83d"
    for text in ("é 李明 😀", "👨\u200d👩\u200d👧", "a\u00a0b", "\\x1b"):
        assert parts.harmless(text) == text


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="cannot set the time zone here")
def test_shows_local_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """UTC is what the server says, local time is what people read."""
    monkeypatch.setenv("TZ", "XYZ-5:30")
    time.tzset()
    shown = [local_time(f"2026-{day}Z") for day in ("11-21T20:00:00", "02-31T20:00:00")]
    monkeypatch.undo()
    time.tzset()
    assert shown[0] == ("Sunday 22 November 2026", "01:30")
    assert shown[1] == ("", "2026-02-31T20:00:00Z")


def test_survives_any_line(listening: socket.socket, user: Users) -> None:
    """A student's server may send anything."""
    alice = user(listening.getsockname()[1], "")
    connection, _ = listening.accept()
    lines = [
        b"no line of the protocol",
        b"* you are",
        b"* channels:",
        b"* people in #x:",
        b"2026-99-99T99:99:99Z #x <y> no such day",
        b"9999-12-31T23:59:59Z #x <y> far away",
        b"2026-11-21T10:00:00Z #x <y> \x1b[31m \xff \0 \xe2\x80\xae {$x [exit]}",
        "2026-11-21T10:00:00Z #x <y> 😀 \U0001d54f\u0301".encode(),
        b"! ",
        b"the end\r",
    ]
    with connection:
        connection.sendall(b"\n".join(lines) + b"\n")
        alice.wait_for("the end")
        assert "no such day" in alice.text()
        assert r"\x1b[31m" in alice.text()
        assert r"\u202e {$x [exit]}" in alice.text()
        assert "😀 \U0001d54f\u0301\n" in alice.text()


def test_keeps_a_bounded_transcript(
    gui: Any, listening: socket.socket, user: Users
) -> None:
    """In a flood, the last lines are kept, and the window goes on working."""
    alice = user(listening.getsockname()[1], "")
    connection, _ = listening.accept()
    prefix = b"2026-11-21T10:00:00Z #general <bob> "
    with connection:
        for number in range(10_000):
            connection.sendall(b"%bnumber %d\n" % (prefix, number))
        last_line = alice.window.transcript.get
        alice.wait(lambda: last_line("end - 2 lines", "end").endswith(" 9999\n\n"))
    lines = alice.text().split("\n")
    assert len(lines) == gui.KEPT_LINES + 2
    assert lines[0].endswith(f"bob  number {10_000 - gui.KEPT_LINES}")
    assert alice.window.transcript.yview()[1] == 1.0


def test_shows_no_endless_line(
    parts: Any, listening: socket.socket, user: Users
) -> None:
    """Tk would lay out a line of a megabyte for minutes."""
    alice = user(listening.getsockname()[1], "")
    connection, _ = listening.accept()
    with connection:
        connection.sendall(b"* " + b"x" * 3_000_000 + b"\n* the end\n")
        alice.wait_for("the end")
        assert alice.text().split("\n")[0] == "x" * parts.SHOWN_CHARACTERS + " …"


def test_shows_the_last_line_in_a_window_of_any_size(
    parts: Any, listening: socket.socket, user: Users
) -> None:
    """A narrower window has more rows; nothing in it is cut off."""
    alice = user(listening.getsockname()[1], "")
    connection, _ = listening.accept()
    with connection:
        connection.sendall(b"* a line that is wrapped in a narrow window\n" * 100)
        alice.wait(lambda: alice.text().count("wrapped") == 100)
        for size in ("660x400", "1200x800", "700x500", "900x600"):
            alice.resize(size)
            alice.wait(lambda: alice.window.transcript.yview()[1] == 1.0)
            for widget in (
                alice.window.create,
                alice.window.rename,
                alice.window.entry,
            ):
                assert widget.winfo_height() >= widget.winfo_reqheight() - 1
                below = widget.winfo_rooty() + widget.winfo_height()
                assert below < alice.root.winfo_rooty() + alice.root.winfo_height()
            longest = parts.font.nametofont("TkDefaultFont").measure(
                "carol_of_20_letters_"
            )
            assert alice.window.people_list.winfo_width() > longest


def test_says_that_the_history_may_be_longer(
    listening: socket.socket, user: Users
) -> None:
    """Of what was said while nobody was connected, only the last 50 messages come."""
    alice = user(listening.getsockname()[1], "")
    connection, _ = listening.accept()
    with connection:
        for count in (49, 50):
            said = f"2026-11-21T10:00:00Z #{count} <bob> hello\n" * count
            connection.sendall(f"{said}* you are alice in #{count}\n".encode())
            alice.wait_for(f"you are alice in #{count}")
            assert ("the last 50 messages" in alice.text()) == (count == 50)


def test_keeps_a_long_list_where_it_is_scrolled(
    listening: socket.socket, user: Users
) -> None:
    """Also when somebody comes or goes."""
    alice = user(listening.getsockname()[1], "")
    connection, _ = listening.accept()
    with connection:
        names = " ".join(f"guest{number}" for number in range(100, 300))
        connection.sendall(f"* people in #general: {names}\n".encode())
        alice.wait_for("people in #general")
        alice.root.update_idletasks()
        alice.window.people_list.yview_moveto(0.5)
        connection.sendall(b"* guest300 joined #general\n")
        alice.wait_for("guest300 joined")
        assert alice.window.people_list.size() == 201
        assert 0.4 < alice.window.people_list.yview()[0] < 0.6
        bars = scrollbars_of(alice.window.people_list)
        alice.wait(lambda: [bar.winfo_ismapped() for bar in bars] == [True])
        connection.sendall(b"* people in #general: alice bob\n")
        alice.wait(lambda: [bar.winfo_ismapped() for bar in bars] == [False])


def scrollbars_of(widget: Any) -> list[Any]:
    """Return the scrollbars beside a widget."""
    around = widget.master.winfo_children()
    return [other for other in around if other.winfo_class() == "TScrollbar"]


def test_stays_where_the_user_reads(listening: socket.socket, user: Users) -> None:
    """Anyone who has scrolled up is not torn down by the next message."""
    alice = user(listening.getsockname()[1], "")
    connection, _ = listening.accept()
    with connection:
        connection.sendall(b"* line\n" * 100 + b"* last\n")
        alice.wait_for("last")
        alice.root.update()
        alice.window.transcript.yview_moveto(0.0)
        connection.sendall(b"* one more\n")
        alice.wait_for("one more")
        assert alice.window.transcript.yview()[0] == 0.0


def test_never_waits_for_a_server_that_does_not_read(
    listening: socket.socket, user: Users
) -> None:
    """What cannot be sent waits in a queue, and closing the window ends the wait."""
    alice = user(listening.getsockname()[1], "")
    connection, _ = listening.accept()
    with connection:
        connection.sendall(b"* welcome\n")
        alice.wait_for("welcome")
        for _ in range(20):
            alice.window.link.send("x" * 1_000_000)
        connection.sendall(b"* are you still there?\n")
        alice.wait_for("are you still there?")
        alice.window.link.close()
        alice.join_threads()


def test_tells_of_a_connection_that_raises(
    gui: Any, user: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A student's unfinished Connection is no reason to say nothing."""

    def unfinished(host: str, port: int) -> None:
        raise NotImplementedError("step 1")

    seen: queue.Queue[object] = queue.Queue()
    monkeypatch.setattr(threading, "excepthook", seen.put)
    alice = user(0, "", unfinished)
    alice.wait_for("your Connection raised an error, see the terminal")
    assert "step 1" in str(seen.get())
    assert alice.window.again_at is None  # it would raise again
