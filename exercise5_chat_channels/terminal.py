"""The chat client's keyboard and screen. A given file.

A terminal can edit a line by itself, but it doesn't say what is half typed. So here we
edit: then we can take the draft off the screen, print what arrives, and put it back.
Where files or pipes take the place of keyboard or screen, lines come and go as they
are. Windows edits in its own way, and keeps the draft to itself.
"""

import codecs
import errno
import io
import os
import re
import select
import shutil
import signal
import sys
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timezone
from typing import Any, TextIO

try:
    import termios
except ImportError:  # Windows has none
    termios = None  # type: ignore[assignment]

POSIX = os.name == "posix"

# What keys send. Arrows and the like are ESC [ … or ESC O …: ECMA-48, and the VT100.
UP, DOWN = ("\x1b[A", "\x1bOA"), ("\x1b[B", "\x1bOB")
END, REDRAW = "\x04", "\x0c"  # Ctrl+D, Ctrl+L
ERASE, WORD, KILL = "\x7f\b", "\x17", "\x15"  # Backspace, Ctrl+W, Ctrl+U
KEY = re.compile(r"\x1b[\[O]\[?[0-?]*[ -/]*[@-~]|.", re.DOTALL)
BEGUN = re.compile(r"\x1b([\[O]\[?[0-?]*[ -/]*)?\Z")  # it may be a part of an arrow
ARROW = 0.05  # seconds within which the rest of it follows; nobody types that fast

# PROTOCOL.md, "What the server sends".
SAID = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) #(\S+) <(\S+)> (.*)")
YOU_ARE = re.compile(r"\* you are \S+ in #(\S+).*")


class Terminal:
    """Where lines are typed, and shown above what somebody is typing.

    Use it with ``with``: it leaves the terminal as it was.
    """

    def __init__(self) -> None:
        """Use the program's stdin and stdout."""
        for stream in sys.stdin, sys.stdout:
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")  # ? rather than UnicodeError
        can_erase = os.environ.get("TERM") != "dumb"
        self.is_seen = is_terminal(sys.stdin) and is_terminal(sys.stdout) and can_erase
        self.edits = self.is_seen and termios is not None
        if self.is_seen and not POSIX:
            os.system("")  # from here on, Windows' console obeys ESC sequences
        self.keyboard = Keyboard()
        self.draft = Draft()
        self.transcript = Transcript()
        self.changing = threading.Lock()  # held by the one thread that writes

    def __enter__(self) -> "Terminal":
        """Take the keyboard."""
        if self.edits:
            self.keyboard.take()
        return self

    def __exit__(self, *_: object) -> None:
        """Give it back. From here on there is nothing that Ctrl+C has to end."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if self.edits:
            self.keyboard.give_back()

    def typed_lines(self, comes_back: Callable[[str], bool]) -> Iterator[str]:
        """Yield each line that is typed, without its end, until the input ends.

        ``comes_back(line)`` says whether the server will send the line back. Then it
        is erased here, so that nobody sees it twice.
        """
        if self.edits:
            yield from self.edited_lines(comes_back)
            return
        for line in self.keyboard.lines():
            if self.is_seen and comes_back(line):
                with self.changing:
                    write("\x1b[A" + erasure(line))  # Windows is on the next row by now
            yield line

    def edited_lines(self, comes_back: Callable[[str], bool]) -> Iterator[str]:
        """Yield the lines that are made of keys."""
        try:
            for key in self.keyboard.each_key():
                if key == "\n":
                    yield self.finish_line(erase=comes_back(self.draft.text))
                elif key == END and not self.draft.text:
                    return
                else:
                    self.press(key)
        finally:
            self.finish_line(erase=False)

    def finish_line(self, erase: bool) -> str:
        """Return what is typed; take it off the screen, or begin a new row."""
        with self.changing:
            shown, line = self.draft.shown(), self.draft.take()
            if erase:
                write(erasure(shown))
            elif shown:
                write("\n")
        return line

    def press(self, key: str) -> None:
        """Change the draft as a key says, and the screen with it."""
        with self.changing:
            before = self.draft.shown()
            self.draft.press(key)
            after = self.draft.shown()
            if key == REDRAW:
                write("\r\x1b[J" + after)
            elif after.startswith(before):
                write(after[len(before) :])
            else:
                write(erasure(before) + after)

    def show(self, line: str) -> None:
        """Show a line of the server at once, above what somebody is typing.

        A terminal shows it as people like to read it, a pipe as it is.
        """
        rows = self.transcript.rows(line) if self.is_seen else [line]
        with self.changing:
            draft = self.draft.shown()
            above = erasure(draft) if draft else ""
            write(above + "\n".join(rows) + "\n" + draft)

    def stop_typing(self) -> None:
        """Let typed_lines() end, although nobody types; any thread may call this."""
        self.keyboard.stop()


class Keyboard:
    """What is typed. Reading it ends with the input, or when another thread says so."""

    def __init__(self) -> None:
        """Read the program's stdin; without one, as after ``<&-``, nothing is typed."""
        self.stopped = sys.stdin is None
        self.mode: list[Any] = []  # the terminal's, while we edit
        self.mode_before: list[Any] = []
        # select() waits for stdin and for this pipe at the same time. Signals ring it,
        # too: another thread may receive them, which doesn't end the wait of this one.
        self.ear, self.bell = os.pipe()
        if POSIX:
            os.set_blocking(self.bell, False)
            signal.set_wakeup_fd(self.bell)
        encoding = getattr(sys.stdin, "encoding", None) or "utf-8"
        decoder = codecs.getincrementaldecoder(encoding)("replace")
        self.decoder = io.IncrementalNewlineDecoder(decoder, translate=True)

    def read(self, patience: float | None = None) -> str:
        """Return some of what is typed; "" at the end, or when ``patience`` is over."""
        if not POSIX and not self.stopped:
            return sys.stdin.readline()
        while not self.stopped:
            ready, _, _ = select.select([sys.stdin, self.ear], [], [], patience)
            if not ready:
                break
            if self.ear in ready:
                return self.answer_bell()
            data = b""
            with suppress(OSError):  # the terminal is gone
                data = os.read(sys.stdin.fileno(), 65536)
            if not data:
                self.stopped = True
            if text := self.decoder.decode(data, final=self.stopped):
                return text
        return ""

    def lines(self) -> Iterator[str]:
        """Yield lines, without their ends; the last one may lack it."""
        rest = ""
        while text := self.read():
            *lines, rest = (rest + text).split("\n")
            yield from lines
        if rest:
            yield rest

    def each_key(self) -> Iterator[str]:
        """Yield keys: a character, or all that an arrow and the like send."""
        while text := self.read():
            while BEGUN.search(text) and (more := self.read(ARROW)):
                text += more
            yield from KEY.findall(text)

    def stop(self) -> None:
        """Let read() return "", although nobody types."""
        if not POSIX:
            os._exit(0)  # nothing else ends a thread that reads Windows' keyboard
        self.stopped = True
        os.write(self.bell, b"!")

    def answer_bell(self) -> str:
        """Look why we were woken, by stop() or after Ctrl+Z; return a key or ""."""
        while in_background() and not self.stopped:
            time.sleep(0.1)  # until fg, which not every shell lets us know
        if self.mode and not self.stopped:
            set_mode(self.mode)  # the shell has changed it
        os.read(self.ear, 4096)
        return "" if self.stopped else REDRAW

    def take(self) -> None:
        """Let the terminal hand over each key, and show none itself; termios(3).

        Ctrl+C and Ctrl+Z do what they always do.
        """
        self.mode_before = termios.tcgetattr(sys.stdin)
        self.mode = termios.tcgetattr(sys.stdin)
        self.mode[3] &= ~(termios.ICANON | termios.ECHO)
        signal.signal(signal.SIGCONT, lambda *_: None)  # not ignored, so it rings
        set_mode(self.mode)

    def give_back(self) -> None:
        """Leave the terminal as it was, unless it is our shell's just now."""
        if not in_background():
            set_mode(self.mode_before)


def is_terminal(stream: TextIO | None) -> bool:
    """Return whether a stream is there, and is a terminal."""
    return stream is not None and stream.isatty()


def in_background() -> bool:
    """Return whether the terminal is for other programs, as after Ctrl+Z and bg."""
    with suppress(OSError):  # a terminal that doesn't control us
        return os.tcgetpgrp(sys.stdin.fileno()) != os.getpgrp()
    return False


def set_mode(mode: list[Any]) -> None:
    """Set the terminal's mode, once more if a signal comes in between."""
    interrupted = True
    while interrupted:
        try:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, mode)
            interrupted = False
        except termios.error as error:
            interrupted = error.args[0] == errno.EINTR  # or EIO: our shell is gone


def write(text: str) -> None:
    """Write on the screen at once, or nowhere when nobody reads on.

    As after ``| head``: what is left would be tried once more when the program ends,
    and Python would complain, see "Note on SIGPIPE" in its signal documentation.
    """
    try:
        print(text, end="", flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def rows_of(text: str) -> int:
    """Return how many rows text fills: a terminal wraps at its width, in columns."""
    columns = shutil.get_terminal_size().columns or 80  # 0 where nobody knows
    rows, used = 1, 0
    for letter in text:
        width = 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if unicodedata.category(letter) in ("Mn", "Me", "Cf"):
            width = 0  # drawn on the letter before
        if used + width > columns:
            rows, used = rows + 1, 0
        used += width
    return rows


def erasure(text: str) -> str:
    """Return what erases the text before the cursor.

    ECMA-48: CSI A goes up a row, CSI J erases what follows.
    """
    up = rows_of(text) - 1
    return "\r" + f"\x1b[{up}A" * bool(up) + "\x1b[J"


class Draft:
    """What is typed since the last Enter, and the lines that were typed before."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.text = ""
        self.past: list[str] = []
        self.place = 0  # in past, of the line that ↑ has brought back; its end: of none
        self.put_aside = ""  # the draft meanwhile

    def shown(self) -> str:
        r"""Return the text for the screen: a tab, which has no width, shows as \t."""
        return self.text.replace("\t", r"\t")

    def take(self) -> str:
        """Return the text, and begin a new one."""
        text = self.text
        if text and text not in self.past[-1:]:
            self.past.append(text)
        self.place, self.text = len(self.past), ""
        return text

    def press(self, key: str) -> None:
        """Change the text as a key says. A tab is text; other controls do nothing."""
        if key in UP or key in DOWN:
            self.look_back(-1 if key in UP else 1)
        elif key in ERASE:
            self.text = self.text[:-1]
        elif key == WORD:
            self.text = self.text[: self.text.rstrip().rfind(" ") + 1]
        elif key == KILL:
            self.text = ""
        elif key == "\t" or unicodedata.category(key[0]) != "Cc":
            self.text += key

    def look_back(self, step: int) -> None:
        """Bring back the line typed before, or go on to the one after it."""
        if self.place == len(self.past):
            self.put_aside = self.text
        self.place = min(max(self.place + step, 0), len(self.past))
        self.text = [*self.past, self.put_aside][self.place]


class Transcript:
    """The server's lines as people like to read them.

    A message shows its time here and its nick. The day and the channel have a row of
    their own where they change.
    """

    def __init__(self) -> None:
        """Begin before the first message."""
        self.day = self.channel = ""

    def rows(self, line: str) -> list[str]:
        """Return the rows that show a line of the server."""
        if you_are := YOU_ARE.fullmatch(line):
            self.channel = you_are[1]  # this line tells, so no other need
        said = SAID.fullmatch(line)
        if not said:
            return [line]
        when, channel, nick, text = said.groups()
        day, clock = local_time(when)
        new = []
        if channel != self.channel:
            new.append(f"#{channel}")
        if day and day != self.day:
            new.append(day)
        self.channel, self.day = channel, day
        heading = [f"-- {', '.join(new)} --"] if new else []
        return [*heading, f"{clock} <{nick}> {text}"]


def local_time(when: str) -> tuple[str, str]:
    """Return the day and the time that a clock here shows at that UTC time."""
    try:
        utc = datetime.strptime(when, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
        local = utc.astimezone()
    except (ValueError, OverflowError, OSError):  # the 31st of February, the year 1
        return "", when
    return f"{local:%A} {local.day} {local:%B %Y}", f"{local:%H:%M}"
