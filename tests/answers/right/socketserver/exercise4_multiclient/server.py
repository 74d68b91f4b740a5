"""Exercise 4 with socketserver: a handler per client, and a lock per receiver.

Two lines for the same client are sent one after the other; for two different clients
nobody waits for anybody.
"""

import argparse
import contextlib
import os
import signal
import socket
import socketserver
import sys
import threading
from collections.abc import Iterator
from typing import Any

MAX_LINE = 64 * 1024  # bytes, without the newline


class Receiver:
    """The sending side of a connection, which many threads use."""

    def __init__(self, connection: socket.socket) -> None:
        """Send over a connection that somebody else reads from."""
        self.connection = connection
        self.lock = threading.Lock()

    def send(self, line: bytes) -> None:
        """Send a line whole; who is gone is noticed by the thread that reads."""
        with self.lock, contextlib.suppress(OSError):
            self.connection.sendall(line)

    def disconnect(self) -> None:
        """End the connection in both directions: that wakes whoever waits for it."""
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close when nobody sends: a new connection could get the same descriptor."""
        self.disconnect()
        with self.lock:
            self.connection.close()


class Speaker(socketserver.StreamRequestHandler):
    """The reading side of a connection: one thread."""

    server: "Relay"

    def handle(self) -> None:
        """Relay line after line until the client leaves."""
        try:
            for line in self.read_lines():
                self.server.relay(line, self.connection)
        except (OSError, ValueError) as error:
            print(f"Disconnected: {error}", file=sys.stderr)

    def read_lines(self) -> Iterator[bytes]:
        """Yield lines, each with its newline; ValueError when one is too long."""
        while line := self.rfile.readline(MAX_LINE + 1):
            if not line.endswith(b"\n"):
                if len(line) > MAX_LINE:
                    raise ValueError(f"a line of more than {MAX_LINE} bytes")
                line += b"\n"  # the last one, and the client has closed
            yield line


class Relay(socketserver.ThreadingTCPServer):
    """Accepts clients, and keeps the array of those who are here."""

    allow_reuse_address = os.name == "posix"  # on Windows it would share the port
    daemon_threads = False
    block_on_close = True
    request_queue_size = 128

    def __init__(self, host: str, port: int) -> None:
        """Listen; OSError when that is not possible."""
        self.clients: dict[socket.socket, Receiver] = {}
        self.lock = threading.Lock()
        super().__init__((host, port), Speaker)
        self.socket.settimeout(0.5)  # who is gone before accept() holds up nobody

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give a client its place in the array, then a thread."""
        with self.lock:
            self.clients[request] = Receiver(request)
        super().process_request(request, client_address)

    def relay(self, line: bytes, sender: socket.socket) -> None:
        """Send a line to all who are here, but not to its sender."""
        with self.lock:
            others = [r for key, r in self.clients.items() if key is not sender]
        for receiver in others:
            receiver.send(line)

    def close_request(self, request: Any) -> None:
        """Take a client out of the array, and close its connection."""
        with self.lock:
            receiver = self.clients.pop(request)
        receiver.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say in one line that a client could not be served."""
        print(f"Cannot serve {client_address}: {sys.exc_info()[1]}", file=sys.stderr)

    def disconnect_all(self) -> None:
        """End every connection; the threads see it, and close their own."""
        with self.lock:
            for receiver in self.clients.values():
                receiver.disconnect()
                # On Windows only this wakes the threads; close() would wait for rfile.
                socket.close(receiver.connection.detach())


def listen(host: str, port: int) -> Relay:
    """Return a server that listens, or end with status 1."""
    try:
        server = Relay(host, port)
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
    """Relay lines until Ctrl+C; shutdown() must not run in the thread that serves."""
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
