"""Exercise 2 with processes: some accept clients, all on the same listening socket.

As Apache's prefork does. A silent client holds up one of them; the others go on.
"""

import argparse
import contextlib
import os
import signal
import socket
import sys
import time
from typing import NoReturn

WORKERS = 3
GIVE_UP_AFTER = 1.0  # seconds
MAX_HEAD = 8192  # bytes
STOP = {signal.SIGINT, signal.SIGTERM}

PAGE = "<!doctype html>\n<title>Hello</title>\n<h1>Hello from a process ✓</h1>\n"


def read_head(client: socket.socket) -> bytes:
    """Read to the empty line, or until it is clear that none can come in time."""
    head = b""
    with contextlib.suppress(TimeoutError):
        while b"\r\n\r\n" not in head and len(head) <= MAX_HEAD:
            received = client.recv(4096)
            head += received
            if not received or not head[:1].isalpha():
                break
    return head


def choose_status(head: bytes) -> str:
    """Return the status that a head deserves."""
    start, empty_line, _ = head.partition(b"\r\n\r\n")
    words = start.partition(b"\r\n")[0].split(b" ")
    if len(start) > MAX_HEAD:
        return "431 Request Header Fields Too Large"
    if not empty_line or len(words) != 3 or not words[2].startswith(b"HTTP/1."):
        return "400 Bad Request"
    if words[0] != b"GET":
        return "405 Method Not Allowed"
    return "200 OK" if words[1] == b"/" else "404 Not Found"


def build_response(status: str) -> bytes:
    """Return a whole response; Allow does no harm where nobody asks."""
    body = (PAGE if status == "200 OK" else f"<h1>{status}</h1>\n").encode()
    headers = [
        "Content-Type: text/html; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Allow: GET",
        "Connection: close",
    ]
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode() + body


def discard_input(client: socket.socket) -> None:
    """Half-close, and read on until the client has closed too, or for a second."""
    client.shutdown(socket.SHUT_WR)
    deadline = time.monotonic() + GIVE_UP_AFTER
    while client.recv(65536) and time.monotonic() < deadline:
        continue


def serve(client: socket.socket) -> None:
    """Answer one client, unless it is silent or leaves first."""
    client.settimeout(GIVE_UP_AFTER)
    try:
        if head := read_head(client):
            client.sendall(build_response(choose_status(head)))
            discard_input(client)
    except OSError as error:
        print(f"Worker {os.getpid()} has lost a client: {error}", file=sys.stderr)


def work(listening: socket.socket) -> NoReturn:
    """Serve one client after another: what a worker does until it is stopped."""
    for number in STOP:
        signal.signal(number, lambda *_: os._exit(0))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP)
    while True:
        with contextlib.suppress(ConnectionError):
            client, _ = listening.accept()
            with client:
                serve(client)


def start_worker(listening: socket.socket) -> int:
    """Fork a worker, and return its process id."""
    return os.fork() or work(listening)


def listen(host: str, port: int) -> socket.socket:
    """Return the listening socket, or end with status 1."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen()
    except (OSError, UnicodeError) as error:
        sys.exit(f"error: cannot listen on {host}:{port}: {error}")
    print("Listening on {}:{}".format(*listening.getsockname()), flush=True)
    return listening


def port_number(text: str) -> int:
    """Return the port that ``text`` names, or end with status 1."""
    if text.isdecimal() and int(text) <= 65535:
        return int(text)
    sys.exit(f"error: {text!r} is not a port number (0 to 65535)")


def main() -> None:
    """Let the workers work until Ctrl+C, and wait for their end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("host", nargs="?", default="127.0.0.1")
    parser.add_argument("port", nargs="?", default=8080, type=port_number)
    arguments = parser.parse_args()
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP)  # until somebody waits for them
    with listen(arguments.host, arguments.port) as listening:
        workers = [start_worker(listening) for _ in range(WORKERS)]
    signal.sigwait(STOP)
    for worker in workers:
        os.kill(worker, signal.SIGTERM)
        os.waitpid(worker, 0)


if __name__ == "__main__":
    main()
