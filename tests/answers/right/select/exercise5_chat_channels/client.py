"""A chat client in one thread: select() waits for the keyboard and the server.

Run ``python -m exercise5_chat_channels.client [HOST] [PORT] [--nick NAME]``. Windows'
select() knows sockets only: there a second thread puts what is typed into one.
"""

import argparse
import contextlib
import os
import re
import select
import socket
import sys
import threading
from collections.abc import Callable

LAST_WORDS = 2.0  # seconds of silence after which the server has said goodbye
HARMFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
IN_TERMINAL = os.isatty(0) and os.isatty(1)


def show(line: str) -> None:
    """Print a line of the server, in the place of what is half typed."""
    text = HARMFUL.sub(lambda found: f"<{ord(found[0]):x}>", line)
    print(("\r\x1b[J" if IN_TERMINAL else "") + text, flush=True)


def erase(typed: str) -> None:
    """Take a typed line off the terminal, where it fills one row."""
    if IN_TERMINAL and typed and (typed[0] != "/" or typed[:2] == "//"):
        print("\x1b[A\x1b[2K", end="", flush=True)


def read_keyboard() -> bytes:
    """Wait for the keyboard; b"" is its end."""
    return os.read(0, 4096)


def keyboard() -> "Lines":
    """Return the lines of the keyboard."""
    if os.name == "posix":
        return Lines(0, read_keyboard)
    ear, mouth = socket.socketpair()
    threading.Thread(target=pass_on, args=[mouth], daemon=True).start()
    return Lines(ear, lambda: ear.recv(4096))


def pass_on(mouth: socket.socket) -> None:
    """Put what is typed into a socket: the work of a thread."""
    while data := read_keyboard():
        mouth.sendall(data.replace(b"\r\n", b"\n"))
    mouth.close()


class Lines:
    """Cuts what is read from somewhere into lines."""

    def __init__(self, source: int | socket.socket, read: Callable[[], bytes]) -> None:
        """Read when there is something; select() waits for the source."""
        self.source = source
        self.receive = read
        self.rest = b""
        self.ended = False

    def fileno(self) -> int:
        """Return what select() can wait for."""
        return self.source if isinstance(self.source, int) else self.source.fileno()

    def read(self) -> list[str]:
        """Return the lines that are complete now; at the end, also one that is not."""
        data = b""
        with contextlib.suppress(OSError):  # a reset; or a terminal that is gone
            data = self.receive()
        self.ended = not data
        *lines, self.rest = (self.rest + data).split(b"\n")
        if self.ended and self.rest:
            lines.append(self.rest)
        return [line.decode(errors="replace") for line in lines]


class Chat:
    """A conversation over a connection."""

    def __init__(self, connection: socket.socket) -> None:
        """Listen to the connection and to the keyboard."""
        self.connection = connection
        self.server = Lines(connection, lambda: connection.recv(4096))
        self.keyboard = keyboard()
        self.leaving = False

    def run(self) -> None:
        """Talk until one side has enough."""
        while not self.server.ended:
            ears = [self.server] if self.leaving else [self.server, self.keyboard]
            try:
                ready, _, _ = select.select(
                    ears, [], [], LAST_WORDS if self.leaving else None
                )
            except KeyboardInterrupt:
                if self.leaving:
                    return
                self.leave()
                continue
            if not ready:
                return
            self.listen(ready)
        if not self.leaving:
            show("-- the server has closed the connection --")

    def listen(self, ready: list[Lines]) -> None:
        """Show what the server says, and send what is typed."""
        if self.server in ready:
            for line in self.server.read():
                show(line)
        if self.keyboard in ready:
            for line in self.keyboard.read():
                if line in ("/quit", "/quitter"):
                    return self.leave()
                erase(line)
                self.send(line)
            if self.keyboard.ended:
                self.leave()
        return None

    def send(self, line: str) -> None:
        """Send a line; if the server is gone, the other ear will notice."""
        with contextlib.suppress(OSError):
            self.connection.sendall(line.encode() + b"\n")

    def leave(self) -> None:
        """Ask the server to end the connection."""
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


def main() -> None:
    """Connect and chat."""
    arguments = parse_arguments()
    try:
        address = arguments.host, arguments.port
        connection = socket.create_connection(address, timeout=10)
    except (OSError, UnicodeError, OverflowError) as reason:
        sys.exit(f"error: {arguments.host} port {arguments.port}: {reason}")
    with connection, contextlib.suppress(KeyboardInterrupt):
        connection.settimeout(None)
        chat = Chat(connection)
        if arguments.nick:
            chat.send(f"/nick {arguments.nick}")
        chat.run()


if __name__ == "__main__":
    main()
