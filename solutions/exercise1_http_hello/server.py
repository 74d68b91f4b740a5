"""Exercise 1: one HTTP answer for Chrome, and the end.

Run ``python -m exercise1_http_hello.server [HOST] [PORT]``, then open
http://127.0.0.1:8080/ in Chrome.
"""

import argparse
import os
import signal
import socket
import sys

PAGE = """<!doctype html>
<title>Hello, Chrome</title>
<h1>Hello, Chrome: you are a TCP client ✓</h1>
<p>This page came through a socket that you opened yourself. À bientôt !</p>
"""


def port_number(text: str) -> int:
    """Return the port that ``text`` names, or end with status 1."""
    if text.isdecimal() and int(text) <= 65535:
        return int(text)
    sys.exit(f"error: {text!r} is not a port number (0 to 65535)")


def parse_arguments() -> argparse.Namespace:
    """Read HOST and PORT from the command line. Port 0: the system chooses one."""
    parser = argparse.ArgumentParser()
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


def read_head(client: socket.socket) -> bytes:
    """Read a request up to the empty line that ends its head (RFC 9112, section 2.1).

    Returns what came; the empty line is missing when the client left before it.
    """
    head = b""
    while b"\r\n\r\n" not in head:
        received = client.recv(4096)
        head += received
        if not received:
            break
    return head


def build_response(page: str) -> bytes:
    """Return the status line, the headers, the empty line and the page, as bytes."""
    body = page.encode()
    head = (
        "HTTP/1.1 200 OK\r\n"
        "Content-Type: text/html; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Connection: close\r\n"
        "\r\n"
    )
    return head.encode() + body


def serve_client(client: socket.socket) -> None:
    """Read one request and answer it, unless the client leaves first."""
    try:
        if b"\r\n\r\n" in read_head(client):
            client.sendall(build_response(PAGE))
    except OSError as error:
        print(f"The client is gone: {error}", file=sys.stderr)


def main() -> None:
    """Serve one client, then end. Ctrl+C ends the wait too."""
    arguments = parse_arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with open_listening_socket(arguments.host, arguments.port) as listening:
            with accept_client(listening) as client:
                serve_client(client)
    except KeyboardInterrupt:
        pass  # that is how one stops a server


if __name__ == "__main__":
    main()
