"""Exercise 4 with processes: each client has one that reads, and the first one relays.

A reader hands whole lines over through a pipe, and multiprocessing keeps them apart.
"""

import argparse
import contextlib
import multiprocessing
import signal
import socket
import sys
from collections.abc import Iterator
from multiprocessing.connection import Connection, Pipe, wait
from multiprocessing.process import BaseProcess

MAX_LINE = 64 * 1024  # bytes, without the newline
STOP = {signal.SIGINT, signal.SIGTERM}


def check_length(line: bytes) -> bytes:
    """Return the line, or raise ValueError when it is too long."""
    if len(line) > MAX_LINE:
        raise ValueError(f"a line of more than {MAX_LINE} bytes")
    return line


def split_lines(client: socket.socket) -> Iterator[bytes]:
    """Yield lines, each with its newline; ValueError when one is too long."""
    rest = b""
    while received := client.recv(65536):
        *lines, rest = (rest + received).split(b"\n")
        for line in lines:
            yield check_length(line) + b"\n"
        check_length(rest)
    if rest:
        yield rest + b"\n"


def read_client(client: socket.socket, pipe: Connection) -> None:
    """Hand over a client's lines until it leaves."""
    try:
        for line in split_lines(client):
            pipe.send_bytes(line)
    except (OSError, ValueError) as error:
        print(f"Disconnected: {error}", file=sys.stderr)


class Relay:
    """The first process: it accepts clients, and sends each line to all the others."""

    def __init__(self, listening: socket.socket) -> None:
        """Start with nobody connected."""
        self.listening = listening
        self.clients: dict[Connection, socket.socket] = {}  # by the pipe of the reader
        self.readers: dict[Connection, BaseProcess] = {}

    def run(self) -> None:
        """Look after whoever has something to say, for ever."""
        while True:
            for ready in wait([self.listening, *self.clients]):
                if isinstance(ready, Connection):
                    self.hear(ready)
                else:
                    self.accept()

    def accept(self) -> None:
        """Give a client its place and its reader."""
        with contextlib.suppress(BlockingIOError, ConnectionError):
            client, _ = self.listening.accept()
            client.setblocking(True)
            ours, its = Pipe(duplex=False)
            self.clients[ours] = client
            self.readers[ours] = self.start_reader(client, its)
            its.close()

    def start_reader(self, client: socket.socket, pipe: Connection) -> BaseProcess:
        """Fork a reader. It keeps signals blocked: the first process ends it."""
        forking = multiprocessing.get_context("fork")
        reader = forking.Process(target=self.read_alone, args=[client, pipe])
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP)
        reader.start()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP)
        return reader

    def read_alone(self, client: socket.socket, pipe: Connection) -> None:
        """Be a reader: leave to the first process what is not this client's."""
        self.listening.close()
        for ours, other in self.clients.items():
            ours.close()
            if other is not client:
                other.close()
        read_client(client, pipe)

    def hear(self, pipe: Connection) -> None:
        """Take a line from a reader, and relay it; or see that it has ended."""
        try:
            line = pipe.recv_bytes()
        except EOFError:
            self.remove(pipe)
            return
        for other, client in self.clients.items():
            if other is not pipe:
                with contextlib.suppress(OSError):  # its own reader will notice
                    client.sendall(line)

    def remove(self, pipe: Connection) -> None:
        """Disconnect a client, whose reader then ends; leave no trace of them."""
        client, reader = self.clients.pop(pipe), self.readers.pop(pipe)
        pipe.close()
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)
        reader.join()
        client.close()

    def remove_all(self) -> None:
        """End every connection."""
        for pipe in list(self.clients):
            self.remove(pipe)


def listen(host: str, port: int) -> socket.socket:
    """Return the listening socket, or end with status 1."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen()
    except (OSError, UnicodeError) as error:
        sys.exit(f"error: cannot listen on {host}:{port}: {error}")
    listening.setblocking(False)
    print("Listening on {}:{}".format(*listening.getsockname()), flush=True)
    return listening


def port_number(text: str) -> int:
    """Return the port that ``text`` names, or end with status 1."""
    if text.isdecimal() and int(text) <= 65535:
        return int(text)
    sys.exit(f"error: {text!r} is not a port number (0 to 65535)")


def main() -> None:
    """Relay lines until Ctrl+C."""
    parser = argparse.ArgumentParser()
    parser.add_argument("host", nargs="?", default="127.0.0.1")
    parser.add_argument("port", nargs="?", default=8080, type=port_number)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with listen(arguments.host, arguments.port) as listening:
            relay = Relay(listening)
            try:
                relay.run()
            finally:
                for number in STOP:
                    signal.signal(number, signal.SIG_IGN)  # already shutting down
                relay.remove_all()
    except KeyboardInterrupt:
        print("Stopped", file=sys.stderr)


if __name__ == "__main__":
    main()
