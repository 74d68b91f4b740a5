"""Exercise 5: a chat client that listens to the keyboard and the server at once.

Run ``python -m exercise5_chat_channels.client [HOST] [PORT] [--nick NAME]``. The class
Connection also carries the window of gui.py and the page of web.py.
"""

import argparse
import contextlib
import os
import select
import shutil
import signal
import socket
import sys
import threading
import unicodedata
from collections.abc import Iterator
from io import TextIOWrapper


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
        self.socket.sendall(text.encode(errors="replace") + b"\n")

    def lines(self) -> Iterator[str]:
        """Yield each line that the server sends, without its end, until it closes.

        A character may be cut in two by recv(), a line never is: so decode lines.
        """
        rest = b""
        with contextlib.suppress(OSError):  # a reset is an end, too
            while received := self.socket.recv(65536):
                *lines, rest = (rest + received).split(b"\n")
                for line in lines:
                    yield line.decode(errors="replace")
        if rest:  # a last line without its newline
            yield rest.decode(errors="replace")

    def close(self) -> None:
        """End the connection; another thread's lines() ends with it."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def harmless(text: str) -> str:
    """Return text in which control characters show as escapes, and do nothing."""
    return "".join(
        letter.encode("unicode_escape").decode()
        if unicodedata.category(letter) in ("Cc", "Zl", "Zp")
        else letter
        for letter in text
    )


def type_lines(connection: Connection) -> None:
    """Send what is typed, until /quit or the end of the input (Ctrl+D)."""
    for line in typed_lines():
        text = line.rstrip("\r\n")
        if text in ("/quit", "/quitter"):
            return
        is_message = text.startswith("//") or not text.startswith("/")
        if in_terminal() and text and is_message:
            erase_typed(text)
        connection.send_line(text)


def show_lines(connection: Connection, leaving: threading.Event) -> None:
    """Print what the server sends; when it goes, end the wait for the keyboard too."""
    for line in connection.lines():
        show(harmless(line))
    if not leaving.is_set():
        show("The server has closed the connection.")
        interrupt_main_thread(leaving)


def chat(connection: Connection) -> None:
    """Let keyboard and server take turns until one of them ends the conversation."""
    leaving = threading.Event()
    reader = threading.Thread(target=show_lines, args=[connection, leaving])
    try:
        reader.start()
        type_lines(connection)
    except (KeyboardInterrupt, OSError):
        pass  # Ctrl+C, or the server is gone
    finally:
        leaving.set()
        with contextlib.suppress(OSError):
            connection.send_line("/quit")
        reader.join(timeout=2)  # the server's last words
        connection.close()


# The terminal, where somebody types while lines arrive. All of this is given.

writing = threading.Lock()  # held by the one thread that changes the screen
waiting = threading.Event()  # set while the main thread waits for a typed line
late: list[str] = []  # shown last, perhaps below a typed line still to be erased


def in_terminal() -> bool:
    """Tell whether somebody types and looks, or files and pipes stand in."""
    return sys.stdin.isatty() and sys.stdout.isatty()


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


def show(text: str) -> None:
    """Print a line at once; in a terminal, above the row in which somebody types.

    What is typed stays as it is, and so does the cursor. ESC D goes down, and scrolls
    at the bottom; ESC 7 remembers the cursor, ESC 8 puts it back (DEC's VT100); CSI A
    goes up, CSI L makes room for rows (ECMA-48). Windows edits lines in its own way.
    Of a line that is longer than the row, only the last row stays below what comes.
    """
    with writing:
        if not in_terminal() or os.name != "posix":
            print(text, flush=True)
            return
        if waiting.is_set() and not select.select([sys.stdin], [], [], 0)[0]:
            late.clear()  # nothing typed waits to be read, and erased
        late.append(text)
        rows = rows_of(text)
        room = "\x1bD" * rows + f"\x1b7\x1b[{rows}A\r\x1b[{rows}L"
        print(f"{room}{text}\x1b8", end="", flush=True)


def erase_typed(line: str) -> None:
    """Take a typed message off the terminal: it comes back from the server.

    What has come since Enter stands below it: that goes, too, and is written again. The
    message before it does no harm: that is erased with it, and written again as well.
    ECMA-48: CSI A goes up, CSI J erases what follows.
    """
    with writing:
        rows = sum(map(rows_of, [line, *late]))
        again = "".join(f"{text}\n" for text in late)
        if rows < shutil.get_terminal_size().lines:  # else it has left the screen
            print(f"\x1b[{rows}A\x1b[J{again}", end="", flush=True)


def typed_lines() -> Iterator[str]:
    """Yield each line that is typed, until the end of the input (Ctrl+D)."""
    try:
        while line := next_line():
            if in_terminal() and not line.endswith("\n"):  # Ctrl+D ended it
                print()
            yield line
    except KeyboardInterrupt:
        if in_terminal():
            print()  # leave alone what was typed
        raise


def next_line() -> str:
    """Return the next line of the input with its end, or "" at the end of the input."""
    waiting.set()
    line = sys.stdin.readline()
    waiting.clear()
    return line


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
    with contextlib.suppress(KeyboardInterrupt):
        chat(connection)


if __name__ == "__main__":
    main()
