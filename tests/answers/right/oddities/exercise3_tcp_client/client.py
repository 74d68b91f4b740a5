"""An HTTP client that does as little as possible at a time, and talks about it.

It sends its request in pieces, reads one byte at a time, and prints through no buffer.
Run ``python -m exercise3_tcp_client.client [HOST] [PORT] [PATH]``.
"""

import argparse
import contextlib
import os
import re
import socket
import sys
from collections.abc import Iterator

TIMEOUT = float(os.environ.get("HTTP_TIMEOUT", "10"))  # seconds
STDOUT = 1
WRITE = 61  # bytes that are written together
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(.*?)[ \t]*\r\n", re.I)


class ResponseError(Exception):
    """The answer is none, or not all of one."""


def log(*words: object) -> None:
    """Say something on stderr."""
    print("client:", *words, file=sys.stderr, flush=True)


def port_number(text: str) -> int:
    """Return the port that ``text`` names, or end with status 1."""
    with contextlib.suppress(ValueError):
        if 0 <= int(text) <= 65535:
            return int(text)
    sys.exit(f"error: a port is a number from 0 to 65535, and {text!r} is not one")


def url_path(text: str) -> str:
    """Return ``text`` if it can stand in a request line, or end with status 1."""
    if re.fullmatch("/[!-~]*", text):
        return text
    sys.exit(f"error: {text!r} is no path")


def parse_arguments() -> argparse.Namespace:
    """Read HOST, PORT and PATH from the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("host", nargs="?", default="127.0.0.1")
    parser.add_argument("port", nargs="?", default=8080, type=port_number)
    parser.add_argument("path", nargs="?", default="/", type=url_path)
    return parser.parse_args()


def build_request(host: str, port: int, path: str) -> bytes:
    """Return a GET with headers in an odd order, and more of them than needed."""
    return (
        f"GET {path} HTTP/1.1\r\n"
        "user-AGENT: oddities/1.0 (one byte at a time)\r\n"
        "cONNECTION:close\r\n"
        f"HOST:   {host}:{port}\r\n"
        "Accept: */*\r\n"
        "\r\n"
    ).encode()


def send_slowly(server: socket.socket, data: bytes) -> None:
    """Send every byte by itself."""
    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in data:
        server.sendall(bytes([byte]))


def write(data: bytes) -> None:
    """Print bytes in small pieces, through no buffer."""
    view = memoryview(data)
    while view:
        view = view[os.write(STDOUT, view[:WRITE]) :]


def print_head(server: socket.socket) -> bytes:
    """Print and return the head with its empty line; ResponseError if it is none."""
    head = b""
    try:
        while not head.endswith(b"\r\n\r\n"):
            if not (byte := server.recv(1)):
                raise ResponseError(f"the end came after {len(head)} bytes of the head")
            head += byte
            if not b"HTTP/".startswith(head[:5]):
                raise ResponseError(f"it begins with {head!r}: that is not HTTP")
    finally:
        if head.startswith(b"HTTP/"):
            write(head)
    return head


def read_bytes(server: socket.socket, most: int | None) -> Iterator[bytes]:
    """Yield the body byte by byte: ``most`` bytes, or up to the end."""
    count = 0
    while count != most and (byte := server.recv(1)):
        count += 1
        yield byte


def print_body(server: socket.socket, length: int | None) -> int:
    """Print the body as it comes; return the number of its bytes.

    What has come is printed, too, when the connection breaks.
    """
    count, waiting = 0, b""
    try:
        for byte in read_bytes(server, length):
            waiting += byte
            if len(waiting) == WRITE:
                write(waiting)
                count, waiting = count + len(waiting), b""
    except OSError as error:
        came = count + len(waiting)
        raise ResponseError(f"{error} after {came} of {length or '?'} bytes") from None
    finally:
        write(waiting)
    return count + len(waiting)


def fetch(server: socket.socket, request: bytes) -> None:
    """Ask, and print the answer; raise ResponseError when a part of it is missing."""
    send_slowly(server, request)
    log("asked, and waiting")
    head = print_head(server)
    found = LENGTH.search(head)
    if found and not found[1].isdigit():
        raise ResponseError(f"its length is {found[1]!r}: that is not a number")
    length = int(found[1]) if found else None
    log("the body has", length, "bytes")
    count = print_body(server, length)
    if length not in (None, count):
        raise ResponseError(f"it was cut short: only {count} of {length} bytes came")


def main() -> None:
    """Fetch one page."""
    arguments = parse_arguments()
    host, port = arguments.host, arguments.port
    request = build_request(host, port, arguments.path)
    log(f"connecting to {host}:{port} …")
    try:
        with socket.create_connection((host, port), timeout=TIMEOUT) as server:
            fetch(server, request)
    except TimeoutError:
        sys.exit(f"error: {host}:{port} said nothing for {TIMEOUT:g} seconds")
    except (OSError, UnicodeError, ResponseError) as error:
        sys.exit(f"error: {host}:{port}: {error}")
    except KeyboardInterrupt:
        sys.exit("interrupted")
    log("done")


if __name__ == "__main__":
    main()
