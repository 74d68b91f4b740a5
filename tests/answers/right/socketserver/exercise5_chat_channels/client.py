"""A chat client with two daemon threads, and a queue on which the main thread waits.

Run ``python -m exercise5_chat_channels.client [HOST] [PORT] [--nick NAME]``.
"""

import argparse
import contextlib
import os
import queue
import re
import socket
import sys
import threading
from collections.abc import Callable

LAST_WORDS = 2.0  # seconds of silence after which the server has said goodbye
HARMFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
Event = tuple[str, str]


def in_terminal() -> bool:
    """Return whether somebody types and looks."""
    return os.isatty(0) and os.isatty(1)


def show(line: str) -> None:
    """Print a line, in the place of what is half typed."""
    if in_terminal():
        print("\r\x1b[K", end="")
    print(HARMFUL.sub("\N{REPLACEMENT CHARACTER}", line), flush=True)


def erase(line: str) -> None:
    """Take a typed message off the terminal: the server will send it."""
    is_message = line.startswith("//") or not line.startswith("/")
    if in_terminal() and line and is_message:
        print("\x1b[A\x1b[K", end="", flush=True)


def send_lines(
    read: Callable[[], bytes], name: str, events: "queue.SimpleQueue[Event]"
) -> None:
    """Put each line that can be read into the queue, and at last its end."""
    rest = b""
    with contextlib.suppress(OSError):
        while data := read():
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                text = line.decode(errors="replace")
                events.put((name, text.rstrip("\r") if name == "typed" else text))
    if rest:
        events.put((name, rest.decode(errors="replace")))
    events.put((f"{name} all", ""))


class Chat:
    """A conversation, of which the main thread is in charge."""

    def __init__(self, connection: socket.socket) -> None:
        """Begin to listen to keyboard and server."""
        self.connection = connection
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.leaving = False
        ears = {
            "typed": lambda: os.read(0, 4096),
            "said": lambda: connection.recv(4096),
        }
        for name, read in ears.items():
            arguments = read, name, self.events
            threading.Thread(target=send_lines, args=arguments, daemon=True).start()

    def run(self) -> None:
        """Do what has to be done until one side has enough."""
        with contextlib.suppress(queue.Empty):
            while self.do(
                *self.events.get(timeout=LAST_WORDS if self.leaving else None)
            ):
                continue

    def do(self, name: str, text: str) -> bool:
        """Show a line or send one; return False at the end of the conversation."""
        if name == "said":
            show(text)
        elif name == "said all":
            if not self.leaving:
                print("The server is gone.", file=sys.stderr)
            return False
        elif not self.leaving:
            if name == "typed all" or text in ("/quit", "/quitter"):
                self.leave()
            else:
                erase(text)
                self.send(text)
        return True

    def send(self, text: str) -> None:
        """Send a line; if that cannot be, the other thread sees the end."""
        with contextlib.suppress(OSError):
            self.connection.sendall(f"{text}\n".encode())

    def leave(self) -> None:
        """Say that we want to go."""
        self.leaving = True
        self.send("/quit")


def port_number(text: str) -> int:
    """Return the port that ``text`` names."""
    if 0 <= (port := int(text)) <= 65535:
        return port
    raise argparse.ArgumentTypeError(f"{text} is not a port")


def parse_arguments() -> argparse.Namespace:
    """Read HOST, PORT and the nick from the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("host", nargs="?", default="127.0.0.1")
    parser.add_argument("port", nargs="?", default=8080, type=port_number)
    parser.add_argument("--nick")
    return parser.parse_args()


def connect(arguments: argparse.Namespace) -> socket.socket:
    """Return a connection, or end with status 1."""
    try:
        return socket.create_connection((arguments.host, arguments.port))
    except (OSError, UnicodeError, OverflowError) as reason:
        return sys.exit(f"error: no chat at {arguments.host}: {reason}")


def main() -> None:
    """Chat; the first Ctrl+C takes leave, the second one leaves."""
    arguments = parse_arguments()
    with connect(arguments) as connection:
        chat = Chat(connection)
        if arguments.nick:
            chat.send(f"/nick {arguments.nick}")
        with contextlib.suppress(KeyboardInterrupt):
            try:
                chat.run()
            except KeyboardInterrupt:
                chat.leave()
                chat.run()


if __name__ == "__main__":
    main()
