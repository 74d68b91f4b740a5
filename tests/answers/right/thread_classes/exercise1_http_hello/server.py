"""Exercise 1 with a thread that is an object: the main thread waits for its end."""

import argparse
import contextlib
import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Iterator

PAGE = "<!doctype html>\n<title>Hello</title>\n<h1>Hello from a thread ✓</h1>\n"


class Bell:
    """Wakes the main thread: rung by SIGINT, by SIGTERM, or by ring()."""

    def __init__(self) -> None:
        """Take over the signals."""
        self.ear, self.hammer = socket.socketpair()
        self.hammer.setblocking(False)
        signal.set_wakeup_fd(self.hammer.fileno())
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)  # the byte in the socket is enough

    def ring(self) -> None:
        """Wake the main thread; one ring that was not heard yet is enough."""
        with contextlib.suppress(BlockingIOError):
            self.hammer.send(b"\0")

    def wait(self) -> None:
        """Wait for a ring."""
        self.ear.recv(1)

    def close(self) -> None:
        """Give the signals back."""
        signal.set_wakeup_fd(-1)
        self.ear.close()
        self.hammer.close()


class Visit(threading.Thread):
    """The one client, and the thread that serves it."""

    def __init__(self, connection: socket.socket, bell: Bell) -> None:
        """Take over a connection; the bell rings when it is closed."""
        super().__init__(name="visit")
        self.connection = connection
        self.bell = bell

    def run(self) -> None:
        """Read the request and answer it, unless the client leaves first."""
        try:
            with self.connection:
                if self.has_asked():
                    self.answer()
        except OSError as error:
            print(f"The client is gone: {error}", file=sys.stderr)
        finally:
            self.bell.ring()

    def has_asked(self) -> bool:
        """Read to the empty line; False when the client closes before it."""
        head = b""
        while b"\r\n\r\n" not in head:
            received = self.connection.recv(4096)
            if not received:
                return False
            head = head[-3:] + received
        return True

    def answer(self) -> None:
        """Send the page, whole."""
        body = PAGE.encode()
        head = [
            "HTTP/1.1 200 OK",
            "Content-Type: text/html; charset=utf-8",
            f"Content-Length: {len(body)}",
            "Connection: close",
        ]
        self.connection.sendall("\r\n".join([*head, "", ""]).encode() + body)

    def stop(self) -> None:
        """Wake the thread if it still waits for its client, and wait for its end."""
        with self.connection, contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)  # on Windows, closing wakes it
        self.join()


class Server:
    """The listening socket."""

    def __init__(self, host: str, port: int, bell: Bell) -> None:
        """Listen; OSError when that is not possible."""
        self.bell = bell
        self.listening = socket.socket()
        if os.name == "posix":  # on Windows it would share the port
            self.listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listening.bind((host, port))
        self.listening.listen()
        self.listening.setblocking(False)

    def serve_one(self) -> None:
        """Serve one client; return when it has gone, or when the bell rings."""
        for connection in self.accept():
            connection.setblocking(True)
            visit = Visit(connection, self.bell)
            visit.start()
            self.bell.wait()
            visit.stop()

    def accept(self) -> Iterator[socket.socket]:
        """Yield the first client, or nobody if the bell rings before."""
        while True:
            ready, _, _ = select.select([self.listening, self.bell.ear], [], [])
            if self.bell.ear in ready:
                return
            with contextlib.suppress(BlockingIOError, ConnectionError):
                yield self.listening.accept()[0]
                return


def port_number(text: str) -> int:
    """Return the port that ``text`` names, or end with status 1."""
    if text.isdecimal() and int(text) <= 65535:
        return int(text)
    sys.exit(f"error: {text!r} is not a port number (0 to 65535)")


def listen(host: str, port: int, bell: Bell) -> Server:
    """Return a server that listens, or end with status 1."""
    try:
        server = Server(host, port, bell)
    except (OSError, UnicodeError) as error:
        sys.exit(f"error: cannot listen on {host}:{port}: {error}")
    print("Listening on {}:{}".format(*server.listening.getsockname()), flush=True)
    return server


def main() -> None:
    """Serve one client, or nobody if Ctrl+C comes first."""
    parser = argparse.ArgumentParser()
    parser.add_argument("host", nargs="?", default="127.0.0.1")
    parser.add_argument("port", nargs="?", default=8080, type=port_number)
    arguments = parser.parse_args()
    with contextlib.closing(Bell()) as bell:
        server = listen(arguments.host, arguments.port, bell)
        with server.listening:
            server.serve_one()


if __name__ == "__main__":
    main()
