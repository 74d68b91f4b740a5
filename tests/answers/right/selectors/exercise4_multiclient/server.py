"""Exercise 4 with one thread for all: a selector says who has something to say.

Each client has an outbox. What a client cannot take yet waits there, so that nobody
waits for it.
"""

import argparse
import os
import selectors
import signal
import socket
import sys
from contextlib import suppress

MAX_LINE = 64 * 1024  # bytes


class Client:
    """A connection, what has come of its next line, and what is still to be sent."""

    def __init__(self, connection: socket.socket) -> None:
        """Take over a connection; from now on it never makes us wait."""
        connection.setblocking(False)
        self.connection = connection
        self.rest = b""
        self.outbox = bytearray()


class Relay:
    """The listening socket, its clients, and the loop that serves them all."""

    def __init__(self, listening: socket.socket) -> None:
        """Start with nobody connected."""
        listening.setblocking(False)
        self.selector = selectors.DefaultSelector()
        self.selector.register(listening, selectors.EVENT_READ)
        self.listening = listening
        self.clients: list[Client] = []

    def run(self) -> None:
        """Serve whoever is ready, for ever."""
        while True:
            for key, _events in self.selector.select(0.5):  # Ctrl+C, on Windows
                if key.data is None:
                    self.accept()
                else:
                    self.serve(key.data)

    def accept(self) -> None:
        """Give the next client its place."""
        with suppress(OSError):  # it has left already
            client = Client(self.listening.accept()[0])
            self.clients.append(client)
            self.selector.register(client.connection, selectors.EVENT_READ, client)

    def serve(self, client: Client) -> None:
        """Send and receive what is possible now; an OSError means that it has gone."""
        try:
            self.send(client)
            self.receive(client)
        except BlockingIOError:
            pass
        except (OSError, ValueError):
            self.disconnect(client)

    def receive(self, client: Client) -> None:
        """Take what a client has sent, and relay the lines that are complete."""
        received = client.connection.recv(65536)
        *lines, client.rest = (client.rest + received).split(b"\n")
        for line in lines:
            self.relay(check_length(line) + b"\n", client)
        check_length(client.rest)
        if not received:
            if client.rest:
                self.relay(client.rest + b"\n", client)
            self.disconnect(client)

    def relay(self, line: bytes, sender: Client) -> None:
        """Put a line into every outbox but the sender's."""
        for client in self.clients:
            if client is not sender:
                client.outbox += line
                with suppress(OSError):  # its event will tell
                    self.send(client)

    def send(self, client: Client) -> None:
        """Send what the client takes now; ask to be told when it takes more."""
        with suppress(BlockingIOError):
            del client.outbox[: client.connection.send(client.outbox)]
        events = selectors.EVENT_READ
        if client.outbox:
            events |= selectors.EVENT_WRITE
        self.selector.modify(client.connection, events, client)

    def disconnect(self, client: Client) -> None:
        """Take a client out of everything, and close its connection."""
        self.clients.remove(client)
        self.selector.unregister(client.connection)
        client.connection.close()


def check_length(line: bytes) -> bytes:
    """Return the line; ValueError where it is too long."""
    if len(line) > MAX_LINE:
        raise ValueError
    return line


def listen(host: str, port: int) -> socket.socket:
    """Return the listening socket, or end with status 1."""
    listening = socket.socket()
    if os.name == "posix":
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        sys.exit(f"error: cannot listen on {host}:{port}: {error}")
    listening.listen()
    print("Listening on {}:{}".format(*listening.getsockname()), flush=True)
    return listening


def port_number(text: str) -> int:
    """Return the port that ``text`` names; ValueError for argparse if there is none."""
    if int(text) not in range(65536):
        raise ValueError
    return int(text)


def main() -> None:
    """Relay lines until Ctrl+C: the end of the program ends every connection."""
    parser = argparse.ArgumentParser()
    parser.add_argument("host", nargs="?", default="127.0.0.1")
    parser.add_argument("port", nargs="?", default=8080, type=port_number)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        Relay(listen(arguments.host, arguments.port)).run()


if __name__ == "__main__":
    main()
