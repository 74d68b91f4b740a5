"""Exercise 2 with one selector for all clients: nobody waits for a silent one.

Every client has a deadline, and an outbox for what it does not take at once.
"""

import os
import selectors
import signal
import socket
import sys
import time
from contextlib import suppress

GIVE_UP_AFTER = 1.0  # seconds: for the whole head, and again for the end
MAX_HEAD = 8192  # bytes

PAGE = "<!doctype html>\n<title>Hello</title>\n<h1>Hello from a selector ✓</h1>\n"


class Client:
    """A connection: what has come, what is still to be sent, how long it may take."""

    def __init__(self, connection: socket.socket) -> None:
        """Take over a connection; from now on it never makes us wait."""
        connection.setblocking(False)
        self.connection = connection
        self.deadline = time.monotonic() + GIVE_UP_AFTER
        self.head = b""
        self.outbox = b""
        self.answered = False


class Server:
    """The listening socket, its clients, and the loop that serves them all."""

    def __init__(self, listening: socket.socket) -> None:
        """Start with nobody connected."""
        listening.setblocking(False)
        self.listening = listening
        self.selector = selectors.DefaultSelector()
        self.selector.register(listening, selectors.EVENT_READ)
        self.clients: set[Client] = set()

    def run(self) -> None:
        """Serve whoever is ready, for ever."""
        while True:
            for key, events in self.selector.select(0.1):
                if key.data is None:
                    self.accept()
                else:
                    self.serve(key.data, events)
            now = time.monotonic()
            for client in [c for c in self.clients if c.deadline < now]:
                self.disconnect(client)

    def accept(self) -> None:
        """Give the next client its place."""
        with suppress(OSError):  # it may have left already
            client = Client(self.listening.accept()[0])
            self.clients.add(client)
            self.selector.register(client.connection, selectors.EVENT_READ, client)

    def serve(self, client: Client, events: int) -> None:
        """Read or send what is possible now; an OSError means that it has gone."""
        try:
            if events & selectors.EVENT_READ:
                self.receive(client)
            if client.outbox:
                self.send(client)
        except BlockingIOError:
            pass
        except OSError:
            self.disconnect(client)

    def receive(self, client: Client) -> None:
        """Take what has come. After the answer, throw it away until the end."""
        received = client.connection.recv(1000)
        if not received:
            raise ConnectionAbortedError("the client has closed")
        if client.answered:
            return
        client.head += received
        if status := choose_status(client.head):
            client.answered = True
            client.outbox = build_response(status)
            client.deadline = time.monotonic() + GIVE_UP_AFTER
            events = selectors.EVENT_READ | selectors.EVENT_WRITE
            self.selector.modify(client.connection, events, client)

    def send(self, client: Client) -> None:
        """Send what the client takes now; after the last byte half-close."""
        client.outbox = client.outbox[client.connection.send(client.outbox) :]
        if not client.outbox:
            client.connection.shutdown(socket.SHUT_WR)
            self.selector.modify(client.connection, selectors.EVENT_READ, client)

    def disconnect(self, client: Client) -> None:
        """Take a client out of everything, and close its connection."""
        self.clients.remove(client)
        self.selector.unregister(client.connection)
        client.connection.close()


def choose_status(head: bytes) -> str:
    """Return the status that a head deserves, or '' while it is not complete."""
    start, empty_line, _ = head.partition(b"\r\n\r\n")
    if not head[:1].isalpha():
        return "400 Bad Request"
    if len(start) > MAX_HEAD:
        return "431 Request Header Fields Too Large"
    if not empty_line:
        return ""
    words = start.partition(b"\r\n")[0].split(b" ")
    if len(words) != 3 or not words[2].startswith(b"HTTP/1."):
        return "400 Bad Request"
    if words[0] != b"GET":
        return "405 Method Not Allowed"
    return "200 OK" if words[1] == b"/" else "404 Not Found"


def build_response(status: str) -> bytes:
    """Return a whole response."""
    body = (PAGE if status == "200 OK" else f"<p>{status}</p>\n").encode()
    headers = [
        f"HTTP/1.1 {status}",
        "CONTENT-TYPE: text/html;charset=utf-8",
        f"CONTENT-LENGTH: {len(body)}",
        "ALLOW: GET",
        "CONNECTION: close",
    ]
    return "\r\n".join([*headers, "", ""]).encode() + body


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
    """Return the port that ``text`` names, or end with status 1."""
    if text.isdecimal() and int(text) <= 65535:
        return int(text)
    sys.exit(f"error: {text!r} is not a port number (0 to 65535)")


def main() -> None:
    """Serve one page until Ctrl+C."""
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    port = port_number(sys.argv[2]) if len(sys.argv) > 2 else 8080
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        Server(listen(host, port)).run()


if __name__ == "__main__":
    main()
