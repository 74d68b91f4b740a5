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

MAX_LINE = 64 * 1024  # bytes
MAX_OUTBOX = 64 * 1024 * 1024  # bytes: a client that falls so far behind must leave


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
            for key, events in self.selector.select(0.5):  # Ctrl+C, on Windows
                client = key.data
                if client is None:
                    self.accept()
                elif client in self.clients and events & selectors.EVENT_WRITE:
                    self.send(client)
                if client in self.clients and events & selectors.EVENT_READ:
                    self.receive(client)

    def accept(self) -> None:
        """Give the next client its place."""
        try:
            client = Client(self.listening.accept()[0])
        except OSError:  # it has left already
            return
        self.clients.append(client)
        self.selector.register(client.connection, selectors.EVENT_READ, client)

    def receive(self, client: Client) -> None:
        """Take what a client has sent, and relay the lines that are complete."""
        try:
            received = client.connection.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            received = b""
            client.rest = b""
        *lines, rest = (client.rest + received).split(b"\n")
        client.rest = rest
        for line in lines:
            if len(line) <= MAX_LINE:
                self.relay(line + b"\n", client)
        if not received and rest:
            self.relay(rest + b"\n", client)
        if not received or max(map(len, [*lines, rest])) > MAX_LINE:
            self.disconnect(client)

    def relay(self, line: bytes, sender: Client) -> None:
        """Put a line into every outbox but the sender's."""
        for client in list(self.clients):  # a copy: send() may disconnect somebody
            if client is not sender:
                client.outbox += line
                self.send(client)

    def send(self, client: Client) -> None:
        """Send what the client takes now; ask to be told when it takes more."""
        try:
            del client.outbox[: client.connection.send(client.outbox)]
        except BlockingIOError:
            pass
        except OSError:
            self.disconnect(client)
            return
        if len(client.outbox) > MAX_OUTBOX:
            self.disconnect(client)
            return
        write = selectors.EVENT_WRITE if client.outbox else 0
        events = selectors.EVENT_READ | write
        self.selector.modify(client.connection, events, client)

    def disconnect(self, client: Client) -> None:
        """Take a client out of everything, and close its connection."""
        if client in self.clients:
            self.clients.remove(client)
            self.selector.unregister(client.connection)
            client.connection.close()

    def disconnect_all(self) -> None:
        """End every connection."""
        for client in list(self.clients):
            self.disconnect(client)
        self.selector.close()


def listen(host: str, port: int) -> socket.socket:
    """Return the listening socket, or end with status 1."""
    listening = socket.socket()
    if os.name == "posix":
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except (OSError, UnicodeError) as error:
        sys.exit(f"error: cannot listen on {host}:{port}: {error}")
    listening.listen()
    print("Listening on {}:{}".format(*listening.getsockname()), flush=True)
    return listening


def port_number(text: str) -> int:
    """Return the port that ``text`` names; ValueError for argparse if there is none."""
    port = int(text)
    if not 0 <= port <= 65535:
        raise ValueError(f"{port} is not a port")
    return port


def main() -> None:
    """Relay lines until Ctrl+C."""
    parser = argparse.ArgumentParser()
    parser.add_argument("host", nargs="?", default="127.0.0.1")
    parser.add_argument("port", nargs="?", default=8080, type=port_number)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with listen(arguments.host, arguments.port) as listening:
        relay = Relay(listening)
        try:
            relay.run()
        except KeyboardInterrupt:
            relay.disconnect_all()


if __name__ == "__main__":
    main()
