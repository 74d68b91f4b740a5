"""An accept loop that behaves as oddly as the contract allows.

It starts slowly, reads and sends one byte at a time, writes its headers in strange ways
and talks a lot. Run ``python -m exercise2_accept_loop.server [HOST] [PORT]``.
"""

import argparse
import asyncio  # big modules, for a slow start
import contextlib
import email.utils
import http
import os
import re
import signal
import socket
import sys
import time
import unittest

WARM_UP = 0.5  # seconds of work before it listens
GIVE_UP_AFTER = 1.0  # seconds of silence
MAX_HEAD = 8192  # bytes
REQUEST_LINE = re.compile(rb"([!#-'*+.^`|~\w-]+) ([!-~]+) HTTP/1\.\d")
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
        listening.listen(50)
    except (OSError, UnicodeError) as error:
        listening.close()
        sys.exit(f"error: {error}. So nobody listens at {host}, {port}.")
    print("Listening on {}:{}".format(*listening.getsockname()), flush=True)
    return listening


def accept_client(listening: socket.socket) -> socket.socket:
    """Wait for a client; return the socket that leads to it."""
    listening.settimeout(0.2)
    while True:
        with contextlib.suppress(TimeoutError, ConnectionError):
            client, address = listening.accept()
            log("here is", address)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return client


def read_head(client: socket.socket) -> bytes:
    r"""Read byte by byte until there is enough for an answer.

    That is the empty line, or one byte too many, or a first byte that no method has.
    Raises TimeoutError after a silence, ConnectionError when the client leaves.
    """
    head = b""
    while not head.endswith(b"\r\n\r\n") and len(head) <= MAX_HEAD:
        byte = client.recv(1)
        if not byte:
            raise ConnectionError(f"it left after {len(head)} bytes")
        head += byte
        if not head[:1].isalpha():
            break
    return head


def choose_status(head: bytes) -> http.HTTPStatus:
    """Return what a head deserves."""
    lines = head.split(b"\r\n")
    request = REQUEST_LINE.fullmatch(lines[0])
    hosts = [line for line in lines[1:] if line.lower().startswith(b"host:")]
    if len(head) > MAX_HEAD:
        return http.HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    if not request or len(hosts) != 1:  # RFC 9112, section 3.2
        return http.HTTPStatus.BAD_REQUEST
    if request[1] != b"GET":
        return http.HTTPStatus.METHOD_NOT_ALLOWED
    return http.HTTPStatus.OK if request[2] == b"/" else http.HTTPStatus.NOT_FOUND


def build_response(status: http.HTTPStatus) -> bytes:
    """Return an answer: its headers in an odd order, in odd letters."""
    sorry = f"<P>Désolé : {status.value}, {status.description or status.phrase}</P>"
    body = (PAGE if status == http.HTTPStatus.OK else sorry).encode()
    lines = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        "x-Empty:",
        "connection:\tClose",
        "Set-Cookie: one=1",
        "Set-Cookie: two=2; HttpOnly",
        f"DATE: {email.utils.formatdate(usegmt=True)}",
        *(["aLLOW:GET"] if status == http.HTTPStatus.METHOD_NOT_ALLOWED else []),
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
    deadline = time.monotonic() + 2 * GIVE_UP_AFTER
    while client.recv(1000) and time.monotonic() < deadline:
        continue


def serve_client(client: socket.socket) -> None:
    """Answer one request, even one that was never finished."""
    client.settimeout(GIVE_UP_AFTER)
    try:
        try:
            status = choose_status(read_head(client))
        except TimeoutError:
            status = http.HTTPStatus.REQUEST_TIMEOUT
        log("it gets", int(status), status.phrase)
        send_slowly(client, build_response(status))
        discard_input(client)
    except OSError as error:
        log("it is gone:", error)


def main() -> None:
    """Serve one client after another, until Ctrl+C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    arguments = parse_arguments()
    try:
        log("still asleep:", warm_up())
        with open_listening_socket(arguments.host, arguments.port) as listening:
            while True:
                with accept_client(listening) as client:
                    serve_client(client)
    except KeyboardInterrupt:
        log("interrupted")


if __name__ == "__main__":
    main()
