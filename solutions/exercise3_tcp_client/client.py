"""Exercise 3: an HTTP client, the other end of the socket.

Run ``python -m exercise3_tcp_client.client [HOST] [PORT] [PATH]``. It sends a GET and
prints the response, head and body, as it came.
"""

import argparse
import os
import re
import socket
import sys

TIMEOUT = float(os.environ.get("HTTP_TIMEOUT", "10"))  # seconds; the suite shortens it
NO_LENGTH = sys.maxsize  # the body ends where the stream ends


def port_number(text: str) -> int:
    """Return the port that ``text`` names, or end with status 1."""
    if text.isdecimal() and int(text) <= 65535:
        return int(text)
    sys.exit(f"error: {text!r} is not a port number (0 to 65535)")


def url_path(text: str) -> str:
    """Return ``text`` if it can stand in a request line, or end with status 1."""
    if re.fullmatch("/[!-~]*", text):
        return text
    sys.exit(f"error: {text!r} is not a path: / and then printable ASCII, no space")


def parse_arguments() -> argparse.Namespace:
    """Read HOST, PORT and PATH from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("host", nargs="?", default="127.0.0.1")
    parser.add_argument("port", nargs="?", default=8080, type=port_number)
    parser.add_argument("path", nargs="?", default="/", type=url_path)
    return parser.parse_args()


class ResponseError(Exception):
    """The server's answer is not a complete HTTP response."""


def build_request(host: str, port: int, path: str) -> bytes:
    """Return a GET for ``path``, with the empty line (RFC 9112, section 3)."""
    return (
        f"GET {path} HTTP/1.1\r\n"
        f"Host: {host}:{port}\r\n"
        "Connection: close\r\n"
        "\r\n"  # the empty line: here the request ends
    ).encode()


def read_head(server: socket.socket) -> tuple[bytes, bytes]:
    """Return the response's head with its empty line, and what came of the body."""
    received = b""
    while b"\r\n\r\n" not in received:
        piece = server.recv(65536)
        received += piece
        if not piece:
            break
    if not received:
        raise ResponseError("the server closed the connection without an answer")
    if not received.startswith(b"HTTP/"):
        raise ResponseError("the answer does not begin with HTTP/")
    head, empty_line, body = received.partition(b"\r\n\r\n")
    return head + empty_line, body


def content_length(head: bytes) -> int:
    """Return the length in bytes that the head announces, or NO_LENGTH.

    Raises ResponseError when what it announces is not a number.
    """
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            if not value.strip().isdigit():
                raise ResponseError(f"Content-Length is not a number: {value!r}")
            return int(value)
    return NO_LENGTH


def print_response(server: socket.socket) -> None:
    """Copy one response from ``server`` to stdout, bytes as they are.

    Raises ResponseError, after it has printed what came, when something is missing.
    """
    head, piece = read_head(server)
    sys.stdout.buffer.write(head)
    if not head.endswith(b"\r\n\r\n"):
        raise ResponseError(f"the head was cut short after {len(head)} bytes")
    length = content_length(head)
    printed = sys.stdout.buffer.write(piece[:length])
    while printed < length:
        piece = server.recv(65536)
        if not piece:
            break
        printed += sys.stdout.buffer.write(piece[: length - printed])
    if length not in (printed, NO_LENGTH):
        raise ResponseError(f"the body was cut short: {printed} of {length} bytes")


def main() -> None:
    """Fetch one page. Whatever goes wrong is one line on stderr, and status 1."""
    arguments = parse_arguments()
    host, port = arguments.host, arguments.port
    try:
        with socket.create_connection((host, port), timeout=TIMEOUT) as server:
            server.sendall(build_request(host, port, arguments.path))
            print_response(server)
    except (OSError, UnicodeError, ResponseError) as error:
        sys.stdout.flush()
        sys.exit(f"error: {host}:{port}: {error}")
    except KeyboardInterrupt:
        sys.exit("Stopped")


if __name__ == "__main__":
    main()
