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
    # TODO 3.1: return the request line, Host, Connection: close and the empty line
    return b""


def read_head(server: socket.socket) -> tuple[bytes, bytes]:
    """Return the response's head with its empty line, and what came of the body."""
    received = b""
    # TODO 3.2: receive one piece
    # TODO 3.3: receive more pieces, until the empty line or the end has come
    # TODO 3.9: raise ResponseError if that is nothing, or does not begin with HTTP/
    head, empty_line, body = received.partition(b"\r\n\r\n")
    return head + empty_line, body


def content_length(head: bytes) -> int:
    """Return the length in bytes that the head announces, or NO_LENGTH.

    Raises ResponseError when what it announces is not a number.
    """
    # TODO 3.6: look for Content-Length, in capitals or not, and return its number
    # TODO 3.9: raise ResponseError if its value is not a number
    return NO_LENGTH


def print_response(server: socket.socket) -> None:
    """Copy one response from ``server`` to stdout, bytes as they are.

    Raises ResponseError, after it has printed what came, when something is missing.
    """
    head, piece = read_head(server)
    # TODO 3.2: write the head and what came of the body to stdout, as bytes
    # TODO 3.3, 3.4: receive and write the rest of the body, until the stream ends
    # TODO 3.6: stop as soon as content_length(head) bytes of the body are written
    # TODO 3.8: raise ResponseError if the stream ended before that, or in the head


def main() -> None:
    """Fetch one page. Whatever goes wrong is one line on stderr, and status 1."""
    arguments = parse_arguments()
    host, port = arguments.host, arguments.port
    try:
        # TODO 3.1: connect to the server and send the request; do not print it
        sys.stdout.buffer.write(build_request(host, port, arguments.path))
        # TODO 3.2, 3.5: print the response
        # TODO 3.10: wait no longer than TIMEOUT for the connection and for each piece
    # TODO 3.7: after OSError or UnicodeError, end with error: and why, on stderr
    # TODO 3.8, 3.9: after a ResponseError, too; flush stdout before
    except KeyboardInterrupt:
        sys.exit("Stopped")


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
        finished = "solutions.exercise3_tcp_client.client"
        print("The finished program: python -m", finished, file=sys.stderr)
    main()
