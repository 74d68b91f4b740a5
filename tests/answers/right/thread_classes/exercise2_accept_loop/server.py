"""Exercise 2 with objects: a visit is a thread, and knows how to end itself."""

import argparse
import contextlib
import os
import re
import select
import signal
import socket
import sys
import threading
import time

GIVE_UP_AFTER = 1.0  # seconds: for the whole head, and again for the end
MAX_HEAD = 8192  # bytes
REQUEST_LINE = re.compile(rb"([A-Za-z][\w!#$%&'*+.^`|~-]*) (\S+) HTTP/1\.\d")
PAGE = "<!doctype html>\n<title>Hello</title>\n<h1>Hello from a thread ✓</h1>\n"


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


class Visit(threading.Thread):
    """One client, and the thread that serves it."""

    def __init__(self, connection: socket.socket, visits: "Visits") -> None:
        """Take over a connection."""
        super().__init__()
        self.connection = connection
        self.visits = visits
        self.deadline = time.monotonic() + GIVE_UP_AFTER

    def run(self) -> None:
        """Answer, unless the client is silent or leaves first."""
        try:
            if head := self.read_head():
                self.deadline = time.monotonic() + GIVE_UP_AFTER
                self.connection.settimeout(GIVE_UP_AFTER)
                self.connection.sendall(build_response(choose_status(head)))
                self.discard_input()
        except OSError as error:
            print(f"A client is gone: {error}", file=sys.stderr)
        finally:
            self.visits.remove(self)
            self.connection.close()

    def receive(self) -> bytes:
        """Return what comes; TimeoutError when nothing does before the deadline."""
        remaining = self.deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("too slow")
        self.connection.settimeout(remaining)
        return self.connection.recv(4096)

    def read_head(self) -> bytes:
        """Read to the empty line, or as far as it may still become a head."""
        head = b""
        with contextlib.suppress(TimeoutError):
            while received := self.receive():
                head += received
                start, empty_line, _ = head.partition(b"\r\n\r\n")
                if empty_line or len(start) > MAX_HEAD or not head[:1].isalpha():
                    break
        return head

    def discard_input(self) -> None:
        """Half-close, and read on until the client has closed too, or for a second."""
        self.connection.shutdown(socket.SHUT_WR)
        while self.receive():
            continue

    def stop(self) -> None:
        """Wake the thread, wherever it waits for its client."""
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


class Visits:
    """The visits that go on at present."""

    def __init__(self) -> None:
        """Start with none."""
        self.lock = threading.Lock()
        self.present: set[Visit] = set()

    def add(self, visit: Visit) -> None:
        """Enter a visit, and let it begin."""
        with self.lock:
            self.present.add(visit)
        visit.start()

    def remove(self, visit: Visit) -> None:
        """Forget a visit that ends."""
        with self.lock:
            self.present.discard(visit)

    def stop(self) -> None:
        """End all visits, and wait for their threads."""
        with self.lock:
            visits = list(self.present)
        for visit in visits:
            visit.stop()
        for visit in visits:
            visit.join()


def choose_status(head: bytes) -> str:
    """Return the status that a head deserves."""
    start, empty_line, _ = head.partition(b"\r\n\r\n")
    if head[:1].isalpha() and len(start) > MAX_HEAD:
        return "431 Request Header Fields Too Large"
    request = REQUEST_LINE.fullmatch(start.partition(b"\r\n")[0])
    if not empty_line or not request:
        return "400 Bad Request"
    if request[1] != b"GET":
        return "405 Method Not Allowed"
    return "200 OK" if request[2] == b"/" else "404 Not Found"


def build_response(status: str) -> bytes:
    """Return a whole response."""
    body = (PAGE if status == "200 OK" else f"<h1>{status}</h1>\n").encode()
    allow = ["Allow: GET"] if status.startswith("405") else []
    head = [
        f"HTTP/1.1 {status}",
        "Connection: close",
        *allow,
        f"Content-Length: {len(body)}",
        "Content-Type: text/html; charset=utf-8",
    ]
    return "\r\n".join([*head, "", ""]).encode() + body


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

    def run(self, bell: Bell, visits: Visits) -> None:
        """Turn every client that connects into a visit, until the bell rings."""
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
            visits.add(Visit(connection, visits))


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
    """Serve one page until Ctrl+C."""
    parser = argparse.ArgumentParser()
    parser.add_argument("host", nargs="?", default="127.0.0.1")
    parser.add_argument("port", nargs="?", default=8080, type=port_number)
    arguments = parser.parse_args()
    visits = Visits()
    with contextlib.closing(Bell()) as bell:
        server = listen(arguments.host, arguments.port)
        with server.listening:
            server.run(bell, visits)
        visits.stop()


if __name__ == "__main__":
    main()
