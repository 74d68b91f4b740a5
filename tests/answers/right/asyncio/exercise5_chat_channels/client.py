"""A chat client on asyncio, which has no keyboard: a thread reads that.

Run ``python -m exercise5_chat_channels.client [HOST] [PORT] [--nick NAME]``.
"""

import argparse
import asyncio
import contextlib
import os
import re
import signal
import sys
import threading

LAST_WORDS = 2.0  # seconds of silence after which the server has said goodbye
HARMFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
IN_TERMINAL = os.isatty(0) and os.isatty(1)


def show(line: str) -> None:
    """Print a line, in the place of what is half typed."""
    harmless = HARMFUL.sub(lambda found: f"\\u{{{ord(found[0]):x}}}", line)
    print(("\r\x1b[K" if IN_TERMINAL else "") + harmless, flush=True)


def erase(line: str) -> None:
    """Take a typed message off the terminal."""
    if IN_TERMINAL and re.match("//|[^/]", line):
        print("\x1b[F\x1b[K", end="", flush=True)


class Chat(asyncio.Protocol):
    """A connection to the server."""

    def __init__(self, nick: str) -> None:
        """Begin before there is a connection."""
        self.nick = nick
        self.loop = asyncio.get_running_loop()
        self.ended = self.loop.create_future()
        self.rest = b""
        self.goodbye: asyncio.TimerHandle | None = None  # once we are leaving

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a nick, and listen to the keyboard."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if self.nick:
            self.send(f"/nick {self.nick}")
        threading.Thread(target=self.read_keyboard, daemon=True).start()
        signal.signal(
            signal.SIGINT, lambda *_: self.loop.call_soon_threadsafe(self.interrupt)
        )

    def read_keyboard(self) -> None:
        """Hand over each line that is typed: the work of a thread."""
        rest = b""
        with contextlib.suppress(OSError):
            while data := os.read(0, 4096):
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    self.hand_over(line)
        if rest:
            self.hand_over(rest)
        self.hand_over(b"/quit")

    def hand_over(self, line: bytes) -> None:
        """Let the event loop's thread do what a typed line says."""
        text = line.decode(errors="replace").rstrip("\r")
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self.loop.call_soon_threadsafe(self.typed, text)

    def typed(self, text: str) -> None:
        """Send a typed line, or leave."""
        if text in ("/quit", "/quitter"):
            self.leave()
        elif not self.goodbye:
            erase(text)
            self.send(text)

    def send(self, text: str) -> None:
        """Send a line."""
        self.transport.write(text.encode() + b"\n")

    def interrupt(self) -> None:
        """Leave at the first Ctrl+C, and at once at the second."""
        if self.goodbye:
            self.transport.abort()
        self.leave()

    def leave(self) -> None:
        """Ask the server to close; if it says nothing for a while, close."""
        if not self.goodbye:
            self.send("/quit")
            self.wait_for_last_words()

    def wait_for_last_words(self) -> None:
        """Begin to wait, once more if something has come."""
        if self.goodbye:
            self.goodbye.cancel()
        self.goodbye = self.loop.call_later(LAST_WORDS, self.transport.abort)

    def data_received(self, data: bytes) -> None:
        """Show whole lines."""
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            show(line.decode(errors="replace"))
        if self.goodbye:
            self.wait_for_last_words()

    def connection_lost(self, _: Exception | None) -> None:
        """Show what is left over; say that the server is gone if we did not ask."""
        if self.rest:
            show(self.rest.decode(errors="replace"))
        if not self.goodbye:
            print("Connection lost.", flush=True)
        if not self.ended.done():
            self.ended.set_result(None)


async def talk(arguments: argparse.Namespace) -> None:
    """Connect, and wait for the end."""
    loop = asyncio.get_running_loop()
    try:
        _, chat = await loop.create_connection(
            lambda: Chat(arguments.nick), arguments.host, arguments.port
        )
    except (OSError, UnicodeError, OverflowError) as reason:
        sys.exit(f"error: {reason}")
    await chat.ended


def port_number(text: str) -> int:
    """Return the port; ValueError for argparse: Windows would take 65536 for 0."""
    if int(text) not in range(65536):
        raise ValueError
    return int(text)


def main() -> None:
    """Read the command line, and chat."""
    parser = argparse.ArgumentParser()
    parser.add_argument("host", nargs="?", default="127.0.0.1")
    parser.add_argument("port", nargs="?", default=8080, type=port_number)
    parser.add_argument("--nick", default="")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(talk(parser.parse_args()))


if __name__ == "__main__":
    main()
