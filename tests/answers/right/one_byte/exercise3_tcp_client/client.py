"""An HTTP client that receives one byte at a time, and never one too many.

Run ``python -m exercise3_tcp_client.client [HOST] [PORT] [PATH]``.
"""

import argparse
import os
import re
import socket
import sys

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


def print_head(server: socket.socket) -> bytes:
    """Copy the head to stdout; ValueError where it is none."""
    head = b"".join(server.recv(1) for _ in range(5))
    if head != b"HTTP/":
        raise ValueError(f"the answer begins with {head!r}")
    sys.stdout.buffer.write(head)
    while not head.endswith(b"\r\n\r\n"):
        byte = server.recv(1)
        head += byte
        sys.stdout.buffer.write(byte)
        if not byte:
            raise ValueError("the head was cut short")
    return head


def print_body(server: socket.socket, length: int | None) -> None:
    """Copy the body to stdout; ValueError where the end comes too early."""
    printed = 0
    while printed != length:
        byte = server.recv(1)
        if not byte and length is not None:
            raise ValueError(f"the end came after {printed} of {length} bytes")
        if not byte:
            break
        printed += sys.stdout.buffer.write(byte)


def main() -> None:
    """Fetch one page. Whatever goes wrong is one line on stderr, and status 1."""
    arguments = parse_arguments()
    host, port = arguments.host, arguments.port
    try:
        with socket.create_connection((host, port), TIMEOUT) as server:
            server.sendall(request_for(host, port, arguments.path))
            print_body(server, content_length(print_head(server)))
    except (OSError, ValueError) as error:
        sys.exit(f"error: {host}:{port}: {error!r}")
    except KeyboardInterrupt:
        sys.exit("Stopped")


if __name__ == "__main__":
    main()
