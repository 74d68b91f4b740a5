"""Exercise 2 with socketserver: the library accepts, and gives each client a thread."""

import argparse
import contextlib
import os
import re
import signal
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

GIVE_UP_AFTER = 1.0  # seconds
MAX_HEAD = 8192  # bytes
REQUEST_LINE = re.compile(rb"([A-Za-z][\w!#$%&'*+.^`|~-]*) (\S+) HTTP/1\.\d\r\n")

PAGE = "<!doctype html>\n<title>Hello</title>\n<h1>Hello from socketserver ✓</h1>\n"


def choose_status(head: bytes) -> str:
    """Return the status that a head deserves; an empty line ends a complete one."""
    complete = head.endswith(b"\r\n\r\n")
    if len(head) - (4 if complete else 0) > MAX_HEAD:
        return "431 Request Header Fields Too Large"
    request = REQUEST_LINE.match(head)
    if not complete or not request:
        return "400 Bad Request"
    if request[1] != b"GET":
        return "405 Method Not Allowed"
    return "200 OK" if request[2] == b"/" else "404 Not Found"


def build_response(status: str) -> bytes:
    """Return a whole response."""
    body = (PAGE if status == "200 OK" else f"<h1>{status}</h1>\n").encode()
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Length": str(len(body)),
        "Connection": "close",
    }
    if status.startswith("405"):
        headers["Allow"] = "GET"
    lines = [f"HTTP/1.1 {status}", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Visit(socketserver.StreamRequestHandler):
    """One client: its request, our answer, and an end without a reset."""

    timeout = GIVE_UP_AFTER  # of every recv, and of the whole answer

    def handle(self) -> None:
        """Answer, unless the client is silent or leaves first."""
        try:
            if head := self.read_head():
                self.wfile.write(build_response(choose_status(head)))
                self.discard_input()
        except OSError as error:
            print(f"A client is gone: {error}", file=sys.stderr)

    def read_head(self) -> bytes:
        """Read to the empty line, or until it is clear that none can come in time.

        Line by line: then the empty line is where the head ends, and nowhere else.
        """
        head = b""
        with contextlib.suppress(TimeoutError):
            head = self.rfile.read(1)
            while head[:1].isalpha() and len(head) < MAX_HEAD + 4:
                line = self.rfile.readline(MAX_HEAD)
                head += line
                if not line or head.endswith(b"\r\n\r\n"):
                    break
        return head

    def discard_input(self) -> None:
        """Half-close, and read on until the client has closed too, or for a second."""
        self.connection.shutdown(socket.SHUT_WR)
        deadline = time.monotonic() + GIVE_UP_AFTER
        while self.connection.recv(65536) and time.monotonic() < deadline:
            continue


class Server(socketserver.ThreadingTCPServer):
    """Knows its open connections, so that it can end them; close() joins threads."""

    allow_reuse_address = os.name == "posix"  # on Windows it would share the port
    daemon_threads = False
    block_on_close = True
    request_queue_size = 128

    def __init__(self, host: str, port: int) -> None:
        """Listen; OSError when that is not possible."""
        self.connections: set[socket.socket] = set()
        self.lock = threading.Lock()
        super().__init__((host, port), Visit)
        self.socket.settimeout(0.5)  # who is gone before accept() holds up nobody

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection before its thread starts."""
        with self.lock:
            self.connections.add(request)
        super().process_request(request, client_address)

    def close_request(self, request: Any) -> None:
        """Forget the connection, and close it."""
        with self.lock:
            self.connections.discard(request)
        super().close_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say in one line that a client could not be served."""
        print(f"Cannot serve {client_address}: {sys.exc_info()[1]}", file=sys.stderr)

    def disconnect_all(self) -> None:
        """End every connection: that wakes the threads that wait for a client."""
        with self.lock:
            for connection in self.connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


def listen(host: str, port: int) -> Server:
    """Return a server that listens, or end with status 1."""
    try:
        server = Server(host, port)
    except (OSError, UnicodeError) as error:
        sys.exit(f"error: cannot listen on {host}:{port}: {error}")
    print("Listening on {}:{}".format(*server.socket.getsockname()), flush=True)
    return server


@contextlib.contextmanager
def stop_signals() -> Iterator[socket.socket]:
    """Yield a socket that receives a byte when SIGINT or SIGTERM comes.

    A handler runs in the middle of whatever the main thread does, which may hold any
    lock: so it does nothing, and the main thread waits for the byte.
    """
    ear, mouth = socket.socketpair()
    with ear, mouth:
        mouth.setblocking(False)
        signal.set_wakeup_fd(mouth.fileno())
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)
        yield ear
        signal.set_wakeup_fd(-1)


def port_number(text: str) -> int:
    """Return the port that ``text`` names, or end with status 1."""
    if text.isdecimal() and int(text) <= 65535:
        return int(text)
    sys.exit(f"error: {text!r} is not a port number (0 to 65535)")


def main() -> None:
    """Serve until Ctrl+C; shutdown() must not run in the thread that serves."""
    parser = argparse.ArgumentParser()
    parser.add_argument("host", nargs="?", default="127.0.0.1")
    parser.add_argument("port", nargs="?", default=8080, type=port_number)
    arguments = parser.parse_args()
    with stop_signals() as stop, listen(arguments.host, arguments.port) as server:
        accepting = threading.Thread(target=server.serve_forever, args=[0.1])
        accepting.start()
        stop.recv(1)
        server.shutdown()
        accepting.join()
        server.disconnect_all()


if __name__ == "__main__":
    main()
