"""Exercise 5: a chat client that listens to the keyboard and the server at once.

Run ``python -m exercise5_chat_channels.client [HOST] [PORT] [--nick NAME]``. The class
Connection also carries the window of gui.py and the page of web.py.
"""

import argparse
import contextlib
import os
import re
import select
import signal
import socket
import sys
import threading
from collections.abc import Iterator

from exercise5_chat_channels.terminal import Terminal

# Control characters, line separators, and the marks that turn the order of text around.
# Not the joiners U+200C and U+200D: many scripts, and emoji, need them.
HARMFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


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
    parser.add_argument("--nick")
    return parser.parse_args()


class Connection:
    """A connection to a chat server that speaks in lines of text."""

    def __init__(self, host: str, port: int) -> None:
        """Connect; raise OSError when nobody answers within ten seconds."""
        self.socket = socket.create_connection((host, port), timeout=10)
        self.socket.settimeout(None)

    def lines(self) -> Iterator[str]:
        """Yield each line that the server sends, without its end, until it closes.

        A character may be cut in two by recv(), a line never is: so decode lines.
        """
        # TODO 5.10: until recv() returns b"": cut at newlines, and yield decoded lines
        # TODO 5.13: end also when recv() raises OSError
        yield from ()

    def send_line(self, text: str) -> None:
        """Send one line; raise OSError when the connection has ended."""
        # TODO 5.11: send the text and a newline, in UTF-8

    def close(self) -> None:
        """End the connection; another thread's lines() ends with it."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def show_lines(
    connection: Connection, terminal: Terminal, leaving: threading.Event
) -> None:
    """Show what the server sends; when it goes, end the wait for the keyboard too."""
    # TODO 5.10: call terminal.show(harmless(line)) for each line of connection.lines()
    # TODO 5.13: after the last line, unless leaving.is_set(): show that the server has
    # closed the connection, and call terminal.stop_typing()


def harmless(text: str) -> str:
    """Return text in which the characters that HARMFUL finds show as escapes."""
    # TODO 5.14: replace each that HARMFUL finds by an escape such as \x1b
    return text


def type_lines(
    connection: Connection, terminal: Terminal, leaving: threading.Event
) -> None:
    """Send what is typed, until /quit, Ctrl+D or Ctrl+C; then take our leave."""
    with contextlib.suppress(KeyboardInterrupt):
        for text in terminal.typed_lines(comes_back):
            # TODO 5.12: break at /quit and at /quitter
            connection.send_line(text)
    leaving.set()
    # TODO 5.12: send /quit, so that the server closes the connection


def comes_back(text: str) -> bool:
    """Return whether the server will send a typed line back: is it a message?"""
    # TODO 5.11: return True for a message. //text is one, a command is not
    return False


def chat(connection: Connection, terminal: Terminal) -> None:
    """Listen to keyboard and server until one of them ends the conversation."""
    leaving = threading.Event()
    # TODO 5.10: create and start a thread, called reader, that runs show_lines()
    try:
        with contextlib.suppress(OSError):  # the server is gone
            type_lines(connection, terminal, leaving)
        # TODO 5.12: call wait_for_last_words(), given below
    finally:  # even if somebody presses Ctrl+C once more
        connection.close()


def wait_for_last_words(connection: Connection, reader: threading.Thread) -> None:
    """Wait until the server closes, or has been silent for two seconds."""
    while reader.is_alive() and select.select([connection.socket], [], [], 2)[0]:
        reader.join(timeout=0.1)


def connect(arguments: argparse.Namespace) -> Connection:
    """Return a connection that has the nick, or end with status 1."""
    try:
        connection = Connection(arguments.host, arguments.port)
        if arguments.nick:
            connection.send_line(f"/nick {arguments.nick}")
    except (OSError, UnicodeError) as error:
        address = f"{arguments.host}:{arguments.port}"
        sys.exit(f"error: cannot connect to {address}: {error}")
    return connection


def main() -> None:
    """Chat until /quit, Ctrl+D, Ctrl+C, or until the server goes."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as good as Ctrl+C
    with contextlib.suppress(KeyboardInterrupt):
        connection = connect(parse_arguments())
        with Terminal() as terminal:
            chat(connection, terminal)


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
