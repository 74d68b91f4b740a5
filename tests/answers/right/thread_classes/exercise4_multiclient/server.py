"""Exercise 4 with objects: every client has a thread that reads and one that writes.

Between them lies a queue with an end: who does not read makes those wait who speak to
it, and nobody else.
"""

import argparse
import contextlib
import os
import select
import signal
import socket
import sys
import threading
from collections import deque
from collections.abc import Iterator

MAX_LINE = 64 * 1024  # bytes, without the newline
MAX_QUEUE = 64  # lines that may wait for one client


class Bell:
    """Wakes the main thread when SIGINT or SIGTERM comes."""

    def __init__(self) -> None:
        """Take over the signals."""
        self.ear, self.hammer = socket.socketpair()
        self.hammer.setblocking(False)
        signal.set_wakeup_fd(self.hammer.fileno())
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)  # the byte in the socket is enough

    def close(self) -> None:
        """Give the signals back."""
        signal.set_wakeup_fd(-1)
        self.ear.close()
        self.hammer.close()


class Queue:
    """Lines on their way to one client."""

    def __init__(self) -> None:
        """Start empty and open."""
        self.lines: deque[bytes] = deque()
        self.open = True
        self.changed = threading.Condition()

    def put(self, line: bytes) -> None:
        """Add a line; wait while there is no room, and do nothing when it is closed."""
        with self.changed:
            while self.open and len(self.lines) >= MAX_QUEUE:
                self.changed.wait()
            if self.open:
                self.lines.append(line)
                self.changed.notify_all()

    def take_all(self) -> bytes:
        """Wait for lines, and return them; b"" when it is closed and empty."""
        with self.changed:
            while self.open and not self.lines:
                self.changed.wait()
            taken = b"".join(self.lines)
            self.lines.clear()
            self.changed.notify_all()
            return taken

    def close(self) -> None:
        """Take no more lines; those that are here can still be taken."""
        with self.changed:
            self.open = False
            self.changed.notify_all()


class Writer(threading.Thread):
    """Sends a client what lies in its queue."""

    def __init__(self, connection: socket.socket) -> None:
        """Send over a connection that somebody else closes."""
        super().__init__()
        self.connection = connection
        self.queue = Queue()

    def run(self) -> None:
        """Send until the queue is closed and empty, or the client is gone."""
        with contextlib.suppress(OSError):  # the thread that reads will notice
            while lines := self.queue.take_all():
                self.connection.sendall(lines)
        self.queue.close()


class Client(threading.Thread):
    """One connection: the thread that reads, and owner of the one that writes."""

    def __init__(self, connection: socket.socket, relay: "Relay") -> None:
        """Take over a connection."""
        super().__init__()
        self.connection = connection
        self.relay = relay
        self.writer = Writer(connection)

    def run(self) -> None:
        """Relay what the client says until it leaves, then clean up."""
        self.writer.start()
        try:
            for line in self.read_lines():
                self.relay.send(line, self)
        except (OSError, ValueError) as error:
            print(f"Disconnected: {error}", file=sys.stderr)
            self.disconnect()
        self.writer.queue.close()  # who has only half-closed gets what still waits
        self.writer.join()
        self.relay.remove(self)
        self.connection.close()

    def read_lines(self) -> Iterator[bytes]:
        """Yield lines, each with its newline; ValueError when one is too long."""
        rest = b""
        while received := self.connection.recv(65536):
            *lines, rest = (rest + received).split(b"\n")
            for line in lines:
                self.check_length(line)
                yield line + b"\n"
            self.check_length(rest)
        if rest:
            yield rest + b"\n"

    @staticmethod
    def check_length(line: bytes) -> None:
        """Raise ValueError when a line is too long."""
        if len(line) > MAX_LINE:
            raise ValueError(f"a line of more than {MAX_LINE} bytes")

    def disconnect(self) -> None:
        """End the connection: that wakes both threads, and who waits for room."""
        self.writer.queue.close()
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


class Relay:
    """The array of clients."""

    def __init__(self) -> None:
        """Start with nobody connected."""
        self.clients: list[Client] = []
        self.lock = threading.Lock()

    def add(self, connection: socket.socket) -> None:
        """Give a client its place, and let its thread begin."""
        client = Client(connection, self)
        with self.lock:
            self.clients.append(client)
        client.start()

    def remove(self, client: Client) -> None:
        """Take a client out."""
        with self.lock:
            self.clients.remove(client)

    def send(self, line: bytes, sender: Client) -> None:
        """Put a line into every queue but the sender's; wait where there is no room."""
        with self.lock:
            others = [client for client in self.clients if client is not sender]
        for client in others:
            client.writer.queue.put(line)

    def stop(self) -> None:
        """Disconnect everybody, and wait for the threads."""
        with self.lock:
            clients = list(self.clients)
        for client in clients:
            client.disconnect()
            client.connection.close()  # on Windows only this wakes the threads
        for client in clients:
            client.join()


class Server:
    """The listening socket."""

    def __init__(self, host: str, port: int) -> None:
        """Listen; OSError when that is not possible."""
        self.listening = socket.socket()
        if os.name == "posix":  # on Windows it would share the port
            self.listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listening.bind((host, port))
        self.listening.listen()
        self.listening.setblocking(False)

    def run(self, bell: Bell, relay: Relay) -> None:
        """Accept clients until the bell rings."""
        doors = [self.listening, bell.ear]
        while bell.ear not in select.select(doors, [], [])[0]:
            try:
                connection, _ = self.listening.accept()
            except (BlockingIOError, ConnectionError):
                continue
            except OSError as error:  # no descriptor is left: wait, but for the bell
                print(f"Cannot accept: {error}", file=sys.stderr)
                select.select([bell.ear], [], [], 0.1)
                continue
            connection.setblocking(True)
            relay.add(connection)


def port_number(text: str) -> int:
    """Return the port that ``text`` names, or end with status 1."""
    if text.isdecimal() and int(text) <= 65535:
        return int(text)
    sys.exit(f"error: {text!r} is not a port number (0 to 65535)")


def listen(host: str, port: int) -> Server:
    """Return a server that listens, or end with status 1."""
    try:
        server = Server(host, port)
    except (OSError, UnicodeError) as error:
        sys.exit(f"error: cannot listen on {host}:{port}: {error}")
    print("Listening on {}:{}".format(*server.listening.getsockname()), flush=True)
    return server


def main() -> None:
    """Relay lines until Ctrl+C."""
    parser = argparse.ArgumentParser()
    parser.add_argument("host", nargs="?", default="127.0.0.1")
    parser.add_argument("port", nargs="?", default=8080, type=port_number)
    arguments = parser.parse_args()
    relay = Relay()
    with contextlib.closing(Bell()) as bell:
        server = listen(arguments.host, arguments.port)
        with server.listening:
            server.run(bell, relay)
        relay.stop()


if __name__ == "__main__":
    main()
