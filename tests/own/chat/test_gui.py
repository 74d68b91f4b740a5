"""Tests of exercise 5's given window, by its widgets, against the solution's server.

The window is the given one, the Connection that it uses is the solution's. Both lie in
a folder of their own, laid out like the repository, and so does the server.
"""

import gc
import importlib
import os
import queue
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parent.parent
PACKAGE = "exercise5_chat_channels"
PATIENCE = 30.0  # seconds, spent only when a test fails


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the given files and the solution's client and server."""
    folder = tmp_path_factory.mktemp("lab")
    (folder / PACKAGE).mkdir()
    for name in ("gui.py", "web.py", "history.py"):
        shutil.copy(REPOSITORY / PACKAGE / name, folder / PACKAGE)
    for name in ("client.py", "server.py"):
        shutil.copy(REPOSITORY / "solutions" / PACKAGE / name, folder / PACKAGE)
    return folder


@pytest.fixture(scope="module")
def gui(lab: Path) -> Iterator[Any]:
    """Return the module gui.py of that folder."""
    pytest.importorskip("tkinter", reason="this Python has no tkinter")
    known = {
        name: sys.modules.pop(name) for name in list(sys.modules) if PACKAGE in name
    }
    sys.path.insert(0, str(lab))
    yield importlib.import_module(f"{PACKAGE}.gui")
    sys.path.remove(str(lab))
    for name in [name for name in sys.modules if PACKAGE in name]:
        del sys.modules[name]
    sys.modules.update(known)


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """Start a virtual display, and return its name, such as ":99"."""
    if not shutil.which("Xvfb"):
        pytest.skip("Xvfb is not installed")
    unused = (n for n in range(99, 300) if not Path(f"/tmp/.X{n}-lock").exists())
    for number in unused:
        command = [
            "Xvfb",
            f":{number}",
            "-screen",
            "0",
            "1280x900x24",
            "-nolisten",
            "tcp",
        ]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as screen:
            if is_up(screen, number):
                yield f":{number}"
                screen.terminate()
                return
    pytest.fail("Xvfb did not start under any number")


def is_up(screen: "subprocess.Popen[bytes]", number: int) -> bool:
    """Wait until the display answers; or has ended, since another has its number."""
    lock, deadline = Path(f"/tmp/.X{number}-lock"), time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with socket.socket(socket.AF_UNIX) as client, suppress(OSError, ValueError):
            client.connect(f"/tmp/.X11-unix/X{number}")
            if int(lock.read_text()) == screen.pid:  # it is not another's that answers
                return True
        with suppress(subprocess.TimeoutExpired):
            screen.wait(timeout=0.05)
            return False
    screen.kill()
    return False


class Server:
    """The solution's server as a process, which can be ended and started again."""

    def __init__(self, lab: Path, folder: Path) -> None:
        """Start it on a free port, with a history in that folder."""
        self.lab, self.history, self.port = lab, folder / "chat.db", 0
        self.start()

    def start(self) -> None:
        """Start it, on the same port as before."""
        command = [
            sys.executable,
            "-m",
            f"{PACKAGE}.server",
            "127.0.0.1",
            str(self.port),
        ]
        command += ["--history", str(self.history)]
        self.process = subprocess.Popen(
            command, cwd=self.lab, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line.startswith("Listening on "), line
        self.port = int(line.rpartition(":")[2])

    def kill(self) -> None:
        """End it at once, without a word to the clients."""
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def server(lab: Path, tmp_path: Path) -> Iterator[Server]:
    """Return a server that runs."""
    started = Server(lab, tmp_path)
    yield started
    started.kill()


class Peer:
    """Somebody else in the chat, on a socket."""

    def __init__(self, port: int, nick: str) -> None:
        """Connect and take a nick."""
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.received = self.socket.makefile("r", encoding="utf-8", newline="\n")
        self.say(f"/nick {nick}")
        self.expect(f"* you are {nick} ")

    def say(self, line: str) -> None:
        """Send a line."""
        self.socket.sendall(f"{line}\n".encode())

    def expect(self, text: str) -> str:
        """Read up to a line that contains ``text``, and return it."""
        for line in self.received:
            if text in line:
                return line
        raise AssertionError(f"the connection ended before {text!r} came")

    def close(self) -> None:
        """Leave."""
        self.received.close()
        self.socket.close()


@pytest.fixture
def peer(server: Server) -> Iterator[Callable[[str], Peer]]:
    """Return a function that lets somebody with this nick connect."""
    peers: list[Peer] = []

    def connect(nick: str) -> Peer:
        peers.append(Peer(server.port, nick))
        return peers[-1]

    yield connect
    for each in peers:
        each.close()


class User:
    """Somebody at the window: looks at its widgets, types and clicks."""

    def __init__(self, gui: Any, port: int, nick: str) -> None:
        """Open a window."""
        self.root = gui.open_root()
        self.window = gui.Window(self.root, "127.0.0.1", port, nick)
        self.root.update()

    def wait(self, condition: Callable[[], object]) -> None:
        """Let the window work until the condition holds."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, self.text()
            self.root.tk.dooneevent()  # at the latest, the next poll()

    def text(self) -> str:
        """Return what the transcript shows."""
        return str(self.window.transcript.get("1.0", "end"))

    def wait_for(self, *texts: str) -> None:
        """Wait until the transcript shows each of these."""
        self.wait(lambda: all(text in self.text() for text in texts))

    def wait_for_people(self, *nicks: str) -> None:
        """Wait until these are the people here."""
        self.wait(lambda: self.window.people_list.get(0, "end") == nicks)

    def wait_for_channels(self, *names: str, marked: str) -> None:
        """Wait until these are the channels, and this one is marked."""
        names_shown = self.window.channel_list
        self.wait(lambda: names_shown.get(0, "end") == names)
        self.wait(lambda: names_shown.curselection() == (names.index(marked),))
        assert self.window.title["text"] == marked

    def press_return(self, widget: Any) -> None:
        """Press Return in a widget, as soon as it has the keyboard."""
        widget.focus_force()
        self.wait(lambda: self.root.focus_displayof() is widget)
        widget.event_generate("<Return>")

    def say(self, line: str) -> None:
        """Type a line into the entry and press Return."""
        self.window.entry.insert("end", line)
        self.press_return(self.window.entry)
        assert self.window.entry.get() == ""

    def click_channel(self, name: str) -> None:
        """Click on a channel with the mouse."""
        names = self.window.channel_list
        names.update_idletasks()
        x, y, width, height = names.bbox(names.get(0, "end").index(name))
        names.event_generate("<Button-1>", x=x + width // 2, y=y + height // 2)
        names.event_generate("<ButtonRelease-1>", x=x + width // 2, y=y + height // 2)

    def resize(self, size: str) -> None:
        """Give the window another size, such as 600x320."""
        self.root.geometry(size)
        self.wait(lambda: self.root.geometry().startswith(size))

    def look(self) -> None:
        """Turn to the window: it gets the keyboard."""
        self.root.focus_force()
        self.wait(lambda: self.root.focus_displayof() is not None)

    def close(self) -> None:
        """Close the window."""
        self.window.link.close()
        join_threads()
        self.root.destroy()
        self.window = self.root = None


def join_threads() -> None:
    """Wait until no thread but this one is left."""
    for thread in threading.enumerate():
        if thread is not threading.main_thread():
            thread.join(PATIENCE)
            assert not thread.is_alive(), thread


@pytest.fixture
def user(
    gui: Any, display: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., User]]:
    """Return a function that opens a window on the server at a port."""
    monkeypatch.setenv("DISPLAY", display)
    users: list[User] = []

    def open_window(port: int, nick: str = "alice") -> User:
        users.append(User(gui, port, nick))
        return users[-1]

    yield open_window
    for each in users:
        each.close()
    # What belongs to Tk must be freed in Tk's thread, not in the next test's reader.
    gc.collect()


Users = Callable[..., User]
Peers = Callable[[str], Peer]


# What the server's lines mean


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
def test_reads_lines(gui: Any, line: str, kind: str, words: tuple[str, ...]) -> None:
    """Each kind of line in PROTOCOL.md is known; any other is a notice."""
    assert gui.read_line(line) == (kind, words)


def test_replaces_harmful_characters(gui: Any) -> None:
    """Control characters and changes of direction do nothing; other text stays."""
    assert gui.harmless("a\x1b[31m\r\x00\x9b") == r"a\x1b[31m\r\x00\x9b"
    assert gui.harmless("\u2028\u202e\ud83d") == r"\u2028\u202e\ud83d"
    for text in ("é 李明 😀", "👨\u200d👩\u200d👧", "a\u00a0b", "\\x1b"):
        assert gui.harmless(text) == text


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="cannot set the time zone here")
def test_shows_local_time(gui: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """UTC is what the server says, local time is what people read."""
    monkeypatch.setenv("TZ", "XYZ-5:30")
    time.tzset()
    shown = [
        gui.local_time(f"2026-{day}Z") for day in ("11-21T20:00:00", "02-31T20:00:00")
    ]
    monkeypatch.undo()
    time.tzset()
    assert shown[0] == ("Sunday 22 November 2026", "01:30")
    assert shown[1] == ("", "2026-02-31T20:00:00Z")


# The window and the server


def test_shows_channels_people_and_history(
    server: Server, peer: Peers, user: Users
) -> None:
    """All that a new client can know is there at once; what the window asked is not."""
    bob = peer("bob")
    bob.say("good morning 😀")
    bob.expect("good morning")
    alice = user(server.port)
    alice.wait_for("bob  good morning 😀", "you are alice in #general")
    alice.wait_for_people("alice", "bob")
    alice.wait_for_channels("#general", "#sport", marked="#general")
    assert alice.window.people_title["text"] == "People (2)"
    assert "Connected to 127.0.0.1" in alice.window.state["text"]
    assert re.search(r"^\d\d:\d\d\tbob  good", alice.text(), re.MULTILINE)
    assert "channels:" not in alice.text()
    assert "people in" not in alice.text()


def test_sends_what_is_typed(server: Server, peer: Peers, user: Users) -> None:
    """The message comes back from the server, like everybody's."""
    bob, alice = peer("bob"), user(server.port)
    alice.wait_for("you are alice")
    alice.say("hello, this is a window 😀")
    alice.wait_for("alice  hello, this is a window 😀")
    bob.expect("<alice> hello, this is a window 😀")
    bob.say("hello window")
    alice.wait_for("bob  hello window")
    alice.say("two\nlines")  # as pasted
    assert bob.expect("two").endswith("<alice> two\n")
    assert bob.expect("lines").endswith("<alice> lines\n")


def test_joins_a_channel_by_a_click(server: Server, peer: Peers, user: Users) -> None:
    """The transcript is the channel's: its history, then what is said there."""
    bob = peer("bob")
    bob.say("/join sport")
    bob.expect("you are bob in #sport")
    bob.say("said before")
    bob.expect("said before")
    alice = user(server.port)
    alice.wait_for_channels("#general", "#sport", marked="#general")
    alice.say("in general")
    alice.wait_for("in general")
    alice.click_channel("#sport")
    alice.wait_for("said before", "you are alice in #sport")
    alice.wait_for_channels("#general", "#sport", marked="#sport")
    alice.wait_for_people("alice", "bob")
    assert "in general" not in alice.text()
    bob.say("said after")
    alice.wait_for("said after")
    alice.click_channel("#general")
    alice.wait_for("in general", "you are alice in #general")
    alice.wait_for_people("alice")
    assert "said" not in alice.text()


def test_creates_a_channel_by_its_button(server: Server, user: Users) -> None:
    """The new channel is in the list, and we are there."""
    alice = user(server.port)
    alice.wait_for_channels("#general", "#sport", marked="#general")
    alice.window.new_name.insert(0, " music ")
    alice.window.create.invoke()
    alice.wait_for_channels("#general", "#sport", "#music", marked="#music")
    assert alice.window.new_name.get() == ""
    alice.window.new_name.insert(0, "MUSIC")
    alice.press_return(alice.window.new_name)
    alice.wait_for("is there already")
    refused = alice.window.transcript.tag_ranges("refused")
    assert "is there already" in alice.window.transcript.get(*refused)


def test_sees_channels_that_others_create(
    server: Server, peer: Peers, user: Users
) -> None:
    """Somebody who leaves may have made one; the mouse at the list looks for more."""
    bob, alice = peer("bob"), user(server.port)
    alice.wait_for_channels("#general", "#sport", marked="#general")
    bob.say("/create music")
    alice.wait_for_channels("#general", "#sport", "#music", marked="#general")
    bob.say("/create films")
    bob.expect("you are bob in #films")
    alice.window.channel_list.event_generate("<Enter>")
    alice.wait_for_channels("#general", "#sport", "#music", "#films", marked="#general")


def test_keeps_the_list_of_people_up_to_date(
    server: Server, peer: Peers, user: Users
) -> None:
    """Joining, leaving and new names are seen; a typed /who is answered in words."""
    alice = user(server.port)
    alice.wait_for_people("alice")
    bob = peer("bob")
    alice.wait_for_people("alice", "bob")
    bob.say("/nick Aaron")
    alice.wait_for_people("Aaron", "alice")
    bob.say("/join sport")
    alice.wait_for_people("alice")
    alice.say("/nick zoe")
    alice.wait_for_people("zoe")
    alice.say("/who")
    alice.wait_for("people in #general: zoe")
    alice.say("/channels")
    alice.wait_for("channels: #general #sport")


def test_counts_what_nobody_has_looked_at(
    server: Server, peer: Peers, user: Users
) -> None:
    """Not the history, not what we say; and no more when somebody looks."""
    bob = peer("bob")
    bob.say("history")
    bob.expect("history")
    alice = user(server.port)
    scroll_up(alice)
    alice.say("/nick alice")
    alice.look()
    alice.window.transcript.yview_moveto(1.0)
    alice.wait_for_channels("#general", "#sport", marked="#general")
    scroll_up(alice)
    bob.say("one")
    bob.say("two")
    alice.wait(lambda: "#general (2)" in alice.window.channel_list.get(0, "end"))
    assert alice.root.title() == "(2) #general"
    alice.window.transcript.yview_moveto(1.0)
    alice.wait_for_channels("#general", "#sport", marked="#general")
    assert alice.root.title() == "#general"


def scroll_up(user: User) -> None:
    """Fill the transcript, and look at its beginning."""
    for number in range(60):
        user.window.show(f"line {number}", "notice")
    user.window.show_pending()
    user.root.update_idletasks()
    user.window.transcript.yview_moveto(0.0)


def test_counts_while_another_window_has_the_keyboard(
    server: Server, peer: Peers, user: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last lines are on the screen, but who knows whether somebody sees them."""
    bob, alice = peer("bob"), user(server.port)
    alice.look()
    alice.wait_for_channels("#general", "#sport", marked="#general")
    monkeypatch.setattr(alice.root, "focus_displayof", lambda: None)
    bob.say("are you there?")
    alice.wait(lambda: alice.window.channel_list.get(0) == "#general (1)")
    alice.click_channel("#general (1)")  # where we are: nothing is joined
    monkeypatch.undo()
    alice.look()
    alice.wait_for_channels("#general", "#sport", marked="#general")
    assert alice.text().count("you are alice") == 1


def test_says_that_the_server_is_gone_and_connects_again(
    server: Server, peer: Peers, user: Users
) -> None:
    """The nick and the channel are taken along."""
    alice = user(server.port)
    alice.wait_for_channels("#general", "#sport", marked="#general")
    alice.click_channel("#sport")
    alice.wait_for_channels("#general", "#sport", marked="#sport")
    alice.say("before")
    alice.wait_for("alice  before")
    assert not alice.window.again.winfo_ismapped()
    alice.window.entry.insert(0, "a draft")
    server.kill()
    alice.wait_for("Not connected: the server has closed the connection")
    alice.wait(alice.window.again.winfo_ismapped)
    assert "Not connected" in alice.window.state["text"]
    for widget in (alice.window.entry, alice.window.create, alice.window.new_name):
        assert widget.instate(["disabled"])
    alice.wait_for_people()

    server.start()
    bob = peer("bob")
    bob.say("/join sport")
    alice.press_return(alice.window.again)
    alice.wait_for_people("alice", "bob")
    bob.expect("alice joined #sport")
    alice.wait_for("before", "you are alice in #sport")
    assert not alice.window.again.winfo_ismapped()
    assert alice.window.entry.get() == "a draft"
    assert alice.text().count("before") == 1
    alice.say(" sent later")
    bob.expect("<alice> a draft sent later")


def test_opens_without_a_server_and_connects_later(server: Server, user: Users) -> None:
    """The window says why it is not connected; the button tries again."""
    server.kill()
    alice = user(server.port)
    alice.wait_for("Not connected: Connection refused")
    alice.window.again.invoke()
    alice.wait(lambda: alice.text().count("Connection refused") == 2)
    server.start()
    alice.window.again.invoke()
    alice.wait_for("you are alice in #general")


def test_says_goodbye_in_words(server: Server, user: Users) -> None:
    """A server that is stopped in an orderly way tells so."""
    alice = user(server.port)
    alice.wait_for("you are alice")
    server.process.terminate()
    alice.wait_for("server closing", "Not connected")


# The window and servers of another kind


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """Return a listening socket, for a server that the test itself is."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(PATIENCE)
        yield listening


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


def test_shows_no_endless_line(gui: Any, listening: socket.socket, user: Users) -> None:
    """Tk would lay out a line of a megabyte for minutes."""
    alice = user(listening.getsockname()[1], "")
    connection, _ = listening.accept()
    with connection:
        connection.sendall(b"* " + b"x" * 3_000_000 + b"\n* the end\n")
        alice.wait_for("the end")
        assert alice.text().split("\n")[0] == "x" * gui.SHOWN_CHARACTERS + " …"


def test_shows_the_last_line_in_a_window_of_any_size(
    listening: socket.socket, user: Users
) -> None:
    """A narrower window has more rows; everything in it stays to be seen."""
    alice = user(listening.getsockname()[1], "")
    connection, _ = listening.accept()
    with connection:
        connection.sendall(b"* a line that is wrapped in a narrow window\n" * 100)
        alice.wait(lambda: alice.text().count("wrapped") == 100)
        for size in ("600x320", "1200x800", "700x700"):
            alice.resize(size)
            alice.wait(lambda: alice.window.transcript.yview()[1] == 1.0)
            for widget in (alice.window.create, alice.window.entry, alice.window.state):
                assert widget.winfo_height() >= widget.winfo_reqheight() - 1


def test_is_used_by_keyboard(server: Server, peer: Peers, user: Users) -> None:
    """The arrow keys choose a channel, Page Up reads on, Return presses a button."""
    alice = user(server.port)
    alice.wait_for_channels("#general", "#sport", marked="#general")
    alice.window.channel_list.focus_force()
    alice.wait(lambda: alice.root.focus_displayof() is alice.window.channel_list)
    alice.window.channel_list.event_generate("<Down>")
    alice.wait_for_channels("#general", "#sport", marked="#sport")
    alice.window.channel_list.event_generate("<Up>")
    alice.wait_for_channels("#general", "#sport", marked="#general")
    alice.window.new_name.insert(0, "tea")
    alice.press_return(alice.window.create)
    alice.wait_for_channels("#general", "#sport", "#tea", marked="#tea")
    scroll_up(alice)
    alice.window.transcript.yview_moveto(1.0)
    alice.window.entry.focus_force()
    alice.wait(lambda: alice.root.focus_displayof() is alice.window.entry)
    alice.window.entry.event_generate("<Prior>")
    assert alice.window.transcript.yview()[1] < 1.0
    alice.window.entry.event_generate("<Next>")
    assert alice.window.transcript.yview()[1] == 1.0


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


def test_stays_where_the_user_reads(listening: socket.socket, user: Users) -> None:
    """Who has scrolled up is not torn down by the next message."""
    alice = user(listening.getsockname()[1], "")
    connection, _ = listening.accept()
    with connection:
        connection.sendall(b"* line\n" * 100 + b"* last\n")
        alice.wait_for("last")
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
            alice.say("x" * 1_000_000)
        connection.sendall(b"* are you still there?\n")
        alice.wait_for("are you still there?")
        alice.window.link.close()
        join_threads()


def test_tells_of_a_connection_that_raises(
    gui: Any, user: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A student's unfinished Connection is no reason to say nothing."""

    def unfinished(host: str, port: int) -> None:
        raise NotImplementedError("step 1")

    seen: queue.Queue[object] = queue.Queue()
    monkeypatch.setattr(gui, "Connection", unfinished)
    monkeypatch.setattr(threading, "excepthook", seen.put)
    alice = user(0, "")
    alice.wait_for("your Connection raised an error, see the terminal")
    assert "step 1" in str(seen.get())


@pytest.mark.parametrize(
    ("method", "reason"),
    [
        ("lines", "lines() yields [], not ['hellö'], see check 5.21"),
        ("send_line", r"send_line() sends b'', not b'hell\xc3\xb6\n', see check 5.22"),
    ],
)
def test_names_the_method_that_is_missing(
    lab: Path, tmp_path: Path, method: str, reason: str
) -> None:
    """One line, also where there is no screen: the solution with one method open."""
    shutil.copytree(lab / PACKAGE, tmp_path / PACKAGE)
    solution = (lab / PACKAGE / "client.py").read_text(encoding="utf-8")
    starter = (REPOSITORY / PACKAGE / "client.py").read_text(encoding="utf-8")
    pattern = re.compile(rf"    def {method}\(.*?(?=\n    def )", re.DOTALL)
    still_open = pattern.search(starter)
    assert still_open
    text = pattern.sub(lambda _: still_open[0], solution)
    (tmp_path / PACKAGE / "client.py").write_text(text, encoding="utf-8")
    said = f"error: your client.py is not finished: Connection.{reason}\n"
    assert run_gui(tmp_path, DISPLAY="") == (1, said)


# The program


def run_gui(lab: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    """Run the program until it ends; return its status and what is on stderr."""
    ended = subprocess.run(
        [sys.executable, "-m", f"{PACKAGE}.gui", *arguments],
        cwd=lab,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert ended.stdout == ""
    return ended.returncode, ended.stderr


def test_says_how_to_get_tk(lab: Path, tmp_path: Path) -> None:
    """A Python without tkinter: one line for each system, and status 1."""
    (tmp_path / "tkinter").mkdir()
    stub = tmp_path / "tkinter" / "__init__.py"
    stub.write_text("raise ImportError('No module named _tkinter')\n")
    status, error = run_gui(lab, PYTHONPATH=str(tmp_path))
    assert status == 1
    assert re.fullmatch(r"error: [^\n]*python3-tk[^\n]*python3-tkinter[^\n]*\n", error)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have a screen")
@pytest.mark.parametrize("name", ["", ":4711"])
def test_says_that_there_is_no_screen(gui: Any, lab: Path, name: str) -> None:
    """No display, or one that is not there: one line and status 1."""
    status, error = run_gui(lab, DISPLAY=name)
    assert status == 1
    assert re.fullmatch(r"error: cannot open a window: [^\n]*display[^\n]*\n", error)


@pytest.mark.parametrize("port", ["http", "65536", "-1", "²"])
def test_refuses_what_is_no_port(gui: Any, lab: Path, port: str) -> None:
    """Wrong ports are refused as by all of the lab's programs."""
    status, error = run_gui(lab, "127.0.0.1", "--", port, DISPLAY="")
    assert status == 1
    assert error == f"error: {port!r} is not a port number (0 to 65535)\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ends_at_a_signal(
    gui: Any,
    lab: Path,
    display: str,
    server: Server,
    peer: Peers,
    number: signal.Signals,
) -> None:
    """Ctrl+C in the terminal: status 0, and nothing to read."""
    bob = peer("bob")
    command = [sys.executable, "-m", f"{PACKAGE}.gui", "127.0.0.1", str(server.port)]
    with subprocess.Popen(
        [*command, "--nick", "alice"],
        cwd=lab,
        env=os.environ | {"DISPLAY": display},
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        bob.expect("is now alice")  # so the window reads and answers
        program.send_signal(number)
        _, error = program.communicate(timeout=PATIENCE)
        assert (program.returncode, error) == (0, "")
    bob.expect("alice left #general")


CLOSE = """
import sys, threading
from exercise5_chat_channels import gui

class Window(gui.Window):
    def on_people(self, *words):
        super().on_people(*words)
        self.root.destroy()  # as the window manager does

gui.Window = Window
gui.main()
print(threading.enumerate() == [threading.main_thread()])
"""


def test_ends_when_the_window_is_closed(
    gui: Any, lab: Path, display: str, server: Server
) -> None:
    """No thread is left, no traceback is shown."""
    ended = subprocess.run(
        [sys.executable, "-c", CLOSE, "127.0.0.1", str(server.port)],
        cwd=lab,
        env=os.environ | {"DISPLAY": display},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "True\n", "")
