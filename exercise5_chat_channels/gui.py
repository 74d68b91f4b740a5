"""The chat in a Tk window, on the Connection of your client.py. A given file.

Run ``python -m exercise5_chat_channels.gui [HOST] [PORT] [--nick NAME]``. With
``--solution`` the window is built on the solution's Connection.

A window freezes while its thread waits. So Tk's thread waits for nobody: one thread
reads from the network, one writes to it, and queues lie between them and the window.

The number behind a channel counts what came while nobody looked: while another window
had the keyboard, or this one was scrolled up. Only our own channel has one. A server
sends nothing of the others (PROTOCOL.md, "Apart"), and to count there, too, we would
have to sit in each of them under one more nick, for all to see.
"""

import argparse
import queue
import re
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from functools import partial
from time import monotonic
from typing import Any
from zlib import crc32

from exercise5_chat_channels.client import Connection
from exercise5_chat_channels.web import choose_connection, port_number, unfinished

try:
    import tkinter as tk
    from tkinter import font, ttk
except ImportError:
    sys.exit(
        "error: this Python has no tkinter. Debian, Ubuntu: apt install python3-tk. "
        "Fedora: dnf install python3-tkinter. macOS: the installer of python.org, or "
        "brew install python-tk. Windows: the box 'tcl/tk' in Python's installer"
    )

POLL = 40  # milliseconds between two looks at what has happened
BUSY = 0.02  # seconds that a look may take: a flood must not freeze the window
KEPT_LINES = 5000  # in the transcript
HISTORY = 50  # messages; of more, nobody who joins is told (PROTOCOL.md, promise 2)
SHOWN_CHARACTERS = 4000  # of a line; Tk takes minutes for a megabyte

# Each text has a contrast of 4.5 to 1 and more to what is behind it, each edge of 3 to
# 1: WCAG 2.2, success criteria 1.4.3 and 1.4.11.
PAPER, GROUND, EDGE, PALE = "#ffffff", "#f3f3f0", "#8a8a80", "#dbe7f7"
INK, FAINT, RED, FOCUS = "#24292f", "#63635b", "#b3261e", "#2a6cb8"
NICK_COLOURS = ("#1f5fbf", "#a33c00", "#1a7a3e", "#8430a8", "#ad1f5b", "#00727a")

# PROTOCOL.md, "What the server sends": the kinds of lines, and the words that vary.
KINDS = {
    "said": r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) #(\S+) <(\S+)> (.*)",
    "you": r"\* you are (\S+) in #(\S+).*",
    "joined": r"\* (\S+) joined #(\S+)",
    "left": r"\* (\S+) left #(\S+)",
    "renamed": r"\* (\S+) is now (\S+)",
    "channels": r"\* channels:(.*)",
    "people": r"\* people in #(\S+):(.*)",
    "refused": r"! (.*)",
}
# Control characters, line separators, changes of direction, halves of characters.
HARMFUL = r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"


def read_line(line: str) -> tuple[str, tuple[str, ...]]:
    """Return the kind of a line of the server, and the words that vary in it.

    Any line that is not of those kinds is a "notice", without words.
    """
    for kind, pattern in KINDS.items():
        if match := re.fullmatch(pattern, line):
            return kind, match.groups()
    return "notice", ()


def harmless(text: str) -> str:
    r"""Replace each character that can do harm on a screen by its escape, as \x1b."""
    return re.sub(HARMFUL, lambda match: ascii(match[0])[1:-1], text)


def shorten(text: str) -> str:
    """Cut a text that is longer than any that the protocol allows to be said."""
    more = len(text) > SHOWN_CHARACTERS
    return text[:SHOWN_CHARACTERS] + " …" if more else text


def local_time(when: str) -> tuple[str, str]:
    """Return the day and the time that a clock here shows at that UTC time."""
    try:
        utc = datetime.strptime(when, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
        local = utc.astimezone()
    except (ValueError, OverflowError, OSError):  # the 31st of February, the year 1
        return "", when
    return f"{local:%A} {local.day} {local:%B %Y}", f"{local:%H:%M}"


class Link:
    """A connection and its two threads, so that Tk's thread need not wait for it.

    Puts (link, "open" | "line" | "gone", text) into ``events`` as things happen. The
    text is the line, or the reason why the connection is gone.
    """

    def __init__(
        self, connect: Callable[[], Connection], events: "queue.SimpleQueue[Any]"
    ) -> None:
        """Begin to connect."""
        self.events = events
        self.outgoing: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self.connection: Connection | None = None
        threading.Thread(target=self.read, args=[connect], daemon=True).start()

    def read(self, connect: Callable[[], Connection]) -> None:
        """Connect and receive until the connection ends: the work of one thread."""
        reason = "your Connection raised an error, see the terminal"
        try:
            self.connection = connect()
            threading.Thread(target=self.write, daemon=True).start()
            self.events.put((self, "open", ""))
            for line in self.connection.lines():
                self.events.put((self, "line", line))
            reason = "the server has closed the connection"
        except (OSError, UnicodeError) as error:  # UnicodeError: a host such as "a..b"
            reason = getattr(error, "strerror", None) or str(error)
        finally:
            self.close()
            self.events.put((self, "gone", reason))

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
        self.pending: list[str] = []  # pieces that the transcript does not show yet
        self.stopped = False
        self.events: queue.SimpleQueue[Any] = queue.SimpleQueue()
        choose_looks(root)
        self.build_sides()
        self.build_middle()
        self.build_bottom()
        self.connect()
        root.after(POLL, self.poll)  # not before main() has seen to the signals

    # What is in the window

    def build_sides(self) -> None:
        """Put the channels on the left and the people on the right."""
        left, _, self.channel_list = build_side(self.root, 0, "Channels")
        _, self.people_title, self.people_list = build_side(self.root, 2, "People")
        self.people_list.bind("<Button-1>", lambda _: "break")  # only to look at
        self.people_list["takefocus"] = False
        self.channel_list.bind("<<ListboxSelect>>", self.on_click)
        # Others may have made channels. Look when somebody goes there to choose one.
        for event in ("<Enter>", "<FocusIn>"):
            self.channel_list.bind(event, lambda _: self.ask("/channels"))
        self.new_name = ttk.Entry(left, width=1)
        self.new_name.bind("<Return>", self.on_create)
        self.new_name.pack(fill="x", pady=(8, 6))
        self.create = ttk.Button(left, text="New channel", command=self.on_create)
        self.create.pack(fill="x")

    def build_middle(self) -> None:
        """Put the transcript and the line to type in the middle."""
        middle = ttk.Frame(self.root, padding=(0, 12))
        middle.grid(row=0, column=1, sticky="nsew")
        self.title = ttk.Label(middle, style="Title.TLabel")
        self.title.pack(anchor="w", pady=(0, 6))
        self.entry = ttk.Entry(middle, font="TkDefaultFont")
        self.entry.bind("<Return>", self.on_return)
        self.entry.pack(side="bottom", fill="x", pady=(10, 0), ipady=3)
        self.transcript = build_transcript(middle)
        self.transcript.bind("<Configure>", lambda _: self.follow())
        scroll = self.transcript.yview_scroll
        self.entry.bind("<Prior>", lambda _: scroll(-1, "pages"))  # Page Up
        self.entry.bind("<Next>", lambda _: scroll(1, "pages"))

    def build_bottom(self) -> None:
        """Put the state of the connection below everything."""
        bottom = ttk.Frame(self.root, padding=(14, 0, 14, 8), height=44)
        bottom.grid(row=1, columnspan=3, sticky="ew")
        bottom.pack_propagate(False)  # the same height with and without the button
        self.again = ttk.Button(bottom, text="Connect again", command=self.connect)
        self.state = ttk.Label(bottom)
        self.state.pack(side="left")

    def show_state(self, text: str, connected: bool) -> None:
        """Tell the state of the connection. Without one, nothing can be typed."""
        self.state.configure(text=text, foreground=FAINT if connected else RED)
        for widget in (self.entry, self.new_name, self.create):
            widget.state(["!disabled" if connected else "disabled"])

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
        self.at_end = self.transcript.yview()[1] == 1.0
        has_keyboard = self.root.focus_displayof() is not None
        if has_keyboard and self.at_end:
            self.unread = 0
        if self.unread != self.unread_shown:
            self.show_channels()

    def show_channel(self, channel: str) -> None:
        """Begin a new transcript if this is another channel than before."""
        if channel != self.shown:
            self.shown, self.day, self.unread, self.told = channel, "", 0, 0
            self.title["text"] = f"#{channel}"
            self.pending.clear()
            self.transcript["state"] = "normal"
            self.transcript.delete("1.0", "end")
            self.transcript["state"] = "disabled"

    def show(self, *pieces: str) -> None:
        """Let the transcript show one more line, given as text, style, text, style …"""
        self.pending += [*pieces, "\n", ""]

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
        self.greeted = False
        self.again.pack_forget()
        self.show_state(f"Connecting to {self.host}:{self.port} …", connected=False)
        connect = partial(self.connection_class, self.host, self.port)
        self.link = Link(connect, self.events)

    def ask(self, *questions: str) -> None:
        """Ask the server what the window needs to know, unseen by the user."""
        for question in questions:
            self.asked[question] += 1
            self.link.send(question)

    def on_return(self, _: object) -> None:
        """Say what was typed. What was pasted as several lines is several messages."""
        for line in self.entry.get().splitlines():
            self.link.send(line.encode(errors="replace").decode())
        self.entry.delete(0, "end")

    def on_click(self, _: object) -> None:
        """Join a channel. The mark follows when the server says that we are there."""
        for index, name in enumerate(self.channels):
            clicked = self.channel_list.selection_includes(index)
            if clicked and name != f"#{self.channel}":
                self.link.send(f"/join {name}")
        self.show_channels()

    def on_create(self, _: object = None) -> None:
        """Create the channel whose name was typed."""
        self.link.send(f"/create {self.new_name.get().strip()}")
        self.new_name.delete(0, "end")
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
        self.take_events()
        self.show_pending()

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
        self.shown = ""
        self.show_state(f"Connected to {self.host}:{self.port}", connected=True)
        self.entry.focus()

    def on_gone(self, reason: str) -> None:
        """Say so, and offer to connect again."""
        self.show_state(f"Not connected: {reason}", connected=False)
        self.show(f"Not connected: {reason}", "refused")
        self.people.clear()
        self.show_people()
        self.again.pack(side="right")
        self.again.focus()

    def on_line(self, line: str) -> None:
        """Do what a line of the server says. Show it, if not the window had asked."""
        line = harmless(line)
        kind, words = read_line(line)
        if method := getattr(self, f"on_{kind}", None):  # as http.server finds do_GET
            method(*words)
        question = {"channels": "/channels", "people": "/who"}.get(kind, "")
        if self.asked[question]:
            self.asked[question] -= 1
        elif kind != "said":
            self.show(shorten(re.sub("^[*!] ", "", line)), kind)

    def on_said(self, when: str, channel: str, nick: str, text: str) -> None:
        """Show a message. A history comes before the notice that we are there."""
        self.show_channel(channel)
        day, time = local_time(when)
        if day != self.day:
            self.day = day
            self.show(day, "day")
        colour = NICK_COLOURS[crc32(nick.encode()) % len(NICK_COLOURS)]
        self.show(f"{time}\t", "time", f"{nick}  ", colour, shorten(text), "said")
        is_history = not self.greeted or channel != self.channel
        self.told += is_history
        self.unread += nick != self.nick and not is_history

    def on_you(self, nick: str, channel: str) -> None:
        """Take the nick and the channel that the server gives us."""
        self.show_channel(channel)
        if self.told >= HISTORY:
            self.show(f"These are the last {self.told} messages, not all.", "notice")
        self.told = 0
        if not self.greeted:  # just connected: ask for those that we had
            if self.nick not in ("", nick):
                self.link.send(f"/nick {self.nick}")
            if self.channel not in ("", channel):
                self.link.send(f"/join {self.channel}")
        self.greeted = True
        self.nick, self.channel = nick, channel
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


# How it looks


def choose_looks(root: tk.Tk) -> None:
    """Choose colours, fonts and distances for the whole window."""
    root.configure(background=GROUND)
    root.minsize(600, 320)
    root.rowconfigure(0, weight=1)
    root.columnconfigure((0, 2), weight=1, minsize=150)
    root.columnconfigure(1, weight=3)
    root.bind_class("TButton", "<Return>", "%W invoke")  # not only the space bar
    # Tk's own fonts are the system's, and borrow from its others, emoji among them.
    for name in ("TkDefaultFont", "TkTextFont"):
        font.nametofont(name).configure(size=11)
    style = ttk.Style(root)
    style.theme_use("clam")  # the one that looks alike on all systems
    style.configure(".", background=GROUND, foreground=INK, bordercolor=EDGE)
    style.configure(".", lightcolor=GROUND, darkcolor=GROUND, troughcolor=GROUND)
    style.configure("Title.TLabel", font=("TkDefaultFont", 13, "bold"))
    style.configure("TEntry", padding=5)
    style.map("TEntry", bordercolor=[("focus", FOCUS)])
    style.map("TButton", bordercolor=[("focus", FOCUS)])


def build_side(
    root: tk.Tk, column: int, text: str
) -> tuple[ttk.Frame, ttk.Label, tk.Listbox]:
    """Put a list with a title on one side of the window."""
    frame = ttk.Frame(root, padding=(14, 16, 14, 12))
    frame.grid(row=0, column=column, sticky="nsew")
    title = ttk.Label(frame, text=text, foreground=FAINT)
    title.pack(anchor="w", pady=(0, 8))
    names = tk.Listbox(frame, width=17, height=1, activestyle="none")
    names.configure(background=GROUND, foreground=INK, bd=0, exportselection=False)
    names.configure(selectbackground=PALE, selectforeground=INK)
    names.configure(highlightbackground=GROUND, highlightcolor=FOCUS)
    names.pack(fill="both", expand=True)
    return frame, title, names


def build_transcript(parent: ttk.Frame) -> tk.Text:
    """Put a scrolling text in its place, and name the styles that lines can have."""
    usual = font.nametofont("TkDefaultFont")
    bold = (usual.cget("family"), usual.cget("size"), "bold")
    indent = usual.measure("00:00   ")
    text = tk.Text(parent, width=62, height=22, wrap="word", state="disabled")
    text.configure(font=usual, background=PAPER, foreground=INK, bd=0)
    text.configure(padx=10, pady=8, spacing3=4, tabs=indent)
    bar = ttk.Scrollbar(parent, command=text.yview)
    text.configure(yscrollcommand=bar.set)
    bar.pack(side="right", fill="y")
    text.pack(fill="both", expand=True)
    for kind in ("notice", "you", "joined", "left", "renamed", "channels", "people"):
        text.tag_configure(kind, foreground=FAINT, lmargin1=indent, lmargin2=indent)
    for colour in NICK_COLOURS:
        text.tag_configure(colour, foreground=colour, font=bold)
    text.tag_configure("refused", foreground=RED, lmargin1=indent, lmargin2=indent)
    text.tag_configure("day", foreground=FAINT, justify="center", spacing1=6)
    text.tag_configure("time", foreground=FAINT)
    text.tag_configure("said", lmargin2=indent)
    return text


def fill(widget: tk.Listbox, names: Sequence[str], marked: str) -> None:
    """Show these names in a list, one of them marked, and stay where it is scrolled."""
    top, _ = widget.yview()
    widget.delete(0, "end")
    widget.insert("end", *names)
    widget.yview_moveto(top)
    if marked in names:
        widget.selection_set(names.index(marked))
        widget.activate(names.index(marked))  # the arrow keys go on from there


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
    for thread in threading.enumerate():
        if thread is not threading.main_thread():
            thread.join(timeout=1)  # or not, if it still waits to be connected


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):  # before the window is there
        main()
