"""One HTTP answer, as oddly as the contract allows, and the end.

It starts slowly, reads and sends one byte at a time, writes its headers in strange ways
and talks a lot. Run ``python -m exercise1_http_hello.server [HOST] [PORT]``.
"""

import argparse
import asyncio  # big modules, for a slow start
import contextlib
import email.utils
import os
import signal
import socket
import sys
import time
import unittest

WARM_UP = 0.5  # seconds of work before it listens
PAGE = """<!DOCTYPE HTML>
<html lang="fr"><head><title>Un café&nbsp;?</title></head><body>
<h1 class="odd">Grüße, Chrome! ☕ I am a very slow talker.</h1>
<p>One byte at a time, naïvely: 一歩一歩.</p>
</body></html>"""


def log(*words: object) -> None:
    """Say something on stdout and on stderr."""
    print("log:", *words)
    print(time.strftime("%H:%M:%S"), *words, file=sys.stderr)


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
        listening.listen(1)
    except (OSError, UnicodeError) as error:
        listening.close()
        sys.exit(f"error: {error}. So nobody listens at {host}, {port}.")
    print("Listening on {}:{}".format(*listening.getsockname()), flush=True)
    return listening


def accept_client(listening: socket.socket) -> socket.socket:
    """Wait for a client; return the socket that leads to it."""
    listening.settimeout(0.2)
    while True:
        with contextlib.suppress(TimeoutError):
            client, address = listening.accept()
            log("here is", address)
            client.settimeout(None)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return client


def read_head(client: socket.socket) -> bytes:
    """Read a request's head byte by byte; b"" when the client leaves before its end."""
    head = b""
    client.settimeout(0.3)  # Windows lets Ctrl+C through only between two waits
    while not head.endswith(b"\r\n\r\n"):
        with contextlib.suppress(TimeoutError):
            byte = client.recv(1)
            if not byte:
                return b""
            head += byte
    client.settimeout(None)
    return head


def build_response() -> bytes:
    """Return the answer: its headers in an odd order, in odd letters."""
    body = PAGE.encode()
    lines = [
        "HTTP/1.1 200 OK",
        "x-Empty:",
        "connection:\tClose",
        "Set-Cookie: one=1",
        "Set-Cookie: two=2; HttpOnly",
        f"DATE: {email.utils.formatdate(usegmt=True)}",
        "X-Colons: a:b, c: d",
        f"content-LENGTH:   {len(body)}  ",
        'CONTENT-type: Text/HTML;Charset="UTF-8"',
        "",
        "",
    ]
    return "\r\n".join(lines).encode() + body


def send_slowly(client: socket.socket, data: bytes) -> None:
    """Send every byte by itself."""
    for byte in data:
        client.sendall(bytes([byte]))


def discard_input(client: socket.socket) -> None:
    """Half-close, then read what still comes, so that the close is no reset."""
    client.shutdown(socket.SHUT_WR)
    client.settimeout(0.2)
    deadline = time.monotonic() + 1
    while client.recv(1) and time.monotonic() < deadline:
        continue


def serve_client(client: socket.socket) -> None:
    """Answer one request, unless the client leaves first."""
    try:
        head = read_head(client)
        log("it asks:", ascii(head))
        if head:
            send_slowly(client, build_response())
            discard_input(client)
    except OSError as error:
        log("it is gone:", error)


def main() -> None:
    """Serve one client, then end."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    arguments = parse_arguments()
    try:
        log("still asleep:", warm_up())
        with open_listening_socket(arguments.host, arguments.port) as listening:
            log("now I wait")
            with accept_client(listening) as client:
                serve_client(client)
        log("that was it")
    except KeyboardInterrupt:
        log("interrupted")


if __name__ == "__main__":
    main()
