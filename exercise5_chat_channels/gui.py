"""The chat in a Tk window, on the Connection of your client.py. A given file.

Run ``python -m exercise5_chat_channels.gui [HOST] [PORT] [--nick NAME]``. With
``--solution`` the window is built on the solution's Connection.

A window freezes while its thread waits. So Tk's thread waits for nobody: one thread
reads from the network, one writes to it, and queues lie between them and the window.

The number behind a channel counts what came while nobody looked: while another window
had the keyboard, or this one was scrolled up. Only our own channel has one. A server
sends nothing of the others (PROTOCOL.md, "Apart"), and to count there, too, we would
have to sit in each of them under one more nick, for all to see.

When the connection ends, the window connects again by itself. The arrow up brings back
what was typed, and first what the server has refused.

What the window makes of a line, and how it looks, is in gui_parts.py.
"""

import argparse
import queue
import re
import signal
import sys
import threading
import webbrowser
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from math import ceil
from time import monotonic
from typing import Any

from exercise5_chat_channels.client import Connection
from exercise5_chat_channels.terminal import local_time
from exercise5_chat_channels.web import choose_connection, port_number, unfinished

try:
    import tkinter as tk
    from tkinter import ttk
except ImportError:
    sys.exit(
        "error: this Python has no tkinter. Debian, Ubuntu: apt install python3-tk. "
        "Fedora: dnf install python3-tkinter. macOS: the installer of python.org, or "
        "brew install python-tk. Windows: the box 'tcl/tk' in Python's installer"
    )

from exercise5_chat_channels.gui_parts import (  # needs tkinter
    FAINT,
    RED,
    Draft,
    Moves,
    build_field,
    build_side,
    build_transcript,
    choose_looks,
    colour_of,
    fill,
    harmless,
    linked,
    mentions,
    read_line,
    shorten,
)

POLL = 40  # milliseconds between two looks at what has happened
BUSY = 0.02  # seconds that a look may take: a flood must not freeze the window
KEPT_LINES = 5000  # in the transcript
HISTORY = 50  # messages; of more, nobody who joins is told (PROTOCOL.md, promise 2)
PAUSES = (1, 2, 4, 8, 15, 30)  # seconds before the first attempt to connect again, …


class Link:
    """A connection and its two threads, so that Tk's thread need not wait for it.

    Puts (link, "open" | "line" | "gone" | "failed", text) into ``events`` as things
    happen. The text is the line, or the reason why there is no connection.
    """

    def __init__(
        self, connect: Callable[[], Connection], events: "queue.SimpleQueue[Any]"
    ) -> None:
        """Begin to connect."""
        self.events = events
        self.outgoing: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self.connection: Connection | None = None
        self.reader = threading.Thread(target=self.read, args=[connect], daemon=True)
        self.reader.start()

    def read(self, connect: Callable[[], Connection]) -> None:
        """Connect and receive until the connection ends: the work of one thread."""
        writer = threading.Thread(target=self.write, daemon=True)
        end = "failed", "your Connection raised an error, see the terminal"
        try:
            self.connection = connect()
            writer.start()
            self.events.put((self, "open", ""))
            for line in self.connection.lines():
                self.events.put((self, "line", line))
            end = "gone", "the server has closed the connection"
        except (OSError, UnicodeError) as error:  # UnicodeError: a host such as "a..b"
            end = "gone", getattr(error, "strerror", None) or str(error)
        finally:
            self.close()
            self.events.put((self, *end))
            if self.connection:
                writer.join()

    def write(self) -> None:
        """Send what is in the queue, until close(): the work of the other thread."""
        assert self.connection
        with suppress(OSError):  # read() will notice, too, and say so
            while (line := self.outgoing.get()) is not None:
                self.connection.send_line(line)
        self.close()

    def send(self, line: str) -> None:
        """Send a line as soon as the network takes it."""
        self.outgoing.put(line)

    def close(self) -> None:
        """Hang up. Both threads end."""
        self.outgoing.put(None)
        if self.connection:
            with suppress(OSError):
                self.connection.close()


class Window:
    """The window, and what it knows about the chat. All of it runs in Tk's thread."""

    def __init__(
        self,
        root: tk.Tk,
        connection_class: type[Connection],
        host: str,
        port: int,
        nick: str,
    ) -> None:
        """Fill the window and begin to connect. The nick may be empty."""
        self.root, self.host, self.port = root, host, port
        self.connection_class = connection_class
        self.nick, self.channel = nick, ""  # ours, or those that we want to have
        self.shown = ""  # the channel whose messages the transcript shows
        self.day = ""  # of the last message
        self.people: set[str] = set()
        self.channels: list[str] = []  # with their #
        self.unread = self.unread_shown = 0  # messages in our channel
        self.told = 0  # messages of its history
        self.at_end = True  # of the transcript, or has somebody scrolled up?
        self.pending: list[Any] = []  # pieces that the transcript does not show yet
        self.moves = Moves()  # what its last line is about, if it is about any
        self.is_open = self.stopped = False
        self.leaving = False  # by /quit, after which nobody wants to be connected again
        self.failures = 0  # to connect, one after another
        self.reason = ""  # for the last one
        self.again_at: float | None = None  # when to connect by itself
        self.events: queue.SimpleQueue[Any] = queue.SimpleQueue()
        choose_looks(root)
        self.build_sides()
        self.build_middle()
        root.update_idletasks()  # keep the size of now, whatever is shown later:
        root.geometry(f"{root.winfo_reqwidth()}x{root.winfo_reqheight()}")
        self.connect()
        root.after(POLL, self.poll)  # not before main() has seen to the signals

    # What is in the window

    def build_sides(self) -> None:
        """Put the channels on the left and the people on the right."""
        left, _, self.channel_list = build_side(self.root, 0, "Channels")
        right, self.people_title, self.people_list = build_side(self.root, 2, "People")
        self.people_list.bind("<Button-1>", lambda _: "break")  # only to look at
        self.people_list["takefocus"] = False
        self.channel_list.bind("<<ListboxSelect>>", self.on_click)
        # Others may have made channels. Look when somebody goes there to choose one.
        for event in ("<Enter>", "<FocusIn>"):
            self.channel_list.bind(event, lambda _: self.ask("/channels"))
        self.new_name, self.create = build_field(
            left, "New channel", "Create", self.on_create
        )
        self.new_nick, self.rename = build_field(
            right, "Your nick", "Change", self.on_rename
        )

    def build_middle(self) -> None:
        """Put the transcript and the draft in the middle."""
        middle = ttk.Frame(self.root, padding=(0, 12))
        middle.grid(row=0, column=1, sticky="nsew")
        self.build_title(middle)
        self.entry = Draft(middle)
        self.entry.bind("<Return>", self.on_return)
        self.entry.pack(side="bottom", fill="x", pady=(10, 0))
        self.entry.focus()
        self.build_state(middle)
        self.transcript = build_transcript(middle)
        self.transcript.bind("<Configure>", lambda _: self.follow())
        self.transcript.tag_bind("link", "<ButtonRelease-1>", self.on_link)
        self.jump = ttk.Button(self.transcript, cursor="arrow", command=self.on_jump)
        scroll = self.transcript.yview_scroll
        self.entry.bind("<Prior>", lambda _: scroll(-1, "pages"))  # Page Up
        self.entry.bind("<Next>", lambda _: scroll(1, "pages"))

    def build_title(self, middle: ttk.Frame) -> None:
        """Put the names of the channel and of the server above the transcript."""
        line = ttk.Frame(middle)
        line.pack(fill="x", pady=(0, 6))
        server = ttk.Label(line, text=f"{self.host}:{self.port}", foreground=FAINT)
        server.pack(side="right", anchor="s")
        self.title = ttk.Label(line, style="Title.TLabel")
        self.title.pack(side="left")

    def build_state(self, middle: ttk.Frame) -> None:
        """Make the line that says why there is no connection. Else it is not shown."""
        self.bar = ttk.Frame(middle)
        self.again = ttk.Button(self.bar, text="Connect now", command=self.on_again)
        self.again.pack(side="right", padx=(8, 0))
        self.state = ttk.Label(self.bar, foreground=RED, width=1)  # and what is left
        self.state.pack(side="left", fill="x", expand=True)
        self.state.bind(
            "<Configure>", lambda event: self.state.configure(wraplength=event.width)
        )

    def show_state(self, text: str = "") -> None:
        """Say why there is no connection. Without one, nothing can be sent."""
        if text == self.state["text"]:
            return
        self.state["text"] = text
        if text:
            self.bar.pack(side="bottom", fill="x", pady=(10, 0), after=self.entry)
        else:
            self.bar.pack_forget()
        for widget in (self.new_name, self.create, self.new_nick, self.rename):
            widget.state(["disabled" if text else "!disabled"])

    def show_nick(self) -> None:
        """Show our nick in its field."""
        self.new_nick.delete(0, "end")
        self.new_nick.insert(0, self.nick)

    def show_people(self) -> None:
        """Show who is here, and how many."""
        names = sorted(self.people, key=str.casefold)
        self.people_title["text"] = f"People ({len(names)})" if names else "People"
        fill(self.people_list, names, self.nick)

    def show_channels(self) -> None:
        """Show which channels there are, ours marked, and what is unread in it."""
        own = f"#{self.channel}"
        unread = f" ({self.unread})" if self.unread else ""
        names = [name + unread * (name == own) for name in self.channels]
        fill(self.channel_list, names, own + unread)
        self.root.title(f"{unread} {own}".strip())
        self.unread_shown = self.unread

    def show_unread(self) -> None:
        """Count as read what somebody sees, who has the window and its last lines."""
        if self.transcript.winfo_viewable():  # else nobody can have scrolled it
            self.at_end = self.transcript.dlineinfo("end - 1 chars") is not None
        has_keyboard = self.root.focus_displayof() is not None
        if has_keyboard and self.at_end:
            self.unread = 0
        if self.unread != self.unread_shown:
            self.show_channels()
        if self.unread and not self.at_end:
            self.jump["text"] = f"↓ {self.unread} new"
            self.jump.place(relx=0.5, rely=1, y=-10, anchor="s")
        else:
            self.jump.place_forget()

    def show_channel(self, channel: str) -> None:
        """Begin a new transcript if this is another channel than before."""
        if channel != self.shown:
            self.shown, self.day, self.unread, self.told = channel, "", 0, 0
            self.title["text"] = f"#{channel}"
            self.at_end = True
            self.pending.clear()
            self.take_back("1.0")

    def show(self, *pieces: Any) -> None:
        """Let the transcript show one more line, given as text, style, text, style …

        The last style colours the rest of the row.
        """
        self.pending += [*pieces, "\n", pieces[-1]]
        self.moves = Moves()

    def take_back(self, start: str) -> None:
        """Remove what the transcript shows from there on."""
        self.transcript["state"] = "normal"
        self.transcript.delete(start, "end - 1 chars")
        self.transcript["state"] = "disabled"

    def show_move(self, kind: str, nick: str, new: str) -> None:
        """Say who comes, goes, or changes the nick; one line for all in a row."""
        moves = self.moves if self.moves.has_room(kind, nick, new) else Moves()
        if moves.nicks and self.pending:
            del self.pending[-4:]  # the line that this one replaces
        elif moves.nicks:
            self.take_back("end - 2 lines")
        moves.note(kind, nick, new)
        self.show(moves.told(), "notice")
        self.moves = moves

    def show_pending(self) -> None:
        """Add to the transcript, at once, what has come since the last look.

        A flood is quick so: Tk lays out the lines at the end, not each one as it comes.
        """
        if self.pending:
            self.transcript["state"] = "normal"
            self.transcript.insert("end", *self.pending)
            self.transcript.delete("1.0", f"end - {KEPT_LINES + 1} lines")
            self.transcript["state"] = "disabled"
            self.pending.clear()
            self.follow()

    def follow(self) -> None:
        """Show the last line, unless somebody reads further up."""
        if self.at_end:
            self.transcript.see("end")

    # What the user does

    def connect(self) -> None:
        """Connect, at first and again."""
        self.asked = Counter[str]()  # by the window itself, and not yet answered
        self.entry.unanswered.clear()
        self.greeted = self.leaving = False
        self.again_at = None
        self.show_state(f"Connecting to {self.host}:{self.port} …")
        connect = partial(self.connection_class, self.host, self.port)
        self.link = Link(connect, self.events)

    def ask(self, *questions: str) -> None:
        """Ask the server what the window needs to know, unseen by the user."""
        for question in questions:
            self.asked[question] += 1
            self.link.send(question)

    def say(self, line: str) -> None:
        """Send a line of the user's. If it is refused, the arrow up brings it back."""
        self.link.send(line)
        self.leaving = line in ("/quit", "/quitter")
        self.entry.await_answer(line)

    def on_return(self, _: object) -> str:
        """Say what was typed, each line by itself. Without a connection, keep it."""
        if self.is_open:
            for line in self.entry.take():
                self.entry.remember(line)
                self.say(line)
            self.on_jump()
        return "break"  # Return does not begin a new line

    def on_jump(self) -> None:
        """Go to the end of the transcript."""
        self.transcript.see("end")
        self.entry.focus()

    def on_link(self, event: Any) -> None:
        """Open a link in the browser, if it was clicked and not only marked.

        In a thread: some browsers, such as those in a terminal, are waited for.
        """
        where = f"@{event.x},{event.y} + 1 chars"
        link = self.transcript.tag_prevrange("link", where)
        if link and not self.transcript.tag_ranges("sel"):
            url = self.transcript.get(*link)
            threading.Thread(target=webbrowser.open, args=[url], daemon=True).start()

    def on_again(self) -> None:
        """Connect now, whatever the last attempt is about."""
        self.link.close()
        self.connect()
        self.entry.focus()

    def on_click(self, _: object) -> None:
        """Join a channel. The mark follows when the server says that we are there."""
        for index, name in enumerate(self.channels):
            clicked = self.channel_list.selection_includes(index)
            if clicked and name != f"#{self.channel}":
                self.say(f"/join {name}")
        self.show_channels()

    def on_create(self, _: object = None) -> None:
        """Create the channel whose name was typed."""
        self.say(f"/create {self.new_name.get().strip()}")
        self.new_name.delete(0, "end")
        self.entry.focus()

    def on_rename(self, _: object = None) -> None:
        """Ask for the nick that was typed. The field shows the one that we have."""
        self.say(f"/nick {self.new_nick.get().strip()}")
        self.show_nick()
        self.entry.focus()

    def stop(self, *_: object) -> None:
        """End soon. For signals, whose handlers must leave Tk alone."""
        self.stopped = True

    # What the network does

    def poll(self) -> None:
        """Look what has happened, every now and then, and show it."""
        self.root.after(POLL, self.poll)
        self.show_unread()
        if self.stopped:
            self.root.quit()
        self.connect_by_itself()
        self.take_events()
        self.show_pending()

    def connect_by_itself(self) -> None:
        """Connect when the pause is over; until then, count its seconds."""
        if self.again_at and monotonic() >= self.again_at:
            self.connect()
        elif self.again_at:
            seconds = ceil(self.again_at - monotonic())
            self.show_state(f"{self.reason}. Connecting again in {seconds} s")

    def take_events(self) -> None:
        """Do what belongs to what has happened; the next look does the rest."""
        enough = monotonic() + BUSY
        with suppress(queue.Empty):
            while monotonic() < enough:
                link, event, text = self.events.get_nowait()
                if link is self.link:
                    getattr(self, f"on_{event}")(text)

    def on_open(self, _: str) -> None:
        """Begin anew: the server sends again what the transcript has shown."""
        self.shown, self.is_open = "", True
        self.show_state()

    def on_failed(self, reason: str) -> None:
        """Say that there is no connection. The transcript says it once."""
        reason = f"Not connected: {reason}"
        self.show_state(reason)
        if not self.failures:
            self.show(reason, "refused")
        self.is_open, self.reason = False, reason
        self.people.clear()
        self.show_people()

    def on_gone(self, reason: str) -> None:
        """Say so, and wait before the next attempt: longer each time."""
        self.on_failed(reason)
        if not self.leaving:
            pause = PAUSES[min(self.failures, len(PAUSES) - 1)]
            self.again_at = monotonic() + pause
            self.failures += 1

    def on_line(self, line: str) -> None:
        """Do what a line of the server says. Show it, if not the window had asked."""
        line = harmless(line)
        kind, words = read_line(line)
        if method := getattr(self, f"on_{kind}", None):  # as http.server finds do_GET
            method(*words)
        question = {"channels": "/channels", "people": "/who"}.get(kind, "")
        if self.asked[question]:
            self.asked[question] -= 1
        elif kind in Moves.KINDS:
            self.show_move(kind, *words)
        elif kind != "said":
            style = "refused" if kind == "refused" else "notice"
            self.show(shorten(re.sub("^[*!] ", "", line)), style)

    def on_said(self, when: str, channel: str, nick: str, text: str) -> None:
        """Show a message. A history comes before the notice that we are there."""
        self.show_channel(channel)
        day, time = local_time(when)
        if day != self.day:
            self.day = day
            self.show(day, "day")
        is_own = nick == self.nick
        is_history = not self.greeted or channel != self.channel
        mark = "own" if is_own else "mention" if mentions(text, self.nick) else "said"
        head = f"{time}\t", ("time", mark), f"{nick}  ", (colour_of(nick), mark)
        self.show(*head, *linked(shorten(text), mark))
        self.told += is_history
        self.unread += not is_own and not is_history
        if is_own and not is_history:
            self.entry.answered(text, f"/{text}")

    def on_refused(self, _: str) -> None:
        """Let the arrow up bring back first what the server has refused."""
        if line := self.entry.answered(""):
            self.entry.remember(line)

    def on_you(self, nick: str, channel: str) -> None:
        """Take the nick and the channel that the server gives us."""
        self.show_channel(channel)
        if self.told >= HISTORY:
            self.show(f"These are the last {self.told} messages, not all.", "notice")
        self.told = 0
        self.entry.answered("/nick ", "/join ", "/create ")
        if not self.greeted:  # just connected: ask for those that we had
            if self.nick not in ("", nick):
                self.say(f"/nick {self.nick}")
            if self.channel not in ("", channel):
                self.say(f"/join {self.channel}")
        self.greeted, self.failures = True, 0
        self.nick, self.channel = nick, channel
        self.show_nick()
        self.show_channels()
        self.ask("/channels", "/who")

    def on_joined(self, nick: str, _: str) -> None:
        """Add somebody."""
        self.people.add(nick)
        self.show_people()

    def on_left(self, nick: str, _: str) -> None:
        """Remove somebody, who may have gone to a channel just made."""
        self.people.discard(nick)
        self.show_people()
        self.ask("/channels")

    def on_renamed(self, old: str, new: str) -> None:
        """Replace a nick."""
        self.people.discard(old)
        self.on_joined(new, self.channel)

    def on_channels(self, names: str) -> None:
        """Show which channels there are."""
        self.channels = names.split()
        self.show_channels()

    def on_people(self, channel: str, names: str) -> None:
        """Show who is here."""
        self.people = set(names.split())
        self.show_people()


# The program


def parse_arguments() -> argparse.Namespace:
    """Read HOST, PORT and the nick from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("host", nargs="?", default="127.0.0.1")
    parser.add_argument("port", nargs="?", default=8080, type=port_number)
    parser.add_argument("--nick", metavar="NAME", default="")
    what = "build the window on the solution's Connection, not on yours"
    parser.add_argument("--solution", action="store_true", help=what)
    return parser.parse_args()


def open_root() -> tk.Tk:
    """Return an empty window, or end with status 1 where there is no screen."""
    try:
        return tk.Tk(className="Chat")
    except tk.TclError as error:
        reason = str(error).splitlines()[0]
        sys.exit(
            f"error: cannot open a window: {reason}. Run this on a desktop, or over "
            "ssh -X; without a screen use exercise5_chat_channels.client"
        )


def main() -> None:
    """Show the window until it is closed, or until Ctrl+C."""
    arguments = parse_arguments()
    connection_class = choose_connection(arguments.solution)
    if missing := unfinished(connection_class):
        sys.exit(f"error: {missing}")
    root = open_root()
    server = arguments.host, arguments.port
    window = Window(root, connection_class, *server, arguments.nick)
    signal.signal(signal.SIGINT, window.stop)
    signal.signal(signal.SIGTERM, window.stop)
    root.mainloop()
    window.link.close()
    window.link.reader.join(timeout=1)  # or not, if it still waits to be connected


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):  # before the window is there
        main()
