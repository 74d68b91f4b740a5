"""An HTTP client that reads its socket as a file, line by line, as http.client does.

Run ``python -m exercise3_tcp_client.client [HOST] [PORT] [PATH]``.
"""

import argparse
import io
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


def print_head(answer: io.BufferedReader) -> int | None:
    """Copy the head to stdout, line by line; return the length that it announces."""
    start = answer.read(5)
    if start != b"HTTP/":
        raise ValueError("not HTTP" if start else "no answer")
    length, line = None, b""
    while line != b"\r\n":
        line, start = start + answer.readline(), b""
        sys.stdout.buffer.write(line)
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = value.strip()
        if not line.endswith(b"\n"):
            raise ValueError("the head was cut short")
    if length is not None and not length.isdigit():
        raise ValueError(f"Content-Length is {length!r}")
    return None if length is None else int(length)


def print_body(answer: io.BufferedReader, length: int | None) -> None:
    """Copy the body to stdout, as much as is there at a time."""
    printed = 0
    while printed != length:
        most = 8192 if length is None else min(8192, length - printed)
        piece = answer.read1(most)
        printed += sys.stdout.buffer.write(piece)
        if not piece and length is not None:
            raise ValueError(f"{printed} of {length} bytes came")
        if not piece:
            break


def main() -> None:
    """Fetch one page. Whatever goes wrong is one line on stderr, and status 1."""
    arguments = parse_arguments()
    host, port = arguments.host, arguments.port
    try:
        with socket.create_connection((host, port), TIMEOUT) as server:
            server.sendall(request_for(host, port, arguments.path))
            with server.makefile("rb") as answer:
                print_body(answer, print_head(answer))
    except (OSError, ValueError) as error:
        sys.exit(f"error: {host}:{port}: {error}")
    except KeyboardInterrupt:
        sys.exit("Stopped")


if __name__ == "__main__":
    main()
