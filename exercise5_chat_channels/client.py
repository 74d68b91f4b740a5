"""Exercise 5: a chat client that listens to the keyboard and the server at once.

Run ``python -m exercise5_chat_channels.client [HOST] [PORT] [--nick NAME]``. The class
Connection also carries the window of gui.py and the page of web.py.
"""

import argparse
import contextlib
import os
import shutil
import signal
import socket
import sys
import threading
import unicodedata
from collections.abc import Iterator
from io import TextIOWrapper

try:
    import termios
except ImportError:  # Windows has none
    termios = None  # type: ignore[assignment]


def port_number(text: str) -> int:
    """Return the port that ``text`` names, or end with status 1."""
    if text.isdecimal() and int(text) <= 65535:
        return int(text)
    sys.exit(f"error: {text!r} is not a port number (0 to 65535)")


def parse_arguments() -> argparse.Namespace:
    """Read HOST, PORT and the nick from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("host", nargs="?", default="127.0.0.1")
    parser.add_argument("port", nargs="?", default=8080, type=port_number)
    parser.add_argument("--nick", metavar="NAME")
    return parser.parse_args()


class Connection:
    """A connection to a chat server that speaks in lines of text."""

    def __init__(self, host: str, port: int) -> None:
        """Connect; raise OSError when nobody answers within ten seconds."""
        self.socket = socket.create_connection((host, port), timeout=10)
        self.socket.settimeout(None)

    def send_line(self, text: str) -> None:
        """Send one line; raise OSError when the connection has ended."""
        # TODO 5.22: send the text and a newline, in UTF-8

    def lines(self) -> Iterator[str]:
        """Yield each line that the server sends, without its end, until it closes.

        A character may be cut in two by recv(), a line never is: so decode lines.
        """
        # TODO 5.21: receive, cut at newlines as in exercise 4, and yield text
        # TODO 5.24: end when the server closes, or resets, the connection
        yield from ()

    def close(self) -> None:
        """End the connection; another thread's lines() ends with it."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def harmless(text: str) -> str:
    """Return text in which control characters show as escapes, and do nothing."""
    # TODO 5.25: show control characters and line separators as escapes, such as \x1b
    return text


def type_lines(connection: Connection) -> None:
    """Send what is typed, until /quit or the end of the input (Ctrl+D)."""
    for line in typed_lines():
        text = line.rstrip("\r\n")
        # TODO 5.23: return when this is /quit or /quitter
        # TODO 5.22: in a terminal, erase a message: it will come back from the server
        connection.send_line(text)


def show_lines(connection: Connection, leaving: threading.Event) -> None:
    """Print what the server sends; when it goes, end the wait for the keyboard too."""
    # TODO 5.21: show() each line, made harmless
    # TODO 5.24: at the end, unless we are leaving: say so and interrupt_main_thread()


def chat(connection: Connection) -> None:
    """Let keyboard and server take turns until one of them ends the conversation."""
    leaving = threading.Event()
    # TODO 5.21: let a thread show the lines while this one reads the keyboard
    try:
        type_lines(connection)
    except (KeyboardInterrupt, OSError):
        pass  # Ctrl+C, or the server is gone
    finally:
        leaving.set()
        # TODO 5.23: send /quit, and give the thread two seconds for the last words
        connection.close()


# The terminal, where somebody types while lines arrive. All of this is given. Terminals
# can edit lines by themselves, but do not tell what stands there half typed. So here we
# edit: then we can take the draft off the screen, print what comes, and put it back.

writing = threading.RLock()  # held by the one thread that changes the screen
draft: list[str] = []  # the characters typed since the last Enter, as they are shown
ESC, END, ERASE, WORD, KILL = "\x1b", "\x04", "\x7f\b", "\x17", "\x15"  # Ctrl+D, W, U


def in_terminal() -> bool:
    """Tell whether somebody types and looks, or files and pipes stand in."""
    dumb = os.environ.get("TERM") == "dumb"  # cannot erase
    return sys.stdin.isatty() and sys.stdout.isatty() and not dumb


@contextlib.contextmanager
def each_key() -> Iterator[None]:
    """Let a terminal hand over each key at once, and show none itself; termios(3).

    Ctrl+C and Ctrl+Z do what they always do. Windows edits lines in its own way.
    """
    if not (termios and in_terminal()):
        yield
        return
    before, mode = termios.tcgetattr(sys.stdin), termios.tcgetattr(sys.stdin)
    mode[3] &= ~(termios.ICANON | termios.ECHO)

    def take_terminal(*_: object) -> None:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, mode)
        print(*draft, sep="", end="", flush=True)

    signal.signal(signal.SIGCONT, take_terminal)  # fg, after the shell has changed it
    try:
        take_terminal()
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def typed_lines() -> Iterator[str]:
    """Yield each line that is typed, until the end of the input (Ctrl+D).

    Nothing else is shown before the next one is asked for: this one may be erased.
    """
    next_line = edited_line if termios and in_terminal() else sys.stdin.readline
    try:
        while line := next_line():
            with writing:
                end_draft()
                yield line
    finally:
        with writing:
            end_draft()


def end_draft() -> None:
    """Leave what was typed where it is, and begin a new row."""
    if draft:
        draft.clear()
        print(flush=True)


def edited_line() -> str:
    """Return the next line with its end, or "" at the end of the input."""
    while (key := sys.stdin.read(1)) != "\n":
        if not key or (key == END and not draft):
            return ""
        if key == ESC:
            skip_sequence()
        else:
            edit(key)
    return "".join(draft) + "\n"


def skip_sequence() -> None:
    """Take no notice of arrows and the like: ESC, often [, up to a letter; ECMA-48."""
    key = sys.stdin.read(1)
    while key and (key in "[O;" or key.isdigit()):
        key = sys.stdin.read(1)


def edit(key: str) -> None:
    """Change the draft as a key says, and the screen with it."""
    with writing:
        before = "".join(draft)
        if key in (KILL, WORD):
            del draft[0 if key == KILL else before.rstrip().rfind(" ") + 1 :]
        elif key in ERASE:
            del draft[-1:]
        elif unicodedata.category(key) != "Cc":
            draft.append(key)
        after = "".join(draft)
        more = after.startswith(before)
        shown = after[len(before) :] if more else erasure(before) + after
        print(shown, end="", flush=True)


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


def show(text: str) -> None:
    """Print a line at once; in a terminal, above what somebody is typing."""
    with writing, contextlib.suppress(OSError):  # nobody reads on, as behind "| head"
        if not draft:
            print(text, flush=True)
        else:
            typed = "".join(draft)
            print(f"{erasure(typed)}{text}\n{typed}", end="", flush=True)


def erase_typed(line: str) -> None:
    """Take a typed message off the terminal: it comes back from the server."""
    print("\x1b[A" + erasure(line), end="", flush=True)


def interrupt_main_thread(leaving: threading.Event) -> None:
    """Raise KeyboardInterrupt in the main thread, though it waits for the keyboard.

    A signal that comes just before the wait does not end it: so send it again.
    """
    if os.name != "posix":
        os._exit(0)  # Windows cannot interrupt a thread that reads the keyboard
    while not leaving.is_set():
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        leaving.wait(0.5)


def main() -> None:
    """Chat until /quit, Ctrl+D, Ctrl+C, or until the server goes."""
    arguments = parse_arguments()
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # ? rather than UnicodeError
    try:
        connection = Connection(arguments.host, arguments.port)
        if arguments.nick:
            connection.send_line(f"/nick {arguments.nick}")
    except (OSError, UnicodeError) as error:
        address = f"{arguments.host}:{arguments.port}"
        sys.exit(f"error: cannot connect to {address}: {error}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as good as Ctrl+C
    with contextlib.suppress(KeyboardInterrupt), each_key():
        chat(connection)


if __name__ == "__main__":
    # Says on stderr which step is next. Delete these lines when none is open.
    steps = []
    with open(__file__, encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if line.strip().startswith("# TODO "):
                check, _, task = line.strip().removeprefix("# TODO ").partition(": ")
                first = check.split(",")[0]
                order = (len(first), first, number)  # 1.8 comes before 1.10
                steps.append((order, f"Next: TODO {check} (line {number}): {task}"))
    if steps:
        print(min(steps)[1], file=sys.stderr)
    if len(steps) > 1:
        print("More steps after this one:", len(steps) - 1, file=sys.stderr)
    if steps and os.path.isdir("solutions"):
        finished = "solutions.exercise5_chat_channels.client"
        print("The finished program: python -m", finished, file=sys.stderr)
    main()
