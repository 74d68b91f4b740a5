"""Exercise 5: a chat client that listens to the keyboard and the server at once.

Run ``python -m exercise5_chat_channels.client [HOST] [PORT] [--nick NAME]``. The class
Connection also carries the window of gui.py.
"""

import argparse
import contextlib
import os
import shutil
import signal
import socket
import sys
import threading
import time
import unicodedata
from collections import deque
from collections.abc import Iterator
from io import TextIOWrapper

with contextlib.suppress(ImportError):  # not on Windows
    import readline


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


# The terminal, where somebody types while lines arrive. All of this is given.

writing = threading.Lock()  # held by the one thread that changes the screen
typing = threading.Event()  # set while a line is being typed
shown: deque[tuple[float, str]] = deque(maxlen=20)  # since then: time, line


def in_terminal() -> bool:
    """Tell whether somebody types and looks, or files and pipes stand in."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def has_readline() -> bool:
    """Tell whether readline edits what is typed, and tells what that is so far."""
    return in_terminal() and "readline" in sys.modules


def rows_of(text: str) -> int:
    """Return how many rows text fills: a terminal wraps at its width, in columns."""
    columns = shutil.get_terminal_size().columns or 80  # 0 where nobody knows
    rows, used = 1, 0
    for letter in text:
        width = 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if unicodedata.category(letter) in ("Mn", "Me", "Cf"):
            width = 0  # drawn on the letter before
        if letter == "\n" or used + width > columns:
            rows, used = rows + 1, 0
        used += width if letter != "\n" else 0
    return rows


def show(text: str) -> None:
    """Print a line at once; in a terminal, above the one that is being typed.

    So that stays as it is, and the cursor in it. ESC D goes down, and scrolls if need
    be; ESC 7 remembers the cursor, ESC 8 puts it back (DEC's VT100). CSI A goes up,
    CSI L makes room for rows (ECMA-48). It needs the cursor in the last typed row.
    """
    with writing:
        if not has_readline():
            print(text, flush=True)
            return
        shown.append((time.monotonic(), text))
        rows, up = rows_of(text), rows_of(text)
        if typing.is_set():  # the cursor stands one column further
            up += rows_of(readline.get_line_buffer() + " ") - 1
        room = "\x1bD" * rows + f"\x1b7\x1b[{up}A\r\x1b[{rows}L"
        print(f"{room}{text}\x1b8", end="", flush=True)


def erase_typed(line: str) -> None:
    """Take a typed message off the terminal: it comes back from the server.

    What came in the last second stands above it, or below if it came after Enter: that
    goes too, and is written again. ECMA-48: CSI A goes up, CSI J erases what follows.
    """
    with writing:
        late = [text for when, text in shown if when > time.monotonic() - 1]
        rows = sum(map(rows_of, [line, *late]))
        while late and rows >= shutil.get_terminal_size().lines:
            rows -= rows_of(late.pop(0))
        again = "".join(f"{text}\n" for text in late)
        print(f"\x1b[{rows}A\x1b[J{again}", end="", flush=True)


def typed_lines() -> Iterator[str]:
    """Yield each line that is typed, until the end of the input (Ctrl+D)."""
    if not has_readline():
        yield from sys.stdin
        return
    readline.parse_and_bind("set enable-bracketed-paste on")  # a paste comes as one
    with contextlib.suppress(EOFError):
        while True:
            typed = edit_line().removesuffix("\n")
            if "\n" not in typed:
                yield typed
                continue
            erase_typed(typed)  # a paste of many lines: as if typed one by one
            for line in typed.split("\n"):
                with writing:
                    shown.clear()
                    print(line, flush=True)
                yield line


def edit_line() -> str:
    """Let readline edit one line; raise EOFError at Ctrl+D."""
    with writing:
        shown.clear()
    readline.set_startup_hook(typing.set)  # when the line before is forgotten
    try:
        return input()
    except KeyboardInterrupt:
        print()  # leave alone what was typed
        raise
    finally:
        typing.clear()


def interrupt_main_thread(leaving: threading.Event) -> None:
    """Raise KeyboardInterrupt in the main thread, though it waits for the keyboard.

    A signal just before the wait begins is lost on readline: repeat it if need be.
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
    with contextlib.suppress(KeyboardInterrupt):
        chat(connection)


if __name__ == "__main__":
    # What is still open in this file. Delete these lines when nothing is.
    with open(__file__, encoding="utf-8") as file:
        for line in map(str.strip, file):
            if line.startswith("# TODO"):
                print(line.removeprefix("# "), file=sys.stderr)
    main()
