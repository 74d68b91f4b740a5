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
        # TODO 1.8: set the option SO_REUSEADDR, in place of pass
        pass
    # TODO 1.1: bind the socket to host and port, and let it listen
    # TODO 1.10: when one of the two fails, end with an error line and status 1
    # TODO 1.1: print Listening on HOST:PORT, with the real port and flush=True
    return listening


def accept_client(listening: socket.socket) -> socket.socket:
    """Wait for the next client and return the socket that leads to it."""
    listening.settimeout(0.5)  # Windows lets Ctrl+C through only between two waits
    while True:
        try:
            # TODO 1.1: accept a client; return its socket in place of this useless one
            return socket.socket()
        except (TimeoutError, ConnectionError):
            pass  # nobody yet, or they have left: wait again


def read_head(client: socket.socket) -> bytes:
    """Read a request up to the empty line that ends its head (RFC 9112, section 2.1).

    Returns what came; the empty line is missing when the client left before it.
    """
    # TODO 1.2: receive once, and return what came in place of b""
    # TODO 1.5, 1.6, 1.7: receive until the empty line has come, and return it all
    # TODO 1.9: stop as well when the client has left
    return b""


def build_response(page: str) -> bytes:
    """Return the status line, the headers, the empty line and the page, as bytes."""
    body = page.encode()
    # TODO 1.2, 1.3: write the status line and the empty line, each with its CRLF
    # TODO 1.4: between the two, write the three headers
    head = ""
    return head.encode() + body


def serve_client(client: socket.socket) -> None:
    """Read one request and answer it, unless the client leaves first."""
    try:
        if b"\r\n\r\n" in read_head(client):
            # TODO 1.2: send the response that holds PAGE, in place of pass
            pass
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
        finished = "solutions.exercise1_http_hello.server"
        print("The finished program: python -m", finished, file=sys.stderr)
    main()
