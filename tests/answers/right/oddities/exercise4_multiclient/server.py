"""A relay with two threads and a queue per client, and other oddities.

One thread of a client reads in pieces of odd sizes, the other sends byte by byte. Two
threads accept; the main thread only waits for Ctrl+C. Run
``python -m exercise4_multiclient.server [HOST] [PORT]``.
"""

import argparse
import asyncio  # big modules, for a slow start
import contextlib
import itertools
import os
import queue
import signal
import socket
import sys
import threading
import time
import unittest
from collections.abc import Iterator

WARM_UP = 0.5  # seconds of work before it listens
LAST_WORDS = 1.0  # seconds in which a client that half-closed may read what waits
MAX_LINE = 64 * 1024  # bytes
READ = (1, 2, 3, 5, 8, 4096)  # bytes at most, in turn
ONE_BY_ONE = 64  # so many bytes of a line go alone, the others in growing pieces


def log(*words: object) -> None:
    """Say something on stdout and on stderr, each in one write."""
    sys.stdout.write(f"log: {' '.join(map(str, words))}\n")
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {' '.join(map(str, words))}\n")


def port_number(text: str) -> int:
    """Return the port that ``text`` names, or end with status 1."""
    with contextlib.suppress(ValueError):
        if 0 <= int(text) <= 65535:
            return int(text)
    sys.exit(f"error: a port is a number from 0 to 65535, and {text!r} is not one")


def parse_arguments() -> argparse.Namespace:
    """Read HOST and PORT from the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("host", nargs="?", default="127.0.0.1")
    parser.add_argument("port", nargs="?", default=8080, type=port_number)
    return parser.parse_args()


def warm_up() -> int:
    """Compute something that takes its time; return how far it came."""
    deadline = time.process_time() + WARM_UP
    number = len(asyncio.__all__) + len(unittest.__all__)
    while time.process_time() < deadline:
        number = number * 69069 % 2**32 + 1
    return number


def open_listening_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens there, or end with status 1."""
    listening = socket.socket()
    if os.name == "posix":
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(50)
    except (OSError, UnicodeError) as error:
        listening.close()
        sys.exit(f"error: {error}. So nobody listens at {host}, {port}.")
    listening.settimeout(0.2)
    print("Listening on {}:{}".format(*listening.getsockname()), flush=True)
    return listening


class Client:
    """A connection, and the queue of the lines that it is to get."""

    def __init__(self, connection: socket.socket) -> None:
        """Take over a connected socket."""
        connection.settimeout(None)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = connection
        self.outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()

    def lines(self) -> Iterator[bytes]:
        r"""Yield what comes, line by line, each with its ``\n``.

        Raises ValueError for a line of over MAX_LINE bytes, OSError after a reset.
        """
        rest = b""
        for size in itertools.cycle(READ):
            received = self.socket.recv(size)
            *lines, rest = (rest + received).split(b"\n")
            if not received and rest:
                lines.append(rest)
            for line in lines:
                yield check_length(line) + b"\n"
            check_length(rest)
            if not received:
                return

    def write_lines(self) -> None:
        """Send what is put into the queue, up to a None: the work of a thread."""
        connected = True
        for line in iter(self.outbox.get, None):
            try:
                if connected:
                    self.send(line)
            except OSError as error:  # go on, so that the queue is emptied
                log("cannot write any more:", error)
                connected = False

    def send(self, line: bytes) -> None:
        """Send a line in pieces of one byte, and of a long one in growing pieces."""
        size, view = 1, memoryview(line)
        while view:
            self.socket.sendall(view[:size])
            view = view[size:]
            if len(line) - len(view) >= ONE_BY_ONE:
                size *= 2

    def disconnect(self) -> None:
        """End the connection: both threads notice."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)


def check_length(line: bytes) -> bytes:
    """Return the line, or raise ValueError when it is too long."""
    if len(line) > MAX_LINE:
        raise ValueError(f"a line of more than {MAX_LINE} bytes")
    return line


class Relay:
    """All clients, and the threads that serve them."""

    def __init__(self) -> None:
        """Start with nobody connected."""
        self.clients: dict[int, Client] = {}  # in the order in which they came
        self.numbers = itertools.count(1)
        self.lock = threading.Lock()
        self.stopping = False

    def relay(self, line: bytes, sender: int) -> None:
        """Put a line into the queue of everybody but its sender."""
        with self.lock:
            for number, client in self.clients.items():
                if number != sender:
                    client.outbox.put(line)
        log(f"client {sender} said {len(line)} bytes")

    def accept_clients(self, listening: socket.socket) -> None:
        """Take clients until the end: the work of two threads."""
        while not self.stopping:
            try:
                connection, _ = listening.accept()
            except TimeoutError:
                continue
            except OSError as error:  # no descriptor is left, or the client is gone
                log("cannot accept:", error)
                time.sleep(0.1)
                continue
            client = Client(connection)
            with self.lock:
                number = next(self.numbers)
                self.clients[number] = client
            threading.Thread(target=self.serve, args=[client, number]).start()

    def serve(self, client: Client, number: int) -> None:
        """Relay what a client says until it leaves: the work of a thread."""
        log(f"client {number} is here")
        writer = threading.Thread(target=client.write_lines)
        writer.start()
        try:
            for line in client.lines():
                self.relay(line, number)
        except (OSError, ValueError) as error:
            log(f"client {number}: {error}")
            client.disconnect()
        with self.lock:
            del self.clients[number]
        client.outbox.put(None)
        writer.join(LAST_WORDS)
        client.disconnect()
        writer.join()
        client.socket.close()

    def close(self) -> None:
        """Disconnect everybody, and wait until all threads are done."""
        for client in list(self.clients.values()):
            client.disconnect()
            client.socket.close()  # on Windows only this wakes recv()
        for thread in threading.enumerate():
            if thread is not threading.current_thread():
                thread.join()


def ignore(*_: object) -> None:
    """Do nothing: the wakeup socket tells of the signal."""


def main() -> None:
    """Let threads relay lines until a signal comes."""
    arguments = parse_arguments()
    woken, waker = socket.socketpair()
    waker.setblocking(False)
    signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGINT, ignore)
    signal.signal(signal.SIGTERM, ignore)
    log("still asleep:", warm_up())
    relay = Relay()
    with open_listening_socket(arguments.host, arguments.port) as listening:
        doors = [
            threading.Thread(target=relay.accept_clients, args=[listening])
            for _ in range(2)
        ]
        for door in doors:
            door.start()
        woken.recv(1)
        relay.stopping = True
        for door in doors:
            door.join()
    relay.close()
    log("closed")


if __name__ == "__main__":
    main()
