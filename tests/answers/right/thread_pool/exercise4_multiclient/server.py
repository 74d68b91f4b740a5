"""Exercise 4 with a pool of threads, which makes one only where none is free.

So a thread serves several clients in its life, one after another.
"""

import argparse
import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

MAX_LINE = 64 * 1024  # bytes, without the newline
MAX_CLIENTS = 1000  # at a time; the next one has to wait

clients: list[socket.socket] = []
lock = threading.Lock()


def read_lines(client: socket.socket) -> Iterator[bytes]:
    """Yield lines, each with its newline; ValueError when one is too long."""
    with client.makefile("rb") as file:
        while line := file.readline(MAX_LINE + 1):
            if not line.endswith(b"\n"):
                if len(line) > MAX_LINE:
                    raise ValueError(f"a line of more than {MAX_LINE} bytes")
                line += b"\n"  # the last one, and the client has closed
            yield line


def relay(line: bytes, sender: socket.socket) -> None:
    """Send a line to all the others."""
    with lock:
        for client in clients:
            if client is not sender:
                with contextlib.suppress(OSError):  # its own thread will notice
                    client.sendall(line)


def serve(client: socket.socket) -> None:
    """Relay what one client says until it leaves: the work of a thread."""
    try:
        for line in read_lines(client):
            relay(line, client)
    except (OSError, ValueError) as error:
        print(f"Thrown out: {error}", file=sys.stderr)
    with lock:
        clients.remove(client)
    client.close()


def accept_clients(listening: socket.socket, pool: ThreadPoolExecutor) -> None:
    """Give every client a place and a thread, for ever."""
    listening.settimeout(0.5)  # Windows lets Ctrl+C through only between two waits
    while True:
        with contextlib.suppress(TimeoutError, ConnectionError):
            client, _ = listening.accept()
            client.settimeout(None)
            with lock:
                clients.append(client)
            pool.submit(serve, client)


def disconnect_all() -> None:
    """End every connection; not under the lock, which a thread may hold that sends.

    On Windows only closing wakes a thread; and close() does not, while makefile()'s
    file is open.
    """
    for client in list(clients):
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            socket.close(client.detach())


def port_number(text: str) -> int:
    """Return the port that ``text`` names, or end with status 1."""
    if text.isdecimal() and int(text) <= 65535:
        return int(text)
    sys.exit(f"error: {text!r} is not a port number (0 to 65535)")


def listen() -> socket.socket:
    """Return a socket that listens where the command line says, or end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("host", nargs="?", default="127.0.0.1")
    parser.add_argument("port", nargs="?", default=8080, type=port_number)
    place = parser.parse_args()
    listening = socket.socket()
    if os.name == "posix":  # on Windows it would share the port
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((place.host, place.port))
        listening.listen()
    except (OSError, UnicodeError) as error:
        sys.exit(f"error: cannot listen on {place.host}:{place.port}: {error}")
    print("Listening on {}:{}".format(*listening.getsockname()), flush=True)
    return listening


def main() -> None:
    """Relay lines until Ctrl+C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ThreadPoolExecutor(MAX_CLIENTS) as pool:
        try:
            with listen() as listening:
                accept_clients(listening, pool)
        except KeyboardInterrupt:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # already shutting down
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        finally:
            disconnect_all()


if __name__ == "__main__":
    main()
