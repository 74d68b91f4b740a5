"""Exercise 4: many clients, one thread each; every line goes to all the others.

Run ``python -m exercise4_multiclient.server [HOST] [PORT]``, then connect several
times with ``nc 127.0.0.1 8080`` and type.
"""

import argparse
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator

MAX_LINE = 64 * 1024  # bytes: nobody may fill our memory with a line without an end


def port_number(text: str) -> int:
    """Return the port that ``text`` names, or end with status 1."""
    if text.isdecimal() and int(text) <= 65535:
        return int(text)
    sys.exit(f"error: {text!r} is not a port number (0 to 65535)")


def parse_arguments() -> argparse.Namespace:
    """Read HOST and PORT from the command line. Port 0: the system chooses one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("host", nargs="?", default="127.0.0.1")
    parser.add_argument("port", nargs="?", default=8080, type=port_number)
    return parser.parse_args()


def open_listening_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens there (listen(2)), or end with status 1."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # After a restart the last connection may still be in TIME_WAIT. Not on Windows:
    # there the option would let a second server take the same port.
    if os.name == "posix":
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen()
    except OSError as error:
        sys.exit(f"error: cannot listen on {host}:{port}: {error}")
    host, port = listening.getsockname()
    print(f"Listening on {host}:{port}", flush=True)
    return listening


def accept_client(listening: socket.socket) -> socket.socket:
    """Wait for the next client and return the socket that leads to it."""
    listening.settimeout(0.5)  # Windows lets Ctrl+C through only between two waits
    while True:
        try:
            return listening.accept()[0]
        except (TimeoutError, ConnectionError):
            pass  # nobody yet, or they have left: wait again


def check_length(line: bytes) -> bytes:
    """Return the line, or raise ValueError when it is over MAX_LINE bytes."""
    # TODO 4.11: raise ValueError when the line is over MAX_LINE bytes
    return line


def split_lines(client: socket.socket) -> Iterator[bytes]:
    """Yield what the client sends line by line, each with its newline, until it leaves.

    TCP is a stream: a recv() may bring half a line, or three. What follows the last
    newline waits for the next turn; it gets a newline when the client closes.
    """
    # TODO 4.5: yield whole lines; keep what follows the last newline for the next turn
    # TODO 4.11: pass each line through check_length(), and what is kept as well
    while received := client.recv(65536):
        yield received
    # TODO 4.6: if something was kept, yield it with a newline


class Relay:
    """The clients' sockets, and what their threads do with them."""

    def __init__(self) -> None:
        """Start with nobody connected."""
        self.clients: list[socket.socket] = []
        self.lock = threading.Lock()  # one thread at a time uses the list and sends

    def relay(self, line: bytes, sender: socket.socket) -> None:
        """Send a line to every client but its sender."""
        # TODO 4.1, 4.2: send the line to every client in self.clients
        # TODO 4.4: leave out the sender
        # TODO 4.7: hold self.lock around the whole loop
        # TODO 4.8, 4.10: when sending to one client raises OSError, go on with the next

    def serve_client(self, client: socket.socket) -> None:
        """Relay one client's lines until it leaves: the work of one thread."""
        try:
            for line in split_lines(client):
                self.relay(line, client)
        except (OSError, ValueError) as error:
            print(error, file=sys.stderr)
        # TODO 4.8, 4.9, 4.10: take the client out of self.clients, with the lock held
        client.close()

    def accept_clients(self, listening: socket.socket) -> None:
        """Give every client that connects a place in the list and a thread."""
        while True:
            client = accept_client(listening)
            # TODO 4.1, 4.2: put the client into self.clients
            # TODO 4.1, 4.3: instead of the call below, start a thread that makes it
            # TODO 4.7: hold self.lock while you put the client into self.clients
            self.serve_client(client)

    def disconnect_all(self) -> None:
        """End every connection: that wakes its thread, which closes it and returns."""
        # TODO 4.12: shut down and close each client's socket, without taking the lock


def main() -> None:
    """Relay lines between clients. Ctrl+C disconnects them all and ends the server."""
    arguments = parse_arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    relay = Relay()
    try:
        with open_listening_socket(arguments.host, arguments.port) as listening:
            relay.accept_clients(listening)
    except KeyboardInterrupt:
        pass
    finally:
        relay.disconnect_all()


if __name__ == "__main__":
    # Says on stderr which step is next. Delete these lines when none is open.
    steps = []
    with open(__file__, encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if line.strip().startswith("# TODO "):
                check, _, task = line.strip().removeprefix("# TODO ").partition(": ")
                first = check.split(",")[0]
                order = (len(first), first, number)  # 1.8 comes before 1.10
                steps.append((order, f"Next: TODO {check} (line {number}): {task}"))
    if steps:
        print(min(steps)[1], file=sys.stderr)
    if len(steps) > 1:
        print("More steps after this one:", len(steps) - 1, file=sys.stderr)
    if steps and os.path.isdir("solutions"):
        finished = "solutions.exercise4_multiclient.server"
        print("The finished program: python -m", finished, file=sys.stderr)
    main()
