"""Exercise 2 with http.server: the library takes requests apart and writes headers.

It reads a head line by line, without a limit for all of it, and answers what is not
HTTP in other ways. So the head is read here, and handed to the library.
"""

import argparse
import io
import os
import signal
import socket
import socketserver
import sys
import time
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any

GIVE_UP_AFTER = 1.0  # seconds
MAX_HEAD = 8192  # bytes

PAGE = "<!doctype html>\n<title>Hello</title>\n<h1>Hello from http.server ✓</h1>\n"


class Visit(BaseHTTPRequestHandler):
    """One client: its request, our answer, and an end without a reset."""

    timeout = GIVE_UP_AFTER  # of every recv() and send()
    protocol_version = "HTTP/1.1"  # of the answers
    # What the library takes for granted where there is no request line, or a bad one.
    requestline = ""
    request_version = default_request_version = "HTTP/1.1"

    def handle(self) -> None:
        """Answer, unless the client is silent or leaves first."""
        head = self.read_head()
        if not head:
            return
        if len(head.partition(b"\r\n\r\n")[0]) > MAX_HEAD:
            self.answer(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif b"\r\n\r\n" not in head:
            self.answer(HTTPStatus.BAD_REQUEST)
        else:
            self.rfile = io.BufferedReader(io.BytesIO(head))
            self.handle_one_request()
        self.discard_input()

    def read_head(self) -> bytes:
        """Read to the empty line, or until it is clear that none can come in time."""
        head = b""
        with suppress(TimeoutError):
            while b"\r\n\r\n" not in head and len(head) <= MAX_HEAD:
                received = self.connection.recv(4096)
                head += received
                if not received or not head[:1].isalpha():
                    break
        return head

    def do_GET(self) -> None:  # noqa: N802
        """Give the page; GET / alone, without a version, is HTTP/0.9."""
        if len(self.requestline.split()) != 3:
            self.answer(HTTPStatus.BAD_REQUEST)
        else:
            found = self.path == "/"
            self.answer(HTTPStatus.OK if found else HTTPStatus.NOT_FOUND)

    def send_error(
        self, code: int, message: str | None = None, explain: str | None = None
    ) -> None:
        """Say what is wrong; the library has more reasons than the exercise."""
        no_method = code == HTTPStatus.NOT_IMPLEMENTED
        self.log_error("%s: %s", code, message)
        self.answer(
            HTTPStatus.METHOD_NOT_ALLOWED if no_method else HTTPStatus.BAD_REQUEST
        )

    def answer(self, status: HTTPStatus) -> None:
        """Send a whole response."""
        sorry = f"<h1>{status:d} {status.phrase}</h1>\n"
        body = (PAGE if status == HTTPStatus.OK else sorry).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET")
        self.end_headers()
        self.wfile.write(body)

    def discard_input(self) -> None:
        """Half-close, and read on until the client has closed too, or for a second."""
        self.connection.shutdown(socket.SHUT_WR)
        deadline = time.monotonic() + GIVE_UP_AFTER
        while self.connection.recv(65536) and time.monotonic() < deadline:
            continue


class Server(socketserver.TCPServer):
    """Serves one client after another."""

    allow_reuse_address = os.name == "posix"  # on Windows it would share the port
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say in one line that a client could not be served."""
        print(f"{client_address} is gone: {sys.exc_info()[1]}", file=sys.stderr)


def port_number(text: str) -> int:
    """Return the port that ``text`` names, or end with status 1."""
    if text.isdecimal() and int(text) <= 65535:
        return int(text)
    sys.exit(f"error: {text!r} is not a port number (0 to 65535)")


def listen(host: str, port: int) -> Server:
    """Return a server that listens, or end with status 1."""
    try:
        server = Server((host, port), Visit)
    except (OSError, UnicodeError) as error:
        sys.exit(f"error: cannot listen on {host}:{port}: {error}")
    print("Listening on {}:{}".format(*server.socket.getsockname()), flush=True)
    return server


def main() -> None:
    """Serve until Ctrl+C."""
    parser = argparse.ArgumentParser()
    parser.add_argument("host", nargs="?", default="127.0.0.1")
    parser.add_argument("port", nargs="?", default=8080, type=port_number)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        with listen(arguments.host, arguments.port) as server:
            server.serve_forever()


if __name__ == "__main__":
    main()
