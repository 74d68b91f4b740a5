"""The parts of the window in gui.py: what it makes of a line, and how it looks.

A given file.
"""

import re
import tkinter as tk
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from tkinter import font, ttk
from zlib import crc32

from exercise5_chat_channels.names import name_key

SHOWN_CHARACTERS = 4000  # of a line; Tk takes minutes for a megabyte
TYPED_CHARACTERS = 100_000  # that the draft holds, for the same reason
TYPED_ROWS = 5  # of the draft on the screen
REMEMBERED = 50  # lines that the arrow up brings back

# Each text has a contrast of 4.5 to 1 and more to what is behind it, each edge of 3 to
# 1: WCAG 2.2, success criteria 1.4.3 and 1.4.11.
PAPER, GROUND, EDGE, PALE = "#ffffff", "#f3f3f0", "#8a8a80", "#dbe7f7"
INK, FAINT, RED, FOCUS = "#24292f", "#63635b", "#b3261e", "#2a6cb8"
OWN, MENTION = "#e8f0fa", "#fff1b8"
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
# No full stop or comma at the end: it is the sentence's. Parentheses come in pairs.
LINK = re.compile(
    r"\b(https?://(?:[^\s<>\"()]|\([^\s<>\"()]*\))*"
    r"(?:[^\s<>\"().,:;!?'\]]|\([^\s<>\"()]*\)))",
    re.IGNORECASE,
)
# Control characters, line separators, changes of direction, halves of characters.
HARMFUL = (
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


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


def linked(text: str, *styles: str) -> Iterator[str | tuple[str, ...]]:
    """Yield text, styles, text, styles …, with the style "link" added to the links."""
    for number, piece in enumerate(LINK.split(text)):
        yield piece
        yield ("link", *styles) if number % 2 else styles


def mentions(text: str, nick: str) -> bool:
    """Return whether the text has the nick as a word, in whatever case."""
    words = "".join(letter if in_name(letter) else " " for letter in text)
    return name_key(nick) in name_key(words).split()


def in_name(letter: str) -> bool:
    """Return whether a name may hold this: a letter, a mark, a number, - or _."""
    return letter in "-_" or unicodedata.category(letter)[0] in "LMN"


class Moves:
    """People who come, go, or change the nick, one after another: told in one line."""

    KINDS = ("joined", "left", "renamed")
    ROOM = 20  # nicks

    def __init__(self) -> None:
        """Begin with nobody."""
        self.nicks: dict[str, tuple[str, bool]] = {}  # the first nick or "", is here?

    def has_room(self, kind: str, nick: str, new: str) -> bool:
        """Return whether one more can be told of."""
        taken = kind == "renamed" and new in self.nicks
        return not taken and (len(self.nicks) < self.ROOM or nick in self.nicks)

    def note(self, kind: str, nick: str, new: str) -> None:
        """Add what a line says. Anyone who was not here before has no first nick."""
        first, _ = self.nicks.pop(nick, ("" if kind == "joined" else nick, True))
        self.nicks[new if kind == "renamed" else nick] = first, kind != "left"

    def told(self) -> str:
        """Return the line: what has changed from first to last."""
        nicks = defaultdict(list)  # by what they did
        for nick, (first, is_here) in self.nicks.items():
            if not first:
                nicks["joined" if is_here else "joined and left"].append(nick)
            elif not is_here:
                nicks["left"].append(first)
            else:
                nicks["is back" if nick == first else f"is now {nick}"].append(first)
        return " · ".join(f"{', '.join(who)} {what}" for what, who in nicks.items())


class Draft(tk.Text):
    """The lines that somebody types or pastes, and those that were sent before."""

    def __init__(self, parent: ttk.Frame) -> None:
        """Be one row high, and as many as it needs once there is more text."""
        super().__init__(parent, height=1, width=1, wrap="word", font="TkDefaultFont")
        self.configure(background=PAPER, foreground=INK, bd=0, padx=6, pady=6)
        self.configure(highlightbackground=EDGE, highlightcolor=FOCUS)
        self.configure(highlightthickness=1, insertbackground=INK)
        self.sent: list[str] = []  # the last one is the first that comes back
        self.unanswered: list[str] = []  # the first one is what a refusal is for
        self.back = 0  # how many lines back in sent this is, or 0: none of them
        self.new = ""  # what was typed before the arrow up
        self.bind("<<Modified>>", self.fit)
        self.bind("<Configure>", self.fit)
        self.bind("<Up>", lambda _: self.recall(1, "1.0", "insert"))
        self.bind("<Down>", lambda _: self.recall(-1, "insert", "end - 1 chars"))

    def fit(self, _: object) -> None:
        """Show all rows, or a few of many. Keep only a part of far too much text."""
        self.edit_modified(False)
        if len(self.typed()) > TYPED_CHARACTERS:
            self.bell()
            self.delete(f"1.0 + {TYPED_CHARACTERS} chars", "end - 1 chars")
        self["height"] = min(self.rows("1.0", "end"), TYPED_ROWS)

    def rows(self, start: str, end: str) -> int:
        """Count the ends of rows between two places. A long line has several."""
        count = self.tk.call(self, "count", "-update", "-displaylines", start, end)
        return int(count)

    def typed(self) -> str:
        """Return the whole text."""
        return self.get("1.0", "end - 1 chars")  # without the last end, which is Tk's

    def put(self, text: str) -> None:
        """Have this text instead of any other."""
        self.delete("1.0", "end")
        self.insert("1.0", text)

    def take(self) -> list[str]:
        """Take out what was typed. What was pasted as several lines is several."""
        lines = re.split("\r\n|\r|\n", self.typed())
        self.put("")
        self.back = 0
        return [line.encode(errors="replace").decode() for line in lines if line]

    def recall(self, step: int, start: str, end: str) -> str | None:
        """Bring back what was sent before, or after, when no row is in the way."""
        if self.rows(start, end):
            return None  # the cursor moves there, as in any text
        if not self.back:
            self.new = self.typed()
        self.back = min(max(self.back + step, 0), len(self.sent))
        self.put(self.sent[-self.back] if self.back else self.new)
        return "break"

    def await_answer(self, line: str) -> None:
        """Know, of a line that goes to the server, that it may be refused."""
        if line not in ("/who", "/channels", "/help"):  # these never are
            self.unanswered = [*self.unanswered, line][-REMEMBERED:]

    def remember(self, line: str) -> None:
        """Make this the line that comes back first."""
        kept = [other for other in self.sent if other != line]
        self.sent = [*kept, line][-REMEMBERED:]

    def answered(self, *beginnings: str) -> str:
        """Return the line that an answer is for. Answers come in the lines' order."""
        for number, line in enumerate(self.unanswered):
            if harmless(line).startswith(beginnings):
                del self.unanswered[: number + 1]
                return line
        return ""


# How it looks


def colour_of(nick: str) -> str:
    """Return a nick's colour, which is the same in every window."""
    return NICK_COLOURS[crc32(nick.encode()) % len(NICK_COLOURS)]


def choose_looks(root: tk.Tk) -> None:
    """Choose colours, fonts and distances for the whole window."""
    root.configure(background=GROUND)
    root.minsize(660, 400)
    root.rowconfigure(0, weight=1)
    root.columnconfigure((0, 2), weight=1, minsize=185)
    root.columnconfigure(1, weight=3)
    root.bind_class("TButton", "<Return>", "%W invoke")  # not only the space bar
    for keys in ("<Tab>", "<Shift-Tab>"):  # go to the next widget, as everywhere else
        root.bind_class("Text", keys, "# by the binding for all classes")
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
    frame = ttk.Frame(root, padding=(10, 16, 10, 12))
    frame.grid(row=0, column=column, sticky="nsew")
    title = ttk.Label(frame, text=text, foreground=FAINT)
    title.pack(anchor="w", pady=(0, 8))
    middle = ttk.Frame(frame)
    middle.pack(fill="both", expand=True)
    names = tk.Listbox(middle, width=17, height=1, activestyle="none")
    names.configure(background=GROUND, foreground=INK, bd=0, exportselection=False)
    names.configure(selectbackground=PALE, selectforeground=INK)
    names.configure(highlightbackground=GROUND, highlightcolor=FOCUS)
    add_scrollbar(middle, names)
    names.pack(fill="both", expand=True)
    return frame, title, names


def build_field(
    parent: ttk.Frame, text: str, verb: str, command: Callable[..., object]
) -> tuple[ttk.Entry, ttk.Button]:
    """Put a field for a name at the bottom of a side, with a label and a button."""
    ttk.Label(parent, text=text, foreground=FAINT).pack(anchor="w", pady=(10, 4))
    field = ttk.Entry(parent, width=1)
    field.bind("<Return>", command)
    field.pack(fill="x", pady=(0, 6))
    button = ttk.Button(parent, text=verb, command=command)
    button.pack(fill="x")
    return field, button


def add_scrollbar(parent: ttk.Frame, names: tk.Listbox) -> None:
    """Put a scrollbar beside a list, to be seen while there is more than fits."""
    bar = ttk.Scrollbar(parent, command=names.yview)

    def show_part(first: float, last: float) -> None:
        bar.set(first, last)
        if float(last) - float(first) == 1.0:
            bar.pack_forget()
        else:
            bar.pack(side="right", fill="y", before=names)

    names.configure(yscrollcommand=show_part)


def build_transcript(parent: ttk.Frame) -> tk.Text:
    """Put a scrolling text in its place, and name the styles that lines can have."""
    usual = font.nametofont("TkDefaultFont")
    bold = (usual.cget("family"), usual.cget("size"), "bold")
    indent = usual.measure("00:00   ")
    text = tk.Text(parent, width=46, height=21, wrap="word", state="disabled")
    text.configure(font=usual, background=PAPER, foreground=INK, bd=0)
    text.configure(padx=10, pady=8, spacing3=4, tabs=indent)
    bar = ttk.Scrollbar(parent, command=text.yview)
    text.configure(yscrollcommand=bar.set)
    bar.pack(side="right", fill="y")
    text.pack(fill="both", expand=True)
    for style, ground in (("said", PAPER), ("own", OWN), ("mention", MENTION)):
        text.tag_configure(style, background=ground, lmargin2=indent)
    for colour in NICK_COLOURS:
        text.tag_configure(colour, foreground=colour, font=bold)
    text.tag_configure("notice", foreground=FAINT, lmargin1=indent, lmargin2=indent)
    text.tag_configure("refused", foreground=RED, lmargin1=indent, lmargin2=indent)
    text.tag_configure("day", foreground=FAINT, justify="center", spacing1=6)
    text.tag_configure("time", foreground=FAINT)
    text.tag_configure("link", foreground=FOCUS, underline=True)
    text.tag_bind("link", "<Enter>", lambda _: text.configure(cursor="hand2"))
    text.tag_bind("link", "<Leave>", lambda _: text.configure(cursor=""))
    text.tag_raise("sel")
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
