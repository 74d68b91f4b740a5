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


def erase_typed(line: str) -> None:
    """Take a typed message off the terminal: it comes back from the server.

    ECMA-48: CSI A goes up some rows, CSI J erases from there to the end of the screen.
    """
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in line)
    columns = shutil.get_terminal_size().columns or 80  # 0 where nobody knows
    rows = max(len(line) + wide - 1, 0) // columns + 1
    print(f"\x1b[{rows}A\x1b[J", end="", flush=True)


def type_lines(connection: Connection) -> None:
    """Send what is typed, until /quit or the end of the input (Ctrl+D)."""
    for line in sys.stdin:
        text = line.rstrip("\r\n")
        # TODO 5.23: return when this is /quit or /quitter
        # TODO 5.22: in a terminal, erase a message: it will come back from the server
        connection.send_line(text)


def show_lines(connection: Connection, leaving: threading.Event) -> None:
    """Print what the server sends; when it goes, end the wait for the keyboard too."""
    # TODO 5.21: print each line, made harmless, and flush
    # TODO 5.24: at the end, unless we are leaving: say so and interrupt_main_thread()


def interrupt_main_thread() -> None:
    """Raise KeyboardInterrupt in the main thread, though it waits for the keyboard."""
    if os.name == "posix":
        main_thread = threading.main_thread().ident or 0
        signal.pthread_kill(main_thread, signal.SIGINT)
    else:
        os._exit(0)  # Windows cannot interrupt a thread that reads the keyboard


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
    with contextlib.suppress(KeyboardInterrupt):
        chat(connection)


if __name__ == "__main__":
    # What is still open in this file. Delete these lines when nothing is.
    with open(__file__, encoding="utf-8") as file:
        for line in map(str.strip, file):
            if line.startswith("# TODO"):
                print(line.removeprefix("# "), file=sys.stderr)
    main()
