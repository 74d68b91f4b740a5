"""Exercise 2: an HTTP server that serves one client after another, for ever.

Run ``python -m exercise2_accept_loop.server [HOST] [PORT]``, then open
http://127.0.0.1:8080/ in Chrome.
"""

import argparse
import os
import signal
import socket
import sys
import time

GIVE_UP_AFTER = 1.0  # seconds: browsers open connections and leave them silent
MAX_HEAD = 8192  # bytes, as nginx and Apache allow by default

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

    Returns what came: less when the client left, fell silent or speaks no HTTP, and
    more than MAX_HEAD bytes when the head is too long.
    """
    head = b""
    while b"\r\n\r\n" not in head and len(head) <= MAX_HEAD:
        try:
            received = client.recv(4096)
        except TimeoutError:
            break
        head += received
        if not received or not head[:1].isalpha():  # a method begins with a letter
            break
    return head


def choose_status(head: bytes) -> str:
    """Return the status that a request head deserves (RFC 9110, section 15)."""
    if len(head.partition(b"\r\n\r\n")[0]) > MAX_HEAD:
        return "431 Request Header Fields Too Large"
    words = head.split(b"\r\n")[0].split(b" ")
    if b"\r\n\r\n" not in head or len(words) != 3 or words[2][:7] != b"HTTP/1.":
        return "400 Bad Request"
    if words[0] != b"GET":
        return "405 Method Not Allowed"
    return "200 OK" if words[1] == b"/" else "404 Not Found"


def build_response(status: str, page: str) -> bytes:
    """Return the status line, the headers, the empty line and the page, as bytes."""
    body = page.encode()
    head = (
        f"HTTP/1.1 {status}\r\n"
        "Content-Type: text/html; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\n"
        + ("Allow: GET\r\n" if status.startswith("405") else "")
        + "Connection: close\r\n"
        "\r\n"
    )
    return head.encode() + body


def discard_input(client: socket.socket) -> None:
    """Half-close, then read what the client still sends (RFC 9112, section 9.6).

    A close with unread input makes TCP reset the connection and destroy the answer.
    """
    client.shutdown(socket.SHUT_WR)
    deadline = time.monotonic() + GIVE_UP_AFTER
    while client.recv(65536) and time.monotonic() < deadline:
        pass


def serve_client(client: socket.socket) -> None:
    """Read one request and answer it, unless the client is silent or leaves first."""
    client.settimeout(GIVE_UP_AFTER)
    try:
        head = read_head(client)
        status = choose_status(head)
        page = PAGE if status == "200 OK" else f"<!doctype html><h1>{status}</h1>\n"
        if head:
            client.sendall(build_response(status, page))
        if head and status[:3] in ("400", "405", "431"):  # there may be more to come
            discard_input(client)
    except OSError as error:
        print(f"The client is gone: {error}", file=sys.stderr)


def main() -> None:
    """Serve one client after another. Ctrl+C ends the server at once."""
    arguments = parse_arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with open_listening_socket(arguments.host, arguments.port) as listening:
            while True:
                with accept_client(listening) as client:
                    serve_client(client)
    except KeyboardInterrupt:
        pass  # that is how one stops a server


if __name__ == "__main__":
    main()
