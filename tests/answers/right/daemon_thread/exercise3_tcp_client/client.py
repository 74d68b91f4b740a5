"""An HTTP client that receives in a daemon thread, and collects the whole answer.

Run ``python -m exercise3_tcp_client.client [HOST] [PORT] [PATH]``.
"""

import argparse
import os
import queue
import re
import socket
import sys
import threading
from collections.abc import Iterator

TIMEOUT = float(os.environ.get("HTTP_TIMEOUT", "10"))  # seconds


def parse_arguments() -> argparse.Namespace:
    """Read HOST, PORT and PATH; argparse ends with status 2 where one is wrong."""
    parser = argparse.ArgumentParser()
    parser.add_argument("host", nargs="?", default="127.0.0.1")
    parser.add_argument("port", nargs="?", default=8080, type=int)
    parser.add_argument("path", nargs="?", default="/")
    arguments = parser.parse_args()
    if not re.fullmatch("/[!-~]*", arguments.path):
        parser.error("PATH begins with / and has no space")
    if not 0 <= arguments.port <= 65535:
        parser.error("PORT is a number from 0 to 65535")
    return arguments


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


def receive(server: socket.socket, pieces: "queue.Queue[bytes | OSError]") -> None:
    """Put all that comes into a queue, at last b"" or an error."""
    piece = b"?"
    try:
        while piece:
            piece = server.recv(4096)
            pieces.put(piece)
    except OSError as error:
        pieces.put(error)


def in_background(server: socket.socket) -> Iterator[bytes]:
    """Yield the pieces that a thread receives, up to the end."""
    pieces: queue.Queue[bytes | OSError] = queue.Queue()
    threading.Thread(target=receive, args=(server, pieces), daemon=True).start()
    while piece := pieces.get(timeout=TIMEOUT):
        if isinstance(piece, OSError):
            raise piece
        yield piece


def is_complete(received: bytearray) -> bool:
    """Return whether all of the announced length has come."""
    start = received.find(b"\r\n\r\n") + 4
    length = content_length(bytes(received[:start])) if start > 3 else None
    return length is not None and len(received) >= start + length


def print_answer(received: bytes) -> None:
    """Print what belongs to the answer; ValueError where something is missing."""
    if not received.startswith(b"HTTP/"):
        raise ValueError("not HTTP" if received else "no answer")
    head, empty_line, body = received.partition(b"\r\n\r\n")
    sys.stdout.buffer.write(head + empty_line)
    length = content_length(head)
    sys.stdout.buffer.write(body[:length])
    if not empty_line:
        raise ValueError("the head ends too early")
    if length is not None and len(body) < length:
        raise ValueError(f"{len(body)} of {length} bytes")


def fetch(server: socket.socket, request: bytes) -> None:
    """Ask, collect the answer, and print it, whatever ended it."""
    server.sendall(request)
    received = bytearray()
    try:
        for piece in in_background(server):
            received += piece
            if is_complete(received):
                break
    finally:
        print_answer(bytes(received))


def main() -> None:
    """Fetch one page. Whatever goes wrong is one line on stderr, and status 1."""
    arguments = parse_arguments()
    host, port = arguments.host, arguments.port
    try:
        with socket.create_connection((host, port), TIMEOUT) as server:
            server.settimeout(None)  # the queue has the limit
            fetch(server, request_for(host, port, arguments.path))
    except queue.Empty:
        sys.exit(f"error: {host}:{port}: no answer in time")
    except (OSError, ValueError) as error:
        sys.exit(f"error: {host}:{port}: {error}")
    except KeyboardInterrupt:
        sys.exit("Stopped")


if __name__ == "__main__":
    main()
