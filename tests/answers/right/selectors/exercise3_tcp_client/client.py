"""An HTTP client that never blocks, except in select().

Run ``python -m exercise3_tcp_client.client [HOST] [PORT] [PATH]``.
"""

import argparse
import os
import re
import select
import socket
import sys
from contextlib import suppress

TIMEOUT = float(os.environ.get("HTTP_TIMEOUT", "10"))  # seconds


def url_path(text: str) -> str:
    """Return ``text``; ValueError for argparse if it cannot be in a request line."""
    if not re.fullmatch("/[!-~]*", text):
        raise ValueError
    return text


def port_number(text: str) -> int:
    """Return the port that ``text`` names; ValueError for argparse if there is none."""
    if int(text) not in range(65536):
        raise ValueError
    return int(text)


def parse_arguments() -> argparse.Namespace:
    """Read HOST, PORT and PATH; argparse ends with status 2 where one is wrong."""
    parser = argparse.ArgumentParser()
    parser.add_argument("host", nargs="?", default="127.0.0.1")
    parser.add_argument("port", nargs="?", default=8080, type=port_number)
    parser.add_argument("path", nargs="?", default="/", type=url_path)
    return parser.parse_args()


def request_for(host: str, port: int, path: str) -> bytes:
    """Return a GET."""
    headers = f"Host: {host}:{port}\r\nConnection: close\r\n"
    return f"GET {path} HTTP/1.1\r\n{headers}\r\n".encode()


def content_length(head: bytes) -> int | None:
    """Return the announced length; None where there is none."""
    found = re.search(rb"\r\ncontent-length:([^\r]*)", head, re.IGNORECASE)
    if found and not found[1].strip().isdigit():
        raise ValueError(f"Content-Length is {found[1]!r}")
    return int(found[1]) if found else None


class Answer:
    """Prints the bytes of a response as they come, and knows when it is complete."""

    length: int | None  # of the body, once the head is there

    def __init__(self) -> None:
        """Begin with nothing."""
        self.head = b""
        self.printed = 0  # bytes of the body
        self.is_complete = False

    def feed(self, piece: bytes) -> None:
        """Take the next bytes; b"" is the end. ValueError where something is wrong."""
        if not piece:
            self.end()
        elif not self.head.endswith(b"\r\n\r\n"):
            head, empty_line, body = (self.head + piece).partition(b"\r\n\r\n")
            self.head = head + empty_line
            if empty_line:
                self.begin_body(body)
        else:
            self.print_body(piece)

    def begin_body(self, body: bytes) -> None:
        """Print the head, and what came with it."""
        if not self.head.startswith(b"HTTP/"):
            raise ValueError("this is not HTTP")
        sys.stdout.buffer.write(self.head)
        self.length = content_length(self.head)
        self.print_body(body)

    def print_body(self, body: bytes) -> None:
        """Print what belongs to the body, and no more."""
        wanted = len(body) if self.length is None else self.length - self.printed
        self.printed += sys.stdout.buffer.write(body[:wanted])
        self.is_complete = self.printed == self.length

    def end(self) -> None:
        """See whether the response may end here."""
        if not self.head.endswith(b"\r\n\r\n"):
            sys.stdout.buffer.write(self.head)
            raise ValueError(f"the head ends after {len(self.head)} bytes")
        if self.length not in (None, self.printed):
            raise ValueError(f"only {self.printed} of {self.length} bytes came")
        self.is_complete = True


def wait_to_read(server: socket.socket) -> None:
    """Wait until something has come; TimeoutError where it takes too long."""
    if not any(select.select([server], [], [], TIMEOUT)):
        raise TimeoutError(f"nothing came for {TIMEOUT:g} s")


def wait_to_write(server: socket.socket) -> None:
    """Wait until it is connected, and takes something, or (on Windows) never will."""
    if not any(select.select([], [server], [server], TIMEOUT)):
        raise TimeoutError(f"it took nothing for {TIMEOUT:g} s")


def connect(host: str, port: int) -> socket.socket:
    """Return a socket that does not block, and will soon be connected, or fail."""
    server = socket.socket()
    server.setblocking(False)
    with suppress(BlockingIOError):  # it is on its way
        server.connect((host, port))
    return server


def fetch(server: socket.socket, request: bytes) -> None:
    """Ask, and feed what comes to an answer, until that is complete."""
    while request:
        wait_to_write(server)
        request = request[server.send(request) :]
    answer = Answer()
    while not answer.is_complete:
        wait_to_read(server)
        answer.feed(server.recv(65536))


def main() -> None:
    """Fetch one page. Whatever goes wrong is one line on stderr, and status 1."""
    arguments = parse_arguments()
    host, port = arguments.host, arguments.port
    try:
        fetch(connect(host, port), request_for(host, port, arguments.path))
    except (OSError, ValueError) as error:
        sys.exit(f"error: {host}:{port}: {error}")
    except KeyboardInterrupt:
        sys.exit("Stopped")


if __name__ == "__main__":
    main()
