"""Exercise 2 with asyncio's protocols: the event loop calls, and nothing ever waits."""

import argparse
import asyncio
import signal
import sys
from contextlib import suppress
from typing import cast

GIVE_UP_AFTER = 1.0  # seconds for the whole head, and again for the end
MAX_HEAD = 8192  # bytes

PAGE = "<!doctype html>\n<title>Hello</title>\n<h1>Hello from a protocol ✓</h1>\n"


def choose_status(head: bytes) -> str:
    """Return the status that a head deserves, or "" while it is not complete."""
    start, empty_line, _ = head.partition(b"\r\n\r\n")
    words = start.partition(b"\r\n")[0].split(b" ")
    if not head[:1].isalpha():
        return "400 Bad Request"
    if len(start) > MAX_HEAD:
        return "431 Request Header Fields Too Large"
    if not empty_line:
        return ""
    if len(words) != 3 or not words[2].startswith(b"HTTP/1."):
        return "400 Bad Request"
    if words[0] != b"GET":
        return "405 Method Not Allowed"
    return "200 OK" if words[1] == b"/" else "404 Not Found"


def build_response(status: str) -> bytes:
    """Return a whole response."""
    body = (PAGE if status == "200 OK" else f"<h1>{status}</h1>\n").encode()
    headers = [
        f"HTTP/1.1 {status}",
        "Content-Type: text/html; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Allow: GET",
        "Connection: close",
    ]
    return "\r\n".join([*headers, "", ""]).encode() + body


class Visit(asyncio.Protocol):
    """One client."""

    def __init__(self) -> None:
        """Start with nothing received."""
        self.head = b""
        self.answered = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the clock."""
        self.transport = cast(asyncio.Transport, transport)
        self.start_clock()

    def start_clock(self) -> None:
        """Give the client a second for what it has to do now."""
        loop = asyncio.get_running_loop()
        self.clock = loop.call_later(GIVE_UP_AFTER, self.transport.abort)

    def data_received(self, data: bytes) -> None:
        """Answer when there is enough; what comes after that is thrown away."""
        if self.answered:
            return
        self.head += data
        if status := choose_status(self.head):
            self.answered = True
            self.clock.cancel()
            self.transport.write(build_response(status))
            self.transport.write_eof()
            self.start_clock()

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the client, who has closed, gone, or taken too long."""
        self.clock.cancel()


async def run(host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows: there Ctrl+C raises KeyboardInterrupt
            break
    try:
        server = await loop.create_server(Visit, host, port)
    except (OSError, UnicodeError) as error:
        sys.exit(f"error: cannot listen on {host}:{port}: {error}")
    print("Listening on {}:{}".format(*server.sockets[0].getsockname()), flush=True)
    while sys.platform == "win32":  # where select() is deaf to Ctrl+C
        await asyncio.sleep(0.5)
    await stop.wait()
    server.close()


def port_number(text: str) -> int:
    """Return the port that ``text`` names, or end with status 1."""
    if text.isdecimal() and int(text) <= 65535:
        return int(text)
    sys.exit(f"error: {text!r} is not a port number (0 to 65535)")


def main() -> None:
    """Serve one page until Ctrl+C."""
    parser = argparse.ArgumentParser()
    parser.add_argument("host", nargs="?", default="127.0.0.1")
    parser.add_argument("port", nargs="?", default=8080, type=port_number)
    arguments = parser.parse_args()
    if sys.platform == "win32":
        # Its usual loop stops accepting after a client that resets early:
        # https://github.com/python/cpython/issues/93821
        asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
    with suppress(KeyboardInterrupt):
        asyncio.run(run(arguments.host, arguments.port))


if __name__ == "__main__":
    main()
