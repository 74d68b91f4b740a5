"""Exercise 5's given window as its tests see it: by its widgets, on a virtual display.

The window is the given one, the Connection that it uses is the solution's, and so is
the server. Test modules make their fixtures of gui_module(), parts_module(),
running_server(), peers_of(), users_of() and listening_socket().
"""

import atexit
import gc
import importlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from tests.harness.lab import Lab
from tests.own import peers

PACKAGE = "exercise5_chat_channels"
Connect = Callable[[str, int], object]  # such as the class Connection
PATIENCE = 30.0  # seconds, spent only when a test fails


def gui_module() -> Any:
    """Return the module gui.py, which needs tkinter."""
    peers.package("tkinter")
    return importlib.import_module(f"{PACKAGE}.gui")


def parts_module() -> Any:
    """Return the module gui_parts.py, which needs tkinter, too."""
    peers.package("tkinter")
    return importlib.import_module(f"{PACKAGE}.gui_parts")


@cache
def display() -> str:
    """Return the name, such as ":99", of a virtual display for all tests of the run."""
    screen = subprocess.Popen(
        [peers.program("Xvfb"), "-displayfd", "1", "-screen", "0", "1280x900x24"]
        + ["-nolisten", "tcp"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    atexit.register(screen.kill)
    assert screen.stdout
    number = screen.stdout.readline()  # comes when it takes connections, Xserver(1)
    assert number, "Xvfb did not start"
    return f":{int(number)}"


class Server:
    """The solution's server as a process, which can be ended and started again."""

    def __init__(self, lab: Lab) -> None:
        """Start it on a free port, with a history in the test's folder."""
        self.lab, self.history, self.port = lab, lab.folder / "chat.db", 0
        self.start()

    def start(self) -> None:
        """Start it, on the same port as before."""
        address = "127.0.0.1", str(self.port)
        command = [sys.executable, "-m", f"{PACKAGE}.server", *address]
        command += ["--history", str(self.history)]
        self.process = subprocess.Popen(
            command, cwd=self.lab.submission.folder, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line.startswith("Listening on "), line
        self.port = int(line.rpartition(":")[2])

    def kill(self) -> None:
        """End it at once, without a word to the clients."""
        self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


def running_server(lab: Lab) -> Iterator[Server]:
    """Return a server that runs."""
    started = Server(lab)
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


Peers = Callable[[str], Peer]


def peers_of(server: Server) -> Iterator[Peers]:
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

    def __init__(self, gui: Any, connection: Connect, port: int, nick: str) -> None:
        """Open a window."""
        self.threads_before = set(threading.enumerate())
        self.root = gui.open_root()
        self.window = gui.Window(self.root, connection, "127.0.0.1", port, nick)
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
        self.press(widget, "<Return>")

    def say(self, line: str) -> None:
        """Type a line into the entry and press Return."""
        self.window.entry.insert("end", line)
        self.press_return(self.window.entry)
        assert self.window.entry.typed() == ""

    def press(self, widget: Any, keys: str) -> None:
        """Press a key, such as <Up>, in a widget that gets the keyboard first."""
        widget.focus_force()
        self.wait(lambda: self.root.focus_displayof() is widget)
        widget.event_generate(keys)

    def paste(self, text: str) -> None:
        """Paste a text into the entry."""
        self.root.clipboard_clear()
        self.root.clipboard_append(text)
        self.window.entry.event_generate("<<Paste>>")

    def styles(self, text: str) -> set[str]:
        """Return the styles of the first place where the transcript shows a text."""
        where = self.window.transcript.search(text, "1.0")
        return set(self.window.transcript.tag_names(where))

    def click_text(self, text: str) -> None:
        """Click on the first letter of a text in the transcript with the mouse."""
        self.drag_text(text, 0)

    def drag_text(self, text: str, right: int) -> None:
        """Press the mouse button there, let it go that many pixels to the right."""
        transcript = self.window.transcript
        transcript.update_idletasks()
        x, y, width, height = transcript.bbox(transcript.search(text, "1.0"))
        x, y = x + width // 2, y + height // 2
        transcript.event_generate("<Motion>", x=x, y=y)
        transcript.event_generate("<Button-1>", x=x, y=y)
        if right:
            transcript.event_generate("<B1-Motion>", x=x + right, y=y)
        transcript.event_generate("<ButtonRelease-1>", x=x + right, y=y)

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
        self.root.update()  # the widgets follow

    def look(self) -> None:
        """Turn to the window: it gets the keyboard."""
        self.root.focus_force()
        self.wait(lambda: self.root.focus_displayof() is not None)

    def close(self) -> None:
        """Close the window."""
        self.window.link.close()
        self.join_threads()
        self.root.destroy()
        self.window = self.root = None

    def join_threads(self) -> None:
        """Wait until no thread is left that was not there before the window."""
        for thread in set(threading.enumerate()) - self.threads_before:
            if thread.is_alive():  # or a writer that begins: its reader waits for it
                thread.join(PATIENCE)
        left = set(threading.enumerate()) - self.threads_before
        assert not left, left


Users = Callable[..., User]


def users_of(gui: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Users]:
    """Return a function that opens a window on the server at a port."""
    monkeypatch.setenv("DISPLAY", display())
    users: list[User] = []

    def open_window(
        port: int, nick: str = "alice", connection: Connect | None = None
    ) -> User:
        connection = connection or gui.choose_connection(solution=True)
        users.append(User(gui, connection, port, nick))
        return users[-1]

    yield open_window
    for each in users:
        each.close()
    # What belongs to Tk must be freed in Tk's thread, not in the next test's reader.
    gc.collect()


def scroll_up(user: User) -> None:
    """Fill the transcript, and look at its beginning."""
    for number in range(60):
        user.window.show(f"line {number}", "notice")
    user.window.show_pending()
    user.root.update_idletasks()
    user.window.transcript.yview_moveto(0.0)


def listening_socket() -> Iterator[socket.socket]:
    """Return a listening socket, for a server that the test itself is."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(PATIENCE)
        yield listening
