"""A chat client whose main thread listens to the server, and another to the keyboard.

It reads and sends a little at a time, prints through no buffer, and has a prompt, with
colours, on stderr. Run ``python -m exercise5_chat_channels.client [HOST] [PORT] [--nick
NAME]``.
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

STDIN, STDOUT = 0, 1
LAST_WORDS = 2.0  # seconds of silence after which the server has said goodbye
PROMPT = "> "
# These turn text around.
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
printing = threading.Lock()


def log(*words: object) -> None:
    """Say something on stderr, in grey."""
    print("\x1b[90mclient:", *words, "\x1b[0m", file=sys.stderr, flush=True)


def port_number(text: str) -> int:
    """Return the port that ``text`` names, or end with status 1."""
    with contextlib.suppress(ValueError):
        if 0 <= int(text) <= 65535:
            return int(text)
    sys.exit(f"error: a port is a number from 0 to 65535, and {text!r} is not one")


def parse_arguments() -> argparse.Namespace:
    """Read HOST, PORT and the nick from the command line."""
    parser = argparse.ArgumentParser()
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
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sending = threading.Lock()

    def send_line(self, text: str) -> None:
        """Send one line in small pieces; raise OSError when the connection is over."""
        line = text.encode(errors="replace") + b"\n"
        with self.sending:
            for start in range(0, len(line), 3):
                self.socket.sendall(line[start : start + 3])

    def lines(self) -> Iterator[str]:
        """Yield each line of the server without its end, until the connection ends."""
        line = b""
        with contextlib.suppress(OSError):
            while byte := self.socket.recv(1):
                line += byte
                if byte == b"\n":
                    yield line[:-1].decode(errors="replace")
                    line = b""
        if line:
            yield line.decode(errors="replace")

    def close(self) -> None:
        """End the connection; another thread's lines() ends with it."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def harmless(text: str) -> str:
    """Return text with pictures or names of the characters that do something."""
    return "".join(map(picture, text))


def picture(letter: str) -> str:
    """Return a letter, or something visible for a control character."""
    if letter < " ":
        return chr(0x2400 + ord(letter))  # such as ␛
    if unicodedata.category(letter) in ("Cc", "Zl", "Zp") or letter in BIDI:
        return f"<U+{ord(letter):04X}>"
    return letter


def write(text: str) -> None:
    """Print in small pieces, through no buffer."""
    data = text.encode(sys.stdout.encoding or "utf-8", errors="replace")
    with printing:
        while data:
            data = data[os.write(STDOUT, data[:5]) :]


def in_terminal() -> bool:
    """Return whether somebody types and looks."""
    return os.isatty(STDIN) and os.isatty(STDOUT)


def show_prompt() -> None:
    """Ask for a line, in green."""
    if in_terminal():
        print(f"\x1b[32m{PROMPT}\x1b[0m", end="", file=sys.stderr, flush=True)


def show(line: str) -> None:
    """Show a line of the server, in the place of the prompt."""
    start = "\r\x1b[K" if in_terminal() else ""
    write(f"{start}{harmless(line)}\n")
    show_prompt()


def erase_typed(line: str) -> None:
    """Take a typed line and its prompt off the terminal (ECMA-48: CPL, ED)."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in line)
    columns = shutil.get_terminal_size().columns or 80
    rows = max(len(PROMPT) + len(line) + wide - 1, 0) // columns + 1
    write(f"\x1b[{rows}F\x1b[0J")
    show_prompt()


def typed_lines() -> Iterator[str]:
    """Yield what is typed, without the line's end; it is read byte by byte."""
    if sys.stdin is None:  # closed by "<&-": by now the connection has its number
        return
    line = b""
    encoding = sys.stdin.encoding or "utf-8"
    while byte := os.read(STDIN, 1):
        line += byte
        if byte == b"\n":
            yield line.decode(encoding, errors="replace").rstrip("\r\n")
            line = b""
    if line:
        yield line.decode(encoding, errors="replace")


class Chat:
    """A conversation, and whether we want to end it."""

    def __init__(self, connection: Connection) -> None:
        """Use a connection that is open."""
        self.connection = connection
        self.leaving = self.pressed_ctrl_c = False
        self.heard = threading.Event()  # something since we asked the last time

    def type_lines(self) -> None:
        """Send what is typed: the work of the second thread."""
        with contextlib.suppress(OSError):  # the server is gone: the other thread says
            for line in typed_lines():
                if line in ("/quit", "/quitter"):
                    break
                is_message = line.startswith("//") or not line.startswith("/")
                if in_terminal() and line and is_message:
                    erase_typed(line)
                elif in_terminal():
                    show_prompt()
                self.connection.send_line(line)
            self.leave()

    def show_lines(self) -> None:
        """Show what the server says, to its end: the work of the main thread."""
        for line in self.connection.lines():
            self.heard.set()
            show(line)

    def leave(self) -> None:
        """Ask the server to end the connection, and end it if nothing more comes."""
        self.leaving = True
        threading.Thread(target=self.end_when_silent, daemon=True).start()
        with contextlib.suppress(OSError):
            self.connection.send_line("/quit")

    def end_when_silent(self) -> None:
        """End the connection when the server has been silent for a while."""
        while self.heard.wait(LAST_WORDS):
            self.heard.clear()
        self.connection.close()

    def take_ctrl_c(self, *_: object) -> None:
        """Leave, and the second time at once.

        An exception instead would lose what recv() returns, as on Windows it ends late.
        """
        if self.pressed_ctrl_c:
            self.connection.close()
        elif not self.leaving:
            self.leave()
        self.pressed_ctrl_c = True

    def run(self) -> None:
        """Talk until somebody ends it."""
        threading.Thread(target=self.type_lines, daemon=True).start()
        signal.signal(signal.SIGINT, self.take_ctrl_c)
        self.show_lines()
        if not self.leaving:
            log("the server has gone away")


def connect(arguments: argparse.Namespace) -> Connection:
    """Return a connection with the nick, or end with status 1."""
    address = f"{arguments.host}:{arguments.port}"
    log("connecting to", address)
    try:
        connection = Connection(arguments.host, arguments.port)
        if arguments.nick:
            connection.send_line(f"/nick {arguments.nick}")
    except (OSError, UnicodeError) as error:
        sys.exit(f"error: {address}: {error}")
    return connection


def main() -> None:
    """Chat until one side has enough; that is never an error."""
    arguments = parse_arguments()
    with contextlib.suppress(KeyboardInterrupt):
        with contextlib.closing(connect(arguments)) as connection:
            Chat(connection).run()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    log("bye")


if __name__ == "__main__":
    main()
